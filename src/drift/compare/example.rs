//! Checks documented examples against our schemas.

use serde_json::Value;

use super::super::difference::Breaks;
use super::super::error::DriftError;
use super::super::kind::Kind;
use super::super::shape::{Term, shape};
use super::super::shelf::Place;
use super::all::{Comparison, Seen};
use crate::contract::SchemaFault;

/// The examples with their places, and the places of unreadable examples with the error.
type Examples = (Vec<(Place, Value)>, Vec<(Place, DriftError)>);

impl Comparison<'_> {
    /// Returns the examples of a media type and of its schema, with their places. Notes examples that can't be read.
    pub(super) fn examples(
        &mut self,
        seen: &Seen<'_>,
        media: &Place,
    ) -> Result<Vec<(Place, Value)>, DriftError> {
        let (examples, unread) = self.examples_of(media)?;
        for (place, error) in unread {
            let seen = Seen {
                part: &format!("{} example", seen.part),
                theirs: place.to_string(),
                ..seen.clone()
            };
            // An example does not promise anything, so a note is enough.
            let why = error.to_string();
            self.note(seen, Breaks::Neither, Kind::ExampleUnread { why });
        }
        Ok(examples)
    }

    /// Returns the examples that can be read, and those that can't.
    pub(super) fn examples_of(&self, media: &Place) -> Result<Examples, DriftError> {
        let (mut examples, mut unread) = (Vec::new(), Vec::new());
        let single = media.child("example");
        if let Some(value) = self.shelf.get(&single)? {
            examples.push((single, value));
        }
        let several = media.child("examples");
        let value = self.shelf.get(&several)?.unwrap_or_default();
        for name in value
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys)
        {
            let place = several.child(name);
            match self.object(&place) {
                Ok(Some((at, _))) => {
                    let at = at.child("value");
                    if let Some(value) = self.shelf.get(&at)? {
                        examples.push((at, value));
                    }
                }
                Ok(None) => {}
                Err(error) => unread.push((place, error)),
            }
        }
        let schema = shape(&self.shelf, &Term::At(media.child("schema")))?;
        examples.extend(schema.example);
        Ok((examples, unread))
    }

    /// Notes the errors that our schemas find in an example.
    pub(super) fn example_faults(
        &mut self,
        seen: &Seen<'_>,
        at: &Place,
        file: &str,
        below: &str,
        faults: Vec<SchemaFault>,
    ) {
        for fault in faults {
            let inside = format!("{below}{}", fault.at);
            let seen = Seen {
                part: &format!("{} example", seen.part),
                theirs: format!("{at}{inside}"),
                ours: format!("{file}#"),
                ..seen.clone()
            };
            let what = Kind::Example {
                inside,
                fault: fault.message,
            };
            self.note(seen, Breaks::Neither, what);
        }
    }
}
