//! One request and its response, the basic unit of the whole crate.
//!
//! The runner makes exchanges, `contract::check` judges them, and reports show them. [`Redactor`] is the only place
//! where credentials become `***`. [`curl_line`] writes a request as a curl command. [`check_url`] checks the bounds
//! that every request of a case must keep.

mod base_url;
mod bounds;
mod curl;
mod encoding;
mod harmless;
mod json;
mod marks;
mod mend;
mod message;
mod redaction;
mod retry_after;
mod secrets;

pub use crate::api::{Generation, Kind, Operation, RequestBody};
pub use base_url::{BaseUrlFault, check_base_url, check_no_user};
pub use bounds::{OutOfBounds, check_field, check_method, check_segment, check_url};
pub use curl::{curl_line, shell_word, write_back_curl};
pub use json::{JsonFault, parse_json};
pub use marks::{has_marks, is_mark};
#[cfg(feature = "traffic")]
pub(crate) use mend::mended;
pub use message::{Exchange, Headers, NoJson, Request, Response, json_type, whole_number};
pub use redaction::Redactor;
pub use retry_after::retry_after;
pub use secrets::{Body, Secrets, Seen, redactor_of};
