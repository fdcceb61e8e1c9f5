//! Why a request is refused. The contract's rows say with which code, status and text.

use super::call::Reply;
use crate::contract::{CodeDescription, Contract, Meaning, StatusPattern, When};
use crate::exchange::Operation;

/// The code of a refusal that the documents have none for.
const UNDOCUMENTED: i64 = 10_001;
/// Statuses that the mock chooses where the contract only names a class, unless it is 400 or 500.
const CHOSEN: &[(Meaning, u16)] = &[(Meaning::Other("unchecked"), 503)];

/// A reason to refuse, in the words of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    means: Option<Meaning>,
    when: Option<When>,
    /// What to say where the documents have no text.
    own_text: Option<&'static str>,
}

impl Refusal {
    /// No such mapping.
    pub const NOT_FOUND: Self = Self::of(Meaning::Unknown);
    /// The address has a mapping already.
    pub const EXISTS: Self = Self::of(Meaning::Exists);
    /// The address is missing or invalid.
    pub const ADDRESS: Self = Self::of(Meaning::Invalid);
    /// The body names another address than the path.
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
    /// No such vendor or region.
    pub const PLACE: Self = Self::of(Meaning::Place);
    /// The zone is full.
    pub const FULL: Self = Self::of(Meaning::Full);
    /// The body is not what the operation takes.
    pub const SHAPE: Self = Self::row(
        None,
        None,
        Some("The request body is not what this operation takes."),
    );
    /// A batch of more items than allowed.
    pub const TOO_MANY: Self = Self::row(None, None, Some("A batch takes at most 100 items."));

    /// The refusal with this meaning.
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

    /// The contract's rows, those of the operation first. Where it has several, the code of the prose comes last, and
    /// counts.
    fn rows(self, operation: Operation) -> Vec<&'static CodeDescription> {
        let rows = Contract::embedded().codes.iter();
        let (own, others): (Vec<_>, Vec<_>) = rows
            .filter(|row| Some(row.means) == self.means && row.when == self.when)
            .partition(|row| row.operations.contains_key(&operation));
        own.into_iter().rev().chain(others).collect()
    }

    /// The text for an operation: its own or else the documented one, which may be that of other operations.
    #[must_use]
    pub fn text(self, operation: Operation) -> &'static str {
        let documented = || {
            let mut rows = self.rows(operation).into_iter();
            rows.find_map(|row| row.text.as_deref())
        };
        let text = self.own_text.or_else(documented);
        text.unwrap_or("The request can't be carried out.")
    }

    /// The failure as an answer.
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
