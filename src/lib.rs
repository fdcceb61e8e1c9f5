//! originproof: the conformance test suite and contract checker for the Origin Cloud Regions API.
//!
//! # Check one exchange
//!
//! ```
//! use bytes::Bytes;
//! use originproof::contract::Contract;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let zone = "0123456789abcdef0123456789abcdef";
//! let request = http::Request::get(format!("/zones/{zone}/origin/cloud_regions")).body(Bytes::new())?;
//! let response = http::Response::builder().status(200).body(Bytes::from("[]"))?;
//! for finding in Contract::embedded().check(&request, &response)? {
//!     println!("{} {}: {}", finding.clause, finding.level, finding.what.expected());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Run the suite on a server of your own
//!
//! `harness` makes each case a test of `cargo test`; its page has the test file. It needs the feature `harness`.
//!
//! # Start the mock in a test
//!
//! ```no_run
//! use originproof::mock::{Mock, MockConfig};
//!
//! # async fn test() -> std::io::Result<()> {
//! let running = Mock::new(MockConfig::default()).serve(([127, 0, 0, 1], 0).into()).await?;
//! println!("{}", running.base_url());
//! running.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Run a folder of cases
//!
//! ```no_run
//! use std::path::Path;
//!
//! use originproof::case::Library;
//! use originproof::runner::{Keep, Plan, RunConfig, Runner, Selection, Target, TargetConfig, new_seed};
//!
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! let library = Library::from_folder(Path::new("conformance/cases")).map_err(|error| error.text(false))?;
//! let plan = Plan::select(&library, &Selection::default())?;
//! let config = TargetConfig {
//!     base_url: "http://127.0.0.1:8080/client/v4".to_owned(),
//!     ..TargetConfig::default()
//! };
//! let seed = new_seed();
//! let target = Target::probe(config, seed).await?;
//! let runner = Runner::new(target, RunConfig { jobs: 4, seed, keep: Keep::Findings }).await?;
//! let summary = runner.run(&plan, |_event| {}).await;
//! println!("{} requests", summary.requests);
//! # Ok(())
//! # }
//! ```
//!
//! # Read a run document
//!
//! ```no_run
//! use std::fs::File;
//! use std::io::BufReader;
//!
//! use originproof::report::Run;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let run = Run::read(BufReader::new(File::open("run.json")?))?;
//! for cause in run.causes() {
//!     println!("{}: {} case(s)", cause.id, cause.trials.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | none | the contract, the model of a zone, cases, run documents, most report formats |
//! | `mock` | the reference server |
//! | `runner`, `harness` | running the suite; the suite as tests of `cargo test` |
//! | `clients` | the suite for clients |
//! | `traffic`, `proxy`, `drift`, `reports` | recordings; the proxy; the vendor's description; HTML and `JUnit` |
//! | `cli` (default) | the command, with all of these |
//!
//! # Layers
//!
//! A module imports only from lower ones. Lowest first: `private`, [`input`], [`diagnostic`] · [`api`] · [`exchange`] ·
//! [`contract`] · [`zone`], [`case`], `transport` · `mock`, [`event`] · [`cause`] · [`coverage`], [`expected`] ·
//! [`report`], `drift` · `runner`, `audit` · `explore` · `proxy`, `settings`, `mutation`, `client` · `harness`.
//! `tests/architecture.rs` keeps them.

pub mod api;
#[cfg(feature = "traffic")]
pub mod audit;
pub mod case;
pub mod cause;
#[cfg(feature = "clients")]
pub mod client;
pub mod contract;
pub mod coverage;
pub mod diagnostic;
#[cfg(feature = "drift")]
pub mod drift;
pub mod event;
pub mod exchange;
pub mod expected;
#[cfg(feature = "runner")]
pub mod explore;
#[cfg(feature = "harness")]
pub mod harness;
pub mod input;
#[cfg(feature = "mock")]
pub mod mock;
#[cfg(all(feature = "mock", feature = "runner"))]
pub mod mutation;
pub mod power;
#[cfg(any(feature = "runner", feature = "proxy"))]
pub mod private;
#[cfg(feature = "proxy")]
pub mod proxy;
pub mod report;
#[cfg(feature = "runner")]
pub mod runner;
#[cfg(feature = "runner")]
pub mod settings;
#[cfg(feature = "runner")]
pub mod transport;
pub mod zone;
