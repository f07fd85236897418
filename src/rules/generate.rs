//! Synthetic tokens from rules: exact format, random content, right checksum; for examples, tests and benches.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::rules::byte_set::ByteSet;
use crate::rules::checksum;
use crate::rules::rule::Rule;
use crate::rules::shape::{Shape, Step};
use crate::rules::spec::{Check, Claims};

/// How much longer than its minimum a stretch of free length may become.
const SLACK: usize = 24;

/// A small deterministic random source (SplitMix64): the same seed gives the same tokens everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A source that starts from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[expect(clippy::should_implement_trait, reason = "an endless source of numbers is no iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("because it is below a usize")
    }

    /// `count` bytes of the set.
    pub fn bytes(&mut self, set: ByteSet, count: usize) -> Vec<u8> {
        let choices: Vec<u8> = set.iter().collect();
        (0..count).map(|_| choices[self.below(choices.len())]).collect()
    }
}

/// A token of this rule that never was issued by anybody.
#[must_use]
pub fn token(rule: &Rule, random: &mut Random) -> Vec<u8> {
    let alternative = &rule.alternatives[random.below(rule.alternatives.len())];
    let mut token = fill(&alternative.shape, random);
    match rule.check {
        Some(Check::Jwt) => replace_from(&mut token, b"eyJ", &jwt(&rule.claims, random)),
        Some(Check::Jwe) => replace_from(&mut token, b"eyJ", &jwe(random)),
        Some(Check::Base64Json) => token = with_json(&alternative.shape, &token, random),
        Some(Check::DiscordId) => {
            let digits = random.bytes(ByteSet::empty().with(b"123456789"), 18);
            let end = token.iter().position(|b| *b == b'.').unwrap_or(token.len());
            token.splice(..end, URL_SAFE_NO_PAD.encode(digits).into_bytes());
        }
        Some(Check::Basic) => token = basic(random),
        Some(Check::Pem) => fill_pem(&alternative.shape, &mut token, random),
        Some(check) => checksum::mend(check, &mut token),
        None => {}
    }
    token
}

fn fill(shape: &Shape, random: &mut Random) -> Vec<u8> {
    let mut token = Vec::new();
    for step in &shape.0 {
        match step {
            Step::Literal(bytes) => token.extend(bytes),
            Step::Class { set, min, max, .. } => {
                let count = min + random.below(max.min(&(min + SLACK)) - min + 1);
                token.extend(stretch(*set, count, random));
            }
        }
    }
    token
}

/// Random bytes in which a longer stretch holds a digit, a lower and an upper case letter wherever the set has them, as nearly every real one does,
/// and which does not end in punctuation, which a reader could take for the sentence's.
fn stretch(set: ByteSet, count: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = random.bytes(set, count);
    if count >= 8 {
        for (i, wanted) in [&b"23456789"[..], b"abcdef", b"ABCDEF"].into_iter().enumerate() {
            let class: Vec<u8> = wanted.iter().copied().filter(|b| set.contains(*b)).collect();
            if !class.is_empty() {
                bytes[1 + 2 * i] = class[random.below(class.len())];
            }
        }
        let solid = ByteSet::alnum();
        if let Some(last) = bytes.last_mut()
            && !solid.contains(*last)
            && let Some(letter) = set.iter().find(u8::is_ascii_alphanumeric)
        {
            *last = letter;
        }
    }
    bytes
}

fn replace_from(token: &mut Vec<u8>, mark: &[u8], with: &str) {
    let at = token.windows(mark.len()).position(|window| window == mark).unwrap_or(token.len());
    token.truncate(at);
    token.extend(with.as_bytes());
}

fn jwt(claims: &Claims, random: &mut Random) -> String {
    let first = |list: &[String], other: &str| list.first().map_or_else(|| other.to_owned(), Clone::clone);
    let mut header = Map::new();
    header.insert("alg".into(), json!("RS256"));
    header.insert("typ".into(), json!(first(&claims.typ, "JWT")));
    header.insert("kid".into(), json!(format!("k{:08x}", random.next() >> 32)));
    let mut payload = Map::new();
    payload.insert("iss".into(), json!(first(&claims.iss, "https://as.example.test")));
    payload.insert("sub".into(), json!(first(&claims.sub, "") + &format!("subject-{}", random.below(100_000))));
    payload.insert("aud".into(), json!(first(&claims.aud, "https://api.example.test")));
    payload.insert("iat".into(), json!(1_790_000_000 + random.below(1_000_000)));
    payload.insert("exp".into(), json!(1_791_000_000 + random.below(1_000_000)));
    payload.insert("jti".into(), json!(format!("{:016x}", random.next())));
    for name in &claims.has {
        payload.entry(name.clone()).or_insert_with(|| json!(format!("{:012x}", random.next() >> 16)));
    }
    let encode = |part: Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(part).to_string());
    let signature: Vec<u8> = (0..256).map(|_| random.next().to_le_bytes()[0]).collect();
    format!("{}.{}.{}", encode(header), encode(payload), URL_SAFE_NO_PAD.encode(signature))
}

fn jwe(random: &mut Random) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"synthetic"}"#);
    let mut part = |octets: usize| {
        let bytes: Vec<u8> = (0..octets).map(|_| random.next().to_le_bytes()[0]).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    };
    format!("{header}.{}.{}.{}.{}", part(256), part(12), part(120), part(16))
}

/// Replaces what follows the first literal by base64 of a JSON object that begins as the rest of the literal says.
fn with_json(shape: &Shape, token: &[u8], random: &mut Random) -> Vec<u8> {
    let prefix = String::from_utf8_lossy(shape.prefix()).into_owned();
    let json_at = ["eyJ", "ey"].iter().find_map(|mark| prefix.find(mark)).unwrap_or(prefix.len());
    let key = STANDARD.decode(&prefix.as_bytes()[json_at..prefix.len() - (prefix.len() - json_at) % 4]).unwrap_or_default();
    let mut json = if key.len() > 3 { String::from_utf8_lossy(&key).into_owned() } else { r#"{"o":""#.to_owned() };
    if !json.ends_with('"') {
        json.push('"');
    }
    let wanted = (token.len() - json_at) * 3 / 4;
    while json.len() < wanted.saturating_sub(20) {
        json.push_str(&format!("{:x}", random.next()));
    }
    json.push_str(&format!(r#"","n":"agent-{}","id":{}}}"#, random.below(99), 10_000 + random.below(80_000)));
    while json.len() % 3 != 0 {
        json.insert(json.len() - 1, ' ');
    }
    let encoded = STANDARD.encode(json);
    let clean = encoded.replace(['+', '/'], "A");
    let text = if STANDARD.decode(&clean).is_ok_and(|bytes| serde_json::from_slice::<Value>(&bytes).is_ok()) { clean } else { encoded };
    let mut out = prefix.as_bytes()[..json_at].to_vec();
    out.extend(text.as_bytes());
    out
}

/// Base64 of a user's name and a password.
fn basic(random: &mut Random) -> Vec<u8> {
    let password = stretch(ByteSet::alnum(), 20 + random.below(SLACK), random);
    STANDARD.encode([&b"robot:"[..], &password].concat()).into_bytes()
}

/// Puts base64 lines between the first and the last line of a block, after what the rule says they begin with.
fn fill_pem(shape: &Shape, token: &mut Vec<u8>, random: &mut Random) {
    let text = String::from_utf8_lossy(token).into_owned();
    let (Some(start), Some(end)) = (text.find("KEY").and_then(|at| text[at..].find("-----").map(|n| at + n + 5)), text.rfind("-----END")) else {
        return;
    };
    let octets: Vec<u8> = (0..480).map(|_| random.next().to_le_bytes()[0]).collect();
    let literals: Vec<&[u8]> = shape.0.iter().filter_map(|step| if let Step::Literal(bytes) = step { Some(&bytes[..]) } else { None }).collect();
    let head = literals.get(1..literals.len() - 1).unwrap_or_default().concat();
    let mut lines = [b"\n", &head[..]].concat();
    if head.contains(&b':') {
        lines.extend(b"\nDEK-Info: AES-128-CBC,0123\n\n");
    }
    let body = STANDARD.encode(octets);
    for line in body.as_bytes().chunks(64) {
        lines.extend(line);
        lines.push(b'\n');
    }
    token.splice(start..end, lines);
}
