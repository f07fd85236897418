//! Random texts out of what matters to the scan; a failing one is shown by its parts, never by its bytes.

use std::fmt;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use beartrap::rules::rule_set::RuleSet;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use crate::tokens;

/// The built-in rules.
pub static RULES: LazyLock<RuleSet> = LazyLock::new(RuleSet::builtin);

/// A part of a text.
#[derive(Clone, Debug)]
pub enum Part {
    /// A token of a rule.
    Token(Pick, u64),
    /// The first bytes of one, in per cent.
    Half(Pick, u64, u8),
    /// A token in an encoding.
    Encoded(Pick, u64, Coding),
    /// One of [`MARKS`].
    Mark(Mark),
    /// So many lines of ordinary text.
    Lines(usize),
    /// A run of so many characters.
    Run(usize, u64),
    /// Base64 of so many bytes, in lines of 76 characters or in one.
    Blob(usize, u64, bool),
}

/// One of [`RULES`], shown by its id.
#[derive(Clone, Copy)]
pub struct Pick(usize);

impl fmt::Debug for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&RULES.rules()[self.0].info.id)
    }
}

/// One of [`MARKS`].
#[derive(Clone, Copy)]
pub struct Mark(usize);

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", MARKS[self.0].escape_ascii())
    }
}

/// How a token is encoded.
#[derive(Clone, Copy, Debug)]
pub enum Coding {
    Base64,
    UrlSafe,
    Wrapped,
    Hex,
    Percent,
    Escapes,
    Twice,
    Folded,
}

/// Delimiters, names, escapes and what else decides.
const MARKS: &[&[u8]] = &[
    b"\n",
    b"\n",
    b"\n",
    b"\r\n",
    b" ",
    b" ",
    b"\t",
    b"\"",
    b"'",
    b"`",
    b"\\\"",
    b"\\n",
    b"\\\\n",
    b"=",
    b": ",
    b":",
    b",",
    b", ",
    b".",
    b". ",
    b"..",
    b"_",
    b"-",
    b"~",
    b"/",
    b"//",
    b"+",
    b"&",
    b"@",
    b"<",
    b">",
    b"(",
    b")",
    b"{",
    b"}",
    b"[",
    b"]",
    b"|",
    b";",
    b"#",
    b"\0",
    b"\xff",
    b"\xe4\xbb\xa4",
    b"%",
    b"%3D",
    b"%22",
    b"%2",
    b"\\u0026",
    b"\\u00",
    b"\\x2d",
    b"\\/",
    b"&amp;",
    b"&#45;",
    b"&#",
    b"\x1b[32m",
    b"\\u001b[0m",
    b"token=",
    b"TOKEN=",
    b"\"token\": \"",
    b"api_key: ",
    b"password: ",
    b"password=hunter2-Zebra", // beartrap:allow
    b"secret => '",
    b"Authorization: Bearer ",
    b"Cookie: session=",
    b"--token ",
    b"?access_token=",
    b"&sig=",
    b"https://",
    b"https://x:",
    b"://",
    b"@host.test/",
    b"<token>",
    b"</token>",
    b"aws_secret_access_key = ",
    b"aws_access_key_id = ",
    b"twilio ",
    b"datadog",
    b"okta ",
    b"-----BEGIN PRIVATE KEY-----",
    b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
    b"-----END PRIVATE KEY-----",
    b"eyJ",
    b"ghp_",
    b"sk-",
    b"glpat-",
    b"xoxb-",
    b"AKIA",
    b"ey",
    b"${",
    b"{{ ",
    b"example",
    b"test vector ",
    b"data:image/png;base64,",
    b"sha256-",
    b"commit ",
    b"# beartrap:allow",
    b"# gitleaks:allow",
    b"a",
    b"7",
    b"\",\"stream\":\"stdout\",\"time\":\"2026-03-02T10:11:12.123456789Z\"}\n{\"log\":\"",
    b"\n2026-03-02T10:11:12.123456789Z stdout F ",
];

fn pick() -> impl Strategy<Value = Pick> {
    (0..RULES.rules().len()).prop_map(Pick)
}

/// Parts of at most a few hundred bytes.
fn small() -> impl Strategy<Value = Part> {
    let coding = prop_oneof![
        Just(Coding::Base64),
        Just(Coding::UrlSafe),
        Just(Coding::Wrapped),
        Just(Coding::Hex),
        Just(Coding::Percent),
        Just(Coding::Escapes),
        Just(Coding::Twice),
        Just(Coding::Folded),
    ];
    prop_oneof![
        4 => (pick(), 0..9_u64).prop_map(|(rule, seed)| Part::Token(rule, seed)),
        2 => (pick(), 0..9_u64, 5..99_u8).prop_map(|(rule, seed, part)| Part::Half(rule, seed, part)),
        2 => (pick(), 0..9_u64, coding).prop_map(|(rule, seed, coding)| Part::Encoded(rule, seed, coding)),
        9 => (0..MARKS.len()).prop_map(|at| Part::Mark(Mark(at))),
        1 => (1..3_usize).prop_map(Part::Lines),
        1 => (1..200_usize, any::<u64>()).prop_map(|(length, seed)| Part::Run(length, seed)),
        1 => (1..300_usize, any::<u64>(), any::<bool>()).prop_map(|(length, seed, wrapped)| Part::Blob(length, seed, wrapped)),
    ]
}

/// Texts of a few kilobytes at most.
pub fn short() -> impl Strategy<Value = Vec<Part>> {
    proptest::collection::vec(small(), 1..30)
}

/// Texts that are larger than a chunk's margins.
pub fn long() -> impl Strategy<Value = Vec<Part>> {
    let large = prop_oneof![
        (1..400_usize).prop_map(Part::Lines),
        (1..40_000_usize, any::<u64>()).prop_map(|(length, seed)| Part::Run(length, seed)),
        (1..60_000_usize, any::<u64>(), any::<bool>()).prop_map(|(length, seed, wrapped)| Part::Blob(length, seed, wrapped)),
    ];
    proptest::collection::vec(prop_oneof![7 => small(), 1 => large], 20..80)
}

/// The text itself.
pub fn write(parts: &[Part]) -> Vec<u8> {
    parts.iter().flat_map(Part::bytes).collect()
}

impl Part {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Token(rule, seed) => token(*rule, *seed),
            Self::Half(rule, seed, percent) => {
                let mut token = token(*rule, *seed);
                token.truncate(token.len() * usize::from(*percent) / 100);
                token
            }
            Self::Encoded(rule, seed, coding) => coding.apply(&token(*rule, *seed)),
            Self::Mark(Mark(at)) => MARKS[*at].to_vec(),
            Self::Lines(count) => b"2026-03-02T10:11:12Z INFO worker-7 took 12 ms, all is well and so on\n".repeat(*count),
            Self::Run(length, seed) => Random::new(*seed).bytes(ByteSet::RUN, *length),
            Self::Blob(length, seed, wrapped) => {
                let mut random = Random::new(*seed);
                let bytes: Vec<u8> = (0..*length).map(|_| random.next().to_le_bytes()[0]).collect();
                lines(&STANDARD.encode(bytes), if *wrapped { 76 } else { usize::MAX })
            }
        }
    }
}

impl Coding {
    fn apply(self, token: &[u8]) -> Vec<u8> {
        match self {
            Self::Base64 => STANDARD.encode(token).into_bytes(),
            Self::UrlSafe => URL_SAFE_NO_PAD.encode(token).into_bytes(),
            Self::Wrapped => lines(&STANDARD.encode([b"Authorization: Bearer ", token, b"\r\nAccept: */*\r\nHost: api.host.test\r\n"].concat()), 76),
            Self::Hex => token.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect(),
            Self::Percent => token.iter().flat_map(|b| format!("%{b:02x}").into_bytes()).collect(),
            Self::Escapes => token.iter().flat_map(|b| format!("\\u{b:04x}").into_bytes()).collect(),
            Self::Twice => STANDARD.encode(STANDARD.encode(token)).into_bytes(),
            Self::Folded => token.chunks(token.len() / 2 + 1).collect::<Vec<_>>().join(&b'\n'),
        }
    }
}

fn lines(text: &str, width: usize) -> Vec<u8> {
    text.as_bytes().chunks(width).collect::<Vec<_>>().join(&b'\n')
}

fn token(Pick(rule): Pick, seed: u64) -> Vec<u8> {
    tokens::make(&RULES.rules()[rule], seed)
}
