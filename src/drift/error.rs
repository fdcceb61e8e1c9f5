//! Why a description can't be compared. None of these means that there is no drift.

use crate::transport::TransportError;

/// A description that can't be read, or is none of ours.
#[derive(Debug, thiserror::Error)]
pub enum DriftError {
    /// The bytes are no UTF-8.
    #[error("byte {byte} is no UTF-8")]
    Encoding {
        /// The first byte that is none, counted from 0.
        byte: usize,
    },
    /// Nothing is there.
    #[error("the document is empty")]
    Empty,
    /// The text is neither JSON nor YAML.
    #[error("line {line}, column {column}: {why}")]
    Syntax {
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
        /// What is wrong.
        why: String,
    },
    /// A part is of another type than `OpenAPI` gives it; in YAML the parts are known by their pointers alone.
    #[error("{why}")]
    Structure {
        /// What is wrong, with the pointer.
        why: String,
    },
    /// It is no `OpenAPI` 3.0 or 3.1.
    #[error("#/openapi: expected a version 3.0 or 3.1, found {found}")]
    Version {
        /// What stands there.
        found: String,
    },
    /// Something has another form than `OpenAPI` gives it.
    #[error("#{at}: expected {expected}")]
    Form {
        /// JSON Pointer into the document.
        at: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A reference leads nowhere.
    #[error("#{at}: the reference `{reference}` leads nowhere")]
    Dangling {
        /// JSON Pointer to what refers.
        at: String,
        /// The reference as it stands.
        reference: String,
    },
    /// A reference leads out of the document.
    #[error("#{at}: the reference `{reference}` leads out of the document; bundle it first")]
    External {
        /// JSON Pointer to what refers.
        at: String,
        /// The reference as it stands.
        reference: String,
    },
    /// References that go round, or a schema that takes too many steps to read.
    #[error("#{at}: the references from here go round, or take more than {most} steps")]
    Tangled {
        /// JSON Pointer to where reading was given up.
        at: String,
        /// The most steps.
        most: usize,
    },
    /// None of the operations of the contract is described.
    #[error(
        "none of our operations is among its {paths} paths: is this the description of the Origin Cloud Regions API?"
    )]
    NoneOfOurs {
        /// How many paths it has.
        paths: usize,
    },
    /// It can't be fetched.
    #[error("can't be fetched: {0}")]
    Fetch(#[source] TransportError),
    /// Something else than 200 was answered.
    #[error("can't be fetched: answered with status {0}")]
    Status(u16),
}

impl DriftError {
    /// Whether a document was there and is at fault itself; otherwise there was nothing to compare with.
    #[must_use]
    pub fn is_faulty_document(&self) -> bool {
        match self {
            Self::Encoding { .. }
            | Self::Empty
            | Self::Syntax { .. }
            | Self::Structure { .. }
            | Self::Version { .. }
            | Self::Form { .. }
            | Self::Dangling { .. }
            | Self::External { .. }
            | Self::Tangled { .. } => true,
            Self::NoneOfOurs { .. } | Self::Fetch(_) | Self::Status(_) => false,
        }
    }
}
