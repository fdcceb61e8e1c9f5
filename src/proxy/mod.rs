//! Passes traffic on byte for byte and checks a copy of it in the background. What waits to be checked is held in bounded
//! memory. Beyond it, requests wait where traffic is recorded; else exchanges go unchecked, are counted, and what was known
//! of zones is forgotten.
//!
//! [`Proxy`] serves; `relay` takes each request to the [`Upstream`], `observation` copies what passes within limits,
//! `checker` owns the [`crate::audit::Auditor`] and the recording.

mod annotation;
mod body;
mod checker;
mod copy;
mod fields;
mod observation;
mod recording;
mod relay;
mod serve;
mod upstream;

pub use checker::Ended;
pub use recording::RecordTo;
pub use serve::{Annotations, Proxy, ProxyConfig, ProxyError, RunningProxy};
pub use upstream::{Upstream, UpstreamError};
