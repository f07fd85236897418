//! Files and directories of stories -> their cases.

use std::fs;
use std::path::{Path, PathBuf};

use crate::pipeline::story::case::Case;
use crate::pipeline::story::error::{Fault, StoryError};

/// The cases of a file, or of every story in a directory and those below it.
///
/// # Errors
///
/// Everything that cannot be read, one error for each file.
pub fn read(path: &Path) -> Result<Vec<Case>, Vec<StoryError>> {
    let files = if path.is_dir() { below(path).map_err(|error| vec![error])? } else { vec![path.to_owned()] };
    if files.is_empty() {
        return Err(vec![StoryError::None { path: path.to_owned() }]);
    }
    let (mut cases, mut errors) = (Vec::new(), Vec::new());
    for file in files {
        match text(&file).and_then(|text| story(&file, &text)) {
            Ok(story) => cases.extend(story),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(cases) } else { Err(errors) }
}

/// The cases of a text: each begins with `## `.
///
/// # Errors
///
/// The first line that is wrong.
pub fn story(path: &Path, text: &str) -> Result<Vec<Case>, StoryError> {
    let at = |(line, fault): (usize, Fault)| StoryError::Line { path: path.to_owned(), line: line.max(1), fault };
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    if !text.starts_with("# ") {
        return Err(at((1, Fault::new("the story has no title", "begin it with `# ` and what happens"))));
    }
    let (mut cases, mut start, mut number) = (Vec::new(), None, 1);
    let mut offset = 0;
    for line in text.split_inclusive('\n').chain(["## "]) {
        let ended = if line.starts_with("## ") { start.replace((offset, number)) } else { None };
        if let Some((begin, first)) = ended {
            let part = &text[begin..offset];
            let heading = part.lines().next().unwrap_or_default().trim_start_matches("## ");
            cases.push(Case::read(format!("{file}: {heading}"), part, first).map_err(at)?);
        }
        offset += line.len();
        number += 1;
    }
    if cases.is_empty() {
        return Err(at((1, Fault::new("the story has no case", "begin a case with `## ` and its name"))));
    }
    Ok(cases)
}

fn text(path: &Path) -> Result<String, StoryError> {
    fs::read_to_string(path).map_err(|source| StoryError::Io { path: path.to_owned(), source })
}

/// Markdown files that tell verdicts, in the order of their names.
fn below(path: &Path) -> Result<Vec<PathBuf>, StoryError> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(|error| StoryError::Io { path: path.to_owned(), source: error.into() })?;
        let is_markdown = entry.file_type().is_file() && entry.path().extension().is_some_and(|extension| extension == "md");
        if is_markdown && text(entry.path())?.contains("\n```verdicts") {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::pipeline::story::read::story;

    #[test]
    fn errors_name_the_line_and_what_helps() {
        let case = |body: &str| format!("# A story\n\n## A case\n\n{body}");
        for (text, expected) in [
            ("no title".to_owned(), "s.md:1: the story has no title"),
            ("# A story\n".to_owned(), "s.md:1: the story has no case"),
            (case("```uses\n"), "s.md:5: the block `uses` has no end"),
            (case("```used\n```\n"), "s.md:5: `used` is no block"),
            (case("```verdicts\n```\n"), "s.md:3: the case tells nothing"),
            (case("```uses\n10:00  T1  colour=red\n```\n```verdicts\n```\n"), "s.md:6: a field `colour` is not known here"),
            (case("```uses\nnoon  T1\n```\n```verdicts\n```\n"), "s.md:6: `noon` is no time"),
            (case("```detect\nskew = 3\n```\n```uses\n10:00  T1\n```\n```verdicts\n```\n"), "s.md:6: invalid type"),
            (case("```issued\nT1  nonsense=1\n```\n```uses\n10:00  T1\n```\n```verdicts\n```\n"), "s.md:6: a field `nonsense` is not known"),
        ] {
            let error = story(Path::new("s.md"), &text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.starts_with(expected) && error.contains("\nhint: "), "{text}\n{error}");
        }
    }
}
