//! From findings and judgements to alerts, and from alerts to who is told of them.

pub mod aftermath;
pub mod from_finding;
pub mod from_judgement;
pub mod from_report;
pub mod overdue;
pub mod posting;
pub mod queued;
pub mod requests;
pub mod revocation;
