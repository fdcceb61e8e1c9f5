//! The operations of the description that concern us: those under our prefixes, and others with `cloud_regions` in
//! their path. One of our operations may have moved to such a path.

use serde_json::Value;

use super::description::Description;
use super::error::DriftError;
use super::published::Published;
use super::shelf::{Place, Shelf};
use crate::exchange::Generation;

/// The methods that a path item can have.
const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];
/// The word that has been in every path of this API so far, under any prefix.
const TELLTALE: &str = "cloud_regions";

/// An operation of the description.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// The method, in upper case.
    pub(super) method: String,
    /// The path as it is written, from `/zones/` on.
    pub(super) path: String,
    /// The part of the URL before the zones, for each server; empty if the description does not name a server.
    pub(super) bases: Vec<String>,
    /// The path item, with references followed.
    pub(super) item: Place,
    /// The operation itself.
    pub(super) at: Place,
    /// The generation whose prefix the path has, if any.
    pub(super) generation: Option<Generation>,
}

impl Endpoint {
    /// Returns the path without the names of its parameters.
    pub(super) fn bare(&self) -> String {
        bare(&self.path)
    }
}

/// Returns a path template with `{}` for each parameter, and without a slash at its end.
pub(super) fn bare(path: &str) -> String {
    let segments: Vec<&str> = path
        .trim_end_matches('/')
        .split('/')
        .map(|segment| {
            if segment.starts_with('{') && segment.ends_with('}') {
                "{}"
            } else {
                segment
            }
        })
        .collect();
    segments.join("/")
}

/// Returns the endpoints, in the order of their paths and methods.
pub(super) fn endpoints(
    description: &Description,
    shelf: &Shelf<'_>,
    published: &Published,
) -> Result<Vec<Endpoint>, DriftError> {
    let mut endpoints = Vec::new();
    let servers = description.get("/servers")?;
    for path in description.paths() {
        if !path.contains(TELLTALE) {
            continue;
        }
        let (before, below) = path.split_at(path.find("/zones/").unwrap_or(0));
        let bare_path = bare(below);
        let generation = Generation::ALL.into_iter().find(|&generation| {
            let rest = bare_path.strip_prefix(&bare(published.prefix(generation)));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let item = Place::theirs("/paths").child(&path);
        let Some((item, value)) = shelf.resolved(&item)? else {
            continue;
        };
        let Some(members) = value.as_object() else {
            return Err(DriftError::Form {
                at: item.pointer,
                expected: "a path item",
            });
        };
        for method in METHODS {
            let Some(operation) = members.get(*method) else {
                continue;
            };
            let at = item.child(method);
            if !operation.is_object() {
                return Err(DriftError::Form {
                    at: at.pointer,
                    expected: "an operation",
                });
            }
            let levels = [operation, &value];
            let own = levels.iter().find_map(|level| level.get("servers"));
            let servers = own.or(servers.as_ref());
            endpoints.push(Endpoint {
                method: method.to_ascii_uppercase(),
                path: below.to_owned(),
                bases: bases(servers, before),
                item: item.clone(),
                at,
                generation,
            });
        }
    }
    Ok(endpoints)
}

/// Returns what comes before the zones in the full URLs of a path: each server's URL, and the start of the path itself.
fn bases(servers: Option<&Value>, before: &str) -> Vec<String> {
    let mut bases: Vec<String> = Vec::new();
    for server in servers.and_then(Value::as_array).into_iter().flatten() {
        let mut url = server
            .get("url")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let variables = server.get("variables").and_then(Value::as_object);
        for (name, variable) in variables.into_iter().flatten() {
            let default = variable.get("default").and_then(Value::as_str);
            url = url.replace(&format!("{{{name}}}"), default.unwrap_or_default());
        }
        let below = url.split_once("://").map_or(url.as_str(), |(_, below)| {
            below.find('/').map_or("", |start| &below[start..])
        });
        let base = format!("{}{before}", below.trim_end_matches('/'));
        if !bases.contains(&base) {
            bases.push(base);
        }
    }
    if bases.is_empty() && !before.is_empty() {
        bases.push(before.to_owned());
    }
    bases
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use test_case::test_case;

    #[test_case(&json!([{"url": "https://h/client/v4"}]), "", &["/client/v4"]; "in the server")]
    #[test_case(&json!([{"url": "https://h"}]), "/client/v4", &["/client/v4"]; "in the path")]
    #[test_case(&json!([{"url": "https://h/client/"}]), "/v4", &["/client/v4"]; "in both")]
    #[test_case(&json!([{"url": "/client/v4"}]), "", &["/client/v4"]; "a relative server")]
    #[test_case(&json!([{"url": "https://h/{base}", "variables": {"base": {"default": "client/v4"}}}]), "", &["/client/v4"]; "a variable")]
    #[test_case(&json!([{"url": "https://h/client/v4"}, {"url": "https://h/client/v5"}]), "", &["/client/v4", "/client/v5"]; "two servers")]
    #[test_case(&json!(null), "", &[]; "nowhere")]
    #[test_case(&json!(null), "/client/v4", &["/client/v4"]; "no server")]
    fn what_comes_before_the_zones_is_known(servers: &Value, before: &str, wanted: &[&str]) {
        assert_eq!(bases(Some(servers), before), wanted);
    }
}
