//! Rule files of any tool -> checked rules: ours, or translated ones with notes on what was left out.

use std::path::Path;

use serde_json::{Map, Value};

use crate::rules::error::RulesError;
use crate::rules::foreign::foreign_rule::ForeignRule;
use crate::rules::foreign::gitleaks;
use crate::rules::foreign::kingfisher;
use crate::rules::foreign::note::{Note, What};
use crate::rules::foreign::translate::translate;
use crate::rules::load::{self, WrittenRule, read_file, rule_files, syntax_error, toml_error};

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
#[derive(Clone, Copy)]
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
        let name = file.display().to_string();
        let text = read_file(&file)?;
        match content(&name, &text)? {
            Content::None if is_directory => loaded.notes.push(Note { file: name, line: 1, rule: None, what: What::NoRules }),
            content => loaded.read(&name, &text, content)?,
        }
    }
    Ok(loaded)
}

/// Reads the rules of one file's text, whose name may say in which syntax it is.
///
/// # Errors
///
/// What cannot be parsed, no rules, or the first rule of ours that is not sound.
pub fn load_text(name: &str, text: &str) -> Result<Loaded, RulesError> {
    let mut loaded = Loaded::default();
    loaded.read(name, text, content(name, text)?)?;
    Ok(loaded)
}

impl Loaded {
    fn read(&mut self, name: &str, text: &str, content: Content) -> Result<(), RulesError> {
        let mut notes = Vec::new();
        let rules = match content {
            Content::None if is_yaml(name) => return Err(syntax_error(name, 1, "it has no list `rules` with patterns")),
            Content::Ours | Content::None => {
                self.written.extend(load::load_text(name, text)?);
                return Ok(());
            }
            Content::Gitleaks => gitleaks::read(name, text, &mut notes).map_err(|error| toml_error(name, text, &error))?,
            Content::Kingfisher => kingfisher::read(name, text, &mut notes).map_err(|error| yaml_error(name, &error))?,
        };
        self.add(name, rules, notes);
        Ok(())
    }

    /// Translates the rules of a file, of which notes were made already.
    fn add(&mut self, file: &str, rules: Vec<ForeignRule>, notes: Vec<Note>) {
        self.foreign.met += rules.len() + notes.iter().filter(|note| note.what.is_loss()).count();
        self.notes.extend(notes);
        for rule in rules {
            let note = |what| Note { file: file.to_owned(), line: rule.line, rule: Some(rule.id.clone()), what };
            match translate(file, &rule) {
                Ok(translation) => {
                    let is_known =
                        |other: &WrittenRule| translation.rules.iter().any(|mine| other.file == file && other.rule.info.id == mine.rule.info.id);
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
    ends_in(name, &["yml", "yaml"])
}

fn ends_in(name: &str, ends: &[&str]) -> bool {
    Path::new(name).extension().is_some_and(|own| ends.iter().any(|end| own == *end))
}

/// Who wrote a file. Where neither its name nor its content tells, it is taken for one of ours, whose errors say what is wrong with it.
fn content(name: &str, text: &str) -> Result<Content, RulesError> {
    if !is_yaml(name) {
        match toml::from_str::<Map<String, Value>>(text) {
            Ok(tables) if gitleaks::is_ours(&tables) => return Ok(Content::Gitleaks),
            Ok(tables) if tables.contains_key("rule") || tables.contains_key("provider") => return Ok(Content::Ours),
            Ok(_) => return Ok(Content::None),
            Err(error) if ends_in(name, &["toml"]) => return Err(toml_error(name, text, &error)),
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

#[cfg(test)]
mod tests {
    use crate::rules::foreign::load::load_text;

    /// The ids that are loaded, and the notes.
    fn check(name: &str, text: &str, ids: &[&str], notes: &[&str]) {
        let loaded = load_text(name, text).expect("because the test's file holds rules");
        assert_eq!(loaded.written.iter().map(|written| &*written.rule.info.id).collect::<Vec<_>>(), ids, "{text}");
        assert_eq!(loaded.notes.iter().map(ToString::to_string).collect::<Vec<_>>(), notes, "{text}");
    }

    #[test]
    fn gitleaks_files_are_told_by_their_content() {
        check(
            "a.toml",
            "title = 'ours'\n[extend]\nuseDefault = true\ndisabledRules = ['x']\n\n[[rules]]\nid = 'Acme_Key'\nregex = '\\b(acme_[0-9a-f]{32})\\b'\n\
             path = '\\.php$'\nvalidate = 'x'\ntags = ['a']\n[[rules]]\nid = 'acme-file'\npath = 'id_rsa'\n[[rules]]\nid = 'behind'\nregex = '(?<=a)b{20}'\n\
             [[rules]]\nid = 'acme.key'\nregex = 'acme_[0-9]{32}'\n",
            &["gitleaks-acme-key"],
            &[
                "a.toml:1: `extend.useDefault`: the built-in rules stand for those of the other tool",
                "a.toml:1: field `extend.disabledrules` is not supported and left out",
                "a.toml:6: rule `gitleaks-acme-key`: field `path` is not supported and left out",
                "a.toml:6: rule `gitleaks-acme-key`: field `validate` is not supported and left out",
                "a.toml:12: rule `gitleaks-acme-file`: skipped: it has no expression, only other fields",
                "a.toml:15: rule `gitleaks-behind`: skipped: look-around, including look-ahead and look-behind, is not supported",
                "a.toml:18: rule `gitleaks-acme-key`: skipped: another rule of this file has the same id",
            ],
        );
    }

    #[test]
    fn kingfisher_files_are_told_by_their_content() {
        check(
            "a.yml",
            "rules:\n  - name: Acme key\n    id: kingfisher.acme.1\n    pattern: |\n      (?xi) # an Acme key\n      \\b (acme_ [0-9a-f]{32}) \\b\n    min_entropy: 3.5\n\
             \x20   validation:\n      type: Http\n    pattern_requirements:\n      min_digits: 2\n      checksum: {}\n\
             \x20 - name: Acme host\n    id: kingfisher.acme.2\n    visible: false\n    pattern: (acme-[a-z]{9})\n",
            &["kingfisher-acme-1"],
            &[
                "a.yml:2: rule `kingfisher-acme-1`: field `pattern_requirements.checksum` is not supported and left out",
                "a.yml:2: rule `kingfisher-acme-1`: field `validation` is not supported and left out",
                "a.yml:13: rule `kingfisher-acme-2`: skipped: its own tool does not report it, but uses it to complete another rule",
            ],
        );
    }

    #[test]
    fn what_holds_no_rules_is_an_error() {
        for (name, text, expected) in [
            ("a.toml", "[package]\nname = 'x'\n", "unknown field `package`"),
            ("a.toml", "[[rules", "a.toml:1:"),
            ("a.yaml", "services: []\n", "no list `rules`"),
            ("a.yaml", "rules: [\n", "a.yaml:"),
            ("rules", "neither: [of\n", "rules:1:"),
        ] {
            let message = load_text(name, text).err().map_or_else(String::new, |error| error.to_string());
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
