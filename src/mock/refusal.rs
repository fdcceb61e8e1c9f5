//! Reasons to refuse a request. The contract's rows give the code, status and text of each reason.

use super::call::Reply;
use crate::contract::{CodeDescription, Contract, Meaning, StatusPattern, When};
use crate::exchange::Operation;

/// The code of a refusal for which the documents give no code.
const UNDOCUMENTED: i64 = 10_001;
/// Statuses that the mock chooses where the contract only gives a class, if they are not 400 or 500.
const CHOSEN: &[(Meaning, u16)] = &[(Meaning::Other("unchecked"), 503)];

/// A reason to refuse, in the words of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    means: Option<Meaning>,
    when: Option<When>,
    /// The error text to use instead of the documented one.
    own_text: Option<&'static str>,
}

impl Refusal {
    /// The mapping does not exist.
    pub const NOT_FOUND: Self = Self::of(Meaning::Unknown);
    /// The address already has a mapping.
    pub const EXISTS: Self = Self::of(Meaning::Exists);
    /// The address is missing or invalid.
    pub const ADDRESS: Self = Self::of(Meaning::Invalid);
    /// The body and the path name different addresses.
    pub const ADDRESS_DIFFERS: Self =
        Self::row(Some(Meaning::Invalid), Some(When::BodyDiffers), None);
    /// `page` is out of range.
    pub const PAGE: Self = Self::row(
        Some(Meaning::Invalid),
        None,
        Some("Invalid page: pages count from 1."),
    );
    /// `per_page` is out of range.
    pub const PER_PAGE: Self =
        Self::row(Some(Meaning::Invalid), Some(When::PerPageOutOfRange), None);
    /// The vendor or region is unknown.
    pub const PLACE: Self = Self::of(Meaning::Place);
    /// The zone is full.
    pub const FULL: Self = Self::of(Meaning::Full);
    /// The body does not have the shape that the operation takes.
    pub const SHAPE: Self = Self::row(
        None,
        None,
        Some("The request body is not what this operation takes."),
    );
    /// The batch has more items than allowed.
    pub const TOO_MANY: Self = Self::row(None, None, Some("A batch takes at most 100 items."));

    /// Returns the refusal with this meaning.
    #[must_use]
    pub const fn of(meaning: Meaning) -> Self {
        Self::row(Some(meaning), None, None)
    }

    const fn row(
        means: Option<Meaning>,
        when: Option<When>,
        own_text: Option<&'static str>,
    ) -> Self {
        Self {
            means,
            when,
            own_text,
        }
    }

    /// Returns the contract's rows for this refusal, the operation's own rows first. If an operation has several, the
    /// order is reversed: the contract lists the code from the prose last, and that code takes precedence.
    fn rows(self, operation: Operation) -> Vec<&'static CodeDescription> {
        let rows = Contract::embedded().codes.iter();
        let (own, others): (Vec<_>, Vec<_>) = rows
            .filter(|row| Some(row.means) == self.means && row.when == self.when)
            .partition(|row| row.operations.contains_key(&operation));
        own.into_iter().rev().chain(others).collect()
    }

    /// Returns the text for an operation: the refusal's own text, or else the documented one. The documented text may
    /// be one of other operations.
    #[must_use]
    pub fn text(self, operation: Operation) -> &'static str {
        let documented = || {
            let mut rows = self.rows(operation).into_iter();
            rows.find_map(|row| row.text.as_deref())
        };
        let text = self.own_text.or_else(documented);
        text.unwrap_or("The request can't be carried out.")
    }

    /// Builds the answer with this failure.
    #[must_use]
    pub fn reply(self, operation: Operation) -> Reply {
        let rows = self.rows(operation);
        let statuses = || rows.iter().map(|row| &row.status);
        let stated = statuses().find(|status| !status.is_class());
        let chosen = || CHOSEN.iter().find(|(of, _)| Some(*of) == self.means);
        let status = stated
            .map(StatusPattern::lowest)
            .or_else(|| Some(chosen()?.1))
            .or_else(|| statuses().next().map(StatusPattern::lowest));
        let code = rows.first().map_or(UNDOCUMENTED, |row| row.code);
        Reply::failure(status.unwrap_or(400), code, self.text(operation))
    }
}
