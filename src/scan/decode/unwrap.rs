//! Tokens cut in two by a line break, or by a log driver that splits long lines: joined.

use crate::model::decoder::Decoder;
use crate::rules::byte_set::ByteSet;
use crate::rules::rule::MAX_REACH;
use crate::scan::decode::{Regions, with_context};
use crate::scan::layer::{Decoded, Layer};

/// The longest gap between two parts of a token, in bytes.
const MAX_GAP: usize = 160;
/// What a further part may begin with.
const AFTER_GAP: ByteSet = ByteSet::VALUE.with(b":?@|#^&!");

/// Joins what goes on after each broken match.
pub fn each(regions: &Regions, sink: &mut dyn FnMut(Decoded)) {
    let mut starts = regions.broken.to_vec();
    starts.sort_unstable();
    starts.dedup();
    for start in starts {
        sink(join(regions.layer, start));
    }
}

/// The bytes from `start` on with all gaps left out; only the first byte is core, so that nothing but this match is found.
fn join(layer: &Layer, start: usize) -> Decoded {
    let bytes = layer.bytes;
    let (mut out, mut map) = with_context(bytes, start);
    let core = out.len();
    map.push(core, start, (1, 1));
    let mut at = start;
    let mut whole = false;
    let mut stamped = false;
    let mut line = line_start(bytes, start);
    let mut full = None;
    while at < bytes.len() && out.len() - core < MAX_REACH {
        let goes_on = bytes[at] == b'\n' && gitlab(&bytes[at + 1..]).is_some();
        if (whole || stamped) && bytes[at] == b'\n' && !goes_on {
            break;
        }
        if let Some(gap) = gap(bytes, at) {
            // A line that is shorter than the first was not cut, unless somebody says so: the token ends there.
            if at - line < *full.get_or_insert(at - line) && !goes_on {
                break;
            }
            stamped = goes_on;
            line = memchr::memrchr(b'\n', &bytes[at..at + gap]).map_or(at + gap, |brk| at + brk + 1);
            at += gap;
            // The flag of a container runtime's last part.
            whole = bytes[..at].ends_with(b" stdout F ") || bytes[..at].ends_with(b" stderr F ");
            map.push(out.len(), at, (1, 1));
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out.extend(&bytes[at..bytes.len().min(at + 16)]);
    Decoded { core: core..core + 1, bytes: out, map, decoder: Decoder::Unwrap }
}

/// Where the line of `at` begins: after a line break, raw or escaped, or the quote of a string.
fn line_start(bytes: &[u8], at: usize) -> usize {
    let floor = at.saturating_sub(MAX_REACH + 1024);
    let before = &bytes[floor..at];
    let raw = memchr::memrchr(b'\n', before).map(|i| i + 1);
    let escaped = memchr::memmem::rfind(before, b"\\n").map(|i| i + 2);
    floor + raw.max(escaped).unwrap_or(0)
}

/// The length of what separates two parts of one token at `at`: a line break with indentation or quoting, or what a log driver puts around its parts.
#[must_use]
pub fn gap(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..bytes.len().min(at + MAX_GAP)];
    let length = docker(rest).or_else(|| line_break(rest))?;
    rest.get(length).is_some_and(|b| AFTER_GAP.contains(*b)).then_some(length)
}

/// Whether a log driver says that the line goes on at `at`: what fits a rule so far may be a part only.
#[must_use]
pub fn goes_on(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..bytes.len().min(at + MAX_GAP)];
    let next = rest.strip_prefix(b"\n");
    let partial = || {
        let line = &bytes[at.saturating_sub(MAX_REACH + MAX_GAP)..at];
        let line = memchr::memrchr(b'\n', line).map_or(line, |brk| &line[brk + 1..]);
        cri(line).is_some_and(|length| line[..length].ends_with(b" P "))
    };
    let driver = docker(rest).is_some() || next.is_some_and(|next| gitlab(next).is_some() || (cri(next).is_some() && partial()));
    driver && gap(bytes, at).is_some()
}

/// `","stream":"stdout","time":"..."}` LF `{"log":"`: Docker's json-file driver splits lines at 16 KiB.
fn docker(rest: &[u8]) -> Option<usize> {
    const HEAD: &[u8] = b"{\"log\":\"";
    rest.strip_prefix(b"\",\"stream\":\"")?;
    let end = memchr::memmem::find(rest, b"}\n")?;
    rest[end + 2..].starts_with(HEAD).then_some(end + 2 + HEAD.len())
}

/// A line break, raw or escaped, and what the next line begins with.
fn line_break(rest: &[u8]) -> Option<usize> {
    let brk = [&b"\r\n"[..], b"\n", b"\\\n", b"\\r\\n", b"\\n"].into_iter().find(|brk| rest.starts_with(brk))?;
    let line = &rest[brk.len()..];
    let prefix = cri(line).or_else(|| gitlab(line)).unwrap_or_else(|| line.iter().take_while(|b| b" \t>|".contains(b)).count());
    Some(brk.len() + prefix)
}

/// `2024-05-23T09:04:45.153183123Z stdout F `: container runtime interface.
fn cri(line: &[u8]) -> Option<usize> {
    let stamp = timestamp(line)?;
    let stream = [&b" stdout "[..], b" stderr "].into_iter().find(|stream| line[stamp..].starts_with(stream))?;
    let flag = line.get(stamp + stream.len()..stamp + stream.len() + 2)?;
    matches!(flag, b"P " | b"F ").then_some(stamp + stream.len() + 2)
}

/// `2024-05-23T09:04:45.153183Z 00O+`: a continued line of a GitLab job trace with timestamps.
fn gitlab(line: &[u8]) -> Option<usize> {
    let stamp = timestamp(line)?;
    let mark = line.get(stamp..stamp + 5)?;
    (mark[0] == b' ' && mark[1..3].iter().all(u8::is_ascii_hexdigit) && matches!(mark[3], b'O' | b'E') && mark[4] == b'+').then_some(stamp + 5)
}

/// The length of an RFC 3339 timestamp.
fn timestamp(line: &[u8]) -> Option<usize> {
    let length = line.iter().take(40).take_while(|b| b.is_ascii_digit() || b"TZ:.+-".contains(b)).count();
    (length >= 20 && line[4] == b'-' && line[10] == b'T').then_some(length)
}

#[cfg(test)]
mod tests {
    use crate::scan::decode::unwrap::gap;

    #[test]
    fn gaps_end_where_the_token_goes_on() {
        for between in [
            "\n",
            "\r\n",
            "\n    ",
            "\n> ",
            "\\n",
            "\\\n",
            "\",\"stream\":\"stdout\",\"time\":\"2024-05-23T09:04:45.1Z\"}\n{\"log\":\"",
            "\n2024-05-23T09:04:45.153183123Z stdout F ",
            "\n2024-05-23T09:04:45.153183123+02:00 stderr P ",
            "\n2024-05-23T09:04:45.153183Z 00O+",
        ] {
            let text = format!("abc{between}def");
            assert_eq!(gap(text.as_bytes(), 3), Some(between.len()), "{between:?}");
        }
        for between in ["", " ", "\n\n", "\n}", "\",\"stream\":\"stdout\"}"] {
            assert_eq!(gap(format!("abc{between}").as_bytes(), 3), None, "{between:?}");
        }
    }
}
