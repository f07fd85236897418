//! What a running watch answers to whom: monitoring, whoever starts it again when it hangs, and people.

use std::time::Duration;

use serde_json::json;

use crate::pipeline::watch::meters::Snapshot;
use crate::serve::metrics::{MEDIA_TYPE, metrics};
use crate::serve::server::Answer;

/// How long a run may give no sign of life before it is called ill.
pub const STUCK: Duration = Duration::from_mins(1);
/// How many steps may fail one after another before it is.
pub const FAILING: u64 = 3;

/// Answers a path; `still` says for how long the run has given no sign of life.
#[must_use]
pub fn answer(path: &str, snapshot: Snapshot, still: Duration) -> Answer {
    match path {
        "/metrics" => Answer::new(200, MEDIA_TYPE, metrics(snapshot)),
        "/healthz" => match illness(&snapshot, still) {
            None => Answer::text(200, "ok"),
            Some(illness) => Answer::text(503, &illness),
        },
        "/readyz" if snapshot.sweeps > 0 => Answer::text(200, "ready"),
        "/readyz" => Answer::text(503, "files have not been looked at yet"),
        "/files" => Answer::new(200, "application/json", json!(snapshot.files_by_lag()).to_string()),
        _ => Answer::text(404, "/metrics, /healthz, /readyz and /files are answered"),
    }
}

/// What is wrong with a run, where something is.
#[must_use]
pub fn illness(snapshot: &Snapshot, still: Duration) -> Option<String> {
    if still > STUCK {
        return Some(format!("no sign of life for {} s", still.as_secs()));
    }
    (snapshot.failing >= FAILING).then(|| format!("the last {} steps failed", snapshot.failing))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::pipeline::watch::meters::Snapshot;
    use crate::serve::route::answer;

    #[test]
    fn health_and_readiness_are_told_apart() {
        let new = Snapshot::default();
        let ready = Snapshot { sweeps: 1, ..Snapshot::default() };
        let failing = Snapshot { failing: 3, ..ready.clone() };
        for (path, snapshot, seconds, status) in [
            ("/healthz", &new, 0, 200),
            ("/readyz", &new, 0, 503),
            ("/readyz", &ready, 0, 200),
            ("/healthz", &ready, 60, 200),
            ("/healthz", &ready, 61, 503),
            ("/healthz", &failing, 0, 503),
            ("/files", &ready, 0, 200),
            ("/metrics", &ready, 0, 200),
            ("/", &ready, 0, 404),
        ] {
            assert_eq!(answer(path, snapshot.clone(), Duration::from_secs(seconds)).status, status, "{path} {seconds}");
        }
    }
}
