//! Fuzzes the reader of recorded traffic.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/fuzz/har.rs"]
mod input;

fuzz_target!(|bytes: &[u8]| input::read(bytes));
