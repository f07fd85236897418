//! `zip` by its central directory, for files and for nested archives that are small enough to be held.
//!
//! The directory is walked entry by entry (`ZipIterable`): `ZipArchive` holds all entries in memory and hides those that share a name.

use std::io::{Cursor, Read, Seek, SeekFrom};

use zip::read::{Config, ZipFileEntry};
use zip::unstable::read::ZipIterable;

use crate::model::origin::Origin;
use crate::sources::unpack::run::Run;
use crate::sources::unpack::zip_member::{self, LocalHeader};
use crate::sources::unpack::zip_stream;

/// The largest nested archive that is held in memory, in bytes; a larger one is read by its local headers.
const HELD: u64 = 64 << 20;

/// Hands on every content of an archive that can only be read forward.
pub fn unpack(run: &mut Run<'_>, origin: &Origin, reader: &mut dyn Read, depth: u32) {
    let held = HELD.min(run.limits.window);
    let mut bytes = Vec::new();
    let _ended = reader.take(held.saturating_add(1)).read_to_end(&mut bytes);
    if bytes.len() as u64 <= held {
        unpack_seekable(run, origin, &mut Cursor::new(bytes), depth);
    } else {
        zip_stream::unpack(run, origin, &mut Cursor::new(bytes).chain(reader), depth);
    }
}

/// Hands on every content of an archive that can be read anywhere; without a directory, what the local headers tell.
pub fn unpack_seekable<R: Read + Seek>(run: &mut Run<'_>, origin: &Origin, source: &mut R, depth: u32) {
    match ZipIterable::try_new(&mut *source, Config::default()) {
        Ok(mut archive) => unpack_directory(run, origin, &mut archive, depth),
        Err(error) => {
            run.damaged(origin, &format!("the zip has no readable directory, its members were read as they lie: {error}"));
            if source.rewind().is_ok() {
                zip_stream::unpack(run, origin, source, depth);
            }
        }
    }
}

fn unpack_directory<R: Read + Seek>(run: &mut Run<'_>, origin: &Origin, archive: &mut ZipIterable<R>, depth: u32) {
    let files = match archive.files() {
        Ok(files) => files,
        Err(error) => return run.damaged(origin, &format!("the zip directory cannot be read: {error}")),
    };
    while let Some(next) = files.next() {
        if !run.enter_member(origin) {
            return;
        }
        match next {
            Ok(entry) => unpack_entry(run, origin, &entry, files.reader_mut(), depth),
            Err(error) => run.damaged(origin, &format!("the zip directory is damaged, the rest of it is not scanned: {error}")),
        }
    }
}

fn unpack_entry<R: Read + Seek>(run: &mut Run<'_>, origin: &Origin, entry: &ZipFileEntry<'_>, source: &mut R, depth: u32) {
    let name = entry.name().map_or_else(|_| String::from_utf8_lossy(entry.name_raw()).into_owned(), std::borrow::Cow::into_owned);
    let member = origin.member(name);
    match local_header(entry, source) {
        Ok(header) if header.is_directory() => {}
        Ok(header) => zip_member::unpack(run, &member, &header, &mut source.take(header.compressed), depth),
        Err(error) => run.damaged(&member, &format!("the zip member is not where the directory says: {error}")),
    }
}

/// The sizes and the checksum of the directory hold: in the local header they may be missing.
fn local_header<R: Read + Seek>(entry: &ZipFileEntry<'_>, source: &mut R) -> std::io::Result<LocalHeader> {
    source.seek(SeekFrom::Start(entry.header_start()))?;
    let mut signature = [0; 4];
    source.read_exact(&mut signature)?;
    if signature != zip_stream::LOCAL {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "no local header there"));
    }
    let mut header = LocalHeader::read(source)?;
    header.compressed = entry.compressed_size();
    header.crc = entry.crc32();
    header.is_encrypted |= entry.encrypted();
    Ok(header)
}
