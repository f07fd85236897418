//! The record of one token in the answer of a token endpoint.

use serde_json::Value;

use crate::ledger::import::claims::{fill, fill_list, is_workload, texts, words};
use crate::ledger::import::context::GramOf;
use crate::ledger::import::entry::Issued;
use crate::ledger::import::fault::Fault;
use crate::ledger::import::fields::{after, first, number, source, text};
use crate::ledger::import::lineage::Position;
use crate::ledger::import::raw_token::Shown;
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::issuance::{Issuance, IssuedTo, TokenType};
use crate::model::token_key::TokenKey;

/// How logs name the hash of a token beside the token's own name.
const HASHES: [&str; 3] = ["hash", "sha256", "fp"];

/// A request, its response, and what was found out of them.
pub struct Exchange<'a> {
    /// The whole object.
    pub log: &'a Value,
    /// The request.
    pub request: &'a Value,
    /// The response.
    pub response: &'a Value,
    /// When.
    pub at: Option<Instant>,
    /// The token that was presented.
    pub parent: Option<TokenKey>,
    /// The token of the actor (RFC 8693, section 2.1).
    pub actor: Option<TokenKey>,
    /// The chain of actors, the current one first.
    pub chain: Vec<String>,
    /// How n-grams of raw tokens are made.
    pub gram_of: GramOf<'a>,
}

/// A token, taken out of an object by its name or that of its hash.
///
/// # Errors
///
/// A hash that is none.
pub fn take_token(object: &mut Value, name: &str) -> Result<Option<Shown>, Fault> {
    if let Some(shown) = object.get_mut(name).and_then(Shown::take) {
        return Ok(Some(shown));
    }
    for suffix in HASHES {
        let field = format!("{name}_{suffix}");
        if let Some(hash) = text(object, &format!("/{field}")) {
            let fingerprint: Fingerprint = hash.parse().map_err(|_| Fault::field(&field, "a SHA-256 in hexadecimal or base64"))?;
            return Ok(Some(Shown::Key(TokenKey::Fingerprint(fingerprint))));
        }
    }
    Ok(None)
}

/// The name of a token, taken out of an object.
///
/// # Errors
///
/// A hash that is none.
pub fn take_key(object: &mut Value, name: &str) -> Result<Option<TokenKey>, Fault> {
    Ok(take_token(object, name)?.map(|shown| shown.key()))
}

impl Exchange<'_> {
    /// The record of one of the returned tokens.
    #[must_use]
    pub fn record(&self, sort: TokenType, token: &Shown, position: Option<&Position>) -> Issued {
        let logged = |name: &str| [self.response, self.request, self.log].into_iter().find_map(|object| text(object, &format!("/{name}")));
        let lifetime = match sort {
            TokenType::RefreshToken => ["/refresh_expires_in", "/refresh_token_expires_in"].iter().find_map(|name| number(self.response, name)),
            _ => number(self.response, "/expires_in"),
        };
        let mut record = Issuance {
            token_type: self.sort(sort),
            provider: logged("provider"),
            family_id: position.map(|position| position.family.clone()),
            parent_fp: self.parent.clone(),
            issued_to: self.issued_to(),
            max_uses: logged("issued_token_type").filter(|kind| kind.ends_with(":id-jag") && sort == TokenType::AccessToken).map(|_| 1),
            issuer_event: Some(self.origin()),
            ..Issuance::default()
        };
        if sort == TokenType::RefreshToken || [self.log, self.request].iter().any(|object| object.get("generation").is_some()) {
            record.generation = position.map(|position| position.generation);
        }
        // What the token says of itself is what its receivers go by, and precise.
        let gram = token.absorb(&mut record, self.gram_of);
        fill(&mut record.iss, logged("iss").or_else(|| logged("issuer")));
        fill(&mut record.issued_at, self.at);
        fill(&mut record.expires_at, after(self.at, lifetime));
        fill_list(&mut record.scope, self.scope());
        fill_list(&mut record.actor_chain, self.chain.clone());
        if sort == TokenType::AccessToken {
            fill_list(&mut record.aud, self.audiences());
            fill(&mut record.cnf, self.response.get("cnf").or_else(|| self.log.get("cnf")).filter(|cnf| cnf.is_object()).cloned());
        }
        Issued { record, gram }
    }

    /// An exchange may hand something else out as `access_token` (RFC 8693, section 3).
    fn sort(&self, sort: TokenType) -> TokenType {
        let issued = text(self.response, "/issued_token_type").unwrap_or_default();
        match issued.rsplit(':').next().unwrap_or_default() {
            _ if sort != TokenType::AccessToken => sort,
            "refresh_token" => TokenType::RefreshToken,
            "id_token" => TokenType::IdToken,
            "txn_token" => TokenType::TxnToken,
            "id-jag" | "saml1" | "saml2" => TokenType::Other,
            _ => sort,
        }
    }

    fn issued_to(&self) -> IssuedTo {
        let either = |names: &[&str]| [self.request, self.log, self.response].into_iter().find_map(|object| first(object, names));
        let subject = either(&["/sub", "/subject", "/user"]);
        let (workload, user) =
            subject.map_or((None, None), |subject| if is_workload(&subject) { (Some(subject), None) } else { (None, Some(subject)) });
        IssuedTo {
            agent_id: either(&["/agent_id"]),
            agent_name: either(&["/agent_name"]),
            workload_id: either(&["/workload_id"]).or(workload),
            client_id: either(&["/client_id", "/azp"]),
            user: user.or_else(|| either(&["/username"])),
            tenant: either(&["/tenant", "/tenant_id"]),
            session_id: either(&["/session_id", "/sid"]),
            conversation_id: either(&["/conversation_id"]),
            task_id: either(&["/task_id"]),
            run_id: either(&["/run_id"]),
            trace_id: either(&["/trace_id"]),
        }
    }

    /// What was granted; where the response is silent, what was asked for (RFC 6749, section 5.1).
    fn scope(&self) -> Vec<String> {
        let granted = words(self.response.get("scope"));
        if granted.is_empty() { words(self.request.get("scope")) } else { granted }
    }

    fn audiences(&self) -> Vec<String> {
        let mut audiences: Vec<String> = ["audience", "resource", "aud"].iter().flat_map(|name| texts(self.request.get(*name))).collect();
        audiences.dedup();
        audiences
    }

    fn origin(&self) -> Value {
        let mut origin = source("oauth-log", text(self.request, "/grant_type"), first(self.log, &["/request_id", "/id"]));
        if let Some(actor) = &self.actor {
            origin["actor_token"] = Value::String(actor.to_string());
        }
        origin
    }
}
