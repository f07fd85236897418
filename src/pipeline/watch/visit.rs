//! One file's turn: opened where it was left, seen to be the same, read as far as its share goes.

use std::fs::File;
use std::io;
use std::time::Duration;

use crate::model::finding::Finding;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::judge::ReplayError;
use crate::pipeline::stream::is_plain;
use crate::pipeline::watch::kept::HowFar;
use crate::pipeline::watch::setting::Setting;
use crate::pipeline::watch::stream::{Room, Stream};
use crate::pipeline::watch::table::Followed;

/// How much of one file is read in a step, so that no file keeps others waiting, in bytes.
const SHARE: usize = 1 << 20;
/// How long a file that is read whole is left alone after it was read.
const REST: Duration = Duration::from_secs(5);

/// What came of a visit.
pub enum Visited {
    /// So many bytes were read.
    Read(u64),
    /// The file is a text of which nothing was read: perhaps a copy of one that was.
    New(File),
    /// The file is read whole.
    Whole(File),
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What was read cannot be gathered.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// Reads one file's share.
///
/// # Errors
///
/// [`VisitError`]
pub fn visit<'a>(
    setting: Setting<'a>,
    file: &mut Followed<'a>,
    clock: Duration,
    room: &mut Room,
    (gathered, findings): (&mut Gathered, &mut Vec<Finding>),
) -> Result<Visited, VisitError> {
    if let Some(stream) = &file.stream
        && !file.is_same(stream.file())?
    {
        // Truncated, or written anew, where it lies.
        let opened = file.open()?;
        file.begin_anew(&opened)?;
    }
    if file.stream.is_none() {
        let opened = file.open()?;
        let is_whole = file.kept.is_whole();
        let is_same = !is_whole && file.is_same(&opened)?;
        // What begins as the text did that was read is one.
        let is_plain = (is_same && file.kept.offset() > 0) || is_plain(&opened)?;
        let is_other = if is_whole { is_plain } else { !is_same };
        if is_other {
            file.begin_anew(&opened)?;
        }
        if !is_plain {
            return Ok(whole_or_later(file, opened, clock));
        }
        if !file.has_begun {
            return Ok(Visited::New(opened));
        }
        file.stream = Some(Stream::open(opened, &file.kept.uri, &file.kept.how_far, setting)?);
    }
    let Followed { stream: Some(stream), kept, .. } = file else { return Ok(Visited::Read(0)) };
    stream.set_now(setting.reading.now);
    let read = stream.read(setting.engine, SHARE, room, &mut |finding| {
        if kept.tells(&finding) {
            findings.push(finding);
        }
    })?;
    stream.tell(gathered)?;
    if let Some(how_far) = stream.how_far().filter(|how_far| read > 0 && *how_far != kept.how_far) {
        kept.how_far = how_far;
        kept.look(stream.file())?;
        file.is_new = true;
    }
    (file.is_due, file.read_at, file.failed) = (read == SHARE as u64, clock, false);
    if file.listed.is_none() && !file.is_due {
        // Gone, and read to its end.
        file.stream = None;
    }
    Ok(Visited::Read(read))
}

/// A file that is read whole, unless it is as it was, or was read a moment ago.
fn whole_or_later(file: &mut Followed, opened: File, clock: Duration) -> Visited {
    let now = file.listed.as_mut().map(|listed| {
        listed.look_beside();
        HowFar::whole(listed)
    });
    if now.as_ref() == Some(&file.kept.how_far) {
        file.is_due = false;
        return Visited::Read(0);
    }
    if file.whole_at.is_some_and(|at| clock < at + REST) {
        return Visited::Read(0);
    }
    file.whole_at = Some(clock);
    Visited::Whole(opened)
}
