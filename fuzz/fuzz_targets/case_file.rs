//! Fuzzes the parser of case files.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/fuzz/case_file.rs"]
mod input;

fuzz_target!(|text: &str| input::read(text));
