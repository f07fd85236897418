//! Fills the slots of templates: words, names, numbers and times from a seed, fast enough to never be what is measured.

use std::io::Write as _;

use beartrap::rules::generate::Random;

use crate::corpus::template::Slot;

/// Letters and digits; the last two places repeat the first two, so that six bits choose one.
const BASE62: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const LOWER_HEX: &[u8; 64] = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const UPPER_HEX: &[u8; 64] = b"0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF";

const STATUS: [&str; 12] = ["200", "200", "200", "200", "200", "201", "204", "301", "304", "401", "404", "500"];
const METHOD: [&str; 8] = ["GET", "GET", "GET", "GET", "POST", "PUT", "DELETE", "PATCH"];
const LEVEL: [&str; 8] = ["info", "info", "info", "info", "debug", "debug", "warn", "error"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
];

/// Words and a clock that goes forward a little with every line.
pub struct Filler {
    random: Random,
    words: Vec<&'static str>,
    terms: Vec<&'static str>,
    milliseconds: u64,
    clock: Clock,
}

/// The texts of one second.
#[derive(Default)]
struct Clock {
    second: u64,
    iso: String,
    clf: String,
    syslog: String,
    time: String,
}

/// How a letter case is written.
#[derive(Clone, Copy)]
enum Case {
    Lower,
    Title,
    Upper,
}

impl Filler {
    /// Starts at this seed.
    pub fn new(seed: u64) -> Self {
        let mut filler = Self {
            random: Random::new(seed),
            words: include_str!("templates/words.txt").split_whitespace().collect(),
            terms: include_str!("templates/terms.txt").split_whitespace().collect(),
            milliseconds: 1_772_445_600_000,
            clock: Clock::default(),
        };
        filler.tick();
        filler
    }

    /// Its random source.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Lets up to 16 ms pass.
    pub fn tick(&mut self) {
        self.milliseconds += self.random.next() & 15;
        let second = self.milliseconds / 1000;
        if second != self.clock.second {
            self.clock = Clock::at(second);
        }
    }

    /// Writes what stands in a slot.
    pub fn fill(&mut self, slot: &Slot, out: &mut Vec<u8>) {
        match slot {
            Slot::Iso => out.extend(self.clock.iso.as_bytes()),
            Slot::Clf => out.extend(self.clock.clf.as_bytes()),
            Slot::Syslog => out.extend(self.clock.syslog.as_bytes()),
            Slot::Time => out.extend(self.clock.time.as_bytes()),
            Slot::Epoch => number(self.clock.second, out),
            Slot::Ip => self.ip(out),
            Slot::Uuid => self.uuid(out),
            Slot::Hex(n) => self.from(LOWER_HEX, *n, out),
            Slot::UpperHex(n) => self.from(UPPER_HEX, *n, out),
            Slot::Base62(n) => self.from(BASE62, *n, out),
            Slot::Base64(n) => self.from(BASE64, *n, out),
            Slot::Digits(n) => self.digits(*n, out),
            Slot::Int(bound) => number(self.random.below(*bound) as u64, out),
            Slot::Word => self.word(out),
            Slot::Term => self.term(Case::Lower, out),
            Slot::TitleTerm => self.term(Case::Title, out),
            Slot::UpperTerm => self.term(Case::Upper, out),
            Slot::Letter => out.push(b'a' + low(self.random.next() % 26)),
            Slot::Phrase => self.phrase(Case::Lower, out),
            Slot::TitlePhrase => self.phrase(Case::Title, out),
            Slot::Prose(sentences) => self.prose(*sentences, out),
            Slot::Path => self.path(out),
            Slot::Version => self.version(out),
            Slot::Host => self.host(out),
            Slot::Pod => self.pod(out),
            Slot::User => self.user(out),
            Slot::Agent => self.choose(&AGENTS, out),
            Slot::Status => self.choose(&STATUS, out),
            Slot::Method => self.choose(&METHOD, out),
            Slot::Level => self.choose(&LEVEL, out),
            Slot::TitleLevel => {
                let start = out.len();
                self.choose(&LEVEL, out);
                out[start].make_ascii_uppercase();
            }
            Slot::Escape => out.push(0x1B),
            Slot::Pick(choices) => {
                let choice = &choices[self.random.below(choices.len())];
                out.extend(choice.as_bytes());
            }
        }
    }

    /// Random base64 letters, ten of every draw.
    pub fn base64(&mut self, count: usize, out: &mut Vec<u8>) {
        self.from(BASE64, count, out);
    }

    /// Random lower-case hexadecimal digits.
    pub fn hex(&mut self, count: usize, out: &mut Vec<u8>) {
        self.from(LOWER_HEX, count, out);
    }

    fn from(&mut self, table: &[u8; 64], mut count: usize, out: &mut Vec<u8>) {
        while count > 0 {
            let draw = self.random.next();
            let letters: [u8; 10] = std::array::from_fn(|i| table[usize::from(low(draw >> (6 * i)) & 63)]);
            let now = count.min(10);
            out.extend(&letters[..now]);
            count -= now;
        }
    }

    fn digits(&mut self, count: usize, out: &mut Vec<u8>) {
        let mut draw = self.random.next();
        for _ in 0..count {
            out.push(b'0' + low(draw % 10));
            draw /= 10;
        }
    }

    fn choose(&mut self, choices: &[&str], out: &mut Vec<u8>) {
        out.extend(choices[self.random.below(choices.len())].as_bytes());
    }

    /// Common words more often than rare ones.
    fn word(&mut self, out: &mut Vec<u8>) {
        let draw = self.random.next();
        let likely = (draw & 0xFFFF).min((draw >> 16) & 0xFFFF);
        let index = (usize::try_from(likely).expect("because it has 16 bits") * self.words.len()) >> 16;
        out.extend(self.words[index].as_bytes());
    }

    fn term(&mut self, case: Case, out: &mut Vec<u8>) {
        let start = out.len();
        let index = self.random.below(self.terms.len());
        out.extend(self.terms[index].as_bytes());
        match case {
            Case::Lower => {}
            Case::Title => out[start].make_ascii_uppercase(),
            Case::Upper => out[start..].make_ascii_uppercase(),
        }
    }

    /// Three to eight words, terms among them.
    fn phrase(&mut self, case: Case, out: &mut Vec<u8>) {
        let start = out.len();
        for i in 0..3 + self.random.below(6) {
            if i > 0 {
                out.push(b' ');
            }
            if self.random.next() & 1 == 0 { self.term(Case::Lower, out) } else { self.word(out) }
        }
        if matches!(case, Case::Title) {
            out[start].make_ascii_uppercase();
        }
    }

    fn prose(&mut self, sentences: usize, out: &mut Vec<u8>) {
        for sentence in 0..sentences {
            let start = out.len() + usize::from(sentence > 0);
            if sentence > 0 {
                out.push(b' ');
            }
            for i in 0..6 + self.random.below(14) {
                if i > 0 {
                    out.extend(if self.random.below(16) == 0 { &b", "[..] } else { b" " });
                }
                if self.random.below(8) == 0 { self.term(Case::Lower, out) } else { self.word(out) }
            }
            out[start].make_ascii_uppercase();
            out.push(b'.');
        }
    }

    fn ip(&mut self, out: &mut Vec<u8>) {
        let draw = self.random.next();
        out.extend(b"10.");
        for (i, shift) in [8, 16, 24].into_iter().enumerate() {
            if i > 0 {
                out.push(b'.');
            }
            number((draw >> shift) & 255, out);
        }
    }

    fn uuid(&mut self, out: &mut Vec<u8>) {
        for (i, count) in [8, 4, 4, 4, 12].into_iter().enumerate() {
            if i > 0 {
                out.push(b'-');
            }
            self.from(LOWER_HEX, count, out);
        }
    }

    fn path(&mut self, out: &mut Vec<u8>) {
        for i in 0..=self.random.below(4) {
            if i > 0 {
                out.push(b'/');
            }
            match self.random.next() & 7 {
                0 => number(self.random.next() & 0xF_FFFF, out),
                1 => self.uuid(out),
                _ => self.term(Case::Lower, out),
            }
        }
    }

    fn version(&mut self, out: &mut Vec<u8>) {
        let draw = self.random.next();
        number(draw & 7, out);
        out.push(b'.');
        number((draw >> 8) & 31, out);
        out.push(b'.');
        number((draw >> 16) & 15, out);
    }

    fn host(&mut self, out: &mut Vec<u8>) {
        self.term(Case::Lower, out);
        out.push(b'-');
        self.digits(2, out);
        if self.random.below(4) == 0 {
            out.extend(b".eu-west.example.test");
        }
    }

    fn pod(&mut self, out: &mut Vec<u8>) {
        self.term(Case::Lower, out);
        out.push(b'-');
        self.term(Case::Lower, out);
        out.push(b'-');
        self.from(LOWER_HEX, 10, out);
        out.push(b'-');
        self.from(LOWER_HEX, 5, out);
    }

    fn user(&mut self, out: &mut Vec<u8>) {
        const USERS: [&str; 8] = ["root", "deploy", "alice", "bob", "carol", "www-data", "svc-build", "postgres"];
        self.choose(&USERS, out);
    }
}

impl Clock {
    /// The texts of this second of the Unix era, UTC.
    fn at(second: u64) -> Self {
        let days = second / 86400;
        let (h, m, s) = (second / 3600 % 24, second / 60 % 60, second % 60);
        let (year, month, day) = date(days);
        let name = MONTHS[usize::try_from(month - 1).expect("because a month is small")];
        let time = format!("{h:02}:{m:02}:{s:02}");
        Self {
            second,
            iso: format!("{year}-{month:02}-{day:02}T{time}"),
            clf: format!("{day:02}/{name}/{year}:{time} +0000"),
            syslog: format!("{name} {day:2} {time}"),
            time,
        }
    }
}

/// Year, month and day of a day of the Unix era (Howard Hinnant, `civil_from_days`).
fn date(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z % 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + u64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

fn number(value: u64, out: &mut Vec<u8>) {
    write!(out, "{value}").expect("because memory can be written");
}

fn low(value: u64) -> u8 {
    value.to_le_bytes()[0]
}
