//! A document that is a whole conversation, as one record for each of its messages, so that what lies in it is dated by the message it lies in.
//!
//! **Invariant:** the records of a document adjoin and cover it; a document whose messages cannot be told apart stays one record.

use std::ops::Range;

use crate::observe::braces::{Braces, breaks, follow};
use crate::observe::reader::{ReadRecord, Understood};

/// Formats whose documents hold dated messages, and the keys under which the list of them stands.
const LISTS: [(&str, &[&[&str]]); 3] =
    [("gemini-cli", &[&["messages"], &["$set", "messages"]]), ("amp", &[&["messages"]]), ("cursor", &[&["conversation"]])];

/// Tells a record, or its messages one after the other.
pub fn each(record: ReadRecord, tell: &mut dyn FnMut(ReadRecord)) {
    let begins = begins(&record);
    if begins.len() < 2 {
        return tell(record);
    }
    let ReadRecord { bytes, start, mut line, understood, said } = record;
    let mut said = said.into_iter().peekable();
    let ends = begins[1..].iter().map(|(_, begin)| *begin).chain([bytes.len()]);
    let mut begin = 0;
    for ((part, _), end) in begins.iter().zip(ends) {
        let own = std::iter::from_fn(|| said.next_if(|one| one.part.is_none_or(|one| one == *part))).collect();
        tell(ReadRecord { bytes: &bytes[begin..end], start: start + begin as u64, line, understood, said: own });
        line += breaks(&bytes[begin..end]);
        begin = end;
    }
}

/// The messages that say something, each with the place in the record where it begins; none where they do not stand as they were said.
fn begins(record: &ReadRecord) -> Vec<(usize, usize)> {
    let Understood::By(format) = record.understood else { return Vec::new() };
    let lists = LISTS.iter().find(|(name, _)| *name == format).map_or(&[][..], |(_, lists)| lists);
    let Some(elements) = lists.iter().find_map(|path| elements(record.bytes, path)) else { return Vec::new() };
    let mut parts: Vec<usize> = record.said.iter().filter_map(|one| one.part).collect();
    parts.dedup();
    let begins: Option<Vec<(usize, usize)>> = parts.iter().map(|part| Some((*part, elements.get(*part)?.start))).collect();
    begins.filter(|begins| begins.is_sorted_by(|one, next| one.0 < next.0)).unwrap_or_default()
}

/// Where the elements of the array under a path of keys stand.
fn elements(bytes: &[u8], path: &[&str]) -> Option<Vec<Range<usize>>> {
    let mut at = 0;
    for key in path {
        at = members(bytes, at, b'{').find(|member| bytes[member.key.clone()] == *key.as_bytes())?.value.start;
    }
    (bytes.get(at) == Some(&b'[')).then(|| members(bytes, at, b'[').map(|member| member.value).collect())
}

/// A member of an object, or an element of an array, which has no key.
struct Member {
    key: Range<usize>,
    value: Range<usize>,
}

/// The members of the object, or the elements of the array, that begins at `at`.
fn members(bytes: &[u8], at: usize, opening: u8) -> impl Iterator<Item = Member> {
    let mut at = if bytes.get(at) == Some(&opening) { at + 1 } else { bytes.len() };
    let past = move |at: usize| at + bytes[at..].iter().take_while(|b| b.is_ascii_whitespace() || matches!(b, b',' | b':')).count();
    std::iter::from_fn(move || {
        let mut key = 0..0;
        let mut start = past(at);
        if opening == b'{' {
            let end = end_of_value(bytes, start)?;
            key = start + 1..end - 1;
            start = past(end);
        }
        at = end_of_value(bytes, start)?;
        Some(Member { key, value: start..at })
    })
}

/// Where the value that begins at `at` ends; `None` where none does.
fn end_of_value(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    match rest.first()? {
        b'{' | b'[' => Some(at + follow(rest, 0, Braces::default()).0?),
        b'"' => {
            let mut end = 1;
            while *rest.get(end)? != b'"' {
                end += if rest[end] == b'\\' { 2 } else { 1 };
            }
            Some(at + end + 1)
        }
        b'}' | b']' => None,
        _ => Some(at + rest.iter().position(|b| b.is_ascii_whitespace() || b",]}:".contains(b)).unwrap_or(rest.len())).filter(|end| *end > at),
    }
}

#[cfg(test)]
mod tests {
    use crate::observe::part::elements;
    use crate::observe::reader::{ReadRecord, Reader};

    #[test]
    fn elements_are_found_whatever_stands_around_them() {
        for (text, path, expected) in [
            (r#"{"a":"]{,","messages":[{"x":[1]}, 2 ,"\"]"],"z":1}"#, &["messages"][..], Some(vec![r#"{"x":[1]}"#, "2", r#""\"]""#])),
            (r#"{"$set" : {"b":null, "messages": []}}"#, &["$set", "messages"], Some(vec![])),
            (r#"{"a":[1]}"#, &["messages"], None),
            (r#"{"messages":{"a":1}}"#, &["messages"], None),
            (r#"{"messages":[1,"#, &["messages"], None),
            ("{\"messages", &["messages"], None),
            ("{:,", &["messages"], None),
            ("", &["messages"], None),
        ] {
            let found = elements(text.as_bytes(), path).map(|found| found.into_iter().map(|range| &text[range]).collect::<Vec<_>>());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn each_message_is_a_record_with_its_own_time() {
        let message = |n: u32| format!("{{\"id\":\"m{n}\",\"timestamp\":\"2026-03-02T10:00:0{n}Z\",\"type\":\"user\",\"content\":\"x\"}}");
        let text = format!("{{\"sessionId\":\"s\",\n\"projectHash\":\"h\",\"messages\":[\n{},\n{}\n],\"z\":1}}\nend\n", message(1), message(2));
        let mut reader = Reader::new("a.json".to_owned(), None);
        let mut told = Vec::new();
        let mut tell = |record: ReadRecord| {
            let time = record.said.first().and_then(|one| one.record.time).map(|time| time.to_string()).unwrap_or_default();
            told.push((record.start, record.bytes.len() as u64, record.line, time));
        };
        reader.push(text.as_bytes(), &mut tell);
        reader.end(&mut tell);
        let second = text.find("{\"id\":\"m2").map_or(0, |at| at as u64);
        let end = text.find("\nend").map_or(0, |at| at as u64);
        let expected = [
            (0, second, 1, "2026-03-02T10:00:01Z".to_owned()),
            (second, end - second, 4, "2026-03-02T10:00:02Z".to_owned()),
            (end + 1, 3, 6, String::new()),
        ];
        assert_eq!(told, expected);
    }
}
