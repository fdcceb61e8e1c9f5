//! Why a request is refused, with the documented code, status and text from the contract.

use super::call::Reply;
use crate::contract::{Contract, Meaning, When};
use crate::exchange::Operation;

/// A reason to refuse. Statuses that the contract leaves open are chosen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The store failed (1140).
    Internal,
    /// No such mapping (1142).
    NotFound,
    /// The address has a mapping already (1145).
    Exists,
    /// The address is missing or none (1146).
    Address,
    /// The body names another address than the path (1146).
    AddressDiffers,
    /// `page` is out of range (1146).
    Page,
    /// `per_page` is out of range (1146).
    PerPage,
    /// The vendor check is out of reach (1156).
    Validation,
    /// No such vendor or region (1157).
    Place,
    /// The zone is full (1164).
    Full,
    /// The body is not what the operation takes.
    Shape,
    /// A batch of more items than allowed.
    TooMany,
}

impl Refusal {
    fn code(self) -> i64 {
        match self {
            Self::Internal => 1140,
            Self::NotFound => 1142,
            Self::Exists => 1145,
            Self::Address | Self::AddressDiffers | Self::Page | Self::PerPage => 1146,
            Self::Validation => 1156,
            Self::Place => 1157,
            Self::Full => 1164,
            Self::Shape | Self::TooMany => 10_001,
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::Internal => 500,
            Self::NotFound => 404,
            Self::Validation => 503,
            Self::Full => 403,
            Self::Exists
            | Self::Address
            | Self::AddressDiffers
            | Self::Page
            | Self::PerPage
            | Self::Place
            | Self::Shape
            | Self::TooMany => 400,
        }
    }

    fn when(self) -> Option<When> {
        match self {
            Self::AddressDiffers => Some(When::BodyDiffers),
            Self::PerPage => Some(When::PerPageOutOfRange),
            Self::Internal
            | Self::NotFound
            | Self::Exists
            | Self::Address
            | Self::Page
            | Self::Validation
            | Self::Place
            | Self::Full
            | Self::Shape
            | Self::TooMany => None,
        }
    }

    /// What to say where the documents have no text.
    fn own_text(self) -> &'static str {
        match self {
            Self::Address => "Invalid or missing origin IP address.",
            Self::AddressDiffers => "The origin_ip in the body does not match the URL.",
            Self::Page => "Invalid page: pages count from 1.",
            Self::PerPage => "Invalid per_page: it is 1 to 100.",
            Self::Shape => "The request body is not what this operation takes.",
            Self::TooMany => "A batch takes at most 100 items.",
            Self::NotFound => "There is no mapping for this origin IP address.",
            Self::Internal | Self::Exists | Self::Validation | Self::Place | Self::Full => {
                "The request can't be carried out."
            }
        }
    }

    /// The text for an operation: the documented one where there is one, for any operation.
    #[must_use]
    pub fn text(self, operation: Operation) -> &'static str {
        let contract = Contract::embedded();
        let here = contract
            .code(operation, self.code())
            .filter(|row| row.when.is_none() || row.when == self.when())
            .and_then(|row| row.text.as_deref());
        let anywhere = || {
            contract
                .codes
                .iter()
                .filter(|row| row.code == self.code() && self.code() != 1146)
                .find_map(|row| row.text.as_deref())
        };
        here.or_else(anywhere).unwrap_or_else(|| self.own_text())
    }

    /// The failure as an answer.
    #[must_use]
    pub fn reply(self, operation: Operation) -> Reply {
        // Where the documents name several codes for it, the one of the prose comes last.
        let unknown = Contract::embedded().codes_for(operation, Meaning::Unknown);
        let code = match self {
            Self::NotFound => unknown.last().copied().unwrap_or(self.code()),
            Self::Internal
            | Self::Exists
            | Self::Address
            | Self::AddressDiffers
            | Self::Page
            | Self::PerPage
            | Self::Validation
            | Self::Place
            | Self::Full
            | Self::Shape
            | Self::TooMany => self.code(),
        };
        Reply::failure(self.status(), code, self.text(operation))
    }
}
