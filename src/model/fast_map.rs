//! Maps and sets that hash fast, under keys that are drawn at each start, so that nobody who writes logs can choose names that collide.

use std::collections::{HashMap, HashSet};

use foldhash::quality::RandomState;

/// A map.
pub type FastMap<K, V> = HashMap<K, V, RandomState>;
/// A set.
pub type FastSet<K> = HashSet<K, RandomState>;
