//! The keys of a JSON object, of a cut one those that are there: by them a report is recognised.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

/// The keys of the outermost object, in their order, up to where the text is no JSON.
#[must_use]
pub fn keys(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    // What was read before an error is all that is wanted.
    drop(Keys(&mut found).deserialize(&mut serde_json::Deserializer::from_slice(text)));
    found
}

/// The keys as people may see them: names only, nothing that could be a value.
#[must_use]
pub fn shown(keys: &[String]) -> String {
    const MOST: usize = 6;
    let is_name = |key: &&String| (1..=24).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphabetic() || b"_$-".contains(&b));
    let names: Vec<String> = keys.iter().filter(is_name).take(MOST).map(|key| format!("`{key}`")).collect();
    if names.is_empty() { "an object without names".to_owned() } else { format!("an object with {}", names.join(", ")) }
}

struct Keys<'k>(&'k mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key()? {
            self.0.push(key);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::reports::keys::{keys, shown};

    #[test]
    fn keys_are_read_as_far_as_the_text_goes() {
        for (text, expected) in [
            (r#"{"a": {"b": 1}, "c": [2]} "#, vec!["a", "c"]),
            (r#"{"a": {"b": 1}, "c": [2"#, vec!["a", "c"]),
            (r#"{"a": 1, "b"#, vec!["a"]),
            ("[1]", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(keys(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn only_names_are_shown() {
        let long = "k".repeat(25);
        for (given, expected) in
            [(vec!["$schema", "runs"], "an object with `$schema`, `runs`"), (vec![long.as_str(), "a1", ""], "an object without names")]
        {
            let given: Vec<String> = given.into_iter().map(str::to_owned).collect();
            assert_eq!(shown(&given), expected);
        }
    }
}
