//! The rules of one run, gathered: unique ids, chosen by the user.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::rules::builtin::BUILTIN;
use crate::rules::error::RulesError;
use crate::rules::load::WrittenRule;
use crate::rules::rule::Rule;

/// Index of a rule in its set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleIndex(pub u32);

/// Rules with unique ids.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// Shared by those who only read them.
    rules: Arc<Vec<Rule>>,
    /// The files of the rules that are not built in, by id.
    homes: HashMap<String, String>,
}

impl RuleSet {
    /// The built-in rules.
    #[must_use]
    pub fn builtin() -> Self {
        Self { rules: Arc::clone(&BUILTIN), homes: HashMap::new() }
    }

    /// These rules, whatever their ids.
    #[must_use]
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { rules: Arc::new(rules.into_iter().collect()), homes: HashMap::new() }
    }

    /// Adds rules from files.
    ///
    /// # Errors
    ///
    /// [`RulesError::Twice`] when an id is already taken.
    pub fn extend(&mut self, written: Vec<WrittenRule>) -> Result<(), RulesError> {
        let mut taken: HashSet<String> = self.rules.iter().map(|known| known.info.id.to_string()).collect();
        for WrittenRule { file, rule, .. } in written {
            if !taken.insert(rule.info.id.to_string()) {
                let first = self.homes.get(&*rule.info.id).map_or("the built-in rules", String::as_str).to_owned();
                return Err(RulesError::Twice { id: rule.info.id.to_string(), first, second: file });
            }
            self.homes.insert(rule.info.id.to_string(), file);
            Arc::make_mut(&mut self.rules).push(rule);
        }
        Ok(())
    }

    /// Keeps only these rules.
    pub fn only(&mut self, ids: &[String]) {
        self.keep(|rule| ids.iter().any(|id| *id == rule.info.id));
    }

    /// Leaves these rules out.
    pub fn disable(&mut self, ids: &[String]) {
        if !ids.is_empty() {
            self.keep(|rule| !ids.iter().any(|id| *id == rule.info.id));
        }
    }

    /// Copies what is kept: the built-in rules are shared with others.
    fn keep(&mut self, kept: impl Fn(&Rule) -> bool) {
        self.rules = Arc::new(self.rules.iter().filter(|rule| kept(rule)).cloned().collect());
    }

    /// The rule with this id.
    ///
    /// # Errors
    ///
    /// [`RulesError::Unknown`], with the most similar id.
    pub fn get(&self, id: &str) -> Result<&Rule, RulesError> {
        self.rules.iter().find(|rule| rule.info.id == id).ok_or_else(|| {
            let nearest = self
                .rules
                .iter()
                .map(|rule| (strsim::jaro_winkler(&rule.info.id, id), &rule.info.id))
                .filter(|(likeness, _)| *likeness > 0.7)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            RulesError::Unknown { id: id.to_owned(), nearest: nearest.map(|(_, near)| near.to_string()) }
        })
    }

    /// The rules, in order, to be kept by who reads them.
    #[must_use]
    pub fn shared(&self) -> Arc<Vec<Rule>> {
        Arc::clone(&self.rules)
    }

    /// The rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
