//! The suite against a server that the test starts by itself: an implementer's `tests/conformance.rs`, to copy.
//!
//! Run it with `cargo run --example own_server`. The server here is the mock; yours is started in its
//! place. Arguments are those of `cargo test`: a filter, `--list`, `--exact`, `--skip`. `ORIGINPROOF_TARGET` and the other
//! variables of the command choose another target, such as one that is deployed.

use std::process::ExitCode;

use originproof::harness::{Arguments, Settings, run};
use originproof::mock::{Mock, MockConfig};

/// Starts the server and says where it is.
async fn start() -> Result<String, String> {
    let server = Mock::new(MockConfig::default());
    let served = server.serve(([127, 0, 0, 1], 0).into()).await;
    let running = served.map_err(|error| error.to_string())?;
    let url = running.base_url();
    // The server serves for as long as this is kept.
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
