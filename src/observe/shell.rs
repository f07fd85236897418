//! Command lines as agents and CI jobs run them, split into simple commands of words.

/// Deepest nesting of commands in commands, such as `sh -c`.
const MAX_DEPTH: usize = 3;
/// Longest script that is looked at, in bytes.
const MAX_LENGTH: usize = 256 * 1024;

/// Words that stand before the command that they run.
const PREFIXES: [&str; 12] = ["sudo", "env", "time", "exec", "nohup", "command", "then", "do", "else", "!", "{", "xargs"];
/// Shells that run the text after `-c`.
const SHELLS: [&str; 6] = ["sh", "bash", "zsh", "dash", "ash", "ksh"];

/// Every simple command of a script: its program's name without the path, then its arguments. Variables stay as they are written.
pub fn commands(script: &str, each: &mut dyn FnMut(&str, &[String])) {
    if script.len() <= MAX_LENGTH {
        script_at(script, 0, each);
    }
}

/// A command whose words somebody split already.
pub fn words(words: &[String], each: &mut dyn FnMut(&str, &[String])) {
    command(words, 0, each);
}

fn script_at(script: &str, depth: usize, each: &mut dyn FnMut(&str, &[String])) {
    let mut splitter = Splitter { simple: Vec::new(), word: None };
    let mut characters = script.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('\n') | None => {}
                Some(escaped) => splitter.push(escaped),
            },
            '\'' => characters.by_ref().take_while(|c| *c != '\'').for_each(|c| splitter.quoted(c)),
            '"' => double_quoted(&mut characters, &mut splitter),
            '#' if splitter.word.is_none() => while characters.next_if(|c| *c != '\n').is_some() {},
            '\n' | ';' | '|' | '&' | '(' | ')' | '`' => {
                let words = splitter.end();
                command(&words, depth, each);
            }
            c if c.is_whitespace() => splitter.space(),
            c => splitter.push(c),
        }
    }
    command(&splitter.end(), depth, each);
}

fn double_quoted(characters: &mut std::iter::Peekable<std::str::Chars<'_>>, splitter: &mut Splitter) {
    splitter.word.get_or_insert_default();
    while let Some(c) = characters.next() {
        match c {
            '"' => return,
            '\\' if matches!(characters.peek(), Some('"' | '\\' | '$' | '`')) => splitter.word.get_or_insert_default().extend(characters.next()),
            c => splitter.quoted(c),
        }
    }
}

/// The words of the simple command that is being read.
struct Splitter {
    simple: Vec<String>,
    word: Option<String>,
}

impl Splitter {
    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn quoted(&mut self, c: char) {
        self.push(c);
    }

    fn space(&mut self) {
        self.simple.extend(self.word.take());
    }

    fn end(&mut self) -> Vec<String> {
        self.space();
        std::mem::take(&mut self.simple)
    }
}

fn command(words: &[String], depth: usize, each: &mut dyn FnMut(&str, &[String])) {
    let is_assignment = |word: &str| word.split_once('=').is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    let Some(at) = words.iter().position(|word| !PREFIXES.contains(&word.as_str()) && !is_assignment(word)) else { return };
    let (program, arguments) = (words[at].rsplit('/').next().unwrap_or_default(), &words[at + 1..]);
    if SHELLS.contains(&program) {
        let script = arguments.iter().position(|word| word.starts_with('-') && word.ends_with('c')).and_then(|at| arguments.get(at + 1));
        if let Some(script) = script.filter(|_| depth < MAX_DEPTH) {
            script_at(script, depth + 1, each);
        }
    } else if !program.is_empty() {
        each(program, arguments);
    }
}

#[cfg(test)]
mod tests {
    use crate::observe::shell::commands;

    #[test]
    fn scripts_are_split_as_a_shell_does() {
        for (script, expected) in [
            ("curl -s 'a b' \"c\\\"d\" e\\ f", "curl[-s|a b|c\"d|e f]"),
            ("cd /tmp && /usr/bin/curl x | jq .y; wget z", "cd[/tmp] curl[x] jq[.y] wget[z]"),
            ("X=1 sudo curl \\\n  a # no\ncurl b", "curl[a] curl[b]"),
            ("bash -lc \"curl -H 'A: b' x\"", "curl[-H|A: b|x]"),
            ("T=$(curl x)", "curl[x]"),
            ("echo 'curl x'", "echo[curl x]"),
            ("curl \"unclosed", "curl[unclosed]"),
            ("", ""),
        ] {
            let mut found = Vec::new();
            commands(script, &mut |program, words| found.push(format!("{program}[{}]", words.join("|"))));
            assert_eq!(found.join(" "), expected, "{script}");
        }
    }
}
