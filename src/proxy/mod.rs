//! Forwards traffic byte for byte and checks a copy of it in the background. Exchanges that wait to be checked are held
//! in bounded memory. If that is full and traffic is recorded, new requests wait. Otherwise exchanges go unchecked.
//! They are counted, and what was known of the zones is forgotten.
//!
//! [`Proxy`] serves. `relay` takes each request to the [`Upstream`]. `observation` copies what passes, within limits.
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
