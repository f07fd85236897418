//! `html`: the life as one page that needs nothing else: no scripts, no fonts, no pictures, nothing from elsewhere.
//!
//! **Invariant:** text of records is in the page only after `escaped`, and never in a tag, a style or a comment.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::model::timeline::{Entry, Placed, Timeline};
use crate::outputs::escape::visible;
use crate::outputs::timeline::{quiet, time};

/// The page's style, which its policy names by its hash and so lets through alone.
const STYLE: &str = "\n\
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; background: #fff }\n\
code, time, dd { font-family: ui-monospace, monospace; overflow-wrap: anywhere }\n\
ol { list-style: none; padding: 0 } li { border-left: 3px solid #bbb; padding: .2rem 1rem }\n\
.quiet { color: #666; font-style: italic } .kind { display: inline-block; width: 5rem; font-weight: bold }\n\
.used { border-color: #36c } .exposed { border-color: #c80 } .critical, .high { border-color: #c00 } .medium { border-color: #e90 }\n\
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .3rem 0 } dd { margin: 0 }\n\
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } .quiet { color: #999 } }\n";

/// Writes it.
///
/// # Errors
///
/// What `out` says when it cannot be written.
pub fn write(out: &mut dyn Write, timeline: &Timeline) -> io::Result<()> {
    head(out)?;
    writeln!(out, "<h1>Life of a token</h1>\n<p><code>{}</code></p>", escaped(&timeline.token.to_string()))?;
    for name in &timeline.names {
        writeln!(out, "<p>also <code>{}</code></p>", escaped(&name.to_string()))?;
    }
    writeln!(out, "<p>Written at <time>{}</time>; what is marked with + is ahead.</p>\n<ol>", timeline.now)?;
    for entry in &timeline.entries {
        one(out, entry)?;
    }
    out.write_all(b"</ol>\n</body>\n</html>\n")
}

/// What stands before the first word.
fn head(out: &mut dyn Write) -> io::Result<()> {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n<meta name=\"referrer\" content=\"no-referrer\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Life of a token</title>")?;
    writeln!(out, "<style>{STYLE}</style>\n</head>\n<body>")
}

fn one(out: &mut dyn Write, entry: &Entry) -> io::Result<()> {
    if let Some(quiet) = quiet(entry) {
        writeln!(out, "<li class=\"quiet\">{quiet}</li>")?;
    }
    let class = entry.severity.map_or(entry.kind.as_str(), |severity| severity.as_str());
    let ahead = if entry.placed == Placed::Ahead { " ahead" } else { "" };
    let (time, kind, text) = (time(entry), entry.kind.as_str(), escaped(&entry.text));
    let line = format!("<time>{}</time> <span class=\"kind\">{kind}</span> {text}", time.trim_end());
    if entry.details.is_empty() {
        return writeln!(out, "<li class=\"{class}{ahead}\">{line}</li>");
    }
    writeln!(out, "<li class=\"{class}{ahead}\"><details><summary>{line}</summary><dl>")?;
    for detail in &entry.details {
        writeln!(out, "<dt>{}</dt><dd>{}</dd>", escaped(&detail.name), escaped(&detail.value))?;
    }
    writeln!(out, "</dl></details></li>")
}

/// Text in which nothing is a tag, an entity or an attribute's end, and no character hides.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use crate::outputs::timeline::html::escaped;

    #[test]
    fn nothing_of_a_record_is_markup() {
        for (input, expected) in [("plain ünï", "plain ünï"), ("<script>\"&'", "&lt;script&gt;&quot;&amp;&#39;"), ("a\u{202e}b\n", "a\\u202eb\\n")]
        {
            assert_eq!(escaped(input), expected);
        }
    }
}
