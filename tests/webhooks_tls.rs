//! Webhooks over TLS to a receiver that verifies them with the reference library of Standard Webhooks; runs where `BEARTRAP_TEST_OIDC` names the service.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http.rs"]
mod http;
#[path = "support/oidc.rs"]
mod oidc;

use std::fs;

use crate::binary::{Ran, run};
use crate::oidc::Oidc;

/// Tries an endpoint with these settings beside its URL.
fn test(service: &Oidc, more: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let url = fs::read_to_string(service.records.with_file_name("webhook.url")).unwrap();
    fs::write(folder.path().join("beartrap.toml"), format!("[endpoint.soc]\nurl = \"{}\"\n{more}", url.trim())).unwrap();
    fs::write(folder.path().join("other.key"), run(folder.path(), &["endpoint", "keygen"]).out()).unwrap();
    run(folder.path(), &["endpoint", "test", "soc"])
}

#[test]
fn the_reference_library_takes_our_signatures_over_tls() {
    let Some(service) = Oidc::running() else { return };
    let beside = |name: &str| service.records.with_file_name(name).display().to_string();
    let (key, authority) = (format!("secret_file = \"{}\"\n", beside("webhook.key")), format!("ca_file = \"{}\"\n", beside("ca.pem")));
    for format in ["standard-webhooks", "cloudevents", "ocsf"] {
        let ran = test(&service, &format!("format = \"{format}\"\n{key}{authority}"));
        assert!(ran.status == 0 && ran.err().contains("delivered"), "{format}: {}", ran.err());
    }
    // Another key, and an authority that nobody knows.
    let forged = test(&service, &format!("secret_file = \"other.key\"\n{authority}"));
    assert!(forged.status == 3 && forged.err().contains("status 400"), "{}", forged.err());
    let unknown = test(&service, &key);
    assert!(unknown.status == 3 && unknown.err().contains("no secure connection"), "{}", unknown.err());
    let damaged = test(&service, &format!("{key}ca_file = \"other.key\"\n"));
    assert!(damaged.status == 2 && damaged.err().contains("other.key: cannot read the certificates"), "{}", damaged.err());
}
