//! A token with its issued-token record and the use that its rightful holder makes of it.

use beartrap::model::issuance::{Issuance, IssuedTo, TokenType};
use beartrap::model::text::Text;
use beartrap::model::token_key::{KeyKind, TokenKey};
use beartrap::model::token_use::{Outcome, Presented, Record, RecordOrigin, Scheme, SessionSource, TimeQuality, TokenUse, VERSION};
use std::ops::Range;

use crate::simulate::clock::{Millis, instant, text};
use crate::simulate::network::Network;
use crate::simulate::server::{ACCOUNT, ISSUER, Server};
use crate::simulate::token;

/// Who a token is issued to, and how they call.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The agent; the names of its client, workload, user and sessions follow from it.
    pub agent: String,
    /// The session.
    pub session: String,
    /// The task; none for tokens that outlive tasks.
    pub task: Option<String>,
    /// From where.
    pub network: Network,
    /// With what.
    pub user_agent: String,
}

/// A token.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its octets, which appear nowhere but in the logs of leaks.
    pub token: String,
    /// What its issuer says.
    pub issuance: Issuance,
    /// The use that its holder makes; each use is a copy with its own time and request.
    pub usage: TokenUse,
}

impl Grant {
    /// An access token for a server.
    pub fn access(token: String, holder: &Holder, server: &Server, life: Range<Millis>) -> Self {
        let key = token::key(&token);
        let agent = &holder.agent;
        let issuance = Issuance {
            fp: Some(key.clone()),
            length: u32::try_from(token.len()).ok(),
            token_type: TokenType::AccessToken,
            iss: Some(ISSUER.to_owned()),
            issued_to: IssuedTo {
                agent_id: Some(agent.clone()),
                workload_id: Some(workload(agent)),
                client_id: Some(format!("client-{agent}")),
                user: Some(format!("user-{agent}")),
                tenant: Some("tenant-1".to_owned()),
                session_id: Some(holder.session.clone()),
                conversation_id: Some(format!("conversation-{}", holder.session)),
                task_id: holder.task.clone(),
                ..IssuedTo::default()
            },
            scope: vec![server.scope.to_owned()],
            aud: vec![server.aud.to_owned()],
            issued_at: Some(instant(life.start)),
            expires_at: Some(instant(life.end)),
            ..Issuance::default()
        };
        let record = Record {
            time_quality: TimeQuality::Exact,
            outcome: Outcome::Success,
            status_code: Some(200),
            principal: Some(workload(agent).into()),
            agent_id: Some(agent.clone().into()),
            client_id: issuance.issued_to.client_id.clone().map(Text::from),
            user: issuance.issued_to.user.clone().map(Text::from),
            tenant: issuance.issued_to.tenant.clone().map(Text::from),
            session_id: Some(holder.session.clone().into()),
            session_src: Some(SessionSource::Issuer),
            task_id: holder.task.clone().map(Text::from),
            tool: Some(server.tools[0].into()),
            method: Some("tools/call".into()),
            aud: Some(server.aud.into()),
            resource: Some(server.resources[0].into()),
            scope_required: vec![server.scope.into()],
            source_ip: Some(holder.network.host(1)),
            user_agent: Some(holder.user_agent.clone().into()),
            ..Record::default()
        };
        let presented = Presented { keys: vec![key], scheme: Scheme::Bearer, ..Presented::default() };
        let origin = RecordOrigin { uri: "gateway".into(), line: 1, parser: "gateway".into(), record_id: None };
        Self { token, issuance, usage: TokenUse { v: VERSION, presented, record: record.into(), origin } }
    }

    /// The session of a cloud role: `key_id` is logged, the token is not.
    pub fn role(token: String, key_id: &str, holder: &Holder, life: Range<Millis>) -> Self {
        let mut grant = Self::access(token, holder, &crate::simulate::server::SERVERS[0], life.clone());
        let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/Role-{}/{}", holder.agent, holder.session);
        let session = format!("{arn}@{}", text(life.start));
        let keys = vec![TokenKey::Named(KeyKind::KeyId, key_id.to_owned()), TokenKey::Named(KeyKind::Session, session.clone())];
        let issued = &mut grant.issuance;
        issued.token_type = TokenType::Sts;
        issued.iss = None;
        issued.provider = Some("aws".to_owned());
        issued.alt_keys.clone_from(&keys);
        issued.issued_to = IssuedTo { workload_id: Some(arn.clone()), tenant: Some(ACCOUNT.to_owned()), ..IssuedTo::default() };
        (issued.scope, issued.aud) = (Vec::new(), Vec::new());
        let usage = &mut grant.usage;
        usage.presented.keys = keys;
        usage.presented.scheme = Scheme::Sigv4;
        *usage.record = Record {
            time_quality: TimeQuality::Exact,
            outcome: Outcome::Success,
            principal: Some(arn.into()),
            tenant: Some(ACCOUNT.into()),
            session_id: Some(session.into()),
            session_src: Some(SessionSource::Cloud),
            tool: Some("s3.amazonaws.com:GetObject".into()),
            resource: Some(format!("bucket-{}", holder.agent).into()),
            source_ip: usage.record.source_ip,
            user_agent: usage.record.user_agent.take(),
            ..Record::default()
        };
        grant
    }

    /// Makes it what a person carries about: no agent, workload, task or session.
    pub fn personal(mut self, kind: TokenType) -> Self {
        self.issuance.token_type = kind;
        let to = &mut self.issuance.issued_to;
        *to = IssuedTo { user: to.user.take(), tenant: to.tenant.take(), ..IssuedTo::default() };
        let record = &mut self.usage.record;
        (record.principal, record.agent_id, record.client_id, record.task_id) = (None, None, None, None);
        (record.session_id, record.session_src) = (None, None);
        self
    }

    /// Its name.
    pub fn key(&self) -> TokenKey {
        token::key(&self.token)
    }

    /// How a careful log writes it: by its fingerprint.
    pub fn named(&self) -> String {
        self.key().to_string()
    }
}

/// The SPIFFE id of an agent's workload.
pub fn workload(agent: &str) -> String {
    format!("spiffe://example.test/ns/agents/sa/{agent}")
}
