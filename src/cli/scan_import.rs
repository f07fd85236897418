//! `beartrap scan --import`: reports of other scanners are opened before the scan and told after it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::reporter::Reporter;
use crate::config::flags::ScanFlags;
use crate::model::grade::Confidence;
use crate::pipeline::adopt::adopter::Adopter;
use crate::pipeline::adopt::import::{self, Opened};
use crate::pipeline::adopt::once::Once;
use crate::pipeline::adopt::texts::Texts;
use crate::pipeline::suppress::Report;
use crate::scan::engine::{Comments, Engine};
use crate::sources::rooted::Root;

/// Reports that are to be imported.
pub struct Import {
    reports: Vec<Opened>,
    root: Root,
    directory: PathBuf,
    /// Findings below this are not told.
    least: Confidence,
    /// What comments on a token's line mean.
    comments: Comments,
}

impl Import {
    /// Opens what the flags name, if they name anything.
    ///
    /// # Errors
    ///
    /// A report that cannot be read or is no known tool's, and a root that is no directory.
    pub fn open(flags: &ScanFlags, (least, comments): (Confidence, Comments)) -> anyhow::Result<Option<Self>> {
        if flags.import.is_empty() {
            return Ok(None);
        }
        let directory = flags.import_root.clone();
        let root = Root::new(&directory).with_context(|| format!("`--import-root {}` is no directory", directory.display()));
        let reports = flags.import.iter().map(|path| Opened::file(standard_input(path))).collect::<Result<_, _>>()?;
        Ok(Some(Self { reports, root: root.map_err(|error| anyhow::anyhow!("{error:#}"))?, directory, least, comments }))
    }

    /// Scans, and then tells what reports hold besides.
    pub fn run(self, engine: &Engine, reporter: &mut Reporter, scan: impl FnOnce(&mut (dyn Report + Send))) {
        let context = import::Context { least: self.least, progress: reporter.progress };
        let lenient = engine.lenient();
        let mut adopter = Adopter::new(&lenient, self.comments, Texts::new(self.root));
        let mut once = Once::new(reporter, &self.directory);
        scan(&mut once);
        for report in self.reports {
            import::import(&context, &mut adopter, report, &mut once);
        }
    }
}

/// `-` stands for standard input.
fn standard_input(path: &Path) -> &Path {
    if cfg!(unix) && path.as_os_str() == "-" { Path::new("/dev/stdin") } else { path }
}
