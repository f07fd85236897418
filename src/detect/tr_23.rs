//! Two users or tenants shared one token.
//!
//! # What it asks
//!
//! Were two different users, or two tenants, seen with one token, the one that it was issued to included? Was one MCP state handle
//! used by two principals?
//!
//! # Why it matters
//!
//! Whatever the token may do, one of them does it in the other's name. Between tenants it is a breach of the wall that customers
//! pay for.
//!
//! # Evidence
//!
//! The two names and the uses. `shared_ok` accepts several users, never several tenants. A handle is no proof of identity: whoever
//! has it can continue another's work.
//!
//! # When it is wrong
//!
//! When one person has several names: `ann` and `ann@example.com` count as one, a number and a name are not compared. When
//! a support person acts as a customer and the log names both.

use std::borrow::Cow;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::person::{differ, is_nobody};
use crate::detect::used::{Answer, Use, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-23",
    name: "two users or tenants",
    severity: Severity::Critical,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_23.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    if case.is_handle() {
        return shared(case, "principal", None, |one| principal(case, one)).map(|answer| handle(case, answer)).into_iter().collect();
    }
    let to = case.issued_to();
    let user = to.and_then(|to| to.user.as_deref());
    let users = shared(case, "user", user, |one| one.what.record.user.as_deref().map(Cow::Borrowed)).filter(|_| !case.may_be_shared());
    let tenant = to.and_then(|to| to.tenant.as_deref());
    let tenants = shared(case, "tenant", tenant, |one| one.what.record.tenant.as_deref().map(Cow::Borrowed));
    users.into_iter().chain(tenants).collect()
}

/// The first use by somebody else than the first one.
fn shared<'a>(case: &Used<'a>, who: &str, issued: Option<&'a str>, of: impl Fn(&'a Use) -> Option<Cow<'a, str>>) -> Option<Answer> {
    let mut known: Vec<(Cow<str>, Option<usize>)> = issued.map(|name| (Cow::Borrowed(name), None)).into_iter().collect();
    for (at, one) in case.firsts(&of) {
        let Some(name) = of(one).filter(|name| !is_nobody(name)) else { continue };
        if let Some((other, first)) = known.iter().find(|(other, _)| differ(other, &name)) {
            let message = format!("one token was used by the {who} `{name}` and belongs to the {who} `{other}`");
            let grounds = vec![evidence(&format!("{who}s"), format_args!("{other}, {name}"))];
            let uses = std::iter::once(at).chain(*first).collect();
            return Some(case.answer(DETECTION.verdict(DETECTION.severity, Confidence::High, message, grounds), who, uses));
        }
        if known.iter().all(|(other, _)| *other != name) {
            known.push((name, Some(at)));
        }
    }
    None
}

/// Who was authenticated: workload, else user, else client.
fn principal<'a>(case: &Used, one: &'a Use) -> Option<Cow<'a, str>> {
    let record = &one.what.record;
    let workload = || record.principal.as_ref().map(|id| Cow::Owned(case.workload(id)));
    record.user.as_deref().map(Cow::Borrowed).or_else(workload).or_else(|| record.client_id.as_deref().map(Cow::Borrowed))
}

/// The same of a state handle.
fn handle(case: &Used, mut answer: Answer) -> Answer {
    answer.verdict.severity = Severity::High;
    answer.verdict.message = format!("the MCP state handle `{}` was used by two principals", case.key);
    answer
}
