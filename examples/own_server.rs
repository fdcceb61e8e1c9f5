//! The suite against a server that the test starts by itself: an implementer's `tests/conformance.rs`.
//!
//! Run it with `cargo run --example own_server`. The server here is the mock; yours is started in its
//! place. Arguments are those of `cargo test`: a filter, `--list`, `--exact`, `--skip`.

use std::process::ExitCode;

use originproof::harness::{Arguments, Settings, run};
use originproof::mock::{Mock, MockConfig};

fn main() -> ExitCode {
    // A runtime of the server's own, which lives as long as the tests.
    let Ok(runtime) = tokio::runtime::Runtime::new() else {
        return ExitCode::FAILURE;
    };
    let server = Mock::new(MockConfig::default());
    let Ok(running) = runtime.block_on(server.serve(([127, 0, 0, 1], 0).into())) else {
        return ExitCode::FAILURE;
    };
    let mut settings = Settings {
        target: Some(running.base_url()),
        ..Settings::default()
    };
    settings.credentials.token = Some("mock-token".to_owned());
    run(&Arguments::from_args(), settings).exit_code()
}
