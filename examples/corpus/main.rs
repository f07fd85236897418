//! Makes a corpus: `cargo run --release --example corpus -- log --size 1G --seed 7 --out big.log --labels big.jsonl --stats`.

mod args;
#[path = "mod.rs"]
mod corpus;

use std::fs::File;
use std::io::{self, BufWriter, Write};

use anyhow::Context as _;
use clap::Parser as _;

use crate::args::{Args, Shape};
use crate::corpus::order::{Order, Sink};
use crate::corpus::plant::Planter;
use crate::corpus::stats::Stats;
use crate::corpus::{log, plain, source};

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut labels: Box<dyn Write> = match &args.labels {
        Some(path) => Box::new(BufWriter::new(File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?)),
        None => Box::new(io::sink()),
    };
    let mut stats = Stats::new();
    let mut planter = Planter::new(&mut labels);
    make(&args, &mut planter, args.stats.then_some(&mut stats)).with_context(|| format!("cannot write `{}`", args.out.display()))?;
    let tokens = planter.planted;
    labels.flush()?;
    if args.stats {
        writeln!(io::stderr(), "{stats}{tokens} tokens planted")?;
    }
    Ok(())
}

fn make(args: &Args, planter: &mut Planter<'_>, stats: Option<&mut Stats>) -> io::Result<()> {
    let order = Order { size: args.size, rate: args.tokens_per_mb.unwrap_or(args.kind.rate()), seed: args.seed };
    if args.kind == Shape::Source {
        return source::source(order, &args.out, stats, planter);
    }
    let mut out: Box<dyn Write> = if args.out.as_os_str() == "-" { Box::new(io::stdout().lock()) } else { Box::new(File::create(&args.out)?) };
    let mut sink = Sink::new(&mut out, stats);
    match args.kind {
        Shape::Log => log::log(order, &mut sink, planter),
        Shape::Longline => log::long_line(order, &mut sink, planter),
        Shape::Base64 => plain::base64(order, if args.one_line { plain::Lines::One } else { plain::Lines::Mime }, &mut sink, planter),
        Shape::Hex => plain::hex(order, &mut sink),
        Shape::Dense => plain::dense(order, &mut sink, planter),
        Shape::Tokens | Shape::Source => plain::tokens(order, &mut sink, planter),
    }
}
