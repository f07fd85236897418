//! Asks the server that issued a token whether it is alive (RFC 7662); the token is shown to it for that.

use serde::Deserialize;

use crate::delivery::endpoint::Endpoint;
use crate::delivery::letter::{Letter, LetterError, Message};
use crate::delivery::post::{Post, PostError};
use crate::delivery::reveal;
use crate::model::secret::Secret;

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub enum IntrospectionError {
    /// There is no way to the server.
    #[error(transparent)]
    Post(#[from] PostError),
    /// The question cannot be written.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The server did not answer, or not to the question.
    #[error("{0}")]
    Answer(String),
}

/// Whether the token is alive, as the server at `url` says.
///
/// # Errors
///
/// [`IntrospectionError`]
pub fn is_active(endpoint: &Endpoint, url: &str, letter: &Letter, token: &Secret) -> Result<bool, IntrospectionError> {
    #[derive(Deserialize)]
    struct Said {
        active: bool,
    }
    let mut message = Message::new(letter, "application/x-www-form-urlencoded", reveal::form(token, &[]))?;
    message.headers.push(("accept", "application/json".to_owned().into()));
    let reply = Post::new(url, &endpoint.network)?.send(&message).map_err(IntrospectionError::Answer)?;
    let said = serde_json::from_slice::<Said>(&reply.body).ok().filter(|_| reply.status == 200);
    said.map(|said| said.active).ok_or_else(|| IntrospectionError::Answer(format!("status {}, and no word whether it is active", reply.status)))
}
