//! Trains the text model of the scan and measures it: `cargo run --release --example train -- --out src/scan/text_model.txt DIRECTORY...`.
//!
//! Each directory holds packages, one a directory, as registries deliver them. A quarter of the packages, by a hash of their names, is held out:
//! the model is made from the others and measured on those.

mod gather;
mod measure;
mod model;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;

use crate::gather::Texts;

/// Trains the text model of the scan and measures it.
#[derive(Parser)]
struct Args {
    /// Directories of packages.
    #[arg(required = true)]
    directories: Vec<PathBuf>,
    /// Where the model is written; without it, the one that is built in is measured.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print so many of the held-out identifiers that look most generated.
    #[arg(long, default_value_t = 0)]
    worst: usize,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let (mut known, mut held_out) = (Texts::default(), Texts::default());
    let mut packages = 0;
    for directory in &args.directories {
        for entry in fs::read_dir(directory).with_context(|| format!("cannot list `{}`", directory.display()))? {
            let path = entry?.path();
            let texts = if is_held_out(&path.file_name().unwrap_or_default().to_string_lossy()) { &mut held_out } else { &mut known };
            texts.gather(&path);
            packages += 1;
        }
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{packages} packages; {} texts to learn from; {} identifiers held out\n", known.runs.len(), held_out.identifiers.len())?;
    match &args.out {
        Some(path) => fs::write(path, model::train(&known.runs)).with_context(|| format!("cannot write `{}`", path.display()))?,
        None => measure::report(&held_out, args.worst, &mut out)?,
    }
    Ok(())
}

/// Whether a package is for measuring: by its name without the version, so that two versions of one package are on one side.
fn is_held_out(package: &str) -> bool {
    let name = package.split_once(|c: char| c.is_ascii_digit()).map_or(package, |(name, _)| name);
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 32) % 4 == 0
}
