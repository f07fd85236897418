//! Reads one large JSON object as it comes: field by field, and lists element by element.
//!
//! **Invariant:** of a list, one element is in memory.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::reports::error::ReportError;
use crate::reports::read::Teller;

/// Takes the fields of an object.
pub trait Take {
    /// Takes the value of this field from the map, whether it is wanted or not.
    ///
    /// # Errors
    ///
    /// What the map says.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// An object whose fields are taken.
pub struct Object<'t, T>(pub &'t mut T);

/// A list whose elements are handed over as text.
pub struct Elements<'f>(pub &'f mut dyn FnMut(&str) -> ControlFlow<()>);

impl<'de, T: Take> DeserializeSeed<'de> for Object<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Take> Visitor<'de> for Object<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.0.take(&key, &mut map)?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element::<Box<RawValue>>()? {
            let text: Box<str> = element.into();
            let text = Zeroizing::new(String::from(text));
            if (self.0)(&text).is_break() {
                return Err(A::Error::custom("nobody wants more"));
            }
        }
        Ok(())
    }
}

/// What came of reading a document, after what was told of it.
///
/// # Errors
///
/// Damage, a cut end, or what the input said, unless the reading was stopped.
pub fn outcome(read: Result<(), serde_json::Error>, format: &'static str, teller: &Teller) -> Result<(), ReportError> {
    match read {
        Ok(()) => Ok(()),
        Err(_) if teller.stopped => Ok(()),
        Err(error) if error.is_eof() => Err(ReportError::Truncated),
        Err(error) if error.is_io() => Err(ReportError::Io(error.into())),
        Err(error) => Err(ReportError::Damaged { format, line: error.line() }),
    }
}
