//! What is known of a used token itself: by its issued-token record, or else by its own claims and names.

use std::borrow::Cow;

use ipnet::IpNet;
use serde_json::Value;

use crate::detect::described;
use crate::detect::network::holds;
use crate::detect::used::{Use, Used};
use crate::model::instant::Instant;
use crate::model::issuance::{Issuance, IssuedTo, TokenType};
use crate::model::lifecycle::LifecycleEvent;
use crate::model::token_facts::TokenFacts;
use crate::model::token_key::{KeyKind, TokenKey};

/// How many uses are asked what the token is: all of them tell of one token, and there may be very many.
const ASKED: usize = 64;

/// Networks and systems from which a token may be used, by its record and by the issuer's settings.
pub struct Expected {
    networks: Vec<IpNet>,
    systems: Vec<u32>,
}

impl<'a> Used<'a> {
    /// The issued-token record.
    #[must_use]
    pub fn issuance(&self) -> Option<&'a Issuance> {
        self.matched.map(|matched| &matched.issuance)
    }

    /// To whom it was issued.
    #[must_use]
    pub fn issued_to(&self) -> Option<&'a IssuedTo> {
        self.issuance().map(|issuance| &issuance.issued_to)
    }

    /// Facts about it, its family, session, task and subjects.
    #[must_use]
    pub fn events(&self) -> &'a [LifecycleEvent] {
        self.matched.map(|matched| &matched.events[..]).unwrap_or_default()
    }

    /// What the token says of itself.
    #[must_use]
    pub fn claims(&self) -> Option<&'a TokenFacts> {
        self.uses.iter().take(ASKED).find_map(|one| one.what.presented.token.as_deref())
    }

    /// Every name of the token.
    pub fn keys(&self) -> impl Iterator<Item = &'a TokenKey> + use<'a> {
        let recorded = self.issuance().into_iter().flat_map(|issuance| issuance.fp.iter().chain(&issuance.alt_keys));
        let presented = self.uses.iter().take(ASKED).flat_map(|one| &one.what.presented.keys);
        std::iter::once(self.key).chain(recorded).chain(presented)
    }

    /// The issuer.
    #[must_use]
    pub fn iss(&self) -> Option<&'a str> {
        let said = self.issuance().and_then(|issuance| issuance.iss.as_deref()).or(self.claims().and_then(|token| token.iss.as_deref()));
        said.or_else(|| self.keys().find_map(|key| if let TokenKey::JwtId { iss, .. } = key { Some(iss.as_str()) } else { None }))
    }

    /// The record's token type; without a record, what the token's names and claims say.
    #[must_use]
    pub fn token_type(&self) -> TokenType {
        let said = self.issuance().map(|issuance| issuance.token_type).filter(|said| *said != TokenType::Other);
        let named = || {
            self.keys().find_map(|key| match key {
                TokenKey::Named(KeyKind::KeyId, id) => Some(if id.starts_with("ASIA") { TokenType::Sts } else { TokenType::ApiKey }),
                TokenKey::Named(KeyKind::Session, _) => Some(TokenType::Sts),
                TokenKey::Named(KeyKind::TokenId, _) => Some(TokenType::Pat),
                _ => None,
            })
        };
        let typed = || match self.claims()?.typ.as_deref()?.trim_start_matches("application/") {
            "at+jwt" => Some(TokenType::AccessToken),
            "txntoken+jwt" => Some(TokenType::TxnToken),
            _ => None,
        };
        said.or_else(named).or_else(typed).unwrap_or_default()
    }

    /// Whether it is what a person carries about, from home to office: a session or personal access token that names no machine or task.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        let machine = self.issued_to().is_some_and(|to| [&to.agent_id, &to.workload_id, &to.task_id, &to.run_id].into_iter().any(Option::is_some));
        let person = self.issued_to().is_some_and(|to| to.user.is_some());
        match self.token_type() {
            TokenType::Pat => true,
            TokenType::Session | TokenType::IdToken => !machine,
            TokenType::AccessToken | TokenType::RefreshToken | TokenType::Other => person && !machine,
            TokenType::ApiKey | TokenType::TxnToken | TokenType::Svid | TokenType::Sts => false,
        }
    }

    /// From when on it is valid.
    #[must_use]
    pub fn begin(&self) -> Option<Instant> {
        let said = self.issuance().and_then(|issuance| issuance.not_before.or(issuance.issued_at));
        said.or_else(|| Instant::from_number(self.claims()?.iat?))
    }

    /// When it ends.
    #[must_use]
    pub fn end(&self) -> Option<Instant> {
        described::end(self.issuance(), || self.claims())
    }

    /// Granted scopes; none where nobody says.
    #[must_use]
    pub fn scopes(&self) -> &'a [String] {
        described::scopes(self.issuance(), || self.claims())
    }

    /// Audiences; none where nobody says.
    #[must_use]
    pub fn audiences(&self) -> &'a [String] {
        described::audiences(self.issuance(), || self.claims())
    }

    /// What it is bound to (RFC 7800): the member of `cnf` with this name.
    #[must_use]
    pub fn bound(&self, member: &str) -> Option<&'a str> {
        let said = self.issuance().and_then(|issuance| issuance.cnf.as_ref());
        let says = self.claims().and_then(|token| token.cnf.as_ref());
        said.into_iter().chain(says).find_map(|cnf| cnf.get(member).and_then(Value::as_str))
    }

    /// Whether sharing of the token is accepted now.
    #[must_use]
    pub fn may_be_shared(&self) -> bool {
        self.issuance().is_some_and(|issuance| issuance.shared_ok && issuance.exception_until.is_none_or(|until| self.now < until))
    }

    /// What remains of a workload's id when what changes from instance to instance is taken off.
    #[must_use]
    pub fn workload(&self, id: &str) -> String {
        self.options.workload(id, self.iss())
    }

    /// Who used it: agent, else workload, else client.
    #[must_use]
    pub fn identity<'b>(&self, one: &'b Use) -> Option<Cow<'b, str>> {
        // Only ids of workloads are read by what is known of the issuer.
        let iss = one.what.record.principal.as_ref().filter(|_| one.what.record.agent_id.is_none()).and_then(|_| self.iss());
        self.options.identity(&one.what.record, iss)
    }

    /// From where its uses are expected.
    #[must_use]
    pub fn expected(&self) -> Expected {
        let (bound, settings) = (self.issuance(), self.options.of_issuer(self.iss()));
        let mut networks: Vec<IpNet> = bound.iter().flat_map(|issuance| &issuance.bound_networks).filter_map(|text| network(text)).collect();
        networks.extend(settings.iter().flat_map(|issuer| &issuer.declared_egress));
        let mut systems: Vec<u32> = bound.iter().flat_map(|issuance| &issuance.bound_asn).copied().collect();
        systems.extend(settings.iter().flat_map(|issuer| &issuer.declared_systems));
        Expected { networks, systems }
    }
}

impl Expected {
    /// Whether a use came from there; `None` where nothing is said, or the log does not say from where it came.
    #[must_use]
    pub fn holds(&self, one: &Use) -> Option<bool> {
        let record = &one.what.record;
        let by_network = record.source_ip.filter(|_| !self.networks.is_empty()).map(|ip| holds(&self.networks, ip));
        let by_system = record.asn.filter(|_| !self.systems.is_empty()).map(|asn| self.systems.contains(&asn));
        by_network.into_iter().chain(by_system).reduce(|a, b| a || b)
    }
}

/// A network as records write it: CIDR, or one address.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(Into::into))
}
