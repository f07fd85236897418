//! What a message to people in a chat says, before it is dressed for one of them.
//!
//! **Invariant:** texts that came from logs are of one line, bounded, without invisible characters and without links.

use crate::model::alert::{Alert, AlertIssuance, Observed};

/// The longest text of a message, in characters.
pub const LONGEST: usize = 3000;
/// The longest text of one fact.
const LONGEST_FACT: usize = 300;
/// The most facts of one kind.
const MOST: usize = 5;

/// What is said above all.
pub fn headline(alert: &Alert) -> String {
    format!("{} {}", alert.data.severity.as_str().to_uppercase(), alert.event.as_str())
}

/// The rule and its sentence.
pub fn sentence(alert: &Alert) -> String {
    said(&format!("{}: {}", alert.data.rule, alert.data.title))
}

/// What is known, each under its name; together no longer than a message may be.
pub fn facts(alert: &Alert) -> Vec<(&'static str, String)> {
    let data = &alert.data;
    let token = [data.token.preview.clone(), data.token.fp.as_ref().map(ToString::to_string)];
    let place = data.observed.locations.iter().take(MOST).map(|place| format!("{}:{}", place.uri, place.line));
    let action = data.action.as_ref().map(|action| {
        let dry_run = if action.dry_run { ", dry run" } else { "" };
        format!("{} ({}{dry_run})", action.kind.as_str(), action.reason)
    });
    let links = data.links.iter().take(MOST).map(|(name, link)| format!("{name}: {link}"));
    let all = [
        ("Token", joined(token.into_iter().flatten())),
        ("Issuer", data.token.iss.clone().or_else(|| data.token.provider.clone())),
        ("Issued to", data.issued_to.as_ref().and_then(issued_to)),
        ("Seen", seen(&data.observed)),
        ("Where", joined(place)),
        ("Action", action),
        ("Evidence", joined(data.evidence.iter().take(MOST).cloned())),
        ("Remedy", Some(data.remediation.clone()).filter(|text| !text.is_empty())),
        ("More", joined(links)),
        ("Finding", Some(data.finding_id.clone())),
    ];
    let mut left = LONGEST;
    let said = all.into_iter().filter_map(|(name, text)| Some((name, said(&text?))));
    said.take_while(|(name, text)| left.checked_sub(name.len() + text.chars().count()).map(|rest| left = rest).is_some()).collect()
}

fn issued_to(issued: &AlertIssuance) -> Option<String> {
    let to = &issued.to;
    let all = [("agent", &to.agent_id), ("workload", &to.workload_id), ("client", &to.client_id), ("user", &to.user), ("session", &to.session_id)];
    joined(all.into_iter().chain([("task", &to.task_id)]).filter_map(|(name, id)| Some(format!("{name} {}", id.as_ref()?))))
}

fn seen(observed: &Observed) -> Option<String> {
    let time = observed.time.map(|time| time.to_string());
    let all = [("from", &observed.source_ip), ("agent", &observed.agent_id), ("session", &observed.session_id), ("task", &observed.task_id)];
    let others = all.into_iter().filter_map(|(name, id)| Some(format!("{name} {}", id.as_ref()?)));
    let tools = observed.tools.iter().take(MOST).map(|tool| format!("tool {tool}"));
    joined(time.into_iter().chain(others).chain(tools))
}

fn joined(texts: impl Iterator<Item = String>) -> Option<String> {
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

/// A text that may hold anything, so that it can be shown: whatever is no visible character becomes a space, an address is no link, and it ends somewhere.
fn said(text: &str) -> String {
    let visible = |one: char| if one.is_control() || is_format(one) || one.is_whitespace() { ' ' } else { one };
    let plain: String = text.chars().take(LONGEST_FACT + 1).map(visible).collect();
    let plain = plain.replace("://", ":\u{2060}//");
    match plain.char_indices().nth(LONGEST_FACT) {
        Some((end, _)) => format!("{}…", &plain[..end]),
        None => plain,
    }
}

/// Characters that change how others look, or are not seen: of direction, of width zero, and tags.
fn is_format(one: char) -> bool {
    matches!(one, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::delivery::payload::chat::{LONGEST, facts, said, sentence};
    use crate::delivery::payload::sample;

    #[test]
    fn facts_are_told_under_their_names() {
        let expected = [
            ("Token", sample::FP),
            ("Issuer", "https:\u{2060}//issuer.example"),
            ("Issued to", "agent agent-7, user alice, session s1, task t1"),
            ("Seen", "2026-03-02T09:59:00Z, from 203.0.113.9, agent agent-9, session s2, tool jira.delete"),
            ("Where", "https:\u{2060}//logs.example/a:7"),
            ("Action", "review (session_mismatch)"),
            ("Evidence", "session s2 where s1 was expected"),
            ("More", "timeline: beartrap timeline sha256:ba7816bf8f01"),
            ("Finding", "j1"),
        ];
        assert_eq!(facts(&sample::replayed()), expected.map(|(name, text)| (name, text.to_owned())));
        assert_eq!(sentence(&sample::replayed()), "TR-08: Used in another session");
    }

    #[test]
    fn texts_of_logs_are_harmless() {
        let check = |text: &str, expected: &str| assert_eq!(said(text), expected);
        check("a\nb\tc\u{202e}d\u{0}e", "a b c d e");
        check("see http://x.example", "see http:\u{2060}//x.example");
        check(&"x".repeat(300), &"x".repeat(300));
        check(&"é".repeat(301), &format!("{}…", "é".repeat(300)));
    }

    #[test]
    fn a_message_ends_somewhere() {
        let long = vec!["x".repeat(10_000); 100];
        let alert = sample::changed(
            &sample::replayed(),
            &json!({ "data": { "evidence": long, "remediation": long[0], "finding_id": long[0], "observed": { "tools": long } } }),
        );
        let size: usize = facts(&alert).iter().map(|(name, text)| name.len() + text.chars().count()).sum();
        assert!(size <= LONGEST, "{size}");
    }
}
