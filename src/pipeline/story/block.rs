//! The text of a case, cut into its blocks.

use std::collections::BTreeMap;

use crate::pipeline::story::error::Fault;

/// Names of blocks.
pub const BLOCKS: [&str; 9] = ["issued", "claims", "events", "exposed", "uses", "habits", "detect", "judged", "verdicts"];

/// A line and its number in the file, from 1.
pub type Numbered<'t> = (usize, &'t str);

/// The blocks of a case by their names.
#[derive(Default, Debug)]
pub struct Blocks<'t>(BTreeMap<&'t str, Vec<Numbered<'t>>>);

impl<'t> Blocks<'t> {
    /// Cuts a case whose first line has this number.
    ///
    /// # Errors
    ///
    /// The line and what is wrong with it.
    pub fn cut(text: &'t str, first: usize) -> Result<Self, (usize, Fault)> {
        let mut blocks = Self::default();
        let mut open: Option<(usize, &str)> = None;
        for (number, line) in text.lines().enumerate().map(|(at, line)| (at + first, line)) {
            match (line.strip_prefix("```"), open) {
                (Some(""), Some(_)) => open = None,
                (Some(name), None) => {
                    let name = name.trim();
                    if !BLOCKS.contains(&name) {
                        return Err((number, Fault::new(format!("`{name}` is no block"), format!("blocks are {}", BLOCKS.join(", ")))));
                    }
                    if blocks.0.insert(name, Vec::new()).is_some() {
                        return Err((
                            number,
                            Fault::new(format!("a second block `{name}`"), "a case has each block once; a new case begins with `##`"),
                        ));
                    }
                    open = Some((number, name));
                }
                (_, Some((_, name))) => blocks.0.entry(name).or_default().push((number, line)),
                (None, None) => {}
            }
        }
        match open {
            Some((number, name)) => Err((number, Fault::new(format!("the block `{name}` has no end"), "end it with a line of three backticks"))),
            None => Ok(blocks),
        }
    }

    /// Whether there is such a block.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Lines of a block that are not empty.
    pub fn lines(&self, name: &str) -> impl Iterator<Item = Numbered<'t>> + use<'t> {
        let lines = self.0.get(name).cloned().unwrap_or_default();
        lines.into_iter().filter(|(_, line)| !line.trim().is_empty())
    }

    /// A block as one text, and the number of its first line.
    #[must_use]
    pub fn text(&self, name: &str) -> (usize, String) {
        let lines = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        (lines.first().map_or(0, |(number, _)| *number), lines.iter().flat_map(|(_, line)| [line, "\n"]).collect())
    }
}

/// Words of a line; a part in double quotes may hold spaces.
#[must_use]
pub fn words(line: &str) -> Vec<&str> {
    let (mut words, mut start, mut quoted) = (Vec::new(), None, false);
    for (at, char) in line.char_indices() {
        quoted ^= char == '"';
        match (char.is_whitespace() && !quoted, start) {
            (true, Some(begin)) => {
                words.push(&line[begin..at]);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    words.extend(start.map(|begin| &line[begin..]));
    words
}

#[cfg(test)]
mod tests {
    use crate::pipeline::story::block::words;

    #[test]
    fn quotes_hold_spaces() {
        for (line, expected) in [
            ("T1  a=b", vec!["T1", "a=b"]),
            (r#"T1 ua="Mozilla/5.0 (X11)" b"#, vec!["T1", r#"ua="Mozilla/5.0 (X11)""#, "b"]),
            (r#"a=["x y","z"] "#, vec![r#"a=["x y","z"]"#]),
            ("  ", vec![]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }
}
