//! The reasons why a description can't be compared. None of them means that there is no drift.

use crate::transport::TransportError;

/// A description that can't be read, or that does not describe our API.
#[derive(Debug, thiserror::Error)]
pub enum DriftError {
    /// The bytes are not UTF-8.
    #[error("byte {byte} is not UTF-8")]
    Encoding {
        /// The first byte that is not UTF-8, counted from 0.
        byte: usize,
    },
    /// The document is empty.
    #[error("the document is empty")]
    Empty,
    /// The text is neither JSON nor YAML.
    #[error("line {line}, column {column}: {why}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// A description of what is wrong.
        why: String,
    },
    /// A part has another type than `OpenAPI` requires. In YAML, parts are located only by their pointers.
    #[error("{why}")]
    Structure {
        /// A description of what is wrong, with the pointer.
        why: String,
    },
    /// The document is not `OpenAPI` 3.0 or 3.1.
    #[error("#/openapi: expected a version 3.0 or 3.1, found {found}")]
    Version {
        /// The version that was found.
        found: String,
    },
    /// A value has another form than `OpenAPI` requires.
    #[error("#{at}: expected {expected}")]
    Form {
        /// The JSON Pointer to the value.
        at: String,
        /// A description of the expected value.
        expected: &'static str,
    },
    /// The target of a reference does not exist.
    #[error("#{at}: the reference `{reference}` leads nowhere")]
    Dangling {
        /// The JSON Pointer to the value with the reference.
        at: String,
        /// The reference as it is written.
        reference: String,
    },
    /// A reference leads out of the document.
    #[error("#{at}: the reference `{reference}` leads out of the document; bundle it first")]
    External {
        /// The JSON Pointer to the value with the reference.
        at: String,
        /// The reference as it is written.
        reference: String,
    },
    /// References form a loop, or a schema takes too many steps to read.
    #[error("#{at}: the references from here go round, or take more than {most} steps")]
    Tangled {
        /// The JSON Pointer to the place where reading stopped.
        at: String,
        /// The maximum number of steps.
        most: usize,
    },
    /// The document describes none of the contract's operations.
    #[error(
        "none of our operations is among its {paths} paths: is this the description of the Origin Cloud Regions API?"
    )]
    NoneOfOurs {
        /// The number of paths in the document.
        paths: usize,
    },
    /// The document can't be fetched.
    #[error("can't be fetched: {0}")]
    Fetch(#[source] TransportError),
    /// The server answered with another status than 200.
    #[error("can't be fetched: answered with status {0}")]
    Status(u16),
}

impl DriftError {
    /// Returns whether a document was there and is itself faulty. Otherwise there was nothing to compare with.
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
