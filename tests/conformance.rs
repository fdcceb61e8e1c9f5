//! Runs the suite under `cargo test` against the embedded mock, with one test for each case and table row. Your own
//! file names your server instead (see `examples/own_server.rs`), or leaves the choice to `ORIGINPROOF_TARGET`.

use originproof::harness::{Arguments, Settings, run};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    run(&arguments, Settings::mock(), &mut std::io::stderr()).exit_code()
}
