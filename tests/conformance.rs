//! The suite under `cargo test`: one test a case and table row, against the embedded mock. A file of your own names your
//! server in its place (`examples/own_server.rs`), or leaves it to `ORIGINPROOF_TARGET`.

use originproof::harness::{Arguments, Settings, run};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    run(&arguments, Settings::mock(), &mut std::io::stderr()).exit_code()
}
