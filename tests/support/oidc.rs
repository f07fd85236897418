//! The `OpenID` provider of `tests/services/oidc`: issues real tokens, revokes them, and says what became of them.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::{Answer, ask, form};

/// The resource whose access tokens are JWTs, of which the provider keeps nothing: it cannot revoke them, and calls them inactive.
pub const JWT: &str = "https://jira.example/jwt";
/// The resource whose access tokens are opaque.
pub const OPAQUE: &str = "https://jira.example/opaque";

/// The client that has tokens of its own.
pub const AGENT: &str = "agent";
/// The client that acts for users.
pub const APP: &str = "app";

/// The provider.
pub struct Oidc {
    /// Its URL, which is its name as issuer.
    pub issuer: String,
    /// The file to which it writes issued-token records and facts, before it answers.
    pub records: PathBuf,
}

impl Oidc {
    /// The one that the environment names; none where it names none.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub fn running() -> Option<Self> {
        let (Ok(issuer), Some(records)) = (std::env::var("BEARTRAP_TEST_OIDC"), std::env::var_os("BEARTRAP_TEST_OIDC_RECORDS")) else {
            eprintln!("skipped: BEARTRAP_TEST_OIDC and BEARTRAP_TEST_OIDC_RECORDS name no OpenID provider");
            return None;
        };
        Some(Self { issuer, records: records.into() })
    }

    /// The secret of a client, which it shows with its id (`client_secret_basic`).
    pub fn secret(client: &str) -> String {
        format!("{client}-of-tests")
    }

    /// The URL at which tokens are revoked (RFC 7009).
    pub fn revocation(&self) -> String {
        format!("{}/token/revocation", self.issuer)
    }

    /// The URL at which tokens are asked about (RFC 7662).
    pub fn introspection(&self) -> String {
        format!("{}/token/introspection", self.issuer)
    }

    /// Gets a page.
    pub fn get(&self, path: &str) -> Answer {
        ask(self.address(), &format!("GET {path}"), &[], b"")
    }

    /// Posts a form as a client.
    pub fn post(&self, path: &str, client: &str, fields: &[(&str, &str)]) -> Answer {
        let authorization = format!("Basic {}", STANDARD.encode(format!("{client}:{}", Self::secret(client))));
        let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        ask(self.address(), &format!("POST {path}"), &headers, form(fields).as_bytes())
    }

    /// A new access token of `AGENT` for this resource.
    pub fn issue(&self, resource: &str) -> String {
        let fields = [("grant_type", "client_credentials"), ("scope", "jira.search"), ("resource", resource)];
        member(&self.post("/token", AGENT, &fields), "access_token")
    }

    /// A new refresh token of `APP`, the first of its family, as after a login of this account.
    pub fn login(&self, account: &str) -> String {
        let request = format!("POST /test/grant?{}", form(&[("account", account), ("resource", OPAQUE)]));
        member(&ask(self.address(), &request, &[], b""), "refresh_token")
    }

    /// What is answered to `APP` when it presents a refresh token.
    pub fn refresh(&self, token: &str) -> Answer {
        self.post("/token", APP, &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// The refresh token that takes the place of this one.
    pub fn rotate(&self, token: &str) -> String {
        member(&self.refresh(token), "refresh_token")
    }

    /// Revokes a client's token.
    pub fn revoke(&self, client: &str, token: &str) {
        let answer = self.post("/token/revocation", client, &[("token", token)]);
        assert_eq!(answer.status, 200, "{}", answer.json());
    }

    /// Whether the provider calls a token active.
    pub fn is_active(&self, token: &str) -> bool {
        let answer = self.post("/token/introspection", AGENT, &[("token", token)]);
        answer.json()["active"].as_bool().unwrap_or_else(|| panic!("{}: {}", answer.status, answer.json()))
    }

    fn address(&self) -> &str {
        self.issuer.trim_start_matches("http://")
    }
}

/// A text of an answer that must have it; the answer is not shown, since it may hold tokens.
fn member(answer: &Answer, name: &str) -> String {
    let text = answer.json()[name].as_str().map(str::to_owned);
    text.unwrap_or_else(|| panic!("an answer {} without `{name}`: {}", answer.status, answer.json()["error_description"]))
}
