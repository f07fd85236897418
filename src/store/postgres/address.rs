//! Where the server is, read from a URL.
//!
//! **Invariant:** a password, or what might be a piece of one, is in no message.

use std::time::Duration;

use ::postgres::config::Host;
use ::postgres::{Client, Config, NoTls};

use crate::store::error::StoreError;
use crate::store::postgres::fault::Fault;

/// The schema where the URL names none.
const SCHEMA: &str = "beartrap";
/// How long connecting may take where the URL does not say.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest name that `PostgreSQL` keeps whole, in bytes (`NAMEDATALEN`, less its end).
const LONGEST: usize = 63;

/// A server, a database and a schema.
pub struct Address {
    config: Config,
    schema: String,
    place: String,
}

fn malformed(message: &str) -> StoreError {
    let hint = "write `postgres://user:password@host:5432/database`, with `%40` for `@`, `%2F` for `/` and `%3A` for `:` in the password";
    StoreError::Server { place: "postgres://".to_owned(), message: format!("{message}\nhint: {hint}") }
}

impl Address {
    /// Reads `postgres://...`; besides the options of libpq that the driver knows, `schema=` names the schema.
    ///
    /// # Errors
    ///
    /// [`StoreError::Server`], without the URL.
    pub fn read(url: &str) -> Result<Self, StoreError> {
        let (url, schema) = split_schema(url);
        let schema = schema.unwrap_or_else(|| SCHEMA.to_owned());
        if !is_name(&schema) {
            return Err(StoreError::Server {
                place: "postgres://".to_owned(),
                message: "the name of the schema is not usable\nhint: `schema=` takes lower-case letters, digits and `_`, no digit first".to_owned(),
            });
        }
        let mut config: Config = url.parse().map_err(|_| malformed("the URL of the server cannot be read"))?;
        let place = place(&config).ok_or_else(|| malformed("the URL of the server has no clear host and database"))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("beartrap");
        }
        Ok(Self { config, schema, place })
    }

    /// Host and database, for people.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The schema: lower-case letters, digits and `_`.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// [`StoreError`], with a hint.
    pub fn connect(&self) -> Result<Client, StoreError> {
        let mut client = self.config.connect(NoTls).map_err(|error| Fault::from(error).explained(&self.place))?;
        // Writers wait for each other as in the embedded store, unless the URL or the server says how long.
        let set_up = format!(
            "SET search_path TO {}; SET client_min_messages TO warning;
             SELECT set_config('lock_timeout', '30s', false) WHERE current_setting('lock_timeout') = '0'",
            self.schema
        );
        client.batch_execute(&set_up).map_err(|error| Fault::from(error).explained(&self.place))?;
        Ok(client)
    }
}

fn is_name(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= LONGEST && text.bytes().all(known) && text.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

/// Takes `schema=` out of the options, which follow the first `?` after the user's name and password.
fn split_schema(url: &str) -> (String, Option<String>) {
    let from = url.find('@').unwrap_or(0);
    let Some(at) = url[from..].find('?').map(|at| from + at) else { return (url.to_owned(), None) };
    let mut schema = None;
    let mut rest = Vec::new();
    for option in url[at + 1..].split('&') {
        match option.strip_prefix("schema=") {
            Some(name) => schema = Some(name.to_owned()),
            None => rest.push(option),
        }
    }
    let mark = if rest.is_empty() { "" } else { "?" };
    (format!("{}{mark}{}", &url[..at], rest.join("&")), schema)
}

/// `host/database`. Marks that separate the parts of a URL show that a password was not escaped and was cut at the wrong place.
fn place(config: &Config) -> Option<String> {
    let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
    let clear = |text: &str, but: &str| !text.is_empty() && !text.contains(|c: char| "@:/?#%".contains(c) && !but.contains(c) || c.is_control());
    let hosts_clear = hosts.iter().all(|host| clear(host, if host.starts_with('/') { "/" } else { ":" }));
    (!hosts.is_empty() && hosts_clear && clear(database, "")).then(|| format!("{}/{database}", hosts.join(",")))
}

fn host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::store::postgres::address::Address;

    #[test]
    fn host_database_and_schema_are_read() {
        for (url, place, schema) in [
            ("postgres://u:p@db.example:5433/ledger", "db.example/ledger", "beartrap"),
            ("postgresql://u@db.example/ledger?schema=team_a&connect_timeout=3", "db.example/ledger", "team_a"),
            ("postgres://u@db.example", "db.example/u", "beartrap"),
            ("postgres://[::1]/x?user=u&schema=y", "::1/x", "y"),
            ("postgres:///x?host=/run/pg&user=u", "/run/pg/x", "beartrap"),
        ] {
            let address = Address::read(url).map_err(|error| error.to_string());
            assert_eq!(address.map(|read| (read.place().to_owned(), read.schema().to_owned())), Ok((place.to_owned(), schema.to_owned())), "{url}");
        }
    }

    #[test]
    fn no_piece_of_a_password_is_told() {
        for url in [
            "postgres://u:pass@word@db.example/ledger",
            "postgres://u:pa@ss/word@db.example/ledger",
            "postgres://u:word",
            "postgres://u:p@db.example/ledger?word=1",
            "postgres://u:p@db.example/ledger?schema=word;x",
            "postgres://u:p@db.example:word/ledger",
        ] {
            let error = Address::read(url).err().map(|error| format!("{error} {error:?}")).unwrap_or_default();
            assert!(error.contains("hint:") && !error.replace("password", "").contains("word"), "{url}: {error}");
        }
    }
}
