//! From findings and judgements to alerts, and from alerts to who is told of them.

pub mod from_finding;
pub mod from_judgement;
pub mod posting;
pub mod revocation;
