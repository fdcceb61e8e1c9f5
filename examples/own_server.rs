//! Runs the suite against a server that the test starts itself. Copy this file to your `tests/conformance.rs`.
//!
//! Run it with `cargo run --example own_server`. This example starts the mock; start your own server in its place.
//! The arguments are those of `cargo test`: a filter, `--list`, `--exact`, `--skip`. `ORIGINPROOF_TARGET` and the other
//! environment variables of the command select another target, such as a deployed server.

use std::process::ExitCode;

use originproof::harness::{Arguments, Settings, run};
use originproof::mock::{Mock, MockConfig};

/// Starts the server and returns its base URL.
async fn start() -> Result<String, String> {
    let server = Mock::new(MockConfig::default());
    let served = server.serve(([127, 0, 0, 1], 0).into()).await;
    let running = served.map_err(|error| error.to_string())?;
    let url = running.base_url();
    // Dropping `running` would stop the server.
    std::mem::forget(running);
    Ok(url)
}

fn main() -> ExitCode {
    let settings = Settings::from_vars(std::env::vars())
        .server(start)
        .token("mock-token");
    let arguments = Arguments::from_args();
    run(&arguments, settings, &mut std::io::stderr()).exit_code()
}
