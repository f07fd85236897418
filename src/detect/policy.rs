//! Which answers about one token are worth an alarm, how bad it is together, and how sure we are.

use std::collections::BTreeSet;

use crate::detect::case::between;
use crate::detect::catalogue::get;
use crate::detect::detection::{Basis, Judge};
use crate::detect::options::Options;
use crate::detect::tr_16;
use crate::detect::used::Answer;
use crate::model::grade::{Confidence, Severity};

/// What is raised of one token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    /// The worst severity.
    pub severity: Severity,
    /// High where anything leaves no doubt, else by the number of independent attributes: two medium, three high.
    pub confidence: Confidence,
    /// The answers that raise it, by their places, in the order given.
    pub answers: Vec<usize>,
}

/// Names of evidence that are independent of each other.
const ATTRIBUTES: [&str; 9] = ["network", "asn", "geo", "client", "ja4", "platform", "tasks", "identity", "operation"];

/// What of the answers about one token raises an alarm: all at medium and above that leave no doubt; such as rest on behaviour only with
/// another detection's, or with one that leaves no doubt, within the window; concurrent sources alone. What is wrong with the token itself
/// raises none, and is no company.
#[must_use]
pub fn alerts(answers: &[Answer], options: &Options) -> Option<Alarm> {
    let raised: Vec<usize> = (0..answers.len()).filter(|at| raises(answers, *at, options)).collect();
    let severity = raised.iter().map(|at| answers[*at].verdict.severity).max().filter(|severity| *severity >= Severity::Medium)?;
    let sure = raised.iter().any(|at| is_sure(&answers[*at]));
    let attributes: BTreeSet<&str> = raised.iter().flat_map(|at| attributes(&answers[*at])).collect();
    let confidence = match attributes.len() {
        _ if sure => Confidence::High,
        0 | 1 => Confidence::Low,
        2 => Confidence::Medium,
        _ => Confidence::High,
    };
    Some(Alarm { severity, confidence, answers: raised })
}

fn raises(answers: &[Answer], at: usize, options: &Options) -> bool {
    let answer = &answers[at];
    if answer.verdict.severity < Severity::Low || is_of_token(answer) {
        return false;
    }
    if is_sure(answer) {
        return answer.verdict.severity >= Severity::Medium;
    }
    let other = |other: &&Answer| {
        !is_of_token(other) && other.verdict.id != answer.verdict.id && other.verdict.severity >= Severity::Low && near(answer, other, options)
    };
    answer.verdict.id == tr_16::DETECTION.id || answers.iter().any(|one| other(&one))
}

/// Whether it leaves no doubt.
#[must_use]
pub fn is_sure(answer: &Answer) -> bool {
    let basis = get(&answer.verdict.id).map_or(Basis::Behavioural, |detection| detection.basis);
    basis == Basis::Deterministic || (basis == Basis::ByConfidence && answer.verdict.confidence == Confidence::High)
}

/// Whether it is about the token itself, however it was used.
#[must_use]
pub fn is_of_token(answer: &Answer) -> bool {
    get(&answer.verdict.id).is_ok_and(|detection| matches!(detection.judge, Judge::Token(_)))
}

/// Whether two answers belong together in time; what has no time belongs to everything.
fn near(one: &Answer, other: &Answer, options: &Options) -> bool {
    one.at.zip(other.at).is_none_or(|(one, other)| between(one.min(other), one.max(other)) <= options.alert_window.0)
}

/// What an answer that rests on behaviour rests on.
fn attributes(answer: &Answer) -> impl Iterator<Item = &str> {
    let named = answer.verdict.evidence.iter().map(|evidence| evidence.name.as_str()).filter(|name| ATTRIBUTES.contains(name));
    let also = answer.verdict.evidence.iter().filter(|evidence| evidence.name == "also_new").flat_map(|evidence| evidence.value.split(", "));
    let networks = answer.verdict.evidence.iter().filter(|evidence| evidence.name == "networks").map(|_| "network");
    named.chain(also).chain(networks)
}

#[cfg(test)]
mod tests {
    use crate::detect::detection::evidence;
    use crate::detect::options::Options;
    use crate::detect::policy::alerts;
    use crate::detect::used::Answer;
    use crate::model::grade::{Confidence, Severity};
    use crate::model::instant::Instant;
    use crate::model::verdict::Verdict;

    /// Answers with their minutes; the alarm's severity, confidence and number of answers.
    type Row = (&'static [(&'static str, Severity, i64)], Option<(Severity, Confidence, usize)>);

    fn answer((id, severity, minute): (&str, Severity, i64)) -> Answer {
        let confidence = if id == "TR-04" || id == "TR-09" { Confidence::High } else { Confidence::Medium };
        let name = match id {
            "TR-18" => "client",
            "TR-19" => "geo",
            _ => "network",
        };
        let verdict = Verdict { id: id.to_owned(), severity, confidence, message: String::new(), evidence: vec![evidence(name, "x")] };
        Answer { verdict, slot: String::new(), at: Instant::from_number(1_772_445_600 + minute * 60), uses: Vec::new() }
    }

    #[test]
    fn behaviour_needs_company() {
        use Confidence as Sure;
        use Severity::{Critical, High, Info, Low, Medium};
        let table: [Row; 14] = [
            (&[("TR-04", Medium, 0)], Some((Medium, Sure::High, 1))),
            (&[("TR-04", Low, 0)], None),
            (&[("TR-15", High, 0)], None),
            (&[("TR-15", Medium, 0), ("TR-15", Medium, 1)], None),
            (&[("TR-15", Medium, 0), ("TR-18", Medium, 29)], Some((Medium, Sure::Medium, 2))),
            (&[("TR-15", Medium, 0), ("TR-18", Medium, 31)], None),
            (&[("TR-15", Medium, 0), ("TR-18", Medium, 1), ("TR-19", Medium, 2)], Some((Medium, Sure::High, 3))),
            (&[("TR-15", Medium, 0), ("TR-01", Low, 1)], Some((Medium, Sure::Low, 1))),
            (&[("TR-15", Medium, 0), ("TR-07", Info, 1)], None),
            (&[("HY-01", Medium, 0)], None),
            (&[("TR-15", Medium, 0), ("HY-01", Medium, 0)], None),
            (&[("TR-16", High, 0)], Some((High, Sure::Low, 1))),
            (&[("TR-21", Low, 0), ("TR-17", Low, 1)], None),
            (&[("TR-09", High, 0), ("TR-24", Critical, 600)], Some((Critical, Sure::High, 2))),
        ];
        for (given, expected) in table {
            let answers: Vec<Answer> = given.iter().copied().map(answer).collect();
            let alarm = alerts(&answers, &Options::default()).map(|alarm| (alarm.severity, alarm.confidence, alarm.answers.len()));
            assert_eq!(alarm, expected, "{given:?}");
        }
    }
}
