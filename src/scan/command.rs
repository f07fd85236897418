//! Passwords on command lines whose option alone does not say so: `sshpass -p x`, `mysql -px`, `redis-cli -a x`, `curl -u user:x`.

use std::ops::Range;

use crate::model::carrier::CarrierKind;
use crate::scan::introducer::Introduction;

/// How far after a program's name its option may stand, in bytes.
const REACH: usize = 256;

/// How an option carries its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// The next word, or glued to it.
    Value,
    /// Glued to the option; what follows a blank is something else.
    Glued,
    /// `user:password`.
    Pair,
}

/// Programs, with the blank after their names, the option that carries a password, and how.
const COMMANDS: [(&str, &[u8], Form); 10] = [
    ("sshpass ", b"-p", Form::Value),
    ("redis-cli ", b"-a", Form::Value),
    ("ldapsearch ", b"-w", Form::Value),
    ("ldapmodify ", b"-w", Form::Value),
    ("mysql ", b"-p", Form::Glued),
    ("mysqldump ", b"-p", Form::Glued),
    ("docker login ", b"-p", Form::Value),
    ("podman login ", b"-p", Form::Value),
    ("registry login ", b"-p", Form::Value),
    ("curl ", b"-u", Form::Pair),
];

/// What to look for in all bytes, in the order that [`password`] knows.
pub fn literals() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|(program, _, _)| *program)
}

/// The value of a program's password option and what introduces it; `start` is where the program's name begins.
#[must_use]
pub fn password(bytes: &[u8], command: usize, start: usize) -> Option<(usize, Introduction)> {
    let (program, option, form) = COMMANDS[command];
    let glued = start.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_alphanumeric() || b"-_.".contains(&bytes[before]));
    let from = start + program.len();
    let window = &bytes[from..bytes.len().min(from + REACH)];
    let line = memchr::memchr2(b'\n', b'|', window).map_or(window, |end| &window[..end]);
    let find = |option: &[u8]| memchr::memmem::find_iter(line, option).find(|at| *at == 0 || line[at - 1] == b' ').map(|at| at..at + option.len());
    let long = || find(b"--user").filter(|_| form == Form::Pair);
    let Range { start: at, end: after } = find(option).or_else(long).filter(|_| !glued)?;
    let blanks = line[after..].iter().take_while(|b| b" =".contains(b)).count();
    let quotes = line[after + blanks..].iter().take_while(|b| b"\"'\\".contains(b)).count();
    let value = from + after + blanks + quotes;
    let introduce = |kind, name: Range<usize>, value: usize| (value < from + line.len()).then_some((value, Introduction { kind, name }));
    match form {
        Form::Value => introduce(CarrierKind::Option, from + at..from + after, value),
        // The program's name is the better name: that of the option is one letter of the value.
        Form::Glued if blanks == 0 => introduce(CarrierKind::Option, start..from - 1, value),
        Form::Glued => None,
        Form::Pair => {
            let colon = line[value - from..].iter().take_while(|b| !b"\"' \\".contains(b)).position(|b| *b == b':')?;
            introduce(CarrierKind::Userinfo, value..value + colon.min(64), value + colon + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::command::{literals, password};

    #[test]
    fn options_are_read_as_their_program_reads_them() {
        for (text, expected) in [
            ("sshpass -p pw1 ssh host", Some("pw1 ssh host")),
            ("sshpass -ppw1 ssh host", Some("pw1 ssh host")),
            ("sshpass -e ssh -p 22 host", Some("22 host")),
            ("redis-cli -h cache -a 'pw1' ping", Some("pw1' ping")),
            ("mysql -u root -ppw1 app", Some("pw1 app")),
            ("mysql -u root -p app", None),
            ("curl -s -u ann:pw1 https://host", Some("pw1 https://host")),
            ("curl -s --user='ann:pw1' https://host", Some("pw1' https://host")),
            ("curl -s -u ann https://host:80", None),
            ("curl -s https://host | tool -u ann:pw1", None),
            ("libcurl -u ann:pw1", None),
        ] {
            let (command, start) = literals().enumerate().find_map(|(i, literal)| Some((i, text.find(literal)?))).unwrap_or_default();
            assert_eq!(password(text.as_bytes(), command, start).map(|(at, _)| &text[at..]), expected, "{text}");
        }
    }
}
