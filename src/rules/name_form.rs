//! How a word of `[rule.context] names` must stand in a value's reduced name: `apikey`, `^apikey`, `apikey$`, `=apikey`.

/// Which end of the name the word must reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameForm {
    /// `apikey`: anywhere in the name.
    Part,
    /// `^apikey`: the name begins with it.
    Start,
    /// `apikey$`: the name ends with it.
    End,
    /// `=apikey`: it is the whole name.
    Whole,
}

impl NameForm {
    /// Takes a word as written apart: its form, and its letters and digits.
    #[must_use]
    pub fn read(written: &str) -> (Self, &str) {
        if let Some(word) = written.strip_prefix('=') {
            (Self::Whole, word)
        } else if let Some(word) = written.strip_prefix('^') {
            (Self::Start, word)
        } else if let Some(word) = written.strip_suffix('$') {
            (Self::End, word)
        } else {
            (Self::Part, written)
        }
    }

    /// Whether a word as written stands in a reduced name.
    #[must_use]
    pub fn is_in(written: &str, name: &[u8]) -> bool {
        let (form, word) = Self::read(written);
        name.windows(word.len()).enumerate().any(|(at, here)| here == word.as_bytes() && form.allows(at, word.len(), name.len()))
    }

    /// Whether a word of this length that was found at `at` stands in a name of `whole` bytes as the form says.
    #[must_use]
    pub fn allows(self, at: usize, length: usize, whole: usize) -> bool {
        let (starts, ends) = (at == 0, at + length == whole);
        match self {
            Self::Part => true,
            Self::Start => starts,
            Self::End => ends,
            Self::Whole => starts && ends,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::name_form::NameForm;

    #[test]
    fn forms_say_where_a_word_may_stand() {
        for (written, name, expected) in [
            ("apikey", "myapikey2", true),
            ("^apikey", "apikey2", true),
            ("^apikey", "myapikey", false),
            ("apikey$", "myapikey", true),
            ("apikey$", "apikey2", false),
            ("=apikey", "apikey", true),
            ("=apikey", "myapikey", false),
            ("=apikey", "apikey2", false),
        ] {
            assert_eq!(NameForm::is_in(written, name.as_bytes()), expected, "{written} in {name}");
        }
    }
}
