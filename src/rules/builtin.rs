//! The rules that come with the program: checked when it is built, so that it starts at once.

use std::sync::{Arc, LazyLock};

use crate::rules::rule::Rule;

/// The checked rules, as `build.rs` wrote them.
const CHECKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.packed"));

/// File name and text of every file in `rules/`.
pub const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The built-in rules, in the order of their files: read once, and borrowed from the program where they are text.
pub static BUILTIN: LazyLock<Arc<Vec<Rule>>> =
    LazyLock::new(|| Arc::new(postcard::from_bytes(CHECKED).expect("because build.rs wrote it from the same types")));
