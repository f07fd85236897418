//! Passwords that only their place in a line names: lines of `.pgpass`, data source names of Go, hashes beside their accounts.

use std::ops::Range;

use crate::model::carrier::CarrierKind;
use crate::scan::introducer::Introduction;

/// The longest line or data source name that is looked at, to each side.
const REACH: usize = 256;

/// The last field of `host:port:database:user:password`; `port` is where the colon before the port stands.
#[must_use]
pub fn pgpass(bytes: &[u8], port: usize, length: usize) -> Option<(usize, Introduction)> {
    let before = &bytes[port.saturating_sub(REACH)..port];
    let host = memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..]);
    let is_host = |b: &u8| b.is_ascii_alphanumeric() || b".-_*/\\[]:".contains(b);
    let rest = port + length;
    let line = &bytes[rest..bytes.len().min(rest + REACH)];
    let database = memchr::memchr2(b':', b'\n', line).filter(|at| line[*at] == b':')?;
    let user = database + 1 + memchr::memchr2(b':', b'\n', &line[database + 1..]).filter(|at| line[database + 1 + at] == b':')?;
    let is_plain = line[..user].iter().all(|b| b.is_ascii_alphanumeric() || b"_-.*:$".contains(b));
    let value = rest + user + 1;
    let named = named(rest + database + 1..rest + user);
    (!host.is_empty() && host.len() < REACH && host.iter().all(is_host) && is_plain && value < bytes.len()).then_some((value, named))
}

/// The password in `user:password@tcp(host:3306)/database`; `at` is where its `@` stands.
#[must_use]
pub fn data_source(bytes: &[u8], at: usize) -> Option<(usize, Introduction)> {
    let before = &bytes[at.saturating_sub(REACH)..at];
    let start = before.iter().rposition(|b| *b <= b' ' || b"\"'`".contains(b)).map_or(0, |i| i + 1);
    let colon = memchr::memchr(b':', &before[start..])?;
    let user = at - before.len() + start;
    (colon > 0).then(|| (user + colon + 1, named(user..user + colon.min(64))))
}

/// The hash in `account:hash`; `colon` is where the colon stands.
#[must_use]
pub fn account(bytes: &[u8], colon: usize) -> Option<(usize, Introduction)> {
    let before = &bytes[colon.saturating_sub(REACH)..colon];
    let length = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || b"_-.@".contains(b)).count();
    let opener = before.len().checked_sub(length + 1).map_or(b'\n', |at| before[at]);
    let stands = (1..=64).contains(&length) && b"\n \"'+".contains(&opener);
    stands.then(|| (colon + 1, named(colon - length..colon)))
}

fn named(name: Range<usize>) -> Introduction {
    Introduction { kind: CarrierKind::Userinfo, name }
}

#[cfg(test)]
mod tests {
    use crate::scan::unnamed::{account, data_source, pgpass};

    #[test]
    fn fields_are_counted() {
        for (text, expected) in [
            ("db.host:5432:app:ann:hunt3r", Some("hunt3r")),
            ("x\n*:5432:*:ann:hunt3r\n", Some("hunt3r\n")),
            ("db.host:5432:app:ann", None),
            ("see http://db:5432: it is there: really: yes", None),
            ("ports:\n  - 5432:5432", None),
        ] {
            let found = text.find(":5432:").and_then(|at| pgpass(text.as_bytes(), at, 6));
            assert_eq!(found.map(|(at, _)| &text[at..]), expected, "{text}");
        }
    }

    #[test]
    fn an_account_stands_before_its_hash() {
        for (text, expected) in [("ann:$6$x", Some("$6$x")), ("x\nann.b@c:$6$x", Some("$6$x")), ("${a[0]:$6$x", None), (":$6$x", None)] {
            let found = text.find(":$6$").and_then(|at| account(text.as_bytes(), at));
            assert_eq!(found.map(|(at, _)| &text[at..]), expected, "{text}");
        }
    }

    #[test]
    fn a_data_source_has_user_and_password() {
        for (text, expected) in [("dsn := \"ann:hunt:3r@tcp(db)/app\"", Some("hunt:3r@tcp(db)/app\"")), ("ann@tcp(db)/app", None)] {
            let found = text.find("@tcp(").and_then(|at| data_source(text.as_bytes(), at));
            assert_eq!(found.map(|(at, _)| &text[at..]), expected, "{text}");
        }
    }
}
