//! Compares the body of a request.

use serde_json::Value;

use super::super::difference::Breaks;
use super::super::error::DriftError;
use super::super::kind::Kind;
use super::super::shape::Term;
use super::super::shelf::Place;
use super::all::{Comparison, Pair, Seen, site};
use super::schema::Position;
use super::side::Direction;

/// The media type of all bodies.
pub(super) const JSON: &str = "application/json";

impl Comparison<'_> {
    pub(super) fn body(&mut self, pair: Pair<'_>) -> Result<(), DriftError> {
        let theirs = self.object(&pair.theirs.at.child("requestBody"))?;
        let seen = Seen {
            operation: pair.ours.operation,
            part: "request",
            theirs: pair.theirs.at.to_string(),
            ours: site(pair.ours),
        };
        let (stem, at, value) = match (&pair.ours.request, theirs) {
            (None, None) => return Ok(()),
            (Some(_), None) => {
                self.note(seen, Breaks::Both, Kind::BodyGone);
                return Ok(());
            }
            (None, Some((at, value))) => {
                let required = value.get("required") == Some(&Value::Bool(true));
                let theirs = at.to_string();
                let breaks = Breaks::of_new(required);
                self.note(Seen { theirs, ..seen }, breaks, Kind::BodyNew { required });
                return Ok(());
            }
            (Some(stem), Some((at, value))) => (stem, at, value),
        };
        let seen = Seen {
            theirs: at.to_string(),
            ours: format!("{}/request", site(pair.ours)),
            ..seen
        };
        if value.get("required") != Some(&Value::Bool(true)) {
            self.note(seen.clone(), Breaks::Servers, Kind::Optional);
        }
        let Some(media) = self.json_of(&at, &seen, Breaks::Servers)? else {
            return Ok(());
        };
        let file = format!("schemas/request/{stem}.json");
        let position = Position {
            operation: pair.ours.operation,
            part: "request".to_owned(),
            direction: Direction::Request,
            skipped: &[],
        };
        let schema = media.child("schema");
        let ours = Term::At(Place::ours(&file, ""));
        self.schemas(&position, &ours, &Term::At(schema))?;
        for (at, example) in self.examples(&seen, &media)? {
            let (faults, _) = self
                .contract
                .schemas
                .faults(&format!("request/{stem}"), &example);
            self.example_faults(&seen, &at, &file, "", faults);
        }
        Ok(())
    }

    /// Returns the place of a body's JSON form, with references followed, and notes other media types.
    pub(super) fn json_of(
        &mut self,
        owner: &Place,
        seen: &Seen<'_>,
        others_break: Breaks,
    ) -> Result<Option<Place>, DriftError> {
        let content = owner.child("content");
        let Some((content, value)) = self.object(&content)? else {
            self.note(seen.clone(), Breaks::Both, Kind::JsonGone);
            return Ok(None);
        };
        let mut json = None;
        for media_type in value
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys)
        {
            let at = content.child(media_type);
            let essence = media_type.split(';').next().unwrap_or_default().trim();
            if essence.eq_ignore_ascii_case(JSON) {
                json = Some(at);
                continue;
            }
            let seen = Seen {
                theirs: at.to_string(),
                ..seen.clone()
            };
            let media_type = media_type.clone();
            self.note(seen, others_break, Kind::MediaTypeNew { media_type });
        }
        if json.is_none() {
            let theirs = content.to_string();
            self.note(
                Seen {
                    theirs,
                    ..seen.clone()
                },
                Breaks::Both,
                Kind::JsonGone,
            );
        }
        Ok(json)
    }
}
