//! What the user knows of one issuer: `[detect.issuer."https://..."]`.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::Deserialize;

use crate::model::token_use::SessionSource;

/// What is known of an issuer and its tokens.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Issuer {
    /// Whether the ledger hears of every token that it issues, so that an unknown one is forged or stolen from elsewhere.
    pub authoritative: bool,
    /// Proxies in front of the servers that take its tokens.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks from which its tokens are used.
    pub declared_egress: Vec<IpNet>,
    /// Autonomous systems from which its tokens are used.
    pub declared_systems: Vec<u32>,
    /// Workloads that count as one: a name, and ids with `*`.
    pub pools: BTreeMap<String, Vec<String>>,
    /// Audiences, and the servers by whose names logs know them.
    pub servers: BTreeMap<String, Vec<String>>,
    /// What sort of id `issued_to.session_id` is.
    pub session_src: Option<SessionSource>,
}
