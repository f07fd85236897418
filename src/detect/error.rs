//! What can go wrong when a detection is asked for.

/// Why a detection is not there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetectError {
    /// No detection has this id.
    #[error("there is no detection `{id}`{}", nearest.map(|near| format!("\nhint: did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// The id that was asked for.
        id: String,
        /// The most similar id.
        nearest: Option<&'static str>,
    },
}
