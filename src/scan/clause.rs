//! What stands before a name and says how its value is carried: options, cookies, directives, logins, clauses of SQL.

use std::ops::Range;

use crate::rules::byte_set::ByteSet;
use crate::scan::back::Back;

/// Words that give a value to the name after them: of web servers, shells and container files.
const DIRECTIVES: [&str; 12] = [
    "proxy_set_header",
    "grpc_set_header",
    "add_header",
    "fastcgi_param",
    "uwsgi_param",
    "setenv",
    "set",
    "setx",
    "env",
    "arg",
    "export",
    "environment",
];

const QUOTES: ByteSet = ByteSet::empty().with(b"\"'`\\");
const BLANKS: ByteSet = ByteSet::empty().with(b" \t");
const SPACES: ByteSet = BLANKS.with(b"\r\n");

/// Whether `-u` or `--user` stands before `name:value`, as with curl.
pub fn follows_user_option(mut back: Back) -> bool {
    back.skip(QUOTES);
    let blanks = back.skip(BLANKS) + usize::from(back.peek() == Some(b'='));
    blanks > 0 && (back.is_before(b"-u") || back.is_before(b"--user") || back.is_before(b"--user="))
}

/// Whether `Cookie:` or `Set-Cookie:` stands before on the line, in whatever quotes.
pub fn follows_cookie(back: &Back) -> bool {
    // After a blank, one look tells for most names, without the whole line.
    if back.peek() == Some(b' ') && !back.peek_at(2).is_some_and(|b| b";:,b ".contains(&b)) {
        return false;
    }
    let line = back.line();
    let option = [&b"-b \""[..], b"-b '", b"-b "].iter().any(|option| line.ends_with(option));
    let cookie = memchr::memrchr_iter(b'k', line).find(|at| line[..*at].ends_with(b"oo") && line[*at..].starts_with(b"kie"));
    option || cookie.is_some_and(|at| line[at + 3..].iter().take(8).any(|b| *b == b':' || *b == b','))
}

/// The name of `WITH PASSWORD 'x'` and `IDENTIFIED BY 'x'`.
pub fn sql_clause(mut back: Back, name: &Range<usize>) -> Option<Range<usize>> {
    let (text, verb) = (&back.bytes[name.clone()], back.word());
    let is = |word: &str| back.bytes[verb.clone()].eq_ignore_ascii_case(word.as_bytes());
    match text.to_ascii_lowercase().as_slice() {
        b"password" if is("with") || is("set") || is("encrypted") => Some(name.clone()),
        b"by" if is("identified") => Some(verb),
        _ => None,
    }
}

/// Whether one of [`DIRECTIVES`] stands before the name.
pub fn follows_directive(mut back: Back) -> bool {
    if back.skip(BLANKS) == 0 {
        return false;
    }
    let word = back.word();
    DIRECTIVES.iter().any(|directive| back.bytes[word.clone()].eq_ignore_ascii_case(directive.as_bytes()))
}

/// Whether `login name` or `machine name` stands before, on the same line or the one above, as in `.netrc`.
pub fn follows_login(mut back: Back) -> bool {
    back.skip(SPACES);
    back.skip_while(|b| b > b' ');
    let apart = back.skip(SPACES) > 0;
    let word = back.word();
    apart && matches!(&back.bytes[word], b"login" | b"machine" | b"user" | b"account")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::scan::back::Back;
    use crate::scan::clause::{follows_directive, follows_login};

    fn check(before: &str, test: impl Fn(Back) -> bool, expected: bool) {
        let read = Cell::new(before.len());
        assert_eq!(test(Back::new(before.as_bytes(), before.len(), &read)), expected, "{before}");
    }

    #[test]
    fn what_stands_before_a_name_is_read() {
        check("SetEnv ", follows_directive, true);
        check("  proxy_set_header ", follows_directive, true);
        check("we reset ", follows_directive, false);
        check("machine host login ann ", follows_login, true);
        check("machine host\n\tlogin ann\n\t", follows_login, true);
        check("the login page wants a ", follows_login, false);
    }
}
