//! A betterleaks `filter`: an expression that says when a match is let pass; of it, entropy, words and expressions joined by `||`.

use std::iter::Peekable;
use std::str::Chars;
use std::sync::Arc;

use crate::rules::foreign::allowance::{Allowance, Target, expression, words};
use crate::rules::foreign::demands::Demands;
use crate::rules::foreign::syntax::Dialect;

/// A piece of the expression.
#[derive(Clone, PartialEq, Debug)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Sign(char),
    Or,
    And,
}

/// Adds what a filter says to the demands; what of it is not understood.
#[must_use]
pub fn read(filter: &str, demands: &mut Demands) -> Vec<String> {
    let mut unknown = Vec::new();
    each(&tokens(filter), demands, &mut unknown);
    unknown
}

fn each(tokens: &[Token], demands: &mut Demands, unknown: &mut Vec<String>) {
    for term in split(tokens, &Token::Or).into_iter().filter(|term| !term.is_empty()) {
        match term {
            [Token::Sign('('), inner @ .., Token::Sign(')')] if split(term, &Token::And).len() == 1 && closes_at_end(term) => {
                each(inner, demands, unknown);
            }
            _ if split(term, &Token::And).len() > 1 => unknown.push("&&".to_owned()),
            _ => {
                if add(term, demands).is_none() {
                    unknown.push(name_of(term));
                }
            }
        }
    }
}

/// Adds one term.
fn add(term: &[Token], demands: &mut Demands) -> Option<()> {
    let [Token::Word(function), Token::Sign('('), rest @ ..] = term else { return None };
    let (target, rest) = target(rest)?;
    let mut allowance = Allowance::default();
    match (function.trim_start_matches("filter."), rest) {
        (
            "entropy",
            [Token::Sign(')'), Token::Sign('<'), Token::Sign('='), Token::Number(least)] | [Token::Sign(')'), Token::Sign('<'), Token::Number(least)],
        ) if target == Target::Secret => {
            demands.entropy = Some(demands.entropy.map_or(*least, |other| other.max(*least)));
            return Some(());
        }
        ("matchesAny", [Token::Sign(','), list @ .., Token::Sign(')')]) => {
            let expressions = texts(list)?.iter().map(|pattern| expression(pattern, Dialect::Go)).collect::<Option<Vec<_>>>()?;
            allowance.expressions = expressions.into_iter().map(|expression| (target, expression)).collect();
        }
        ("containsAny", [Token::Sign(','), list @ .., Token::Sign(')')]) => allowance.words = words(&texts(list)?).map(|words| (target, words)),
        _ => return None,
    }
    demands.allowances.push(Arc::new(allowance));
    Some(())
}

/// `finding["secret"]` and what follows it.
fn target(tokens: &[Token]) -> Option<(Target, &[Token])> {
    let [Token::Word(finding), Token::Sign('['), Token::Text(field), Token::Sign(']'), rest @ ..] = tokens else { return None };
    let target = match field.as_str() {
        "secret" => Target::Secret,
        "match" => Target::Match,
        "line" => Target::Line,
        _ => return None,
    };
    (finding == "finding").then_some((target, rest))
}

/// The texts of `[a, b]`.
fn texts(tokens: &[Token]) -> Option<Vec<String>> {
    let [Token::Sign('['), inner @ .., Token::Sign(']')] = tokens else { return None };
    let texts = inner.iter().filter(|token| **token != Token::Sign(',')).map(|token| match token {
        Token::Text(text) => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

/// The parts between a sign that stands in no brackets.
fn split<'a>(tokens: &'a [Token], at: &Token) -> Vec<&'a [Token]> {
    let mut depth = 0_i32;
    tokens
        .split(|token| {
            depth += change(token);
            depth == 0 && token == at
        })
        .collect()
}

/// Whether the bracket that opens the term closes only at its end.
fn closes_at_end(term: &[Token]) -> bool {
    let mut depth = 0;
    term[..term.len() - 1].iter().all(|token| {
        depth += change(token);
        depth > 0
    })
}

fn change(token: &Token) -> i32 {
    match token {
        Token::Sign('(' | '[') => 1,
        Token::Sign(')' | ']') => -1,
        _ => 0,
    }
}

fn name_of(term: &[Token]) -> String {
    let word = term.iter().find_map(|token| match token {
        Token::Word(word) => Some(word.trim_start_matches("filter.").to_owned()),
        _ => None,
    });
    word.unwrap_or_else(|| "…".to_owned())
}

fn tokens(filter: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = filter.chars().peekable();
    while let Some(c) = rest.next() {
        let token = match c {
            c if c.is_whitespace() => continue,
            '`' => Token::Text(rest.by_ref().take_while(|c| *c != '`').collect()),
            '"' | '\'' => Token::Text(quoted(c, &mut rest)),
            c if c.is_ascii_alphabetic() => Token::Word(run(c, &mut rest, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.')),
            c if c.is_ascii_digit() => Token::Number(run(c, &mut rest, |c| c.is_ascii_digit() || c == '.').parse().unwrap_or_default()),
            '|' if rest.next_if_eq(&'|').is_some() => Token::Or,
            '&' if rest.next_if_eq(&'&').is_some() => Token::And,
            c => Token::Sign(c),
        };
        tokens.push(token);
    }
    tokens
}

fn run(first: char, rest: &mut Peekable<Chars>, goes_on: impl Fn(char) -> bool) -> String {
    let mut text = String::from(first);
    while let Some(c) = rest.next_if(|c| goes_on(*c)) {
        text.push(c);
    }
    text
}

/// A text up to its closing quote, with `\n`, `\t`, `\\` and the like undone.
fn quoted(quote: char, rest: &mut Peekable<Chars>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next().filter(|c| *c != quote) {
        match (c, rest.peek()) {
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('t')) => text.push('\t'),
            ('\\', Some(escaped)) => text.push(*escaped),
            _ => {
                text.push(c);
                continue;
            }
        }
        rest.next();
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::rules::foreign::demands::Demands;
    use crate::rules::foreign::filter::read;
    use crate::rules::terms::{Matched, Terms};

    fn check(filter: &str, secret: &str, expected: (bool, &[&str])) {
        let mut demands = Demands::default();
        let unknown = read(filter, &mut demands);
        let line = format!("let key = {secret}");
        let matched = Matched { secret: secret.as_bytes(), introduced: &line.as_bytes()[4..], line: line.as_bytes() };
        assert_eq!((demands.hold(matched), unknown.iter().map(String::as_str).collect::<Vec<_>>()), (expected.0, expected.1.to_vec()), "{filter}");
    }

    #[test]
    fn filters_let_pass_what_they_say() {
        check("", "abcd", (true, &[]));
        check(r#"entropy(finding["secret"]) <= 2.5"#, "abcd", (false, &[]));
        check(r#"filter.entropy(finding["secret"]) < 1.5"#, "abcd", (true, &[]));
        check(r#"matchesAny(finding["secret"], [`^a.c`, `x`])"#, "abcd", (false, &[]));
        check(r#"(matchesAny(finding['match'], ["^key =\\s"]) || containsAny(finding["secret"], ["nope",]))"#, "abcd", (false, &[]));
        check(r#"containsAny(finding["secret"], ["BC"])"#, "abcd", (false, &[]));
        check(r#"containsAny(finding["line"], ["let"])"#, "abcd", (false, &[]));
        check(r#"entropy(finding["secret"]) <= 1 || failsTokenEfficiency(finding["secret"])"#, "abcd", (true, &["failsTokenEfficiency"]));
        check(r#"(entropy(finding["secret"]) <= 3 && containsAny(finding["secret"], ["a"]))"#, "abcd", (true, &["&&"]));
        check(r#"matchesAny(get(attributes, "path", ""), [`a`])"#, "abcd", (true, &["matchesAny"]));
        check(r#"matchesAny(finding["secret"], [`(`])"#, "abcd", (true, &["matchesAny"]));
    }
}
