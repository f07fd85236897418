//! `tar`: entries in the order they lie, read forward only.
//!
//! The headers come from the crate `tar`, its reader does not: that one keeps extended headers of any size in memory,
//! and fills the holes of sparse files, of which here only the stored parts are handed on.

use std::io::Read;

use tar::{EntryType, Header};

use crate::model::origin::Origin;
use crate::model::problem::ProblemKind;
use crate::sources::unpack::run::Run;
use crate::sources::unpack::tar_entry::{BLOCK, Block, Extended, MAX_EXTENDED, read_block, skip_sparse_maps};

/// Hands on every content of the archive; entries after its end mark too, since archives get joined.
pub fn unpack(run: &mut Run<'_>, origin: &Origin, reader: &mut dyn Read, depth: u32) {
    let mut extended = Extended::default();
    let mut is_closed = false;
    while !run.is_stopped() {
        match read_block(reader) {
            Block::Zero => is_closed = true,
            Block::End if is_closed => return,
            Block::End => return run.damaged(origin, "the tar has no end mark: it is probably cut short"),
            Block::Short => return run.damaged(origin, "the tar is cut short in a header"),
            Block::Alien => return run.damaged(origin, "no tar header where one is due; the rest of the tar is not scanned"),
            Block::Entry(header) => {
                is_closed = false;
                if !unpack_entry(run, origin, &header, &mut extended, reader, depth) {
                    return;
                }
            }
        }
    }
}

/// Handles one entry; says whether the archive goes on.
fn unpack_entry(run: &mut Run<'_>, origin: &Origin, header: &Header, extended: &mut Extended, reader: &mut dyn Read, depth: u32) -> bool {
    let kind = header.entry_type();
    let Ok(size) = extended.size(header) else {
        run.damaged(origin, "a tar header without a size; the rest of the tar is not scanned");
        return false;
    };
    if is_extended(kind) {
        return read_extended(run, origin, kind, size, extended, reader);
    }
    let member = origin.member(std::mem::take(extended).name(header));
    if !run.enter_member(origin) {
        return false;
    }
    if !skip_sparse_maps(header, reader) {
        run.damaged(&member, "the map of a sparse file is cut short or endless; the rest of the tar is not scanned");
        return false;
    }
    let mut body = reader.take(size);
    if size > 0 || has_content(kind) {
        run.content(&member, &mut body, depth + 1);
    }
    let unread = body.limit();
    end_body(run, &member, unread, size, reader)
}

fn read_extended(run: &mut Run<'_>, origin: &Origin, kind: EntryType, size: u64, extended: &mut Extended, reader: &mut dyn Read) -> bool {
    let mut body = Vec::new();
    if size <= MAX_EXTENDED {
        let _ended = reader.take(size).read_to_end(&mut body);
        extended.read(kind, &body);
    } else {
        let message = format!("an extended tar header of {size} bytes is above {MAX_EXTENDED} and was skipped; the member's name may be cut");
        run.problem(origin, ProblemKind::Limit, message);
    }
    end_body(run, origin, size - body.len() as u64, size, reader)
}

/// Reads past what is left of a body and its padding; says whether they were there.
fn end_body(run: &mut Run<'_>, member: &Origin, unread: u64, size: u64, reader: &mut dyn Read) -> bool {
    let padding = (BLOCK - size % BLOCK) % BLOCK;
    let missing = run.skip(reader, unread.saturating_add(padding));
    if missing > 0 {
        run.damaged(member, &format!("the tar is cut short in this member, of {size} bytes"));
    }
    missing == 0
}

fn is_extended(kind: EntryType) -> bool {
    kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions() || kind.is_pax_global_extensions()
}

/// Links, directories and devices have none, unless their size says otherwise.
fn has_content(kind: EntryType) -> bool {
    kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse()
}
