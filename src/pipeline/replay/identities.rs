//! Which names are of one token: names that occur together, in a use or in a record, directly or through others.

use crate::model::fast_map::FastMap;

/// Sets of names, by their indices (see `TokenKey::index`).
#[derive(Default, Debug)]
pub struct Identities {
    parent: FastMap<u64, u64>,
}

impl Identities {
    /// Whether this name has not been met before.
    #[must_use]
    pub fn is_new(&self, name: u64) -> bool {
        !self.parent.contains_key(&name)
    }

    /// These names are of one token.
    pub fn join(&mut self, names: impl IntoIterator<Item = u64>) {
        let mut names = names.into_iter();
        let Some(first) = names.next() else { return };
        let mut root = self.find_or_add(first);
        for name in names {
            let other = self.find_or_add(name);
            // The least index stands for all, so that it does not depend on the order of arrival.
            let (low, high) = (root.min(other), root.max(other));
            self.parent.insert(high, low);
            root = low;
        }
    }

    /// The name that stands for all names of its token.
    #[must_use]
    pub fn root(&self, mut name: u64) -> u64 {
        while let Some(parent) = self.parent.get(&name).filter(|parent| **parent != name) {
            name = *parent;
        }
        name
    }

    fn find_or_add(&mut self, name: u64) -> u64 {
        let root = self.root(name);
        if root == name {
            self.parent.entry(name).or_insert(name);
        } else {
            // The way is shorter next time.
            self.parent.insert(name, root);
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::replay::identities::Identities;

    #[test]
    fn names_are_joined_through_others_in_any_order() {
        for order in [[[1, 2], [3, 4], [2, 3]], [[2, 3], [3, 4], [1, 2]], [[3, 4], [1, 2], [3, 2]]] {
            let mut identities = Identities::default();
            for pair in order {
                identities.join(pair);
            }
            identities.join([9]);
            assert!((1..=4).all(|name| identities.root(name) == 1), "{order:?}");
            assert_eq!((identities.root(9), identities.is_new(9), identities.is_new(7)), (9, false, true));
        }
    }
}
