//! Filters that look at the value itself.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Match};

use crate::model::rule_info::TokenKind;
use crate::scan::candidate::Lead;
use crate::scan::filter::Case;
use crate::scan::filter::password::is_no_password;
use crate::scan::jwt::is_unsigned;
use crate::scan::random::{looks_generated, repeats};

/// Words that stand in tokens of documentation, in lower case.
const PLACEHOLDERS: [&[u8]; 19] = [
    b"example",
    b"placeholder",
    b"changeme",
    b"change_me",
    b"change-me",
    b"replace",
    b"your_",
    b"your-",
    b"yourtoken",
    b"yourapi",
    b"redacted",
    b"dummy",
    b"sample",
    b"notreal",
    b"foobar",
    b"insert_",
    b"goes_here",
    b"goes-here",
    b"deadbeef",
];

/// Those of [`PLACEHOLDERS`] that are also part of names of companies and projects: beside a generated text they say nothing.
const NAMES: [&[u8]; 5] = [b"your_", b"your-", b"replace", b"sample", b"dummy"];
/// How long a text is that nobody writes instead of a secret.
const GENERATED: usize = 20;

/// The same in any case, in one search.
static PLACEHOLDER_FINDER: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(PLACEHOLDERS).expect("because they are few and short"));

/// Filter `repetition`.
#[must_use]
pub fn is_repetition(case: &Case) -> bool {
    repeats(case.body())
}

/// Filter `placeholder`.
#[must_use]
pub fn is_placeholder(case: &Case) -> bool {
    let token = case.token();
    let words = PLACEHOLDER_FINDER.find_iter(&token[..token.len().min(512)]);
    let says = |word: Match| {
        let named = NAMES.contains(&PLACEHOLDERS[word.pattern().as_usize()]);
        !named || ![&token[..word.start()], &token[word.end()..]].iter().any(|beside| beside.len() >= GENERATED && looks_generated(beside))
    };
    words.into_iter().any(says) || is_crossed_out(case.body()) || (case.lead < Lead::Literal && is_cut_short(case))
}

/// Whether letters `x` stand for the secret: more of them in a row than a generated text of this length has by chance.
fn is_crossed_out(body: &[u8]) -> bool {
    let least = if body.len() <= 24 { 4 } else { 6 };
    body.windows(least).any(|window| window.iter().all(|b| *b == b'x') || window.iter().all(|b| *b == b'X'))
}

/// Whether three dots stand for the rest, or it is the beginning of a JWT, without its signature.
fn is_cut_short(case: &Case) -> bool {
    let token = case.token();
    token.ends_with(b"...") || case.after(3) == b"..." || is_unsigned(token)
}

/// Filter `template`.
#[must_use]
pub fn is_template(case: &Case) -> bool {
    let token = case.token();
    let next = case.after(1);
    // A generated password may hold an opening bracket; a template also closes it, or begins with it.
    let opens = token.windows(2).enumerate().any(|(at, pair)| {
        let closes = match pair {
            b"${" | b"{{" | b"#{" => b'}',
            b"$(" | b"%(" => b')',
            b"<%" => b'>',
            b"@@" => b'@',
            _ => return false,
        };
        // Between the brackets of a template stand names; between those of chance, anything.
        let named = |inside: &[u8]| inside.iter().all(|b| b.is_ascii_alphanumeric() || b" _-.,:|/'\"()[]".contains(b));
        let rest = &token[at + 2..];
        match memchr::memchr(closes, rest) {
            Some(close) => named(&rest[..close]),
            None => at == 0 || (next.starts_with(&[closes]) && named(rest)),
        }
    });
    let before = case.before(3);
    let wrapped = before.ends_with(b"${") || before.ends_with(b"{{") || before.ends_with(b"<") || before.ends_with(b"{{ ") || before.ends_with(b"$");
    opens
        || (wrapped && case.lead < Lead::Literal)
        || (token.starts_with(b"$") && token[1..].iter().all(|b| b.is_ascii_uppercase() || *b == b'_' || b.is_ascii_digit()))
}

/// Filter `uuid`.
#[must_use]
pub fn is_uuid(case: &Case) -> bool {
    let token = case.token();
    token.len() == 36 && token.iter().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

/// Filter `reference`.
#[must_use]
pub fn is_reference(case: &Case) -> bool {
    const HEADS: [&[u8]; 16] = [
        b"process.env",
        b"os.environ",
        b"os.getenv",
        b"env.",
        b"ENV[",
        b"secrets.",
        b"vars.",
        b"self.",
        b"this.",
        b"config.",
        b"settings.",
        b"var.",
        b"local.",
        b"data.",
        b"module.",
        b"System.getenv",
    ];
    let token = case.token();
    let called = case.after(1).first().is_some_and(|b| b"([".contains(b)) && token.iter().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(b));
    let calls = is_call(token);
    let is_expression = token.iter().all(|b| b.is_ascii_alphanumeric() || b"_.:->()&*$[]'\"".contains(b));
    let pointed =
        is_expression && (memchr::memmem::find(token, b"->").is_some() || memchr::memmem::find(token, b"::").is_some() || token.ends_with(b"()"));
    called || calls || pointed || HEADS.iter().any(|head| token.starts_with(head))
}

/// `name(...)` or `a.name(...)`, as code calls a function.
fn is_call(token: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'(', token) else { return false };
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"_.".contains(b);
    open >= 3 && !token[0].is_ascii_digit() && token[..open].iter().all(is_name) && token[open..].contains(&b')')
}

/// Filter `path`.
#[must_use]
pub fn is_path(case: &Case) -> bool {
    let token = case.token();
    let slashes = memchr::memchr_iter(b'/', token).count();
    // Base64 begins with a slash as well, every sixty-fourth time.
    let starts =
        [&b"./"[..], b"~/"].iter().any(|head| token.starts_with(head)) || token.strip_prefix(b"/").is_some_and(|rest| !looks_generated(rest));
    starts
        || is_resource_name(case)
        || memchr::memmem::find(token, b"://").is_some()
        || (slashes >= 3 && token.len() / slashes < 10 && !token.ends_with(b"="))
}

/// The last of many parts with colons between, such as `arn:aws:secretsmanager:eu-west-1:1:secret:name-a1b2c3`.
fn is_resource_name(case: &Case) -> bool {
    let before = case.before(200);
    let name = before.rsplit(|b| b.is_ascii_whitespace() || b"\"'`,{}[]()=".contains(b)).next().unwrap_or_default();
    let is_scheme = [&b"arn:"[..], b"urn:", b"crn:", b"qcs:"].iter().any(|scheme| name.starts_with(scheme));
    is_scheme && name.ends_with(b":") && memchr::memchr_iter(b':', name).count() >= 4
}

/// Passwords are chosen by people and may be words; everything else must look generated.
/// Filter `words`.
#[must_use]
pub fn is_words(case: &Case) -> bool {
    let token = case.token();
    let plain = case.name();
    let name = plain.as_str();
    if case.kind == TokenKind::PasswordHash {
        return false;
    }
    if case.kind == TokenKind::Password
        || name.contains("pass")
        || name.contains("pwd")
        || name == "basic"
        || case.introduction.is_some_and(|i| i.kind == crate::model::carrier::CarrierKind::Userinfo)
    {
        return is_no_password(case);
    }
    !looks_generated(token)
}

#[cfg(test)]
mod tests {
    use crate::model::rule_info::TokenKind;
    use crate::scan::candidate::Lead;
    use crate::scan::filter::{Case, silenced_by};
    use crate::scan::introducer::introduce;

    fn check(before: &str, token: &str, after: &str, expected: Option<&str>) {
        let text = format!("{before}{token}{after}");
        let introduction = introduce(text.as_bytes(), before.len()).0;
        let case = Case {
            bytes: text.as_bytes(),
            span: before.len()..before.len() + token.len(),
            introduction: introduction.as_ref(),
            lead: Lead::Name,
            kind: if before.contains("asswor") { TokenKind::Password } else { TokenKind::Bearer },
            prefix: 0,
            decoded: false,
        };
        assert_eq!(silenced_by(&case).map(|filter| filter.name), expected, "{text}");
    }

    #[test]
    fn each_filter_silences_its_kind() {
        for (before, token, after, name) in [
            ("token=", "a8Kd9aaaaaaa02mfLq3z", "", "repetition"),
            ("token=", "Q8my-example-Kd02mfLq3z", "", "placeholder"),
            ("token=${", "Q8Kd02mfLq3zT7vB1nXw", "}", "template"),
            ("token=", "Q8Kd02mf${Lq3zT7vB1nXw", "}", "template"),
            ("token=", "$(Q8Kd02mfLq3zT7vB1nXw", "", "template"),
            ("session=", "3f2c8a1e-9b7d-4c6a-8e5f-0d1b2a3c4e5f", "", "uuid"),
            ("token = ", "process.env.Q8Kd02mfLq3z", ";", "reference"),
            ("token = ", "fetchNextToken2X", "(a)", "reference"),
            ("token: ", "/etc/keys/Q8Kd02/mfLq3", "", "path"),
            ("token: ", "com.example1.service.v2", "", "placeholder"),
            ("token: ", "org.project.service.v2", "", "words"),
            ("token: ", "authorizationServerToken2", "", "words"),
            ("token_count=", "Q8Kd02mfLq3zT7vB1nXw", "", "name"),
            ("commit_token sha1=", "3b18e512dba79e4c8300dd08aeb37f8e728b8dad", "", "digest"),
            ("password_hash=", "Q8Kd02mfLq3zT7vB1nXw", "", "digest"),
            ("token: ", "insert_your_api_token_here_1", "", "placeholder"),
            ("ssh-rsa key: ", "AAAAB3NzaC1yc2EAAAADAQABAAABgQC7", "", "public-key"),
            ("key: data:image/png;base64,", "iVBORw0KGgoAAAANSUhEUgAB7xQ2", "", "data-uri"),
            ("# test vector: key=", "Q8Kd02mfLq3zT7vB1nXw", "", "test-vector"),
            ("password: ", "required", "", "words"),
            ("password(\"", "tests/pass/*.rs", "\")", "words"),
            ("new(password: ", "Password2", ") {", "words"),
            ("if password != ", "confirmed2", ":", "words"),
            ("htpasswd: ", "13.0.0-next-8.29", "", "words"),
            ("password: '", "MySekretPa$$word", "'", "words"),
            ("pass ``", "skipna=False", "`` to keep them", "words"),
            ("x.bypass=", "x.css=x.style3", ",", "words"),
            ("const onepass = ", "re2.onepass", ";", "words"),
            ("Authorization: Basic ", "bWFydGluOnNlY3JldA==", "", "words"),
            ("token: ", "eyJ2IjoiMSIsInMiOjEs", "...", "placeholder"),
            ("arn:aws:secretsmanager:us-west-2:123456789012:secret:", "Q8Kd02mfLq3zT7vB1nXw", "", "path"),
            ("nextToken=", "Q8Kd02mfLq3zT7vB1nXw", "", "name"),
            ("const WRONG_PASSWORD: ", "WIN32_ERROR", " = 1", "words"),
        ] {
            check(before, token, after, Some(name));
        }
    }

    #[test]
    fn real_looking_values_pass() {
        for (before, token) in [
            ("postgres://app:", "K44c*BWbK$(KL(sv&Q6iJ4"),
            ("token=", "Q8Kd02mfLq3zT7vB1nXw"),
            ("api_key: ", "9f86d081884c7d659a2feaa0c55ad015"),
            ("token=", "your-company-Q8Kd02mfLq3zT7vB1nXw"),
            ("PASSWORD_HASH_KEY=", "Q8Kd02mfLq3zT7vB1nXw"),
            ("hashnode_token: ", "Q8Kd02mfLq3zT7vB1nXw"),
            ("password=", "hunter2-Zebra!91"),
            ("Authorization: Bearer ", "vQ3k9XcT0pLmWz81RbYd"),
        ] {
            check(before, token, "", None);
        }
    }
}
