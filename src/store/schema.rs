//! The embedded store's tables, version by version; `PRAGMA user_version` counts the steps that were taken.
//!
//! **Invariant:** a step is never changed once it was released; a change is a further step.

/// `PRAGMA application_id` of our files: `BTRP`.
pub const APPLICATION_ID: i64 = 0x4254_5250;

/// The steps, first to last.
pub const STEPS: &[&str] = &[
    "
    -- Issued-token records, as one line of JSON.
    CREATE TABLE issuance (id INTEGER PRIMARY KEY, expires INTEGER, record TEXT NOT NULL) STRICT;
    -- 64 bits of every name of a token. The record holds the whole name.
    CREATE TABLE name (hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
    -- Keyed hashes of n-grams, for tokens that can be found between any bytes.
    CREATE TABLE gram (hash INTEGER NOT NULL, id INTEGER NOT NULL, before INTEGER NOT NULL, length INTEGER NOT NULL,
        PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
    -- Facts; `target` is 64 bits of what they are about.
    CREATE TABLE event (target INTEGER NOT NULL, at INTEGER NOT NULL, record TEXT NOT NULL, PRIMARY KEY (target, at, record)) STRICT, WITHOUT ROWID;
    -- Where tokens were seen; `place` is 64 bits of kind, location and carrier.
    CREATE TABLE exposure (id INTEGER NOT NULL, place INTEGER NOT NULL, record TEXT NOT NULL, PRIMARY KEY (id, place)) STRICT, WITHOUT ROWID;
    -- The filter over names and grams; `late` holds what no part covers.
    CREATE TABLE filter (merged INTEGER NOT NULL, number INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (merged, number)) STRICT;
    CREATE TABLE late (hash INTEGER NOT NULL) STRICT;
    -- How far sources were imported.
    CREATE TABLE checkpoint (source TEXT PRIMARY KEY, offset INTEGER NOT NULL, line INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE value (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
",
    "
    -- One row: the newest number that was given, which survives its record; whether removed records may still have bytes in the files.
    CREATE TABLE counter (last INTEGER NOT NULL, lingering INTEGER NOT NULL) STRICT;
    INSERT INTO counter (last, lingering) SELECT coalesce(max(id), 0), 0 FROM issuance;
    CREATE INDEX gram_of ON gram (id);
",
    "
    -- Lengths of tokens that are known by plain fingerprints, 0 for an unknown one.
    CREATE TABLE length (octets INTEGER PRIMARY KEY) STRICT;
    INSERT INTO length (octets) SELECT 0 WHERE EXISTS (SELECT 1 FROM issuance);
",
    "
    -- Uses of tokens, as one line of JSON and 16 bytes of its SHA-256; `home` is 64 bits of the first name.
    CREATE TABLE token_use (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, home INTEGER NOT NULL, at INTEGER, record TEXT NOT NULL) STRICT;
    CREATE INDEX use_home ON token_use (home);
    CREATE INDEX use_at ON token_use (at);
    -- Names that uses had beside their homes.
    CREATE TABLE link (name INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY (name, other)) STRICT, WITHOUT ROWID;
    CREATE INDEX link_other ON link (other);
    -- Judgements, as one line of JSON; `token` is 64 bits of the name. One is superseded when another one says so, whichever came first.
    CREATE TABLE judgement (id TEXT PRIMARY KEY, token INTEGER NOT NULL, at INTEGER, supersedes TEXT, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX judgement_token ON judgement (token);
    CREATE INDEX judgement_at ON judgement (at);
    CREATE INDEX judgement_supersedes ON judgement (supersedes) WHERE supersedes IS NOT NULL;
",
    "
    -- Alerts, as one line of JSON.
    CREATE TABLE alert (id TEXT PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX alert_at ON alert (at);
    CREATE INDEX alert_event ON alert (event, at);
    -- Each alert on its way to each endpoint; `token` is 64 bits of the token's name, `state` a number of `outbox::State`, times are in milliseconds.
    CREATE TABLE delivery (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, alert TEXT NOT NULL, endpoint TEXT NOT NULL,
        token INTEGER NOT NULL, state INTEGER NOT NULL, queued INTEGER NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL,
        tried INTEGER, ended INTEGER, answer TEXT) STRICT;
    CREATE INDEX delivery_due ON delivery (endpoint, due, number) WHERE state = 0;
    CREATE INDEX delivery_open ON delivery (endpoint, token, number) WHERE state < 2;
    CREATE INDEX delivery_alert ON delivery (alert);
    CREATE INDEX delivery_state ON delivery (endpoint, state);
    -- The audit log: records as one line of JSON, `at` in milliseconds, `hash` over all of it and the hash before (see `store/audit.rs`).
    CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, record TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
    -- Keeps from mistakes; whoever means harm is found by the hashes.
    CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
    CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
",
];
