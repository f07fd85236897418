//! Rules of other tools in terms of ours: gitleaks and betterleaks TOML, kingfisher YAML.
//!
//! **Invariant:** what a file says and we do not honour is named in a note; no rule is lost in silence.

pub mod allowance;
pub mod context;
pub mod demands;
pub mod fields;
pub mod filter;
pub mod foreign_rule;
pub mod gitleaks;
pub mod kingfisher;
pub mod load;
pub mod narrow;
pub mod note;
pub mod print;
pub mod reading;
pub mod syntax;
pub mod translate;
pub mod words;
