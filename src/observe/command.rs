//! Requests inside the arguments of an agent's tool call: commands such as `curl`, and objects that hold headers.
//!
//! **Invariant:** only what is run is a use; text that a tool writes into a file presents nothing.

use std::borrow::Cow;

use bumpalo::Bump;

use crate::model::token_use::{Presented, Record, Scheme};
use crate::observe::json::{Json, parse, text};
use crate::observe::observation::Observation;
use crate::observe::{credential, request, shell};

/// Deepest object that is looked into.
const MAX_DEPTH: usize = 12;
/// Most requests of one call.
const MAX_REQUESTS: usize = 64;

/// Arguments that are written or said, not run.
const WRITTEN: [&str; 20] = [
    "content",
    "contents",
    "file_text",
    "new_string",
    "old_string",
    "new_str",
    "old_str",
    "insert_text",
    "patch",
    "diff",
    "edits",
    "text",
    "message",
    "prompt",
    "description",
    "instructions",
    "query",
    "pattern",
    "thought",
    "todos",
];
/// Arguments that hold headers.
const HEADERS: [&str; 5] = ["headers", "header", "http_headers", "httpHeaders", "requestHeaders"];
/// Arguments that hold the address of the server.
const ADDRESSES: [&str; 6] = ["url", "uri", "endpoint", "href", "base_url", "baseUrl"];

/// Requests that a call makes, by its arguments: an object, or JSON or a script as text. Each has the token that it presents, and the
/// server, path and method.
#[must_use]
pub fn requests(arguments: &Json<'_>) -> Vec<Observation> {
    let mut found = Vec::new();
    match arguments.as_str() {
        Some(script) => in_text(script, &mut found),
        None => walk(arguments, 0, &mut found),
    }
    found
}

/// Requests that a script makes.
#[must_use]
pub fn in_script(script: &str) -> Vec<Observation> {
    let mut found = Vec::new();
    if PROGRAMS.iter().any(|(program, _)| script.contains(program)) {
        shell::commands(script, &mut |program, words| found.extend(of_command(program, words)));
    }
    found.truncate(MAX_REQUESTS);
    found
}

fn in_text(text: &str, found: &mut Vec<Observation>) {
    let arena = Bump::new();
    let json = text.trim_start().starts_with(['{', '[']).then(|| parse(text.as_bytes(), &arena)).flatten();
    match json {
        Some(value) => walk(&value, 1, found),
        None => found.extend(in_script(text)),
    }
}

fn walk(value: &Json<'_>, depth: usize, found: &mut Vec<Observation>) {
    if depth > MAX_DEPTH || found.len() >= MAX_REQUESTS {
        return;
    }
    match value {
        Json::Str(script) => found.extend(in_script(script)),
        Json::Array(values) => match values.iter().map(Json::as_str).collect::<Option<Vec<_>>>() {
            Some(words) => {
                let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
                shell::words(&words, &mut |program, words| found.extend(of_command(program, words)));
            }
            None => values.iter().for_each(|value| walk(value, depth + 1, found)),
        },
        Json::Object(object) => {
            found.extend(of_object(value));
            let run = object.iter().filter(|(key, _)| !WRITTEN.contains(key) && !HEADERS.contains(key));
            run.for_each(|(_, value)| walk(value, depth + 1, found));
        }
        _ => {}
    }
}

/// A request that an object describes: its headers, or an `Authorization` of its own, and the URL beside them.
fn of_object(value: &Json<'_>) -> Option<Observation> {
    let object = value.as_object()?;
    let mut request = Request::default();
    for (key, value) in object.iter() {
        if HEADERS.contains(&key) {
            headers(value, &mut request);
        } else if key.eq_ignore_ascii_case("authorization") {
            value.as_str().into_iter().for_each(|value| request.header("authorization", value));
        }
    }
    if request.presented.is_empty() {
        return None;
    }
    ADDRESSES.iter().find_map(|key| text(value, &[key])).into_iter().for_each(|url| request.url(url));
    request.record.method = text(value, &["method"]).filter(|method| method.len() <= 10).map(|method| method.to_ascii_uppercase().into());
    request.finish()
}

/// Headers as an object, as a list of `{name, value}`, or as lines.
fn headers(value: &Json<'_>, request: &mut Request) {
    match value {
        Json::Object(object) => {
            object.iter().filter_map(|(name, value)| Some((name, value.as_str()?))).for_each(|(name, value)| request.header(name, value));
        }
        Json::Array(values) => {
            for value in *values {
                let named = text(value, &["name"]).or_else(|| text(value, &["key"])).zip(text(value, &["value"]));
                match named {
                    Some((name, value)) => request.header(name, value),
                    None => value.as_str().into_iter().for_each(|line| request.header_line(line)),
                }
            }
        }
        Json::Str(lines) => match parse(lines.as_bytes(), &Bump::new()) {
            Some(value @ Json::Object(_)) => headers(&value, request),
            _ => lines.lines().for_each(|line| request.header_line(line)),
        },
        _ => {}
    }
}

/// What is known of a request so far.
#[derive(Default)]
struct Request {
    record: Record,
    presented: Vec<Presented>,
    has_url: bool,
}

impl Request {
    fn header(&mut self, name: &str, value: &str) {
        // A variable is no token: the log does not say what it held.
        if !value.contains(['$', '`']) {
            request::absorb(&mut self.record, &mut self.presented, name.trim(), value);
        }
    }

    fn header_line(&mut self, line: &str) {
        line.split_once(':').into_iter().for_each(|(name, value)| self.header(name, value.trim()));
    }

    fn url(&mut self, url: &str) {
        if self.has_url || url.contains(['`', ' ']) {
            return;
        }
        self.has_url = true;
        let url: Cow<'_, str> = if url.contains("://") { url.into() } else { format!("http://{url}").into() };
        // A variable in the query or user information would be taken for a token.
        let url = url.split_once('$').map_or(url.as_ref(), |(known, _)| known.rsplit_once(['?', '&', '@']).map_or(known, |(known, _)| known));
        request::absorb_url(&mut self.record, &mut self.presented, url);
    }

    /// `user:password`.
    fn user(&mut self, pair: &str) {
        let (name, password) = pair.split_once(':').unwrap_or((pair, ""));
        self.token(credential::of_pair(name, password), Scheme::Basic);
    }

    fn token(&mut self, token: &str, scheme: Scheme) {
        if !token.contains(['$', '`']) {
            self.presented.extend(credential::token(token, scheme));
        }
    }

    /// A form; JSON, files and variables are none.
    fn form(&mut self, data: &str) {
        if !data.starts_with(['{', '[', '@', '<']) {
            let known = data.split('&').filter(|pair| !pair.contains(['$', '`'])).collect::<Vec<_>>().join("&");
            self.presented.extend(credential::query(&known));
        }
        self.record.method.get_or_insert_with(|| "POST".into());
    }

    fn finish(self) -> Option<Observation> {
        (!self.presented.is_empty()).then(|| Observation::new(self.record, self.presented))
    }
}

/// What an option of a command says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Header,
    User,
    Bearer,
    Method,
    Address,
    Cookie,
    Form,
    Agent,
    /// A value that is of no interest.
    Other,
}

/// Programs that make requests, and their options that have a value.
const PROGRAMS: [(&str, &[(&str, Says)]); 6] =
    [("curl", CURL), ("wget", WGET), ("http", HTTPIE), ("https", HTTPIE), ("xh", HTTPIE), ("git", &[("-c", Says::Other), ("-C", Says::Other)])];

#[rustfmt::skip]
const CURL: &[(&str, Says)] = &[
    ("-H", Says::Header), ("--header", Says::Header), ("--proxy-header", Says::Header), ("-u", Says::User), ("--user", Says::User),
    ("--oauth2-bearer", Says::Bearer), ("-X", Says::Method), ("--request", Says::Method), ("--url", Says::Address), ("-b", Says::Cookie),
    ("--cookie", Says::Cookie), ("-d", Says::Form), ("--data", Says::Form), ("--data-raw", Says::Form), ("--data-urlencode", Says::Form),
    ("--data-binary", Says::Form), ("--json", Says::Form), ("-F", Says::Form), ("--form", Says::Form), ("-A", Says::Agent),
    ("--user-agent", Says::Agent), ("-o", Says::Other), ("--output", Says::Other), ("-w", Says::Other), ("--write-out", Says::Other),
    ("-m", Says::Other), ("--max-time", Says::Other), ("--connect-timeout", Says::Other), ("--retry", Says::Other), ("-e", Says::Other),
    ("--referer", Says::Other), ("-x", Says::Other), ("--proxy", Says::Other), ("-T", Says::Other), ("--upload-file", Says::Other),
    ("-c", Says::Other), ("--cookie-jar", Says::Other), ("-K", Says::Other), ("--config", Says::Other), ("-E", Says::Other),
    ("--cert", Says::Other), ("--cacert", Says::Other), ("--key", Says::Other), ("--resolve", Says::Other), ("-D", Says::Other),
];

#[rustfmt::skip]
const WGET: &[(&str, Says)] = &[
    ("--header", Says::Header), ("--user", Says::Other), ("--http-user", Says::Other), ("--password", Says::User), ("--http-password", Says::User),
    ("--method", Says::Method), ("--post-data", Says::Form), ("--body-data", Says::Form), ("-U", Says::Agent), ("--user-agent", Says::Agent),
    ("-O", Says::Other), ("-o", Says::Other), ("-P", Says::Other), ("-t", Says::Other), ("-T", Says::Other),
];

#[rustfmt::skip]
const HTTPIE: &[(&str, Says)] =
    &[("-a", Says::User), ("--auth", Says::User), ("-A", Says::Other), ("--auth-type", Says::Other), ("-o", Says::Other), ("--timeout", Says::Other)];

/// The request of one simple command.
fn of_command(program: &str, words: &[String]) -> Option<Observation> {
    let (program, options) = PROGRAMS.iter().find(|(name, _)| *name == program)?;
    let mut request = Request::default();
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match option(options, word) {
            Some((says, Some(value))) => take(&mut request, says, value),
            Some((says, None)) => words.next().into_iter().for_each(|value| take(&mut request, says, value)),
            None if word.starts_with('-') => {}
            None => positional(&mut request, program, word),
        }
    }
    request.finish()
}

/// The option that a word is, with its value where that stands in the same word: `--header=value`, `-XPOST`, `-sSH`.
fn option<'w>(options: &[(&str, Says)], word: &'w str) -> Option<(Says, Option<&'w str>)> {
    let says = |name: &str| options.iter().find(|(option, _)| *option == name).map(|(_, says)| *says);
    if word.starts_with("--") {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        return says(name).map(|says| (says, value));
    }
    let flags = word.strip_prefix('-')?;
    let (at, flag) = flags.char_indices().find(|(_, flag)| says(&format!("-{flag}")).is_some())?;
    let value = Some(&flags[at + flag.len_utf8()..]).filter(|value| !value.is_empty());
    says(&format!("-{flag}")).map(|says| (says, value))
}

fn take(request: &mut Request, says: Says, value: &str) {
    match says {
        Says::Header => request.header_line(value),
        Says::User => request.user(value),
        Says::Bearer => request.token(value, Scheme::Bearer),
        Says::Method => request.record.method = Some(value.chars().take(10).collect::<String>().to_ascii_uppercase().into()),
        Says::Address => request.url(value),
        Says::Cookie => request.header("cookie", value),
        Says::Form => request.form(value),
        Says::Agent => request.header("user-agent", value),
        Says::Other => {}
    }
}

/// A URL; `HTTPie` also writes headers as `Name:value` and the method as a word.
fn positional(request: &mut Request, program: &str, word: &str) {
    let is_url = word.contains("://");
    match program {
        "curl" | "wget" if is_url || looks_like_host(word) => request.url(word),
        "git" | "http" | "https" | "xh" if is_url => request.url(word),
        "http" | "https" | "xh" if word.len() <= 7 && word.bytes().all(|b| b.is_ascii_uppercase()) => request.record.method = Some(word.into()),
        "http" | "https" | "xh" if request.has_url && word.contains(':') => request.header_line(word),
        "http" | "https" | "xh" => request.url(word),
        _ => {}
    }
}

fn looks_like_host(word: &str) -> bool {
    let host = word.split(['/', ':', '?']).next().unwrap_or_default();
    let is_name = |host: &str| host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    (host == "localhost" || host.contains('.')) && !host.starts_with('.') && is_name(host)
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::model::token_use::Scheme;
    use crate::observe::command::{in_script, requests};
    use crate::observe::json::{Json, parse};

    #[test]
    fn commands_present_tokens_to_hosts() {
        let token = "Zq3-".repeat(6);
        for (script, scheme, aud) in [
            ("curl -H 'Authorization: Bearer <T>' https://api.example/v1", Scheme::Bearer, "api.example"),
            ("curl -sSLH\"Authorization: Bearer <T>\" https://api.example/v1", Scheme::Bearer, "api.example"),
            ("curl --header=X-Api-Key:<T> api.example/v1", Scheme::Header("x-api-key".into()), "api.example"),
            ("curl -u <T>: https://api.example", Scheme::Basic, "api.example"),
            ("curl -uann:<T> https://api.example", Scheme::Basic, "api.example"),
            ("curl --oauth2-bearer <T> --url localhost:8080/x", Scheme::Bearer, "localhost:8080"),
            ("curl https://idp.example/token -d grant_type=refresh_token -d refresh_token=<T>", Scheme::Query, "idp.example"),
            ("curl 'https://api.example/v1?access_token=<T>'", Scheme::Query, "api.example"),
            ("wget -q --header 'Authorization: Bearer <T>' https://api.example/v1", Scheme::Bearer, "api.example"),
            ("http POST api.example/v1 'Authorization:Bearer <T>' a=b", Scheme::Bearer, "api.example"),
            ("git clone https://x-access-token:<T>@git.example/a/b.git", Scheme::Basic, "git.example"),
            ("bash -c \"cd x; curl -H 'X-Vault-Token: <T>' https://vault.example\"", Scheme::Header("x-vault-token".into()), "vault.example"),
        ] {
            let found = in_script(&script.replace("<T>", &token));
            assert_eq!(found.len(), 1, "{script}");
            assert_eq!((&found[0].presented[0].scheme, found[0].record.aud.as_deref()), (&scheme, Some(aud)), "{script}");
        }
    }

    #[test]
    fn what_is_not_run_presents_nothing() {
        let token = "Zq3-".repeat(6);
        for text in [
            "curl -H \"Authorization: Bearer $TOKEN\" https://api.example",
            "curl -H 'Authorization: Bearer ${T}' https://api.example?access_token=$T",
            "echo \"curl -H 'Authorization: Bearer <T>'\" > x.sh",
            "curl https://api.example/v1",
            "{\"content\":\"curl -H 'Authorization: Bearer <T>' https://api.example\"}",
            "{\"new_string\":{\"headers\":{\"Authorization\":\"Bearer <T>\"}}}",
        ] {
            let text = text.replace("<T>", &token);
            let arena = Bump::new();
            let value = parse(text.as_bytes(), &arena).unwrap_or(Json::Str(&text));
            assert!(requests(&value).is_empty(), "{text}");
        }
    }
}
