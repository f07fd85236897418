//! `zip` by its local headers, in the order they lie: for what is too large to hold or has lost its directory.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};

use flate2::bufread::DeflateDecoder;

use crate::model::origin::Origin;
use crate::model::problem::ProblemKind;
use crate::sources::unpack::run::Run;
use crate::sources::unpack::zip_member::{self, DEFLATED, LocalHeader};

/// Starts a local header (APPNOTE 4.3.7).
pub const LOCAL: [u8; 4] = *b"PK\x03\x04";

/// What may come after the last member: directory headers and end records.
const AFTER: [[u8; 4]; 4] = [*b"PK\x01\x02", *b"PK\x05\x06", *b"PK\x06\x06", *b"PK\x06\x08"];

/// Starts a data descriptor, and an archive that was once split.
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Hands on every content up to the directory.
pub fn unpack(run: &mut Run<'_>, origin: &Origin, reader: &mut dyn Read, depth: u32) {
    let mut reader = BufReader::new(reader);
    let mut signature = read_four(&mut reader);
    if signature == Some(DESCRIPTOR) {
        signature = read_four(&mut reader);
    }
    while let Some(LOCAL) = signature {
        if !run.enter_member(origin) {
            return;
        }
        let Ok(header) = LocalHeader::read(&mut reader) else {
            return run.damaged(origin, "the zip is cut short in a header");
        };
        signature = match unpack_member(run, origin, &header, &mut reader, depth) {
            After::Here => read_four(&mut reader),
            After::Read(signature) => Some(signature),
            After::Nowhere => return,
        };
    }
    match signature {
        Some(signature) if AFTER.contains(&signature) => {}
        Some(_) => run.damaged(origin, "no zip header where one is due; the rest of the zip is not scanned"),
        None => run.damaged(origin, "the zip is cut short: it has no directory"),
    }
}

/// Where the next signature is.
enum After {
    Here,
    Read([u8; 4]),
    Nowhere,
}

fn unpack_member(run: &mut Run<'_>, origin: &Origin, header: &LocalHeader, reader: &mut impl BufRead, depth: u32) -> After {
    let member = origin.member(header.name.as_str());
    if header.is_directory() && !header.has_descriptor {
        return After::Here;
    }
    if header.has_descriptor {
        return unpack_unsized(run, &member, header, reader, depth);
    }
    let mut data = reader.take(header.compressed);
    zip_member::unpack(run, &member, header, &mut data, depth);
    let unread = data.limit();
    if run.skip(reader, unread) > 0 {
        run.damaged(&member, &format!("the zip is cut short in this member, of {} packed bytes", header.compressed));
        return After::Nowhere;
    }
    After::Here
}

/// A member whose size stands behind it can be read only if its data shows where it ends.
fn unpack_unsized(run: &mut Run<'_>, member: &Origin, header: &LocalHeader, reader: &mut impl BufRead, depth: u32) -> After {
    if header.is_encrypted || header.method != DEFLATED {
        let message = "the zip member does not say where it ends (data descriptor); it and what follows is not scanned\n\
            hint: unpack the zip and scan the result";
        run.problem(member, ProblemKind::Unsupported, message.to_owned());
        return After::Nowhere;
    }
    // The decoder reads from the buffer itself, so what it takes is not counted: the ratio is judged against the whole file.
    let taken = Cell::new(u64::MAX);
    if run.decoded(member, member, DeflateDecoder::new(&mut *reader), &taken, depth + 1) { after_descriptor(reader) } else { After::Nowhere }
}

/// The descriptor (APPNOTE 4.3.9) may lack its signature and has sizes of 4 or 8 bytes; the next signature decides.
fn after_descriptor(reader: &mut impl BufRead) -> After {
    let signed = read_four(reader) == Some(DESCRIPTOR);
    let sizes = if signed { 3 } else { 2 };
    for _ in 0..sizes {
        read_four(reader);
    }
    match read_four(reader) {
        Some(signature) if signature == LOCAL || AFTER.contains(&signature) => After::Read(signature),
        Some(_) => {
            read_four(reader);
            After::Here
        }
        None => After::Here,
    }
}

fn read_four(reader: &mut impl Read) -> Option<[u8; 4]> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes).is_ok().then_some(bytes)
}
