//! `beartrap fingerprint`: token on standard input -> its fingerprint, and nothing else.

use std::io::{Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::exit::Exit;
use crate::config::settings::key;
use crate::model::secret::Secret;

/// The longest token, in octets.
const MAX_TOKEN: u64 = 1 << 20;

/// Reads a token and prints its fingerprint. One line break at the end is not part of the token.
///
/// # Errors
///
/// A key that cannot be used, an empty or overlong token.
pub fn fingerprint(key_file: Option<&Path>) -> anyhow::Result<Exit> {
    let key = key_file.map(key).transpose()?;
    let secret = read_token("beartrap fingerprint")?;
    writeln!(std::io::stdout(), "{}", secret.fingerprint(key.as_ref()))?;
    Ok(Exit::Clean)
}

/// Reads the token on standard input; one line break at its end is not part of it.
///
/// # Errors
///
/// An empty or overlong token.
pub fn read_token(command: &str) -> anyhow::Result<Secret> {
    let mut token = Zeroizing::new(Vec::with_capacity(64 << 10));
    std::io::stdin().lock().take(MAX_TOKEN + 1).read_to_end(&mut token)?;
    if token.len() as u64 > MAX_TOKEN {
        anyhow::bail!("the token is longer than 1 MiB\nhint: pipe the token alone, not a file that contains it");
    }
    let end = token.len() - usize::from(token.ends_with(b"\n"));
    let end = end - usize::from(token[..end].ends_with(b"\r"));
    if end == 0 {
        anyhow::bail!("there is no token on standard input\nhint: `printf %s \"$TOKEN\" | {command}`");
    }
    Ok(Secret::new(token[..end].to_vec()))
}
