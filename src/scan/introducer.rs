//! What introduces a value: reads backwards from its first byte to a name, header, parameter, option or scheme word.

use std::cell::Cell;
use std::ops::Range;

use crate::model::carrier::{Carrier, CarrierKind};
use crate::rules::byte_set::ByteSet;
use crate::scan::back::{Back, LOOK_BACK, WORD};
use crate::scan::clause::{follows_cookie, follows_directive, follows_login, follows_user_option, sql_clause};
use crate::scan::plain::{MAX_NAME, Plain, shown};

/// Words before a credential in an `Authorization` header (RFC 9110, section 11.1, and vendors' own).
pub const SCHEMES: [&str; 13] =
    ["bearer", "basic", "token", "bot", "ssws", "apikey", "api-key", "dpop", "geniekey", "oauth", "jwt", "sharedaccesskey", "txn-token"];
/// Names that stand for another name nearby: `{"name": "Authorization", "value": "..."}`.
const PLACEHOLDER_NAMES: [&str; 8] = ["value", "val", "content", "string", "text", "default", "data", "stringValue"];

const QUOTES: ByteSet = ByteSet::empty().with(b"\"'`\\");
const BLANKS: ByteSet = ByteSet::empty().with(b" \t");
const BREAKS: ByteSet = ByteSet::empty().with(b"\r\n");
const SPACES: ByteSet = BLANKS.with(b"\r\n");
const CLOSERS: ByteSet = QUOTES.with(b"])");
const OPERATORS: ByteSet = ByteSet::empty().with(b"=:!?+|>-");
const AFTER_TYPE: ByteSet = ByteSet::empty().with(b" :&?");
const STATIC: ByteSet = AFTER_TYPE.with(b"'");
const BLOCK_MARKS: ByteSet = ByteSet::empty().with(b"|>-+\\");
const QUOTED_WORD: ByteSet = WORD.with(b" :/");

/// A value's name and the syntax that ties them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Introduction {
    /// The syntax.
    pub kind: CarrierKind,
    /// Where the name stands.
    pub name: Range<usize>,
}

impl Introduction {
    /// The name reduced to lower case letters and digits.
    #[must_use]
    pub fn plain(&self, bytes: &[u8]) -> Plain {
        Plain::new(&bytes[self.name.clone()])
    }

    /// The carrier to show.
    #[must_use]
    pub fn carrier(&self, bytes: &[u8]) -> Carrier {
        Carrier { kind: self.kind, name: shown(&bytes[self.name.clone()]) }
    }
}

/// Reads backwards from a value's first byte; also says where the bytes begin that decided: all from there to the value.
#[must_use]
pub fn introduce(bytes: &[u8], value: usize) -> (Option<Introduction>, usize) {
    let read = Cell::new(value);
    let introduction = introduction(Back::new(bytes, value, &read));
    (introduction, read.get())
}

fn introduction(mut back: Back) -> Option<Introduction> {
    let quoted = back.skip(QUOTES) > 0;
    if quoted && back.peek().is_some_and(|b| b"brfuBRFU@$".contains(&b)) && !back.peek_at(2).is_some_and(|b| b.is_ascii_alphanumeric()) {
        back.at -= 1;
    }
    let spaces = back.skip(BLANKS);
    match back.peek()? {
        b'=' | b':' => assignment(back),
        b'>' if matches!(back.peek_at(2), Some(b'=' | b'-')) => assignment(back),
        b'>' => element(back),
        b',' if quoted => listed(back),
        b'(' if quoted => called(back),
        b'-' if back.peek_at(2) == Some(b':') => {
            back.at -= 1;
            assignment(back)
        }
        b'?' | b'|' | b'{' if quoted => fallback(back),
        b'[' => {
            back.at -= 1;
            back.skip(SPACES);
            matches!(back.peek(), Some(b'=' | b':')).then(|| assignment(back))?
        }
        b'\n' => block(back),
        b'|' | b'-' if spaces > 0 && !quoted => None,
        b if spaces > 0 && b.is_ascii_alphanumeric() && quoted => statement(back),
        b if spaces > 0 && b.is_ascii_alphanumeric() => word(back),
        _ => None,
    }
}

/// `name = `, `name: `, `"name": `, `name => `, `name := `, `["name"] = `.
fn assignment(mut back: Back) -> Option<Introduction> {
    let operator = back.peek()?;
    back.at -= 1;
    if operator == b':' && back.peek() == Some(b':') {
        return None;
    }
    back.skip(OPERATORS);
    let colon = operator == b':' || back.bytes[back.at] == b':';
    let arrow = back.bytes[back.at..].starts_with(b"=>");
    back.skip(BLANKS);
    if arrow && back.peek() == Some(b')') {
        // What a call returns, or the parameters of a function.
        return None;
    }
    if back.peek() == Some(b'}') {
        back.skip_while(|b| b != b'{' && b != b'\n');
        back.at -= usize::from(back.peek() == Some(b'{'));
        back.skip(BLANKS);
    }
    let closed = back.skip(CLOSERS) > 0;
    let mut name = if closed { quoted_name(&mut back) } else { back.word() };
    if is_type(&back.bytes[name.clone()]) && matches!(Back { at: name.start, ..back }.peek(), Some(b' ' | b':' | b'&')) {
        back.at = name.start;
        back.skip(AFTER_TYPE);
        name = back.word();
        if &back.bytes[name.clone()] == b"static" && back.peek() == Some(b'\'') {
            back.skip(STATIC);
            name = back.word();
        }
    }
    let kind = kind_of(&back, &name, colon);
    named(back, kind, name)
}

/// `name = something ?? "value"` and `name = fetch(...) { "value" }`: the name at the line's last operator.
fn fallback(mut back: Back) -> Option<Introduction> {
    let line = back.line();
    let operator = memchr::memrchr_iter(b'=', line).find(|at| *at > 0 && line[at - 1] != b'=')?;
    back.at -= line.len() - operator - 1;
    assignment(back)
}

/// A name in quotes, which may hold spaces.
fn quoted_name(back: &mut Back) -> Range<usize> {
    let end = back.at;
    back.skip(QUOTED_WORD);
    back.at..end
}

fn is_type(word: &[u8]) -> bool {
    matches!(word, b"string" | b"String" | b"str" | b"char" | b"text" | b"bytes" | b"any")
}

fn kind_of(back: &Back, name: &Range<usize>, colon: bool) -> CarrierKind {
    let text = &back.bytes[name.clone()];
    if text.starts_with(b"-") {
        return CarrierKind::Option;
    }
    if colon {
        if follows_user_option(*back) {
            return CarrierKind::Userinfo;
        }
        let header =
            text.contains(&b'-') || text == b"apikey" || [&b"authorization"[..], b"cookie", b"dpop"].iter().any(|h| text.eq_ignore_ascii_case(h));
        return if header { CarrierKind::Header } else { CarrierKind::Assignment };
    }
    match back.peek() {
        Some(b'?' | b'&') => CarrierKind::Query,
        Some(b';') if back.is_before(b"&amp;") => CarrierKind::Query,
        Some(b' ' | b';' | b':' | b'"') if follows_cookie(back) => CarrierKind::Cookie,
        _ => CarrierKind::Assignment,
    }
}

/// The introduction under this name, or under the name that it stands for.
fn named(back: Back, kind: CarrierKind, mut name: Range<usize>) -> Option<Introduction> {
    if name.len() > 1 && back.bytes[..name.start].ends_with(b"\\") && b"nrt".contains(&back.bytes[name.start]) {
        name.start += 1;
    }
    let text = &back.bytes[name.clone()];
    // A user and a host stand before a port.
    let is_address = text.contains(&b'@') && kind == CarrierKind::Assignment;
    if name.len() > MAX_NAME || is_address || !text.iter().any(u8::is_ascii_alphanumeric) {
        return None;
    }
    if (3..=11).contains(&text.len())
        && PLACEHOLDER_NAMES.iter().any(|placeholder| text.eq_ignore_ascii_case(placeholder.as_bytes()))
        && let Some(sibling) = sibling(&back, name.start)
    {
        return Some(sibling);
    }
    Some(Introduction { kind, name })
}

/// Fields that give a name to the value beside them.
const FIELDS: [&[u8]; 5] = [b"name", b"key", b"Name", b"Key", b"id"];

/// The name given by `name`, `key` or `id` shortly before: in JSON, YAML, XML attributes.
fn sibling(back: &Back, before: usize) -> Option<Introduction> {
    back.reads_from(back.floor);
    let window = &back.bytes[back.floor..before];
    let stands_alone = |at: usize, len: usize| {
        let glued = at.checked_sub(1).is_some_and(|i| window[i].is_ascii_alphanumeric() || b"_-/".contains(&window[i]));
        !glued && window.get(at + len).is_some_and(|b| b"\"'\\ =:>".contains(b))
    };
    let field =
        |at: usize| FIELDS.iter().find(|field| window[at..].starts_with(field) && stands_alone(at, field.len())).map(|field| (at, field.len()));
    let (at, len) = (0..window.len()).rev().find_map(field)?;
    let from = at + len;
    let skipped = window[from..].iter().take_while(|b| b"\"'\\ \t=:>".contains(b)).count();
    let start = from + skipped;
    let length = window[start..].iter().take_while(|b| b.is_ascii_alphanumeric() || b"_-. $".contains(b)).count();
    let name = back.floor + start..back.floor + start + length;
    let plain = Plain::new(&back.bytes[name.clone()]);
    let header = plain.as_str().contains("authorization") || back.bytes[name.clone()].contains(&b'-');
    let cookie = || {
        let after = &back.bytes[before..back.bytes.len().min(before + 2 * LOOK_BACK)];
        let record = memchr::memchr(b'}', after).map_or(after, |at| &after[..at]);
        memchr::memmem::find(record, b"ttpOnly").is_some()
    };
    let kind = match header {
        true => CarrierKind::Header,
        false if cookie() => CarrierKind::Cookie,
        false => CarrierKind::Assignment,
    };
    (skipped > 0 && !plain.as_bytes().is_empty() && length <= MAX_NAME).then_some(Introduction { kind, name })
}

/// `<name>value`, `<string name="x">value`, `<key>x</key><string>value`.
fn element(mut back: Back) -> Option<Introduction> {
    back.at -= 1;
    let end = back.at;
    back.skip_while(|b| b != b'<' && b != b'>' && b != b'\n');
    if back.peek() != Some(b'<') || end - back.at > 200 {
        return None;
    }
    let tag = &back.bytes[back.at..end];
    let length = tag.iter().take_while(|b| b.is_ascii_alphanumeric() || b"_-.:".contains(b)).count();
    let name = back.at..back.at + length;
    if length == 0 || tag.ends_with(b"/") {
        return None;
    }
    if length < tag.len() {
        return sibling(&Back { at: end, ..back }, end).or_else(|| named(back, CarrierKind::Element, name));
    }
    named(back, CarrierKind::Element, name)
}

/// `"--token", "value"` and `("X-Api-Key", "value")`: a quoted name before the comma.
fn listed(mut back: Back) -> Option<Introduction> {
    back.at -= 1;
    back.skip(BLANKS);
    if back.skip(QUOTES) == 0 {
        return None;
    }
    let name = back.word();
    back.skip(QUOTES);
    back.skip(BLANKS);
    let text = &back.bytes[name.clone()];
    match text.first()? {
        b'-' => named(back, CarrierKind::Option, name),
        // The members of an ordinary list say nothing about each other.
        _ if back.peek() == Some(b'(') || text.contains(&b'-') => named(back, CarrierKind::Assignment, name),
        _ => None,
    }
}

/// `setToken("value")`.
fn called(mut back: Back) -> Option<Introduction> {
    back.at -= 1;
    let name = back.word();
    named(back, CarrierKind::Assignment, name)
}

/// A value on the line below its name: a YAML block scalar, or a line continued after an operator.
fn block(mut back: Back) -> Option<Introduction> {
    back.skip(BREAKS);
    back.skip(BLANKS);
    if back.skip(BLOCK_MARKS) > 0 {
        back.skip(BLANKS);
    }
    matches!(back.peek(), Some(b':' | b'=')).then(|| assignment(back))?
}

/// A word and spaces before the value: a scheme, an option, or a sentence (`the token is`).
fn word(mut back: Back) -> Option<Introduction> {
    let name = back.word();
    let text = &back.bytes[name.clone()];
    let plain_text = Plain::new(text);
    if is_scheme(text) {
        return named(back, CarrierKind::Scheme, name);
    }
    if text.starts_with(b"-") {
        return named(back, CarrierKind::Option, name);
    }
    let before = Back { at: name.start, ..back };
    if follows_directive(before) {
        let kind = if text.contains(&b'-') { CarrierKind::Header } else { CarrierKind::Assignment };
        return named(back, kind, name);
    }
    if matches!(text, b"password" | b"passwd") && follows_login(before) {
        return named(back, CarrierKind::Assignment, name);
    }
    if matches!(plain_text.as_str(), "is" | "was" | "as" | "to" | "be" | "use" | "with" | "value") {
        back.skip(BLANKS);
        let subject = back.word();
        return named(back, CarrierKind::Prose, subject);
    }
    named(back, CarrierKind::Prose, name)
}

/// `name "value"` on a line of its own, as Groovy and Ruby write settings; else as [`word`].
fn statement(back: Back) -> Option<Introduction> {
    let mut before = back;
    let name = before.word();
    before.skip(BLANKS);
    match before.peek() {
        Some(b'\n') if !is_scheme(&back.bytes[name.clone()]) => named(before, CarrierKind::Assignment, name),
        Some(_) => match sql_clause(before, &name) {
            Some(name) => named(before, CarrierKind::Assignment, name),
            None => word(back),
        },
        None => word(back),
    }
}

fn is_scheme(text: &[u8]) -> bool {
    SCHEMES.iter().any(|scheme| text.eq_ignore_ascii_case(scheme.as_bytes()))
}

#[cfg(test)]
mod tests {
    use crate::model::carrier::CarrierKind;
    use crate::scan::introducer::introduce;

    #[test]
    fn names_are_read_in_every_syntax() {
        use CarrierKind::{Assignment, Cookie, Element, Header, Option, Prose, Query, Scheme, Userinfo};
        for (before, kind, plain) in [
            ("API_KEY=", Assignment, "apikey"),
            ("api_key = \"", Assignment, "apikey"),
            ("\"apiKey\": \"", Assignment, "apikey"),
            (r#"{\"apiKey\": \""#, Assignment, "apikey"),
            (r#"\\\"token\\\":\\\""#, Assignment, "token"),
            ("config[\"token\"] = '", Assignment, "token"),
            ("'token' => '", Assignment, "token"),
            ("token := `", Assignment, "token"),
            ("const token: string = \"", Assignment, "token"),
            ("token = b\"", Assignment, "token"),
            ("setToken(\"", Assignment, "settoken"),
            ("X-Api-Key: ", Header, "xapikey"),
            ("-H 'PRIVATE-TOKEN: ", Header, "privatetoken"),
            ("https://h/p?access_token=", Query, "accesstoken"),
            ("https://h/p?a=1&key=", Query, "key"),
            ("p?a=1&amp;key=", Query, "key"),
            ("Cookie: theme=dark; session=", Cookie, "session"),
            ("<apiKey>", Element, "apikey"),
            ("<string name=\"api_key\">", Assignment, "apikey"),
            ("<add key=\"ApiKey\" value=\"", Assignment, "apikey"),
            (r#"{"name": "Authorization", "value": ""#, Header, "authorization"),
            ("- name: API_TOKEN\n  value: ", Assignment, "apitoken"),
            ("--token ", Option, "token"),
            ("--token=", Option, "token"),
            ("\"args\": [\"--api-key\", \"", Option, "apikey"),
            ("Authorization: Bearer ", Scheme, "bearer"),
            ("\"Authorization\": \"token ", Scheme, "token"),
            ("the password is ", Prose, "password"),
            ("api_key: >-\n    ", Assignment, "apikey"),
            ("tokens = [\"", Assignment, "tokens"),
            ("Token = Environment.Get(\"TOKEN\") ?? \"", Assignment, "token"),
            ("API_KEY = ENV.fetch('API_KEY') { '", Assignment, "apikey"),
            ("public string Secret { get; set; } = \"", Assignment, "secret"),
            ("const API_KEY: &str = \"", Assignment, "apikey"),
            ("\"${API_KEY:-", Assignment, "apikey"),
            ("curl -b \"session=", Cookie, "session"),
            ("{\"key\":\"api_key\",\"value\":{\"stringValue\":\"", Assignment, "apikey"),
            ("curl -u \"deploy:", Userinfo, "deploy"),
            ("const API_KEY: &'static str = \"", Assignment, "apikey"),
            ("proxy_set_header X-Api-Key \"", Header, "xapikey"),
            ("SetEnv API_KEY ", Assignment, "apikey"),
            ("CREATE USER a WITH PASSWORD '", Assignment, "password"),
            ("ALTER USER a IDENTIFIED BY '", Assignment, "identified"),
            ("define( 'DB_PASSWORD', '", Assignment, "dbpassword"),
            ("<key>ApiKey</key>\n  <string>", Assignment, "apikey"),
            ("  storePassword '", Assignment, "storepassword"),
            ("machine host login ann password ", Assignment, "password"),
            ("machine host\n  login ann\n  password ", Assignment, "password"),
            ("we say password ", Prose, "password"),
            ("say \"key \"", Prose, "key"),
        ] {
            let text = format!("x\n{before}VALUE");
            let found = introduce(text.as_bytes(), text.len() - 5).0;
            assert_eq!(found.map(|i| (i.kind, i.plain(text.as_bytes()).as_str().to_owned())), Some((kind, plain.to_owned())), "{before}");
        }
    }

    #[test]
    fn nothing_introduces_these() {
        for before in ["", "https://host/", "std::", "a, ", "(", "foo/", "</a>", "<br/>"] {
            assert_eq!(introduce(format!("{before}VALUE").as_bytes(), before.len()).0, None, "{before}");
        }
    }
}
