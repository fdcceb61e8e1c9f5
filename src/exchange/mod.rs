//! One request and its response: the currency of the whole crate.
//!
//! The runner makes exchanges, `contract::check` judges them, reports show them. This folder
//! also holds the one place where credentials become `***` ([`Redactor`]) and the
//! reproduction of a request as a curl line ([`curl_line`]), and the bounds that no request of a case leaves
//! ([`check_url`]).

mod base_url;
mod bounds;
mod curl;
mod encoding;
mod harmless;
mod json;
mod marks;
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
pub use message::{Exchange, Headers, NoJson, Request, Response, json_type, whole_number};
pub use redaction::Redactor;
pub use retry_after::retry_after;
pub use secrets::{Body, Secrets, Seen, redactor_of};
