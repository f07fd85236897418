//! Log records -> observations: which log format it is, when it was, who it was, and which tokens were presented.
//!
//! **Invariant:** no raw token leaves this room: names and fingerprints take its place.

pub mod json;
pub mod when;
pub mod address;
pub mod geo;
pub mod fields;
pub mod mask;
pub mod credential;
pub mod proof;
pub mod request;
pub mod observation;
pub mod format;
pub mod cut;
pub mod token_use;
pub mod cloudtrail;
pub mod k8s_audit;
pub mod vault_audit;
pub mod github_audit;
pub mod okta;
pub mod auth0;
pub mod entra;
pub mod teleport;
pub mod opa;
pub mod http_key;
pub mod http_json;
pub mod combined;
pub mod envoy;
pub mod alb;
