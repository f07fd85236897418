//! A rule of another tool -> rules of ours: the secret alone as pattern, what stands before it as context.

use std::sync::Arc;

use regex_syntax::hir::{Hir, HirKind};

use crate::model::carrier::CarrierKind;
use crate::model::grade::Severity;
use crate::model::rule_info::TokenKind;
use crate::rules::check::{Flaw, check};
use crate::rules::foreign::context::{by_keywords, context};
use crate::rules::foreign::foreign_rule::ForeignRule;
use crate::rules::foreign::note::What;
use crate::rules::foreign::print::pattern;
use crate::rules::foreign::reading::{Reading, readings};
use crate::rules::foreign::syntax::{Dialect, LIMITS, bounded, parse};
use crate::rules::load::WrittenRule;
use crate::rules::rule::{MAX_REACH, MIN_RUN, Rule};
use crate::rules::shape::Shape;
use crate::rules::spec::{Claims, Context, Partner, RuleFile, RuleSpec};

/// What became of a rule.
pub struct Translation {
    /// Our rules: more than one where its alternatives have different contexts.
    pub rules: Vec<WrittenRule>,
    /// What is otherwise than in its own tool.
    pub notes: Vec<What>,
}

/// Translates a rule.
///
/// # Errors
///
/// Why it cannot be translated.
pub fn translate(file: &str, foreign: &ForeignRule) -> Result<Translation, String> {
    let hir = parse(&foreign.pattern, foreign.dialect)?;
    let mut why = String::new();
    for limit in LIMITS {
        match within(file, foreign, &bounded(&hir, limit)) {
            Ok(translation) => return Ok(translation),
            Err(flaw) => why = flaw,
        }
    }
    Err(why)
}

/// Alternatives of a secret that have the same context.
struct Group {
    context: Context,
    patterns: Vec<String>,
}

fn within(file: &str, foreign: &ForeignRule, hir: &Hir) -> Result<Translation, String> {
    let mut groups: Vec<Group> = Vec::new();
    let readings = readings(hir, foreign.pick)?;
    for reading in &readings {
        for secret in alternatives(Hir::concat(reading.secret.clone())) {
            let (pattern, context) = anchored(foreign, reading, &secret)?;
            match groups.iter_mut().find(|group| group.context == context) {
                Some(group) if group.patterns.contains(&pattern) => {}
                Some(group) => group.patterns.push(pattern),
                None => groups.push(Group { context, patterns: vec![pattern] }),
            }
        }
    }
    let rules = groups.iter().enumerate().map(|(at, group)| written(file, foreign, at, group)).collect::<Result<Vec<_>, _>>()?;
    let mut notes = Vec::new();
    if readings.iter().any(|reading| reading.is_joined) {
        notes.push(What::Otherwise("its secret is taken together with the text that adjoins it".to_owned()));
    }
    if rules.iter().any(|written| is_short(&written.rule)) {
        notes.push(What::Otherwise(format!(
            "its secret has fewer than {MIN_RUN} characters: it is found only after names with `secret`, `passw`, `pwd` or `auth`"
        )));
    }
    if rules.is_empty() { Err("it has no secret".to_owned()) } else { Ok(Translation { rules, notes }) }
}

fn alternatives(secret: Hir) -> Vec<Hir> {
    match secret.kind() {
        HirKind::Alternation(parts) => parts.clone(),
        HirKind::Capture(capture) => alternatives((*capture.sub).clone()),
        _ => vec![secret],
    }
}

/// One alternative's pattern and context: that of the rule's keywords, where its format has nothing to begin the search with.
fn anchored(foreign: &ForeignRule, reading: &Reading, secret: &Hir) -> Result<(String, Context), String> {
    if secret.properties().maximum_len().is_none_or(|reach| reach > MAX_REACH) {
        return Err(format!("its secret reaches more than {MAX_REACH} bytes"));
    }
    let pattern = pattern(secret);
    let context = context(reading, &foreign.keywords, &shapes(&pattern));
    match checked(foreign, 0, &pattern, context.clone()) {
        Ok(_) => Ok((pattern, context)),
        Err(flaw) => {
            let further = by_keywords(&foreign.keywords);
            if context.is_empty() && !further.is_empty() { Ok((pattern, further)) } else { Err(flaw.message) }
        }
    }
}

/// The shapes of a secret; none where it has none, as `check` will say.
fn shapes(pattern: &str) -> Vec<Shape> {
    parse(pattern, Dialect::Rust).ok().and_then(|hir| Shape::alternatives(&hir).ok()).unwrap_or_default()
}

fn is_short(rule: &Rule) -> bool {
    rule.is_contextual() && rule.alternatives.iter().all(|alternative| alternative.shape.max_len() < MIN_RUN)
}

fn written(file: &str, foreign: &ForeignRule, at: usize, group: &Group) -> Result<WrittenRule, String> {
    let (spec, rule) = checked(foreign, at, &group.patterns.join("|"), group.context.clone()).map_err(|flaw| flaw.message)?;
    let rule = Rule { terms: Some(Arc::new(foreign.demands.clone())), ..rule };
    Ok(WrittenRule { file: file.to_owned(), rule, positive: spec.positive, negative: spec.negative })
}

fn checked(foreign: &ForeignRule, at: usize, pattern: &str, context: Context) -> Result<(RuleSpec, Rule), Flaw> {
    let reference = foreign.reference.as_ref().map_or_else(String::new, |page| format!(" See {page}"));
    let issuer = RuleFile {
        provider: format!("named by a rule of {}", foreign.tool),
        remedy: format!("Revoke the credential where it was issued, issue a new one, and look through the issuer's log for its use.{reference}"),
        revocation_url: String::new(),
        rules: Vec::new(),
    };
    let spec = RuleSpec {
        lifetime: String::new(),
        partner: Partner::default(),
        id: if at == 0 { foreign.id.clone() } else { format!("{}-{}", foreign.id, at + 1) },
        name: foreign.name.clone(),
        description: foreign.description.clone(),
        kind: TokenKind::Bearer,
        severity: Severity::High,
        confidence: foreign.confidence,
        pattern: format!("(?<secret>{pattern})"),
        positive: positive(&context),
        negative: ["nothing of the kind", "key=<b62:3>"].map(str::to_owned).to_vec(),
        context,
        check: None,
        claims: Claims::default(),
        provider: None,
        remedy: None,
        revocation_url: None,
    };
    let rule = check(&issuer, &spec)?;
    Ok((spec, rule))
}

/// Texts in which the rule must find its secret.
fn positive(context: &Context) -> Vec<String> {
    let (word, name) = (context.keywords.first().map_or("", String::as_str), context.names.first().map_or("", String::as_str));
    let texts = match (word, name) {
        _ if context.carriers.contains(&CarrierKind::Userinfo) => {
            let scheme = if word.is_empty() { "https" } else { word };
            [format!("{scheme}://app:<secret>@host.internal/"), format!("url = \"{scheme}://app:<secret>@host.internal:8080/x\"")]
        }
        ("", "") => ["key=<secret>".to_owned(), r#"{"value": "<secret>"}"#.to_owned()],
        ("", "bearer") => ["Authorization: Bearer <secret>".to_owned(), r#""Authorization": "Bearer <secret>""#.to_owned()],
        (word, name) => {
            let name = if name.is_empty() { word } else { name };
            [format!("# {word}\n{name}_secret = \"<secret>\""), format!("# {word}\nexport {name}_secret=<secret>")]
        }
    };
    texts.to_vec()
}

#[cfg(test)]
mod tests {
    use crate::model::grade::Confidence;
    use crate::rules::foreign::demands::Demands;
    use crate::rules::foreign::foreign_rule::ForeignRule;
    use crate::rules::foreign::reading::Pick;
    use crate::rules::foreign::syntax::Dialect;
    use crate::rules::foreign::translate::translate;

    const GO: (Dialect, Pick) = (Dialect::Go, Pick::First);
    const RUST: (Dialect, Pick) = (Dialect::Rust, Pick::Token);
    /// What generators of other tools put before and after a secret.
    const HEAD: &str = r"(?i)[\w.-]{0,50}?(?:";
    const NECK: &str = r#")(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"#;
    const TAIL: &str = r#"(?:[\x60'"\s;]|\\[nr]|$)"#;

    /// Patterns, keywords, names and carriers of the rules that a pattern becomes, or why it becomes none.
    fn outcome((dialect, pick): (Dialect, Pick), pattern: &str, keywords: &[&str]) -> String {
        let foreign = ForeignRule {
            id: "a".to_owned(),
            line: 1,
            tool: "test",
            name: "a".to_owned(),
            description: String::new(),
            reference: None,
            pattern: pattern.to_owned(),
            dialect,
            pick,
            keywords: keywords.iter().map(|word| (*word).to_owned()).collect(),
            confidence: Confidence::Medium,
            demands: Demands::default(),
        };
        let translation = match translate("a.toml", &foreign) {
            Ok(translation) => translation,
            Err(why) => return format!("! {why}"),
        };
        let one = |rule: &crate::rules::rule::Rule| {
            let context = &rule.context;
            let mut text = rule.pattern["(?<secret>".len()..rule.pattern.len() - 1].to_owned();
            for (label, list) in [("near", &context.keywords), ("named", &context.names)] {
                if !list.is_empty() {
                    text.push_str(&format!(" {label} {}", list.join(",")));
                }
            }
            context.carriers.iter().for_each(|carrier| text.push_str(&format!(" in {carrier:?}")));
            text
        };
        translation.rules.iter().map(|written| one(&written.rule)).collect::<Vec<_>>().join(" ; ")
    }

    #[test]
    fn what_has_letters_of_its_own_needs_no_context() {
        for (source, pattern, keywords, expected) in [
            (GO, r"\bacm_[0-9a-f]{32}\b", &["acm_"][..], "acm_[0-9a-f]{32}"),
            (GO, r#"\b(acm_[a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)"#, &["acm_"], "acm_[0-9a-z]{32}"),
            (GO, r"\b((?:A3Z[A-Z0-9]|ABCD|ABCE)[A-Z2-7]{16})\b", &["abcd"], "(?:A3Z[0-9A-Z]|ABCD|ABCE)[2-7A-Z]{16}"),
            (GO, r"acm_eyJ[a-zA-Z0-9+/]{250,}={0,3}", &["acm_"], "acm_eyJ[+/-9A-Za-z]{250,4096}={0,3}"),
            (GO, r"(?i)ACME_[a-z0-9]{16}", &["acme_"], "[Aa][Cc][Mm][Ee]_[0-9A-Za-z]{16}"),
            (GO, r"\b(acm-(?i)[a-f0-9]{32})\b", &["acm-"], r"acm-[0-9A-Fa-f]{32}"),
            (GO, r"acm\.(?:live|test)\.[\w-]{40}", &["acm."], r"acm\.(?:live|test)\.[\-0-9A-Z_a-z]{40}"),
            (
                GO,
                r#"(?:^|[\\'"\x60\s>=:(,)])([a-zA-Z0-9_~.]{3}\dQ~[a-zA-Z0-9_~.-]{31,34})(?:$|[\\'"\x60\s<),])"#,
                &["q~"],
                r"[.0-9A-Z_a-z\~]{3}[0-9]Q~[\-.0-9A-Z_a-z\~]{31,34}",
            ),
            (
                GO,
                r"A-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-ACM[A-Z0-9]{5}",
                &[],
                "A-[0-9A-Z]{6}-(?:[0-9A-Z]{11}|[0-9A-Z]{6}-[0-9A-Z]{5})-ACM[0-9A-Z]{5}",
            ),
            (GO, r"\b(acm_(?:[a-z0-9]{4}-)+[a-z0-9]{16})\b", &["acm_"], r"acm_(?:[0-9a-z]{4}-){1,9}[0-9a-z]{16}"),
            (
                GO,
                r"https://hooks\.acme\.test/services/(T[A-Z0-9]{8}/[a-zA-Z0-9]{24})",
                &["acme.test"],
                r"https://hooks\.acme\.test/services/T[0-9A-Z]{8}/[0-9A-Za-z]{24}",
            ),
            (GO, r"acm[bpr]-([0-9a-zA-Z]{10,48})", &["acm"], r"acm[bpr]-[0-9A-Za-z]{10,48}"),
            (RUST, "(?x)\n \\b # start\n ( acm_ [[:alnum:]]{32} )\n \\b", &[], "acm_[0-9A-Za-z]{32}"),
            (RUST, r"(?xi) \b ( (?P<body> acm_ [0-9a-f]{32}) (?P<checksum> [[:xdigit:]]{8}) ) \b", &[], "[Aa][Cc][Mm]_[0-9A-Fa-f]{32}[0-9A-Fa-f]{8}"),
            (
                GO,
                r"\b((?:acv\.[\w-]{90,120}|s\.(?i:[a-z0-9]{24})))\b",
                &["acv.", "s."],
                r"acv\.[\-0-9A-Z_a-z]{90,120} ; s\.[0-9A-Za-z]{24} near acv.",
            ),
            (GO, r"https://acme\.test/([a-f0-9]{4}-){3}[a-z0-9]{12}", &[], r"https://acme\.test/(?:[0-9a-f]{4}-){3}[0-9a-z]{12}"),
            (RUST, r"\b(?P<TOKEN>acm_[0-9a-f]{20,}?)\b", &[], "acm_[0-9a-f]{20,4096}?"),
            (
                GO,
                r"-----BEGIN ACME KEY-----[\s\S]{64,}?-----END ACME KEY-----",
                &["-----begin"],
                r"-----BEGIN ACME KEY-----[\x00-\xFF]{64,4096}?-----END ACME KEY-----",
            ),
        ] {
            assert_eq!(outcome(source, pattern, keywords), expected, "{pattern}");
        }
    }

    #[test]
    fn what_has_none_is_looked_for_in_its_context() {
        let generic = |words: &str, secret: &str| format!("{HEAD}{words}{NECK}({secret}){TAIL}");
        for (source, pattern, keywords, expected) in [
            (GO, generic("acme", "[a-z0-9]{32}"), &["acme"][..], "[0-9A-Za-z]{32} near acme"),
            (GO, generic("(?-i:ACME|[Aa]cme)|zedco", "[a-f0-9]{40}"), &["acme", "zedco"], "[0-9A-Fa-f]{40} near acme,zedco"),
            (GO, generic("hf", "[a-z]{34}"), &["hf"], "[A-Za-z]{34} named hf"),
            (GO, generic("access|auth|api|key|passw(?:or)?d", r"[\w.=-]{10,150}"), &["access", "key"], r"[\-.0-9=A-Z_a-z]{10,150} named access,api,auth,key,passwd,password"),
            (GO, generic("acme|secret|key", "[a-z0-9]{30}"), &["acme"], "[0-9A-Za-z]{30} near acme named acme,key,secret"),
            (GO, generic("acme", r"[a-z0-9]{11}(AAAA)[a-z0-9\-_=]{43}"), &["acme"], r"[0-9A-Za-z]{11}[Aa][Aa][Aa][Aa][\-0-9=A-Z_a-z]{43} near acme"),
            (GO, r"[\w.-]{0,50}?(?i:[\w.-]{0,50}?(?:acme|AC_API_KEY)(?:[ \t\w.-]{0,20})[\s'\x22]{0,3})(?:=|:)\s{0,5}([a-zA-Z0-9]{40})(?:\s|$)".to_owned(), &["acme", "ac_api_key"], "[0-9A-Za-z]{40} near ac_api_key,acme"),
            (GO, r"(?i)\b(\d{15,16}(\||%)[0-9a-z\-_]{27,40})(?:\s|$)".to_owned(), &["acmebook"], r"[0-9]{15,16}[%|][\-0-9A-Z_a-z]{27,40} near acmebook"),
            (GO, r"\b([a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[a-f0-9]{4}-[a-f0-9]{12})\b".to_owned(), &["acme"], r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12} near acme"),
            (GO, r"Authorization: Bearer ([a-zA-Z0-9]{40})".to_owned(), &[], "[0-9A-Za-z]{40} named bearer"),
            (GO, r"acmedb://[^:/\s]{1,64}:([^@\s]{8,64})@".to_owned(), &["acmedb"], r"[\x00-\x08\x0E-\x1F!-?A-\xFF]{8,64} near acmedb in Userinfo"),
            (GO, r"(?i)acme_key\s*=\s*'([a-z0-9]{32})'".to_owned(), &["x"], "[0-9A-Za-z]{32} near acme_key"),
            (RUST, "(?xi)\n \\b\n acme\n (?:.|[\\n\\r]){0,32}?\n \\b(?:key|token)\\b (?:.|[\\n\\r]){0,16}?\n ( [[:alnum:]]{40} ) \\b".to_owned(), &[], "[0-9A-Za-z]{40} near acme"),
            (RUST, r#"(?xi) (?: acme[\s._-]*api[\s._-]*key | zedco ) (?:.|[\n\r]){0,16}? (?: = | : ) \s* ["']? ( [A-Z0-9_~.+/=-]{24,128} ) (?: ["'\s,;}&\]] | $ )"#.to_owned(), &[], r"[+\--9=A-Z_a-z\~]{24,128} near acme,zedco"),
            (GO, format!(r"{HEAD}acme{NECK}([a-z0-9]{{24}}){TAIL}|\b(ACM3[A-Za-z0-9_\-=]{{186}}){TAIL}"), &["acme", "acm3"], r"[0-9A-Za-z]{24} near acme ; [Aa][Cc][Mm]3[\-0-9=A-Z_a-z]{186}"),
        ] {
            assert_eq!(outcome(source, &pattern, keywords), expected, "{pattern}");
        }
    }

    #[test]
    fn what_cannot_be_translated_says_why() {
        for (source, pattern, keywords, expected) in [
            (GO, r"(?<!x)acm_[0-9]{20}", &[][..], "! look-around, including look-ahead and look-behind, is not supported"),
            (GO, r"\b[a-f0-9]{32}\b", &[], "! it has neither a literal nor a context"),
            ((Dialect::Go, Pick::Group(2)), r"(acm_[0-9]{20})", &[], "! it has no group 2 that stands once"),
            (GO, r"acm_[0-9]{16385}", &[], "! its secret reaches more than 16384 bytes"),
            (GO, r"acm_(?:(?:a|b|c)(?:dd|ee)){7}", &[], "! it has more than 64 alternatives"),
            (GO, r"acm_\p{Greek}+", &[], "! invalid Unicode character class"),
            (GO, "", &[], "! it can match nothing"),
        ] {
            assert_eq!(outcome(source, pattern, keywords), expected, "{pattern}");
        }
    }
}
