//! What a run follows, and what it reads from files of the user's: settings, rules, mapping, policy.

use std::sync::Arc;

use crate::cli::alerting::{keep, posting, vault};
use crate::cli::judging::Judging;
use crate::cli::ledger::{further_keys, now, place};
use crate::config::settings;
use crate::config::watch_flags::WatchFlags;
use crate::delivery::vault::Vault;
use crate::detect::options::Options;
use crate::ledger::ledger::Ledger;
use crate::model::known::Known;
use crate::scan::engine::{self, Engine};
use crate::sources::follow::agents::agents;
use crate::sources::follow::target::Target;

/// What is followed.
///
/// # Errors
///
/// A pattern that is none, or nothing at all.
pub fn targets(flags: &WatchFlags) -> anyhow::Result<Vec<Target>> {
    let mut targets = flags.paths.iter().map(|path| Target::new(path)).collect::<Result<Vec<_>, _>>()?;
    if flags.agents {
        let patterns = agents(&|name| std::env::var_os(name)).into_iter().flat_map(|(_, patterns)| patterns);
        targets.extend(patterns.map(|pattern| Target::pattern(&pattern)).collect::<Result<Vec<_>, _>>()?);
    }
    anyhow::ensure!(!targets.is_empty(), "nothing to follow\nhint: name files, directories or patterns, or say `--agents`");
    Ok(targets)
}

/// What is read from files of the user's, and read again when he says so.
pub struct Loaded {
    /// How uses are judged.
    pub judging: Judging,
    /// Thresholds.
    pub options: Options,
    /// What is looked for.
    pub engine: Engine,
    /// Where tokens are held that endpoints need.
    pub vault: Arc<Vault>,
}

impl Loaded {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is wrong.
    pub fn new(flags: &WatchFlags, ledger: &Arc<Ledger>) -> anyhow::Result<Self> {
        let mut judging = Judging::new(&flags.judging, now())?;
        judging.posting = posting(&flags.alerts, &judging.settings, ledger, Some("watch"))?;
        let vault = vault(judging.posting.as_ref(), ledger);
        let keep = keep(&vault);
        let (rules, notes) = settings::rules(&flags.rules, &[], &flags.disable)?;
        for note in notes {
            tracing::warn!("{note}");
        }
        let (place, _) = place(&flags.state)?;
        let further_keys = further_keys(&place)?;
        let known = Some(Arc::clone(ledger) as Arc<dyn Known>);
        let engine = Engine::new(&rules, engine::Options { further_keys, keep, known, ..engine::Options::default() });
        Ok(Self { options: judging.settings.detect.clone(), judging, engine, vault })
    }
}
