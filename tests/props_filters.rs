//! Filters never silence a token that its checksum proves, whatever stands around it.

use std::sync::{Arc, LazyLock};

use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::grade::Confidence;
use beartrap::model::origin::Origin;
use beartrap::rules::checksum;
use beartrap::rules::generate::{Random, token};
use beartrap::rules::rule::Rule;
use beartrap::rules::rule_set::RuleSet;
use beartrap::scan::engine::{Comments, Engine, Options};
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use proptest::sample::Index;

/// As a user has it: default confidence.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&RuleSet::builtin(), Options { comments: Comments::Ignore, ..Options::default() }));

/// The rules whose tokens carry a checksum.
static PROVEN: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rules = RuleSet::builtin();
    let proven = rules.rules().iter().filter(|rule| rule.check.is_some_and(|check| checksum::verify(check, b"").is_some()));
    proven.cloned().collect()
});

/// What could introduce a token, `{X}` where it stands: names that say it is none, among others.
const CARRIERS: &[&str] = &[
    "example_hash={X}\n",
    "\"test_vector\": \"{X}\",\n",
    "commit {X}\n",
    "sha256:\n{X}\n",
    "  integrity \"{X}\"\n",
    "\"resolved\": \"{X}\"\n",
    "token_count = \"{X}\"\n",
    "primary_key_id: {X}\n",
    "fingerprint: '{X}'\n",
    "csrf_token={X}\n",
    "publicKey: \"{X}\",\n",
    "ssh-rsa {X}\n",
    "-----BEGIN CERTIFICATE-----\n{X}\n",
    "data:text/plain;charset=utf-8,{X}\n",
    "Authorization: Bearer {X}\r\n",
    "<{X}>\n",
    "(e.g. `{X}`)\n",
    "url: https://api.example.test/v1?access_token={X}&example=1\n",
    "# example: {X}\n",
    "{X}",
];

/// What could stand before and after it on its line and on the lines around.
const SURROUNDINGS: &[(&str, &str)] = &[
    ("", ""),
    ("# test vector, not a real token\n", "# known answer: see the example above\n"),
    ("// fake token for example only, replace with your-token-goes-here\n", "// changeme placeholder dummy redacted\n"),
    ("<your_api_key> xxxxxxxxxxxxxxxxxxxxxxxx ", " ${EXAMPLE_TOKEN} {{ token }} deadbeefdeadbeef"),
    (
        "!function(e,t){for(var n=0;n<t.length;n++){var r=t[n];e(r,n),r(e),t(n),(n(r),e(t)),a({},b,c);var o=(i(),u({},l));s(o,{},e),f(),d();p(h,(m,g))}",
        "}}),y(),v({},(b,w));",
    ),
    ("sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ", " 0000000000000000 ../../etc/example/path"),
    ("diff --git a/example b/example\nindex 0000000..1111111 100644\n+", "\n-removed\n"),
    ("{\"hash\": \"0123456789abcdef0123456789abcdef\", \"value\": ", ", \"checksum\": null}"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn no_filter_silences_a_valid_checksum(rule in any::<Index>(), seed in any::<u64>(), carrier in any::<Index>(), around in any::<Index>()) {
        let rule = rule.get(&PROVEN);
        let carrier = carrier.get(CARRIERS);
        let (before, after) = around.get(SURROUNDINGS);
        let secret = token(rule, &mut Random::new(seed));
        let (left, right) = carrier.split_once("{X}").expect("because every carrier has a place for the token");
        let text = [before.as_bytes(), left.as_bytes(), &secret, right.as_bytes(), after.as_bytes()].concat();
        let (found, filtered) = ENGINE.scan_explained(&Arc::new(Origin::Memory("test".into())), &text);
        let wanted = Fingerprint::of(&secret);
        let exact = found.iter().any(|finding| finding.fingerprint() == Some(&wanted) && finding.confidence == Confidence::High);
        let start = (before.len() + left.len()) as u64;
        let silenced = filtered.iter().find(|filtered| filtered.span.start() == start && filtered.rule == rule.info.id).map(|filtered| filtered.filter);
        prop_assert!(exact && silenced.is_none(), "{} in `{}` after `{}`: silenced by {:?}", rule.info.id, carrier, before, silenced);
    }
}
