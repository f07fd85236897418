//! `cri`: the lines of containers as Kubernetes' runtimes keep them.

use crate::observe::carried::at_time;
use crate::observe::format::LineFormat;
use crate::observe::observation::{Said, Thread};

/// The format.
pub const FORMAT: LineFormat =
    LineFormat { name: "cri", about: "lines of containers as containerd and CRI-O keep them: `<time> stdout P|F <text>`", read };

fn read<'a>(line: &'a str, _: &mut Thread, say: &mut dyn FnMut(Said<'a>)) -> bool {
    let mut parts = line.splitn(4, ' ');
    let (Some(time), Some("stdout" | "stderr"), Some(tag), text) = (parts.next(), parts.next(), parts.next(), parts.next()) else { return false };
    // Tags may follow the first one after a colon.
    let partial = match tag.split(':').next() {
        Some("P") => true,
        Some("F") => false,
        _ => return false,
    };
    let Some(around) = at_time(time, None) else { return false };
    say(Said::Line { text: text.unwrap_or_default().into(), partial, around: Box::new(around) });
    true
}
