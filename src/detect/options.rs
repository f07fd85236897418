//! The thresholds of the detections, each with its default: the `[detect]` table of the settings.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::detect::exception::Exception;
use crate::detect::glob::matches;
use crate::detect::issuer::Issuer;
use crate::detect::network::Networks;
use crate::detect::period::Period;
use crate::detect::workload::stable;
use crate::model::token_key::TokenKey;
use crate::model::token_use::Record;

/// Declares the thresholds and their defaults side by side.
macro_rules! thresholds {
    ($($(#[$about:meta])* $name:ident: $type:ty = $default:expr;)*) => {
        /// Every threshold of the catalogue, and what the user knows of networks, issuers and accepted exceptions.
        #[derive(Clone, PartialEq, Debug, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Options {
            $($(#[$about])* pub $name: $type,)*
        }

        impl Default for Options {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }
    };
}

thresholds! {
    /// HY-01: how long the token of a task may live.
    task_ttl: Period = Period::hours(1);
    /// HY-01: how long an API key or personal access token may live.
    api_key_ttl: Period = Period::days(90);
    /// HY-01: how long any other token may live.
    other_ttl: Period = Period::hours(24);
    /// HY-02: from how many holders on a token counts as shared.
    shared_identities: usize = 3;
    /// HY-02: within how long a time.
    shared_window: Period = Period::hours(24);
    /// HY-03: scopes that grant everything, compared without regard to case.
    broad_scopes: Vec<String> = texts(&["*", "all", "full-access", "full_access", "admin", "*:*"]);
    /// HY-06: how long after its task's end a token may still work.
    task_end_grace: Period = Period::seconds(300);

    /// TR-01, TR-02: how far clocks may differ where times are exact.
    skew: Period = Period::seconds(60);
    /// TR-01 to TR-03: how far they may differ where a time is a log line's.
    log_skew: Period = Period::seconds(300);
    /// TR-01: from how many denials on an expired token is worth a look.
    expired_denials: usize = 3;
    /// TR-03: how long a revocation takes to reach everybody.
    revocation_propagation: Period = Period::seconds(60);
    /// TR-03: how long after its task's end a token may be used.
    task_use_grace: Period = Period::seconds(30);
    /// TR-05: from how many refusals for lack of scope on.
    scope_denials: usize = 3;
    /// TR-05: within how long a time.
    scope_window: Period = Period::minutes(10);
    /// TR-05: scopes, and those that they include.
    scope_includes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    /// TR-06, TR-22: methods and tools that only look around.
    discovery: Vec<String> = texts(&["tools/list", "server/discover", "initialize", "ping", "resources/list", "prompts/list"]);
    /// TR-09: from how many tasks or runs on.
    distinct_tasks: usize = 2;
    /// TR-09: within how long a time.
    task_window: Period = Period::hours(24);
    /// TR-11: how long a proof of possession would be accepted.
    proof_window: Period = Period::seconds(300);
    /// TR-11, TR-12: within how long a time the same request from the same source is a retry.
    retry_window: Period = Period::seconds(5);
    /// TR-12: how long the previous refresh token may still be presented from where it was rotated.
    rotation_overlap: Period = Period::seconds(30);
    /// TR-13: how late records may come.
    lateness: Period = Period::minutes(15);
    /// TR-14: within how long a time two servers count as one chain.
    passthrough_window: Period = Period::seconds(60);
    /// TR-14: pairs of servers, a gateway and what stands behind it, that are one hop.
    gateways: Vec<[String; 2]> = Vec::new();
    /// TR-14: domains whose hosts are one server.
    one_server: Vec<String> = texts(&["amazonaws.com", "googleapis.com", "github.com", "azure.com", "windows.net", "microsoft.com"]);
    /// TR-15: how long the sources of a person's token are learned.
    learning_window: Period = Period::minutes(10);
    /// TR-15: from how many uses at most.
    learning_uses: usize = 5;
    /// TR-15: how long what was learned of a temporary cloud credential holds.
    lock_temporary: Period = Period::hours(6);
    /// TR-15: how long it holds of any other token.
    lock_other: Period = Period::days(7);
    /// TR-16: within how long a time sources are concurrent.
    interleave_window: Period = Period::minutes(10);
    /// TR-17: the window in which attributes are counted.
    drift_window: Period = Period::minutes(30);
    /// TR-18: how long a client is remembered.
    client_window: Period = Period::hours(24);
    /// TR-18: below which likeness two user agents are two clients.
    client_likeness: f64 = 0.95;
    /// TR-19: from how many kilometres on travel is looked at.
    travel_far_km: f64 = 500.0;
    /// TR-19: from which speed on it is impossible.
    travel_speed_km_h: f64 = 900.0;
    /// TR-19: below which distance a jump is noise of the map, worth a note.
    travel_near_km: f64 = 50.0;
    /// TR-19: within how long a time.
    travel_near_time: Period = Period::minutes(10);
    /// TR-19: how long a place is remembered.
    travel_window: Period = Period::hours(24);
    /// TR-21: how far habits are looked back.
    habit_window: Period = Period::days(10);
    /// TR-21: from how many uses on an identity has habits.
    habit_uses: u64 = 50;
    /// TR-22: from how many tools or resources on.
    fan_out_targets: usize = 10;
    /// TR-22: within how long a time.
    fan_out_window: Period = Period::seconds(60);
    /// TR-22: from how many repositories on.
    fan_out_repositories: usize = 10;
    /// TR-22: within how long a time.
    repository_window: Period = Period::minutes(60);
    /// TR-25: from how many denials of one operation on.
    denials: usize = 5;
    /// TR-25: within how long a time.
    denial_window: Period = Period::seconds(300);
    /// TR-26: from when on a token sleeps.
    dormant_after: Period = Period::days(30);
    /// Alerts: within how long a time answers that rest on behaviour belong together.
    alert_window: Period = Period::minutes(30);

    /// Retries and hops: how far apart the records of one JSON-RPC request may be.
    hop_window: Period = Period::seconds(60);
    /// Tokens of which nothing is said, each by any of its names: those of tests, of documentation, of one's own tools.
    ignore: BTreeSet<TokenKey> = BTreeSet::new();
    /// Networks: what is compared, and what is no place.
    networks: Networks = Networks::default();
    /// Workloads that count as one: a name, and ids with `*`.
    pools: BTreeMap<String, Vec<String>> = BTreeMap::new();
    /// What is known of issuers, by `iss`.
    issuer: BTreeMap<String, Issuer> = BTreeMap::new();
    /// What the user has accepted.
    exception: Vec<Exception> = Vec::new();
}

impl Options {
    /// What is known of an issuer.
    #[must_use]
    pub fn of_issuer(&self, iss: Option<&str>) -> Option<&Issuer> {
        let bare = |text: &str| text.trim_end_matches('/').to_owned();
        let iss = iss?;
        self.issuer.get(iss).or_else(|| self.issuer.iter().find(|(name, _)| bare(name) == bare(iss)).map(|(_, issuer)| issuer))
    }

    /// What remains of a workload's id when what changes from instance to instance is taken off, or the name of its pool.
    #[must_use]
    pub fn workload(&self, id: &str, iss: Option<&str>) -> String {
        let own = self.of_issuer(iss).map(|issuer| &issuer.pools).into_iter().flatten();
        let mut pools = own.chain(&self.pools);
        let stable = stable(id);
        let holds = |pattern: &String| [id, &stable].iter().any(|id| matches(pattern, id));
        let pool = pools.find(|(_, ids)| ids.iter().any(holds)).map(|(pool, _)| format!("pool `{pool}`"));
        pool.unwrap_or(stable)
    }

    /// Who made a use, by its record: agent, else workload, else client.
    #[must_use]
    pub fn identity<'a>(&self, record: &'a Record, iss: Option<&str>) -> Option<Cow<'a, str>> {
        let workload = || record.principal.as_ref().map(|id| Cow::Owned(self.workload(id, iss)));
        record.agent_id.as_deref().map(Cow::Borrowed).or_else(workload).or_else(|| record.client_id.as_deref().map(Cow::Borrowed))
    }
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use crate::detect::options::Options;
    use crate::detect::period::Period;

    #[test]
    fn a_table_of_settings_is_read() {
        let text = r#"
            skew = "2min"
            gateways = [["https://gw.example", "https://mcp.example"]]
            [networks]
            trusted_proxies = ["10.0.0.0/8"]
            [pools]
            web = ["spiffe://example/web/*"]
            [issuer."https://as.example"]
            authoritative = true
            [[exception]]
            detection = "TR-15"
            network = "203.0.113.0/24"
            until = 2026-12-31
            why = "moving house"
        "#;
        let options: Options = toml::from_str(text).expect("because it is well formed");
        assert_eq!((options.skew, options.log_skew), (Period::minutes(2), Period::minutes(5)));
        assert!(options.of_issuer(Some("https://as.example/")).is_some_and(|issuer| issuer.authoritative));
        assert_eq!(options.workload("spiffe://example/web/1", None), "pool `web`");
        assert_eq!(toml::from_str::<Options>("").ok(), Some(Options::default()));
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        for text in [
            "skwe = \"2min\"",
            "skew = 2",
            "skew = \"soon\"",
            "ignroe = []",
            "ignore = [\"sha256:12\"]",
            "ignore = [\"key:AKIA\"]",
            "[networks]\nproxies = []",
            "[[exception]]\nwhy = \"\"",
            "[issuer.x]\nauthority = true",
        ] {
            assert!(toml::from_str::<Options>(text).is_err(), "{text}");
        }
    }
}
