//! What to look for: rules as written in TOML, checked, and gathered into one set.
//!
//! **Invariant:** a rule that is loaded has a finite reach and an anchor or a context; nothing else gets past `check`.

pub mod anchor;
pub mod builtin;
pub mod byte_set;
pub mod check;
pub mod checksum;
pub mod error;
pub mod example;
pub mod foreign;
pub mod generate;
pub mod load;
pub mod name_form;
pub mod rarity;
pub mod rule;
pub mod rule_set;
pub mod shape;
pub mod spec;
pub mod terms;
