//! The suite under `cargo test`: one test a case and table row, against the embedded mock or, by
//! `ORIGINPROOF_TARGET`, any other target.

use originproof::harness::{Arguments, Settings, run};

fn main() -> std::process::ExitCode {
    run(
        &Arguments::from_args(),
        Settings::from_vars(std::env::vars()),
    )
    .exit_code()
}
