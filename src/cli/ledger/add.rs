//! `beartrap ledger add`: a token on standard input, of which only the fingerprint stays.

use std::io::Write as _;

use anyhow::Context as _;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::fingerprint::read_token;
use crate::cli::ledger::{keys, now, open, place};
use crate::config::ledger_flags::AddFlags;
use crate::config::state::{Direction, time};
use crate::ledger::batch::Ready;
use crate::model::issuance::{Issuance, IssuedTo};
use crate::model::token_key::TokenKey;
use crate::scan::issuing::{Described, describe};

/// Adds one token.
///
/// # Errors
///
/// No token, flags that cannot be understood, a state that cannot be used.
pub fn add(flags: &AddFlags) -> anyhow::Result<Exit> {
    let now = now();
    let secret = read_token("beartrap ledger add")?;
    let ledger = open(&flags.state)?;
    let (directory, _) = place(&flags.state)?;
    let mut described = describe(&secret, ledger.key_for_grams());
    if flags.keyed || described.guessable {
        let key = keys::newest(&directory)?;
        described = Described { fingerprint: secret.fingerprint(Some(&key)), gram: None, length: None, unsigned: None, guessable: true };
    }
    let parse = |text: &String| text.parse::<TokenKey>();
    let mut alt_keys: Vec<TokenKey> = flags.key.iter().map(parse).collect::<Result<_, _>>()?;
    alt_keys.extend(described.unsigned.clone().map(TokenKey::Unsigned));
    let issuance = Issuance {
        fp: Some(TokenKey::Fingerprint(described.fingerprint.clone())),
        alt_keys,
        length: described.length,
        token_type: serde_json::from_value(json!(flags.token_type)).context("the token's type")?,
        iss: flags.issuer.clone(),
        family_id: flags.family.clone(),
        parent_fp: flags.parent.as_ref().map(parse).transpose()?,
        issued_to: IssuedTo {
            agent_id: flags.agent.clone(),
            workload_id: flags.workload.clone(),
            client_id: flags.client.clone(),
            user: flags.user.clone(),
            tenant: flags.tenant.clone(),
            session_id: flags.session.clone(),
            task_id: flags.task.clone(),
            ..IssuedTo::default()
        },
        tools: flags.tool.clone(),
        scope: flags.scope.clone(),
        aud: flags.audience.clone(),
        issued_at: Some(flags.issued.as_ref().map(|text| time(text, now, Direction::Ago)).transpose()?.unwrap_or(now)),
        expires_at: flags.expires.as_ref().map(|text| time(text, now, Direction::Ahead)).transpose()?,
        ..Issuance::default()
    };
    let mut ready = Some(Ready::issued(&issuance, described.gram));
    ledger.import(&mut || ready.take().map(|ready| (ready, None)))?;
    writeln!(std::io::stdout(), "{}", described.fingerprint)?;
    Ok(Exit::Clean)
}
