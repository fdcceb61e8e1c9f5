//! The reasons why a zone was not emptied.

use std::fmt;

use super::super::desk::Trouble;
use super::super::entry::Row;
use super::super::remove::Stranger;
use crate::contract::Place;

/// The reason why a zone was not emptied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runner) enum NotEmptied {
    /// Somebody else writes in the zone.
    Strangers(Vec<Stranger>),
    /// The target no longer accepts these mappings, so they could not be written back.
    Refused(Vec<(Row, String)>),
    /// The target keeps a different value than the one that is sent, so these could not be written back.
    Mangled(Vec<(Place, Option<Place>)>),
    /// These mappings have members that the contract does not define. A write may drop them.
    Extra(Vec<Row>),
    /// These mappings vanished when others were written with their own values.
    Lost(Vec<Row>),
    /// These mappings are still shown after they were deleted.
    StillThere(Vec<Row>),
    /// A request failed, or the zone is too full for a test.
    Trouble(String),
}

impl fmt::Display for NotEmptied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the zone is not emptied: ")?;
        match self {
            Self::Strangers(strangers) => {
                write!(f, "somebody else writes in it: {}", list(strangers.iter()))
            }
            Self::Refused(rows) => {
                let row = |(row, why): &(Row, String)| format!("{row} ({why})");
                let rows = list(rows.iter().map(row));
                write!(f, "the target refuses to write back: {rows}")
            }
            Self::Mangled(places) => {
                let place = |(sent, kept): &(Place, Option<Place>)| match kept {
                    Some(kept) => format!("{kept} for {sent}"),
                    None => format!("nothing for {sent}"),
                };
                let places = list(places.iter().map(place));
                write!(f, "the target keeps other values than those sent: {places}")
            }
            Self::Extra(rows) => {
                let row = |row: &Row| format!("{row} ({})", row.extra.join(", "));
                let rows = list(rows.iter().map(row));
                write!(
                    f,
                    "writing back may drop members that the contract does not name: {rows}"
                )
            }
            Self::Lost(rows) => write!(
                f,
                "mappings vanished when others were written with their own values: {}",
                list(rows.iter())
            ),
            Self::StillThere(rows) => write!(
                f,
                "the target still shows mappings that it says it deleted: {}",
                list(rows.iter())
            ),
            Self::Trouble(why) => f.write_str(why),
        }
    }
}

impl From<Trouble> for NotEmptied {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble.to_string())
    }
}

/// Joins the first five items, and counts the others.
fn list<T: ToString>(all: impl Iterator<Item = T>) -> String {
    let all: Vec<String> = all.map(|one| one.to_string()).collect();
    match all.get(..5) {
        Some(first) if all.len() > 5 => format!("{} and {} more", first.join(", "), all.len() - 5),
        _ => all.join(", "),
    }
}
