//! `JUnit` XML for build servers that show tests: a failing case for each file with findings, a passing one when there are none.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::model::finding::Finding;
use crate::model::grade::Severity;
use crate::model::place::ByteSpan;
use crate::model::summary::Summary;
use crate::outputs::output::Output;
use crate::outputs::phrase::{identity_text, sentence};
use crate::outputs::place::{origin_text, place_text};
use crate::outputs::summary::{counted, is_complete, problem_line};

/// Gathers findings by file and writes one test suite at the end.
#[derive(Default, Debug)]
pub struct Junit {
    files: BTreeMap<String, Vec<Line>>,
}

/// One finding of a file; sorted by place.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Line {
    span: ByteSpan,
    severity: Severity,
    text: String,
}

impl Output for Junit {
    fn finding(&mut self, _out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        let severity = finding.severity();
        let place = place_text(&finding.origin, finding.position);
        let text = format!("{} at {place}: {}, {}", severity.as_str(), sentence(finding), identity_text(&finding.identity));
        self.files.entry(origin_text(&finding.origin)).or_default().push(Line { span: finding.span, severity, text });
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        let mut suite = TestSuite::new("beartrap");
        suite.set_time(summary.elapsed);
        let files = std::mem::take(&mut self.files);
        let is_clean = files.is_empty();
        suite.add_test_cases(files.into_iter().map(|(file, lines)| failing(&file, lines)));
        if !is_complete(summary) {
            suite.add_test_case(incomplete(summary));
        } else if is_clean {
            suite.add_test_case(case("no leaked tokens", TestCaseStatus::success()));
        }
        let mut report = Report::new("beartrap");
        report.set_time(summary.elapsed);
        report.add_test_suite(suite);
        report.serialize(&mut *out).map_err(io::Error::other)?;
        out.flush()
    }
}

fn failing(file: &str, mut lines: Vec<Line>) -> TestCase {
    lines.sort();
    let worst = lines.iter().map(|line| line.severity).max().unwrap_or(Severity::Info);
    let number = counted(u64::try_from(lines.len()).unwrap_or(u64::MAX), "finding");
    let texts: Vec<String> = lines.into_iter().map(|line| line.text).collect();
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type("leaked token").set_message(format!("{number}, worst {}", worst.as_str())).set_description(texts.join("\n"));
    case(file, status)
}

/// An error, not a failure: what was not read may hold tokens.
fn incomplete(summary: &Summary) -> TestCase {
    let problems: Vec<String> = summary.problems.iter().filter(|problem| !problem.kind.is_by_choice()).map(problem_line).collect();
    let number = counted(u64::try_from(problems.len()).unwrap_or(u64::MAX), "problem");
    let end = if summary.interrupted { ", interrupted" } else { "" };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("incomplete scan").set_message(format!("not everything was read: {number}{end}")).set_description(problems.join("\n"));
    case("everything was read", status)
}

fn case(name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname("beartrap");
    case
}
