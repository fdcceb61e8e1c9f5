//! Values that a recorder may write in several forms.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Visitor methods that ignore values of the wrong kind.
macro_rules! passed_over {
    ($nothing:expr) => {
        fn visit_str<E>(self, _text: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_bool<E>(self, _truth: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_i64<E>(self, _number: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_u64<E>(self, _number: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_f64<E>(self, _number: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

/// A text, a number or a truth value; any other value is ignored.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    /// The value is missing or null.
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Number(f64),
    Truth(bool),
    /// A list or an object.
    Other,
}

impl<'a> Scalar<'a> {
    /// Returns the text, if the value is a text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Number(_) | Self::Truth(_) | Self::Other => None,
        }
    }

    /// Returns the value as a text.
    pub(super) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Truth(truth) => Some(Cow::Owned(truth.to_string())),
            Self::Absent | Self::Other => None,
        }
    }

    /// Returns the number, also if it is written as a text.
    pub(super) fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Absent | Self::Truth(_) | Self::Other => return None,
        };
        number.is_finite().then_some(number)
    }

    /// Returns whether the value means yes: anything but an absent value, `false`, `no`, an empty text or zero.
    pub(super) fn is_yes(&self) -> bool {
        match self {
            Self::Absent => false,
            Self::Text(text) => !matches!(text.trim(), "" | "false" | "no" | "0"),
            Self::Number(number) => *number != 0.0,
            Self::Truth(truth) => *truth,
            Self::Other => true,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }
}

struct ScalarVisitor<'a>(PhantomData<&'a str>);

#[expect(
    clippy::cast_precision_loss,
    reason = "statuses, sizes and milliseconds are far below 2^53"
)]
impl<'de: 'a, 'a> Visitor<'de> for ScalarVisitor<'a> {
    type Value = Scalar<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'a>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar<'a>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Scalar<'a>, E> {
        Ok(Scalar::Text(Cow::Owned(text)))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Scalar<'a>, E> {
        Ok(Scalar::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar<'a>, E> {
        Ok(Scalar::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar<'a>, E> {
        Ok(Scalar::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar<'a>, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_unit<E>(self) -> Result<Scalar<'a>, E> {
        Ok(Scalar::Absent)
    }

    /// If a list begins with a text, that text is the value.
    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Scalar<'a>, S::Error> {
        let first = items.next_element::<Scalar<'a>>()?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first
            .filter(|first| matches!(first, Scalar::Text(_)))
            .unwrap_or(Scalar::Other))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Scalar<'a>, M::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// An object; `None` if there is another value in its place.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, members: M) -> Result<Object<T>, M::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(|object| Object(Some(object)))
    }

    passed_over!(Object(None));

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Object<T>, S::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Object(None))
    }
}

/// Header fields, as a list of `name` and `value` or as an object.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, Cow<'a, str>)>);

#[derive(serde::Deserialize)]
struct Field<'a> {
    #[serde(borrow, default)]
    name: Scalar<'a>,
    #[serde(borrow, default)]
    value: Scalar<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldsVisitor(PhantomData))
    }
}

struct FieldsVisitor<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for FieldsVisitor<'a> {
    type Value = Fields<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("header fields")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Fields<'a>, S::Error> {
        let mut fields = Vec::new();
        while let Some(Object(field)) = items.next_element::<Object<Field<'a>>>()? {
            let Some(field) = field else { continue };
            // A field without a value was not recorded.
            if let (Some(name), Some(value)) = (field.name.into_text(), field.value.into_text()) {
                fields.push((name, value));
            }
        }
        Ok(Fields(fields))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Fields<'a>, M::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = members.next_entry::<Scalar<'a>, Scalar<'a>>()? {
            if let (Some(name), Some(value)) = (name.into_text(), value.into_text()) {
                fields.push((name, value));
            }
        }
        Ok(Fields(fields))
    }

    passed_over!(Fields::default());
}
