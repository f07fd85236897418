//! Records do not depend on how their stream arrives.

use beartrap::observe::reader::{ReadRecord, Reader, Understood};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

/// Pieces that streams of records are made of.
const PIECES: [&str; 27] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ",",
    ":",
    "\n",
    "\r\n",
    " ",
    "{\"",
    "{\"a\":1}",
    "{\"Records\":[",
    "{\"Records\": [{\"b\":2},",
    "\"value\":[",
    "{\"log\":\"x\\n\",\"time\":\"2026-03-02T10:00:00Z\"}",
    "2026-03-02T10:00:00Z stdout P part",
    "text",
    "2026-03-02T10:00:00.153183Z 00O part",
    "2026-03-02T10:00:01.153183Z 00O+ and the rest",
    "\n2026-03-02T10:00:01.153183Z 00E+more\n",
    "[info] ",
    "\u{feff}",
    "null",
    "12",
    "{\"fp\":\"x\",\"time\":1}",
];

fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![8 => select(PIECES.as_slice()).prop_map(|piece| piece.as_bytes().to_vec()), 1 => vec(any::<u8>(), 0..6)];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// What is said of each record: how it was understood, where it begins, how long it is, and how much it says.
type Told = Vec<(Understood, u64, u64, usize, usize)>;

fn read(stream: &[u8], step: usize) -> Told {
    let mut reader = Reader::new("a.log".to_owned(), None);
    let mut told = Told::new();
    let mut tell = |record: ReadRecord| told.push((record.understood, record.start, record.line, record.bytes.len(), record.said.len()));
    for part in stream.chunks(step.max(1)) {
        reader.push(part, &mut tell);
    }
    reader.end(&mut tell);
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn records_do_not_depend_on_how_they_arrive(stream in streams(), step in 1..40_usize) {
        prop_assert_eq!(read(&stream, step), read(&stream, stream.len()));
    }
}
