//! Matchers for the values of a body. A plain value matches itself. A mapping without a matcher's name means "at least
//! these members".

use regex::Regex;
use serde_json::Value;

use super::format::{Word, word};
use crate::exchange::json_type;

/// A matcher: its word, and functions that check its argument and a found value.
pub struct Matcher {
    /// Its name and meaning.
    pub word: Word,
    /// Returns the kind of argument that is required, if the given one is invalid.
    argument: fn(&Value) -> Option<&'static str>,
    /// Returns whether the found value fits the argument; `None` means that there is no value.
    fits: fn(&Value, Option<&Value>) -> bool,
}

impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Matcher({})", self.word.name)
    }
}

fn any(_: &Value) -> Option<&'static str> {
    None
}

fn list(argument: &Value) -> Option<&'static str> {
    (!argument.is_array() && !is_template(argument)).then_some("a list")
}

fn number(argument: &Value) -> Option<&'static str> {
    (!argument.is_i64() && !is_template(argument)).then_some("a number")
}

fn flag(argument: &Value) -> Option<&'static str> {
    (*argument != Value::Bool(true)).then_some("`true`")
}

fn pattern(argument: &Value) -> Option<&'static str> {
    let good = argument
        .as_str()
        .is_some_and(|text| Regex::new(text).is_ok());
    (!good).then_some("a regular expression")
}

fn type_name(argument: &Value) -> Option<&'static str> {
    let known = ["string", "number", "boolean", "array", "object", "null"];
    let good = argument.as_str().is_some_and(|text| known.contains(&text));
    (!good).then_some("string, number, boolean, array, object or null")
}

fn is_template(argument: &Value) -> bool {
    argument.as_str().is_some_and(|text| text.contains("{{"))
}

/// All matchers.
pub const ALL: &[Matcher] = &[
    Matcher {
        word: word("exactly", "Equal, with no further members."),
        argument: any,
        fits: |wanted, found| found.is_some_and(|found| equal(wanted, found)),
    },
    Matcher {
        word: word(
            "contains",
            "At least these members; lists element by element.",
        ),
        argument: any,
        fits: |wanted, found| found.is_some_and(|found| contains(wanted, found)),
    },
    Matcher {
        word: word("one-of", "Equal to one of a list."),
        argument: list,
        fits: |wanted, found| {
            found.is_some_and(|found| wanted.as_array().is_some_and(|all| all.contains(found)))
        },
    },
    Matcher {
        word: word("any-order", "A list of exactly these, in any order."),
        argument: list,
        fits: any_order,
    },
    Matcher {
        word: word("absent", "`true`: there is no such member."),
        argument: flag,
        fits: |_, found| found.is_none(),
    },
    Matcher {
        word: word("present", "`true`: there is such a member, whatever it is."),
        argument: flag,
        fits: |_, found| found.is_some(),
    },
    Matcher {
        word: word("length", "A list, an object or a text of this many parts."),
        argument: number,
        fits: |wanted, found| found.and_then(length) == wanted.as_u64(),
    },
    Matcher {
        word: word("at-least", "A number not below this."),
        argument: number,
        fits: |wanted, found| number_of(found) >= wanted.as_f64() && number_of(found).is_some(),
    },
    Matcher {
        word: word("matches", "A text that fits this regular expression."),
        argument: pattern,
        fits: |wanted, found| match (wanted.as_str().map(Regex::new), found) {
            (Some(Ok(regex)), Some(Value::String(text))) => regex.is_match(text),
            _ => false,
        },
    },
    Matcher {
        word: word("type", "A value of this JSON type."),
        argument: type_name,
        fits: |wanted, found| found.is_some_and(|found| wanted.as_str() == Some(json_type(found))),
    },
    Matcher {
        word: word("not", "Not equal."),
        argument: any,
        fits: |wanted, found| found != Some(wanted),
    },
    Matcher {
        word: word("no-text", "`true`: absent, or anything but a text."),
        argument: flag,
        fits: |_, found| !found.is_some_and(Value::is_string),
    },
    Matcher {
        word: word(
            "same-order",
            "The same addresses in the same order, whatever else the entries say.",
        ),
        argument: any,
        fits: |wanted, found| found.is_some_and(|found| addresses(found) == addresses(wanted)),
    },
    Matcher {
        word: word(
            "same-regions",
            "The same vendors with the same region names, in any order.",
        ),
        argument: any,
        fits: |wanted, found| found.map(region_names) == Some(region_names(wanted)),
    },
];

fn by_name(name: &str) -> Option<&'static Matcher> {
    ALL.iter().find(|matcher| matcher.word.name == name)
}

/// Returns the matcher that a value names and its argument, if it names one.
fn named(value: &Value) -> Option<(&'static Matcher, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, argument) = members.iter().next()?;
    Some((by_name(name)?, argument))
}

/// Returns the fault of a matcher as written, if it has one.
#[must_use]
pub fn fault(value: &Value) -> Option<String> {
    let (matcher, argument) = named(value)?;
    let wanted = (matcher.argument)(argument)?;
    Some(format!("`{}` takes {wanted}", matcher.word.name))
}

/// Returns whether the found value fits what a case wants; `None` means that there is no value.
#[must_use]
pub fn fits(wanted: &Value, found: Option<&Value>) -> bool {
    match named(wanted) {
        Some((matcher, argument)) => (matcher.fits)(argument, found),
        None if wanted.is_object() => found.is_some_and(|found| contains(wanted, found)),
        None => found.is_some_and(|found| equal(wanted, found)),
    }
}

/// Describes what a matcher wants.
#[must_use]
pub fn text(wanted: &Value) -> String {
    match named(wanted) {
        Some((matcher, Value::Bool(true))) => matcher.word.name.to_owned(),
        Some((matcher, argument)) => format!("{} {argument}", matcher.word.name),
        None => wanted.to_string(),
    }
}

fn contains(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted
            .iter()
            .all(|(key, wanted)| fits(wanted, found.get(key))),
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len()
                && wanted
                    .iter()
                    .zip(found)
                    .all(|(wanted, found)| fits(wanted, Some(found)))
        }
        _ => equal(wanted, found),
    }
}

/// Compares JSON values. `20` and `20.0` are the same number.
fn equal(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Number(wanted), Value::Number(found)) => {
            wanted == found || wanted.as_f64() == found.as_f64()
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(w, f)| equal(w, f))
        }
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.len() == found.len()
                && wanted
                    .iter()
                    .all(|(key, w)| found.get(key).is_some_and(|f| equal(w, f)))
        }
        _ => wanted == found,
    }
}

/// Returns the addresses of a list's items, in order.
fn addresses(list: &Value) -> Vec<&str> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| {
            item.get("origin_ip")
                .or_else(|| item.get("origin-ip"))?
                .as_str()
        })
        .collect()
}

fn any_order(wanted: &Value, found: Option<&Value>) -> bool {
    let (Some(wanted), Some(found)) = (wanted.as_array(), found.and_then(Value::as_array)) else {
        return false;
    };
    let mut left: Vec<&Value> = found.iter().collect();
    wanted.len() == found.len()
        && wanted.iter().all(|wanted| {
            let place = left.iter().position(|found| fits(wanted, Some(found)));
            place.map(|place| left.swap_remove(place)).is_some()
        })
}

fn length(found: &Value) -> Option<u64> {
    let length = match found {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        Value::String(text) => text.chars().count(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    u64::try_from(length).ok()
}

fn number_of(found: Option<&Value>) -> Option<f64> {
    match found? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn region_names(vendors: &Value) -> Vec<(String, Vec<String>)> {
    let mut names: Vec<(String, Vec<String>)> = vendors
        .as_object()
        .into_iter()
        .flatten()
        .map(|(vendor, regions)| {
            let mut regions: Vec<String> = regions
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|region| Some(region.get("name")?.as_str()?.to_owned()))
                .collect();
            regions.sort();
            (vendor.clone(), regions)
        })
        .collect();
    names.sort();
    names
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "rows of a table are values")]
mod tests {
    use super::*;
    use serde_json::json;
    use test_case::test_case;

    #[test_case(json!(1), json!(1), true; "a plain value means itself")]
    #[test_case(json!({"a": 1}), json!({"a": 1, "b": 2}), true; "a mapping is partial")]
    #[test_case(json!({"exactly": {"a": 1}}), json!({"a": 1, "b": 2}), false; "exactly is not")]
    #[test_case(json!({"one-of": [1, 2]}), json!(2), true)]
    #[test_case(json!({"one-of": [1, 2]}), json!(3), false)]
    #[test_case(json!({"any-order": [1, {"a": 2}]}), json!([{"a": 2, "b": 0}, 1]), true)]
    #[test_case(json!({"any-order": [1, 1]}), json!([1, 2]), false; "each is used once")]
    #[test_case(json!({"length": 2}), json!([1, 2]), true)]
    #[test_case(json!({"at-least": 2}), json!(1), false)]
    #[test_case(json!({"matches": "^a+$"}), json!("aa"), true)]
    #[test_case(json!({"type": "null"}), json!(null), true)]
    #[test_case(json!({"no-text": true}), json!(null), true)]
    #[test_case(json!({"no-text": true}), json!("x"), false)]
    #[test_case(json!({"not": 1}), json!(2), true)]
    #[test_case(json!({"present": true}), json!(null), true; "null is there")]
    fn a_matcher_fits_or_not(wanted: Value, found: Value, fits_it: bool) {
        assert_eq!(fits(&wanted, Some(&found)), fits_it);
    }

    #[test]
    fn absence_is_only_fitted_by_absent_and_its_kin() {
        assert!(fits(&json!({"absent": true}), None));
        assert!(fits(&json!({"no-text": true}), None));
        assert!(!fits(&json!(null), None));
        assert!(!fits(&json!({"present": true}), None));
    }

    #[test]
    fn a_faulty_argument_is_named() {
        assert_eq!(
            fault(&json!({"length": "x"})),
            Some("`length` takes a number".into())
        );
        assert_eq!(
            fault(&json!({"matches": "("})),
            Some("`matches` takes a regular expression".into())
        );
        assert_eq!(fault(&json!({"anything": "x"})), None);
    }
}
