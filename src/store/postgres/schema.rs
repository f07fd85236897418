//! The tables on a server, version by version; the table `schema_version` counts the steps that were taken.
//!
//! **Invariant:** a step is never changed once it was released; a change is a further step.

use ::postgres::{Client, Transaction};
use sha2::{Digest as _, Sha256};

use crate::store::error::StoreError;
use crate::store::postgres::address::Address;
use crate::store::postgres::fault::Fault;

/// The steps, first to last. Texts without a limit are found by their digests, because a key of an index has one.
pub const STEPS: &[&str] = &[
    "
    -- Issued-token records, as one line of JSON.
    CREATE TABLE issuance (id bigint PRIMARY KEY, expires bigint, record text NOT NULL);
    CREATE INDEX issuance_expires ON issuance (expires) WHERE expires IS NOT NULL;
    -- 64 bits of every name of a token. The record holds the whole name.
    CREATE TABLE name (hash bigint NOT NULL, id bigint NOT NULL, PRIMARY KEY (hash, id));
    -- Keyed hashes of n-grams, for tokens that can be found between any bytes.
    CREATE TABLE gram (hash bigint NOT NULL, id bigint NOT NULL, before bigint NOT NULL, length bigint NOT NULL, PRIMARY KEY (hash, id));
    CREATE INDEX gram_of ON gram (id);
    -- Facts; `target` is 64 bits of what they are about.
    CREATE TABLE event (target bigint NOT NULL, at bigint NOT NULL, digest bytea NOT NULL, record text NOT NULL, PRIMARY KEY (target, digest));
    -- Where tokens were seen; `place` is 64 bits of kind, location and carrier.
    CREATE TABLE exposure (id bigint NOT NULL, place bigint NOT NULL, record text NOT NULL, PRIMARY KEY (id, place));
    -- The filter over names and grams; `late` holds what no part covers.
    CREATE TABLE filter (merged boolean NOT NULL, number bigint NOT NULL, bits bytea NOT NULL, PRIMARY KEY (merged, number));
    CREATE TABLE late (hash bigint NOT NULL);
    -- How far sources were imported.
    CREATE TABLE checkpoint (digest bytea PRIMARY KEY, source text NOT NULL, \"offset\" bigint NOT NULL, line bigint NOT NULL);
    CREATE TABLE value (name text PRIMARY KEY, bytes bytea NOT NULL);
    -- One row: the newest number that was given; whether removed records may still have bytes in the tables' files.
    CREATE TABLE counter (last bigint NOT NULL, lingering boolean NOT NULL);
    INSERT INTO counter (last, lingering) VALUES (0, false);
",
    "
    -- Lengths of tokens that are known by plain fingerprints, 0 for an unknown one.
    CREATE TABLE length (octets bigint PRIMARY KEY);
    INSERT INTO length (octets) SELECT 0 WHERE EXISTS (SELECT FROM issuance);
",
    "
    -- Uses of tokens, as one line of JSON and 16 bytes of its SHA-256; `home` is 64 bits of the first name.
    CREATE TABLE token_use (digest bytea PRIMARY KEY, home bigint NOT NULL, at bigint, record text NOT NULL);
    CREATE INDEX use_home ON token_use (home);
    CREATE INDEX use_at ON token_use (at) WHERE at IS NOT NULL;
    -- Names that uses had beside their homes.
    CREATE TABLE link (name bigint NOT NULL, other bigint NOT NULL, PRIMARY KEY (name, other));
    CREATE INDEX link_other ON link (other);
    -- Judgements, as one line of JSON; `token` is 64 bits of the name. One is superseded when another one says so, whichever came first.
    CREATE TABLE judgement (id text PRIMARY KEY, token bigint NOT NULL, at bigint, supersedes text, record text NOT NULL);
    CREATE INDEX judgement_token ON judgement (token);
    CREATE INDEX judgement_at ON judgement (at NULLS FIRST);
    CREATE INDEX judgement_supersedes ON judgement (supersedes) WHERE supersedes IS NOT NULL;
",
    "
    -- Alerts, as one line of JSON.
    CREATE TABLE alert (id text PRIMARY KEY, at bigint NOT NULL, event text NOT NULL, record text NOT NULL);
    CREATE INDEX alert_at ON alert (at);
    CREATE INDEX alert_event ON alert (event, at);
    -- Each alert on its way to each endpoint; `token` is 64 bits of the token's name, `state` a number of `outbox::State`, times are in milliseconds.
    CREATE TABLE delivery (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, alert text NOT NULL,
        endpoint text NOT NULL, token bigint NOT NULL, state smallint NOT NULL, queued bigint NOT NULL, due bigint NOT NULL,
        attempts integer NOT NULL, tried bigint, ended bigint, answer text);
    CREATE INDEX delivery_due ON delivery (endpoint, due, number) WHERE state = 0;
    CREATE INDEX delivery_open ON delivery (endpoint, token, number) WHERE state < 2;
    CREATE INDEX delivery_alert ON delivery (alert);
    CREATE INDEX delivery_state ON delivery (endpoint, state);
    -- The audit log: records as one line of JSON, `at` in milliseconds, `hash` over all of it and the hash before (see `store/audit.rs`).
    CREATE TABLE audit (seq bigint PRIMARY KEY, at bigint NOT NULL, record text NOT NULL, hash bytea NOT NULL);
    -- Keeps from mistakes; whoever means harm is found by the hashes.
    CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit log is only appended to'; END $$;
    CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_kept();
",
];

/// Takes the steps that are missing, in one transaction, while no other program can.
///
/// # Errors
///
/// [`StoreError`]
pub fn migrate(client: &mut Client, address: &Address) -> Result<(), StoreError> {
    let place = || format!("{}, schema {}", address.place(), address.schema());
    let explained = |fault: Fault| fault.explained(address.place());
    let server = |error: ::postgres::Error| explained(error.into());
    let known = i64::try_from(STEPS.len()).expect("because the steps are few");
    let mut transaction = client.transaction().map_err(server)?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&lock_of(address.schema())]).map_err(server)?;
    let found = match version(&mut transaction, address.schema()).map_err(explained)? {
        Found::Version(found) if found > known => return Err(StoreError::Newer { place: place(), found, known }),
        Found::Version(found) => found,
        Found::Foreign => return Err(StoreError::Foreign { place: place() }),
    };
    let steps = STEPS.iter().skip(usize::try_from(found).unwrap_or(0));
    if found < known {
        steps.clone().try_for_each(|step| transaction.batch_execute(step)).map_err(server)?;
        transaction.execute("UPDATE schema_version SET version = $1", &[&known]).map_err(server)?;
    }
    transaction.commit().map_err(server)
}

enum Found {
    Version(i64),
    Foreign,
}

/// What is in the schema; makes it where it is missing.
fn version(transaction: &mut Transaction, schema: &str) -> Result<Found, Fault> {
    let exists: bool = transaction.query_one("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", &[&schema])?.try_get(0)?;
    if !exists {
        transaction.batch_execute(&format!("CREATE SCHEMA {schema}"))?;
    }
    let tables = "SELECT count(*), count(*) FILTER (WHERE relname = 'schema_version') FROM pg_class
                  WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)";
    let row = transaction.query_one(tables, &[&schema])?;
    let (tables, ours): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    match (tables, ours) {
        (0, _) => {
            transaction.batch_execute("CREATE TABLE schema_version (version bigint NOT NULL); INSERT INTO schema_version (version) VALUES (0)")?;
            Ok(Found::Version(0))
        }
        (_, 0) => Ok(Found::Foreign),
        _ => Ok(Found::Version(transaction.query_one("SELECT version FROM schema_version", &[])?.try_get(0)?)),
    }
}

/// The number of the lock under which one schema is made.
fn lock_of(schema: &str) -> i64 {
    let digest = Sha256::digest(format!("beartrap schema {schema}").as_bytes());
    i64::from_le_bytes(*digest.first_chunk().expect("because a digest has 32 bytes"))
}
