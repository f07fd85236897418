//! Questions to JSON that is borrowed from a record's bytes.

use bumpalo::Bump;

use crate::model::text::Text;
use crate::observe::value::Value;

/// A JSON value whose texts stand in the record.
pub type Json<'a> = Value<'a>;

/// The value under a path of keys; `None` where a key is absent or the value is `null`.
#[must_use]
pub fn at<'b, 'a>(value: &'b Json<'a>, path: &[&str]) -> Option<&'b Json<'a>> {
    let found = path.iter().try_fold(value, |value, key| value.as_object()?.get(key))?;
    (!found.is_null()).then_some(found)
}

/// A text that is not empty.
#[must_use]
pub fn text<'b>(value: &'b Json<'_>, path: &[&str]) -> Option<&'b str> {
    at(value, path)?.as_str().and_then(trimmed)
}

/// A text that is not empty, or a number as text, copied.
#[must_use]
pub fn owned(value: &Json<'_>, path: &[&str]) -> Option<Text> {
    let found = at(value, path)?;
    found.as_written().or_else(|| found.as_str().and_then(trimmed)).map(Text::from)
}

/// The first of these paths that holds a text or a number.
#[must_use]
pub fn first(value: &Json<'_>, paths: &[&[&str]]) -> Option<Text> {
    paths.iter().find_map(|path| owned(value, path))
}

/// A whole number, or one as text.
#[must_use]
pub fn number(value: &Json<'_>, path: &[&str]) -> Option<i64> {
    let found = at(value, path)?;
    found.as_i64().or_else(|| found.as_f64().map(|number| number as i64)).or_else(|| found.as_str()?.trim().parse().ok())
}

/// The elements of an array; none of anything else.
#[must_use]
pub fn items<'b, 'a>(value: &'b Json<'a>, path: &[&str]) -> &'b [Json<'a>] {
    at(value, path).and_then(Json::as_array).unwrap_or_default()
}

/// A list of texts, or one text.
pub fn texts<'b, 'a>(value: &'b Json<'a>, path: &[&str]) -> impl Iterator<Item = &'b str> + use<'a, 'b> {
    let values = at(value, path).map(|found| found.as_array().unwrap_or_else(|| std::slice::from_ref(found)));
    values.unwrap_or_default().iter().filter_map(Json::as_str)
}

/// A text without blanks around it, if that is not empty; nearly all have none.
fn trimmed(text: &str) -> Option<&str> {
    let is_plain = |end: Option<&u8>| end.is_some_and(u8::is_ascii_graphic);
    let bare = if is_plain(text.as_bytes().first()) && is_plain(text.as_bytes().last()) { text } else { text.trim() };
    (!bare.is_empty()).then_some(bare)
}

/// Whether an object has all of these keys.
#[must_use]
pub fn has(value: &Json<'_>, keys: &[&str]) -> bool {
    value.as_object().is_some_and(|object| keys.iter().all(|key| object.get(key).is_some()))
}

/// Parses a record; `None` for what is no JSON, and for what nests more than 128 deep.
#[must_use]
pub fn parse<'a>(bytes: &'a [u8], arena: &'a Bump) -> Option<Json<'a>> {
    Value::read(bytes, arena)
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::observe::json::{first, number, owned, parse, text, texts};

    #[test]
    fn absent_null_and_empty_are_alike() {
        let arena = Bump::new();
        let value = parse(br#"{"a":{"b":"x","n":"12","m":3},"e":"","z":null,"l":["p","q"]}"#, &arena).expect("because it is JSON");
        assert_eq!((text(&value, &["a", "b"]), text(&value, &["e"]), text(&value, &["z"])), (Some("x"), None, None));
        assert_eq!((number(&value, &["a", "n"]), number(&value, &["a", "m"])), (Some(12), Some(3)));
        assert_eq!(owned(&value, &["a", "m"]).as_deref(), Some("3"));
        assert_eq!((texts(&value, &["l"]).count(), texts(&value, &["a", "b"]).count()), (2, 1));
        assert_eq!(first(&value, &[&["e"], &["a", "b"]]).as_deref(), Some("x"));
    }
}
