//! Which names are of one token: those that occur together in a use or a record, and what these occur with, to the end.

use std::collections::BTreeSet;

/// All names that hang together with some; `beside` tells those that occur together with any of the given ones.
///
/// # Errors
///
/// What `beside` says.
pub fn kin<E>(names: &[u64], mut beside: impl FnMut(&[u64]) -> Result<Vec<u64>, E>) -> Result<Vec<i64>, E> {
    let mut all: BTreeSet<u64> = names.iter().copied().collect();
    let mut newest: Vec<u64> = all.iter().copied().collect();
    while !newest.is_empty() {
        let mut found = beside(&newest)?;
        found.retain(|name| all.insert(*name));
        newest = found;
    }
    Ok(all.into_iter().map(u64::cast_signed).collect())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use crate::store::kin::kin;

    #[test]
    fn names_are_followed_to_the_end() {
        let pairs = [(1, 2), (3, 2), (3, 4), (5, 6), (6, 5), (7, 7)];
        let beside = |names: &[u64]| {
            let either = pairs.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
            Ok::<_, Infallible>(either.filter(|(one, _)| names.contains(one)).map(|(_, other)| other).collect())
        };
        let check = |names: &[u64], expected: &[i64]| assert_eq!(kin(names, beside), Ok(expected.to_vec()), "{names:?}");
        check(&[], &[]);
        check(&[4], &[1, 2, 3, 4]);
        check(&[1, 1, 5], &[1, 2, 3, 4, 5, 6]);
        check(&[7], &[7]);
        check(&[8], &[8]);
    }
}
