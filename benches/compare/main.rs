//! `cargo bench --bench compare`: beartrap, ripgrep and other scanners on the same bytes, with expected finding counts and bars.

mod args;
mod bar;
mod case;
#[path = "../../examples/corpus/mod.rs"]
#[allow(dead_code, reason = "statistics are the example's")]
mod corpus;
#[allow(dead_code, reason = "the other benches use the rest")]
mod measure;
mod score;
mod suite;
mod table;
mod tool;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;
use crate::suite::Suite;

fn main() -> anyhow::Result<ExitCode> {
    if measure::launched()? {
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::parse();
    let mut suite = Suite::new(&args)?;
    for case in suite::chosen(&args)? {
        suite.run(case)?;
    }
    write!(io::stdout().lock(), "{}", suite.report())?;
    Ok(suite.status())
}
