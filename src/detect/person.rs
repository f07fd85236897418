//! Names of users and tenants, and which of them can be compared.

/// Whether both surely name different people; names of different kinds, such as a number and an address, are not compared.
#[must_use]
pub fn differ(one: &str, other: &str) -> bool {
    let (one, other) = (plain(one), plain(other));
    if kind(&one) != kind(&other) || one == other {
        return false;
    }
    // `ann` and `ann@example.com` may be one person.
    let local = |name: &str| name.split('@').next().unwrap_or_default().to_owned();
    one.contains('@') == other.contains('@') || local(&one) != local(&other)
}

/// Whether a name stands for nobody in particular.
#[must_use]
pub fn is_nobody(name: &str) -> bool {
    ["", "-", "anonymous", "system:anonymous", "unknown", "null", "none", "n/a"].iter().any(|nobody| name.eq_ignore_ascii_case(nobody))
}

/// In lower case, without the domain that Windows puts before it.
fn plain(name: &str) -> String {
    name.rsplit('\\').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[derive(PartialEq, Eq)]
enum Kind {
    Number,
    Uuid,
    Name,
}

fn kind(name: &str) -> Kind {
    let is_uuid =
        name.len() == 36 && name.bytes().enumerate().all(|(at, b)| if [8, 13, 18, 23].contains(&at) { b == b'-' } else { b.is_ascii_hexdigit() });
    match name.bytes().all(|b| b.is_ascii_digit()) {
        true => Kind::Number,
        false if is_uuid => Kind::Uuid,
        false => Kind::Name,
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::person::differ;

    #[test]
    fn people_differ_only_where_that_is_sure() {
        for (one, other, expected) in [
            ("ann", "bob", true),
            ("ann", "Ann", false),
            ("ann", "ann@example.com", false),
            ("bob", "ann@example.com", true),
            ("ann@example.com", "ann@example.org", true),
            ("EXAMPLE\\ann", "ann", false),
            ("1001", "ann", false),
            ("1001", "1002", true),
            ("5c6f1a1e-0000-4000-8000-000000000001", "ann", false),
        ] {
            assert_eq!((differ(one, other), differ(other, one)), (expected, expected), "{one} {other}");
        }
    }
}
