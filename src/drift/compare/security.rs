//! Compares the ways of authentication.

use serde_json::Value;

use super::super::difference::Breaks;
use super::super::error::DriftError;
use super::super::kind::Kind;
use super::super::published;
use super::super::shelf::Place;
use super::all::{Comparison, Pair, Seen};

impl Comparison<'_> {
    pub(super) fn security(&mut self, pair: Pair<'_>) -> Result<(), DriftError> {
        let own = pair.theirs.at.child("security");
        let at = if self.shelf.get(&own)?.is_some() {
            own
        } else {
            Place::theirs("/security")
        };
        let value = self.shelf.get(&at)?.unwrap_or_default();
        let mut theirs: Vec<(String, Place)> = Vec::new();
        for (index, way) in value.as_array().into_iter().flatten().enumerate() {
            let mut needed: Vec<String> = Vec::new();
            for name in way.as_object().into_iter().flat_map(serde_json::Map::keys) {
                needed.push(self.scheme(name)?);
            }
            needed.sort();
            theirs.push((needed.join(" and "), at.child(&index.to_string())));
        }
        if theirs.is_empty() {
            theirs.push((String::new(), at.clone()));
        }
        let mut ours: Vec<(usize, String)> = Vec::new();
        for (index, way) in self.published.security.iter().enumerate() {
            let mut needed = way.clone();
            needed.sort();
            ours.push((index, needed.join(" and ")));
        }
        let seen = |theirs: &Place, ours: String| Seen {
            operation: pair.ours.operation,
            part: "security",
            theirs: theirs.to_string(),
            ours,
        };
        let gone: Vec<&(usize, String)> = ours
            .iter()
            .filter(|(_, scheme)| !theirs.iter().any(|(theirs, _)| theirs == scheme))
            .collect();
        let new: Vec<&(String, Place)> = theirs
            .iter()
            .filter(|(scheme, _)| !ours.iter().any(|(_, ours)| ours == scheme))
            .collect();
        if let ([(index, was)], [(is, place)]) = (gone.as_slice(), new.as_slice()) {
            let site = format!("{}#/security/{index}", published::PATH);
            let what = Kind::SecurityChanged {
                ours: was.clone(),
                theirs: is.clone(),
            };
            self.note(seen(place, site), Breaks::Both, what);
            return Ok(());
        }
        for (index, scheme) in &ours {
            if !theirs.iter().any(|(theirs, _)| theirs == scheme) {
                let site = format!("{}#/security/{index}", published::PATH);
                let scheme = scheme.clone();
                self.note(
                    seen(&at, site),
                    Breaks::Clients,
                    Kind::SecurityGone { scheme },
                );
            }
        }
        for (scheme, place) in theirs {
            if !ours.iter().any(|(_, ours)| *ours == scheme) {
                let site = format!("{}#/security", published::PATH);
                self.note(
                    seen(&place, site),
                    Breaks::Servers,
                    Kind::SecurityNew { scheme },
                );
            }
        }
        Ok(())
    }

    /// Returns what a security scheme asks for, whatever its name is.
    fn scheme(&self, name: &str) -> Result<String, DriftError> {
        let place = Place::theirs("/components/securitySchemes").child(name);
        let Some((_, value)) = self.object(&place)? else {
            return Err(DriftError::Dangling {
                at: "/components/securitySchemes".to_owned(),
                reference: name.to_owned(),
            });
        };
        let text = |member: &str| {
            value
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        Ok(match text("type") {
            "apiKey" => format!("{} {}", text("in"), text("name")),
            "http" => format!("http {}", text("scheme").to_ascii_lowercase()),
            other => other.to_owned(),
        })
    }
}
