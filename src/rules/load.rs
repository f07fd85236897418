//! Rule files -> checked rules; each error names file, line and field.

use std::path::{Path, PathBuf};

use toml::Spanned;

use crate::rules::check::check;
use crate::rules::error::RulesError;
use crate::rules::rule::Rule;
use crate::rules::spec::{RuleFile, RuleSpec};

/// The longest word of a parser's message that is repeated to the user, in characters.
const MAX_WORD: usize = 20;

/// A rule together with where and how it was written, for `rules check`.
#[derive(Clone)]
pub struct WrittenRule {
    /// The file's name.
    pub file: String,
    /// The rule.
    pub rule: Rule,
    /// Texts in which it must find `<secret>`.
    pub positive: Vec<String>,
    /// Texts in which it must find nothing.
    pub negative: Vec<String>,
}

/// Reads a rule file, or every `*.toml` below a directory in the order of their names.
///
/// # Errors
///
/// The first file that cannot be read, or the first rule that is not sound.
pub fn load_path(path: &Path) -> Result<Vec<WrittenRule>, RulesError> {
    let mut rules = Vec::new();
    for file in rule_files(path, &["toml"])? {
        rules.extend(load_text(&file.display().to_string(), &read_file(&file)?)?);
    }
    Ok(rules)
}

/// Reads a file's text.
///
/// # Errors
///
/// What the system says.
pub fn read_file(path: &Path) -> Result<String, RulesError> {
    std::fs::read_to_string(path).map_err(|source| RulesError::Read { path: path.to_owned(), source })
}

/// Reads the rules of one file's text.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn load_text(file: &str, text: &str) -> Result<Vec<WrittenRule>, RulesError> {
    let parsed: RuleFile = toml::from_str(text).map_err(|error| toml_error(file, text, &error))?;
    parsed.rules.iter().map(|spec| written(file, text, &parsed, spec)).collect()
}

fn written(file: &str, text: &str, parsed: &RuleFile, spec: &Spanned<RuleSpec>) -> Result<WrittenRule, RulesError> {
    let line = line_of(text, spec.span().start);
    let spec = spec.get_ref();
    let rule = check(parsed, spec).map_err(|flaw| RulesError::Flaw { file: file.to_owned(), line, flaw })?;
    Ok(WrittenRule { file: file.to_owned(), rule, positive: spec.positive.clone(), negative: spec.negative.clone() })
}

/// A parser's error at its line of the file.
#[must_use]
pub fn toml_error(file: &str, text: &str, error: &toml::de::Error) -> RulesError {
    syntax_error(file, line_of(text, error.span().map_or(0, |span| span.start)), error.message())
}

/// An error at a line of a file, its message without what could be a token.
#[must_use]
pub fn syntax_error(file: &str, line: usize, message: &str) -> RulesError {
    RulesError::Syntax { file: file.to_owned(), line, message: without_long_words(message) }
}

/// A file, or every file below a directory whose name ends so, in the order of their names.
///
/// # Errors
///
/// What cannot be read.
pub fn rule_files(path: &Path, ends: &[&str]) -> Result<Vec<PathBuf>, RulesError> {
    let error = |source: std::io::Error| RulesError::Read { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(error)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(|walk| error(walk.into()))?;
        if entry.file_type().is_file() && entry.path().extension().is_some_and(|own| ends.iter().any(|end| own == *end)) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// A message without what could be a token: words longer than any field or variant.
fn without_long_words(message: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    let pieces = message.split_inclusive(|c: char| !is_part(c)).map(|piece| {
        let word = piece.trim_end_matches(|c: char| !is_part(c));
        if word.chars().count() > MAX_WORD { format!("…({}){}", word.len(), &piece[word.len()..]) } else { piece.to_owned() }
    });
    pieces.collect()
}

/// The line of an offset, from 1.
#[must_use]
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use crate::rules::load::load_text;

    fn message(rule: &str) -> String {
        let text = format!("provider = 'Example'\n\n{rule}");
        load_text("mine.toml", &text).err().map_or_else(|| "no error".to_owned(), |error| error.to_string())
    }

    const GOOD: &str = "[[rule]]\nid = 'a-b'\nname = 'n'\ndescription = 'd'\nkind = 'bearer'\nseverity = 'high'\nconfidence = 'medium'\n\
        pattern = '(?<secret>abc_[0-9a-f]{32})'\npositive = ['<secret>', 'x=<secret>']\nnegative = ['abc_', 'abd_<hex:32>']\n";

    #[test]
    fn errors_say_what_where_and_how_to_mend_it() {
        assert_eq!(message(GOOD), "no error");
        for (from, to, expected) in [
            ("id = 'a-b'", "id = 'A B'", "mine.toml:3: rule `A B`: field `id`"),
            ("{32}", "{32,}", "write `{min,max}`"),
            ("(?<secret>", "(", "one capture named `secret`"),
            ("abc_", "", "neither a literal nor a context"),
            ("{32}", "{32000}", "reaches 32004 bytes"),
            ("kind = 'bearer'", "kind = 'barer'", "mine.toml:7: unknown variant `barer`"),
            ("kind =", "sort =", "mine.toml:7: unknown field `sort`"),
            ("name = 'n'\n", "", "missing field `name`"),
            ("'<secret>', ", "", "give at least two"),
            ("'<secret>', ", "'secret', ", "no `<secret>` in `secret`"),
            ("[[rule]]", "[[rule", "mine.toml:3:"),
            ("[0-9a-f]{32}", r"\\b[0-9a-f]{32}", "it has an assertion"),
        ] {
            let text = message(&GOOD.replace(from, &to.replace(r"\\", r"\")));
            assert!(text.contains(expected) && text.contains("hint:"), "{to}: {text}");
        }
    }
}
