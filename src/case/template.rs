//! Templates: `{{name}}` in any text of a value stands for a variable.

use serde_json::Value;

/// A source of the values of variables.
pub trait Scope {
    /// Returns the value of a variable.
    ///
    /// # Errors
    /// Returns the reason why the variable has no value here.
    fn value(&mut self, name: &str) -> Result<Value, Unfilled>;
}

/// The reason why a template or an argument of a case has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfilled {
    /// The target lacks something that the case needs, such as a second region.
    TargetLacks(String),
    /// The case has a fault.
    CaseFault(String),
}

/// Returns the value with all templates filled in. A text that is only one template becomes the variable's value
/// itself. In other texts, the template is replaced by the value's text.
///
/// # Errors
/// Returns the scope's error for the first variable that has no value.
pub fn resolve(value: &Value, scope: &mut dyn Scope) -> Result<Value, Unfilled> {
    Ok(match value {
        Value::String(text) => resolve_text(text, scope)?,
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| resolve(item, scope))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| Ok((key.clone(), resolve(value, scope)?)))
                .collect::<Result<_, Unfilled>>()?,
        ),
        other => other.clone(),
    })
}

fn resolve_text(text: &str, scope: &mut dyn Scope) -> Result<Value, Unfilled> {
    if let Some(name) = only_template(text) {
        return scope.value(name);
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            let why = format!("`{text}` has a `{{{{` without its `}}}}`");
            return Err(Unfilled::CaseFault(why));
        };
        match scope.value(name.trim())? {
            Value::String(text) => filled.push_str(&text),
            other => filled.push_str(&other.to_string()),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(Value::String(filled))
}

fn only_template(text: &str) -> Option<&str> {
    let name = text.strip_prefix("{{")?.strip_suffix("}}")?;
    (!name.contains("{{") && !name.contains("}}")).then(|| name.trim())
}

/// Returns whether a text is one template and nothing else.
#[must_use]
pub(crate) fn is_only(text: &str) -> bool {
    only_template(text).is_some()
}

/// A fault in the templates of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// A `{{` without a `}}`.
    Unclosed,
    /// A `{{` and a `}}` without a name between them.
    Unnamed,
}

/// Checks the templates of a text.
///
/// # Errors
/// Returns the fault of the first faulty template.
pub(crate) fn syntax(text: &str) -> Result<(), Syntax> {
    for part in text.split("{{").skip(1) {
        let (name, _) = part.split_once("}}").ok_or(Syntax::Unclosed)?;
        if name.trim().is_empty() {
            return Err(Syntax::Unnamed);
        }
    }
    Ok(())
}

/// Returns the names of the variables that a text uses.
#[must_use]
pub(crate) fn names(text: &str) -> Vec<String> {
    text.split("{{")
        .skip(1)
        .filter_map(|part| Some(part.split_once("}}")?.0.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Fixed;
    impl Scope for Fixed {
        fn value(&mut self, name: &str) -> Result<Value, Unfilled> {
            match name {
                "n" => Ok(json!(7)),
                _ => Err(Unfilled::TargetLacks(format!("no {name}"))),
            }
        }
    }

    #[test]
    fn a_lone_template_keeps_its_type_and_an_embedded_one_becomes_text() {
        let value = json!({"a": "{{n}}", "b": ["x{{n}}y"]});
        assert_eq!(
            resolve(&value, &mut Fixed),
            Ok(json!({"a": 7, "b": ["x7y"]}))
        );
        assert_eq!(
            resolve(&json!("{{m}}"), &mut Fixed),
            Err(Unfilled::TargetLacks("no m".to_owned()))
        );
        assert!(resolve(&json!("a{{n"), &mut Fixed).is_err());
    }
}
