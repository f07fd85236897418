//! Templates: text with slots in guillemets, in kinds with shares and weights, parsed once.

use crate::corpus::filler::Filler;

/// What may stand in guillemets.
#[derive(Clone, Debug)]
pub enum Slot {
    Iso,
    Clf,
    Syslog,
    Time,
    Epoch,
    Ip,
    Uuid,
    Hex(usize),
    UpperHex(usize),
    Base62(usize),
    Base64(usize),
    Digits(usize),
    Int(usize),
    Word,
    Term,
    TitleTerm,
    UpperTerm,
    Letter,
    Phrase,
    TitlePhrase,
    Prose(usize),
    Path,
    Version,
    Host,
    Pod,
    User,
    Agent,
    Status,
    Method,
    Level,
    TitleLevel,
    Escape,
    Pick(Vec<String>),
}

/// One line of text with slots.
#[derive(Clone, Debug)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(Vec<u8>),
    Slot(Slot),
}

/// A kind of text: its lines, by weight, and its share of the bytes.
pub struct Kind {
    /// Its name: a log's format, or a file's extension.
    pub name: &'static str,
    /// Its share of all bytes, in per cent.
    pub share: usize,
    lines: Vec<Template>,
    /// Indices into `lines`, each as often as its weight says.
    urn: Vec<usize>,
}

/// The kinds of one template file.
///
/// # Panics
///
/// When the file, which is part of this program, is malformed.
pub fn kinds(text: &'static str) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with("# L") && !line.starts_with("# S") && !line.is_empty()) {
        if let Some(head) = line.strip_prefix("= ") {
            let (share, name) = head.split_once(' ').expect("because a kind has a share and a name");
            let share = share.parse().expect("because a share is a number");
            kinds.push(Kind { name, share, lines: Vec::new(), urn: Vec::new() });
            continue;
        }
        let kind = kinds.last_mut().expect("because a line stands below a kind");
        let (weight, template) = line.split_once('\t').expect("because a line has a weight");
        let weight: usize = weight.parse().expect("because a weight is a number");
        kind.urn.extend(std::iter::repeat_n(kind.lines.len(), weight));
        kind.lines.push(Template::new(template));
    }
    kinds
}

impl Kind {
    /// Writes one line, without its end.
    pub fn line(&self, filler: &mut Filler, out: &mut Vec<u8>) {
        let at = filler.random().below(self.urn.len());
        self.lines[self.urn[at]].write(filler, out);
    }
}

impl Template {
    /// Parses a template.
    ///
    /// # Panics
    ///
    /// When a slot has no meaning.
    pub fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('«') {
            let (slot, tail) = after.split_once('»').expect("because a slot ends");
            pieces.push(Piece::Text(before.as_bytes().to_vec()));
            pieces.push(Piece::Slot(slot_named(slot)));
            rest = tail;
        }
        pieces.push(Piece::Text(rest.as_bytes().to_vec()));
        Self(pieces)
    }

    /// Writes it with fresh contents.
    pub fn write(&self, filler: &mut Filler, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend(text),
                Piece::Slot(slot) => filler.fill(slot, out),
            }
        }
    }
}

fn slot_named(slot: &str) -> Slot {
    let (name, argument) = slot.split_once(':').unwrap_or((slot, ""));
    let n = || argument.parse().expect("because this slot has a number");
    match name {
        "iso" => Slot::Iso,
        "clf" => Slot::Clf,
        "syslog" => Slot::Syslog,
        "time" => Slot::Time,
        "epoch" => Slot::Epoch,
        "ip" => Slot::Ip,
        "uuid" => Slot::Uuid,
        "hex" => Slot::Hex(n()),
        "HEX" => Slot::UpperHex(n()),
        "b62" => Slot::Base62(n()),
        "b64" => Slot::Base64(n()),
        "digits" => Slot::Digits(n()),
        "int" => Slot::Int(n()),
        "word" => Slot::Word,
        "term" => Slot::Term,
        "Term" => Slot::TitleTerm,
        "TERM" => Slot::UpperTerm,
        "letter" => Slot::Letter,
        "phrase" => Slot::Phrase,
        "Phrase" => Slot::TitlePhrase,
        "prose" | "Prose" => Slot::Prose(n()),
        "path" => Slot::Path,
        "ver" => Slot::Version,
        "host" => Slot::Host,
        "pod" => Slot::Pod,
        "user" => Slot::User,
        "ua" => Slot::Agent,
        "status" => Slot::Status,
        "method" => Slot::Method,
        "level" => Slot::Level,
        "Level" => Slot::TitleLevel,
        "esc" => Slot::Escape,
        "pick" => Slot::Pick(argument.split('|').map(str::to_owned).collect()),
        _ => panic!("no slot is named `{slot}`"),
    }
}
