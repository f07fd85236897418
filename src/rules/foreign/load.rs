//! Rule files of any tool -> checked rules: ours, or translated ones with notes on what was left out.

use std::path::Path;

use serde_json::{Map, Value};

use crate::rules::error::RulesError;
use crate::rules::foreign::foreign_rule::ForeignRule;
use crate::rules::foreign::gitleaks;
use crate::rules::foreign::kingfisher;
use crate::rules::foreign::note::{Note, What};
use crate::rules::foreign::translate::translate;
use crate::rules::load::{WrittenRule, load_text, read_file, rule_files, syntax_error, toml_error};

/// The names that rule files have, by their ends.
const ENDS: [&str; 3] = ["toml", "yml", "yaml"];

/// What was loaded.
#[derive(Default)]
pub struct Loaded {
    /// The rules.
    pub written: Vec<WrittenRule>,
    /// What is not honoured of other tools' files.
    pub notes: Vec<Note>,
    /// How many rules other tools' files have, and how many of them were loaded.
    pub foreign: Foreign,
}

/// How many rules of other tools there are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Foreign {
    /// All.
    pub met: usize,
    /// Those that were loaded.
    pub loaded: usize,
}

/// Who wrote a file, by its content.
enum Content {
    Ours,
    Gitleaks,
    Kingfisher,
    None,
}

/// Reads a rule file of any tool, or every such file below a directory in the order of their names.
///
/// # Errors
///
/// The first file that cannot be read or parsed, a file given by name that holds no rules, or the first rule of ours that is not sound.
pub fn load_files(path: &Path) -> Result<Loaded, RulesError> {
    let mut loaded = Loaded::default();
    let is_directory = path.is_dir();
    for file in rule_files(path, &ENDS)? {
        let text = read_file(&file)?;
        let name = file.display().to_string();
        match content(&name, &text)? {
            Content::None if is_directory => loaded.notes.push(Note { file: name, line: 1, rule: None, what: What::NoRules }),
            Content::None if is_yaml(&name) => return Err(syntax_error(&name, 1, "it has no list `rules` with patterns")),
            Content::Ours | Content::None => loaded.written.extend(load_text(&name, &text)?),
            Content::Gitleaks => {
                let mut notes = Vec::new();
                let rules = gitleaks::read(&name, &text, &mut notes).map_err(|error| toml_error(&name, &text, &error))?;
                loaded.add(&name, rules, notes);
            }
            Content::Kingfisher => {
                let mut notes = Vec::new();
                let rules = kingfisher::read(&name, &text, &mut notes).map_err(|error| yaml_error(&name, &error))?;
                loaded.add(&name, rules, notes);
            }
        }
    }
    Ok(loaded)
}

impl Loaded {
    /// Translates the rules of a file, of which notes were made already.
    fn add(&mut self, file: &str, rules: Vec<ForeignRule>, notes: Vec<Note>) {
        self.foreign.met += rules.len() + notes.iter().filter(|note| note.what.is_loss()).count();
        self.notes.extend(notes);
        for rule in rules {
            let note = |what| Note { file: file.to_owned(), line: rule.line, rule: Some(rule.id.clone()), what };
            match translate(file, &rule) {
                Ok(translation) => {
                    let is_known = |other: &WrittenRule| translation.rules.iter().any(|mine| other.file == file && other.rule.info.id == mine.rule.info.id);
                    if self.written.iter().any(is_known) {
                        self.notes.push(note(What::Skipped("another rule of this file has the same id".to_owned())));
                        continue;
                    }
                    self.notes.extend(translation.notes.into_iter().map(note));
                    self.written.extend(translation.rules);
                    self.foreign.loaded += 1;
                }
                Err(why) => self.notes.push(note(What::Skipped(why))),
            }
        }
    }
}

fn is_yaml(name: &str) -> bool {
    [".yml", ".yaml"].iter().any(|end| name.ends_with(end))
}

/// Who wrote a file. Where neither its name nor its content tells, it is taken for one of ours, whose errors say what is wrong with it.
fn content(name: &str, text: &str) -> Result<Content, RulesError> {
    if !is_yaml(name) {
        match toml::from_str::<Map<String, Value>>(text) {
            Ok(tables) if gitleaks::is_ours(&tables) => return Ok(Content::Gitleaks),
            Ok(tables) if tables.contains_key("rule") || tables.contains_key("provider") => return Ok(Content::Ours),
            Ok(_) => return Ok(Content::None),
            Err(error) if name.ends_with(".toml") => return Err(toml_error(name, text, &error)),
            Err(_) => {}
        }
    }
    match kingfisher::parse(text) {
        Ok(file) if kingfisher::is_ours(&file) => Ok(Content::Kingfisher),
        Ok(_) | Err(_) if !is_yaml(name) => Ok(Content::Ours),
        Ok(_) => Ok(Content::None),
        Err(error) => Err(yaml_error(name, &error)),
    }
}

fn yaml_error(file: &str, error: &serde_saphyr::Error) -> RulesError {
    let line = error.location().map_or(1, |place| usize::try_from(place.line()).unwrap_or(1));
    syntax_error(file, line, &error.to_string())
}
