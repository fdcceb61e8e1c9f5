//! Documented examples against our schemas.

use serde_json::Value;

use super::super::difference::Breaks;
use super::super::error::DriftError;
use super::super::kind::Kind;
use super::super::shape::{Term, shape};
use super::super::shelf::Place;
use super::all::{Comparison, Seen};
use crate::contract::SchemaFault;

impl Comparison<'_> {
    /// The examples of a media type, and of its schema, with their places.
    pub(super) fn examples(&self, media: &Place) -> Result<Vec<(Place, Value)>, DriftError> {
        let mut examples = Vec::new();
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
            let Some((at, _)) = self.object(&several.child(name))? else {
                continue;
            };
            let at = at.child("value");
            if let Some(value) = self.shelf.get(&at)? {
                examples.push((at, value));
            }
        }
        let schema = shape(&self.shelf, &Term::At(media.child("schema")))?;
        examples.extend(schema.example);
        Ok(examples)
    }

    /// Notes what our schemas say to an example.
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
