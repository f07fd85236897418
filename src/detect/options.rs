//! The thresholds of the detections, each with its default.

use jiff::SignedDuration;

/// Every threshold of the catalogue.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// HY-01: how long the token of a task may live.
    pub task_ttl: SignedDuration,
    /// HY-01: how long an API key or personal access token may live.
    pub api_key_ttl: SignedDuration,
    /// HY-01: how long any other token may live.
    pub other_ttl: SignedDuration,
    /// HY-02: from how many holders on a token counts as shared.
    pub shared_identities: usize,
    /// HY-02: within how long a time.
    pub shared_window: SignedDuration,
    /// HY-03: scopes that grant everything, compared without regard to case.
    pub broad_scopes: Vec<String>,
    /// HY-06: how long after its task's end a token may still work.
    pub task_end_grace: SignedDuration,
}

/// Scopes that grant everything.
const BROAD: [&str; 6] = ["*", "all", "full-access", "full_access", "admin", "*:*"];

impl Default for Options {
    fn default() -> Self {
        Self {
            task_ttl: SignedDuration::from_hours(1),
            api_key_ttl: SignedDuration::from_hours(90 * 24),
            other_ttl: SignedDuration::from_hours(24),
            shared_identities: 3,
            shared_window: SignedDuration::from_hours(24),
            broad_scopes: BROAD.map(str::to_owned).to_vec(),
            task_end_grace: SignedDuration::from_secs(300),
        }
    }
}
