//! The Rego interpreter: compiles a policy and asks one of its rules.

use std::num::NonZeroU32;
use std::time::Duration;

use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;

use crate::pipeline::policy::Ask;

/// How long one question may take, so that no policy keeps a run from ending.
const LIMIT: ExecutionTimerConfig =
    ExecutionTimerConfig { limit: Duration::from_secs(1), check_interval: NonZeroU32::new(64).expect("because it is not zero") };

/// What the interpreter says of a rule that is not there.
const NO_RULE: &str = "not a valid rule path";

/// Compiles the policy `text` of the file `name`; what comes back asks its rule.
pub fn compile(name: &str, text: String, rule: &'static str) -> Result<Ask, String> {
    let mut engine = Engine::new();
    engine.set_execution_timer_config(LIMIT);
    // Without it a built-in function that fails would read as "no decision".
    engine.set_strict_builtin_errors(true);
    engine.add_policy(name.to_owned(), text).map_err(|error| in_one_line(&error))?;
    // A rule that is missing shows up only here.
    engine.clone().compile_with_entrypoint(&rule.into()).map_err(|error| match in_one_line(&error) {
        message if message == NO_RULE => format!("{name}: there is no rule `{rule}`"),
        message => message,
    })?;
    Ok(Box::new(move |input| {
        engine.set_input(regorus::Value::from(input));
        match engine.eval_rule(rule.to_owned()).map_err(|error| in_one_line(&error))? {
            regorus::Value::Undefined => Ok(None),
            value => serde_json::to_value(&value).map(Some).map_err(|error: serde_json::Error| error.to_string()),
        }
    }))
}

/// The interpreter shows the line of source under `--> file:line:column`, and below it what is wrong.
fn in_one_line(error: &anyhow::Error) -> String {
    let text = error.to_string();
    let place = text.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
    match (place, text.rsplit_once("error: ")) {
        (Some(place), Some((_, wrong))) => format!("{place}: {}", wrong.trim()),
        _ => text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::pipeline::policy::rego::compile;

    const RULE: &str = "data.beartrap.decision";

    fn check(body: &str, input: Value, expected: Result<Option<Value>, &str>) {
        let mut ask = compile("p.rego", format!("package beartrap\n{body}\n"), RULE).unwrap_or_else(|error| panic!("{error}"));
        match (ask(input), expected) {
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (answer, expected) => assert_eq!(answer, expected.map_err(str::to_owned)),
        }
    }

    #[test]
    fn a_rule_answers_or_is_silent_or_fails_at_a_line() {
        let low = "decision := {\"severity\": \"low\"} if input.a == 1";
        check(low, json!({"a": 1}), Ok(Some(json!({"severity": "low"}))));
        check(low, json!({"a": 2}), Ok(None));
        check("decision := {\"drop\": net.cidr_contains(\"10.0.0.0/8\", input.a)}", json!({"a": "10.1.2.3"}), Ok(Some(json!({"drop": true}))));
        check("decision := {\"drop\": regex.match(\"^a+$\", input.a)}", json!({"a": "aa"}), Ok(Some(json!({"drop": true}))));
        check("decision := 1 if input.a\ndecision := 2 if input.a", json!({"a": true}), Err("p.rego:"));
        check("decision := {\"why\": unknown} if input.a", json!({"a": true}), Err("p.rego:2:"));
        check("decision := to_number(input.a)", json!({"a": "x"}), Err("p.rego:2:"));
    }

    #[test]
    fn questions_do_not_remember_each_other() {
        let text = "package beartrap\ndecision := {\"why\": input.a} if input.a != \"\"".to_owned();
        let mut ask = compile("p.rego", text, RULE).unwrap_or_else(|error| panic!("{error}"));
        for (given, expected) in [("x", Some(json!({"why": "x"}))), ("", None), ("y", Some(json!({"why": "y"})))] {
            assert_eq!(ask(json!({"a": given})), Ok(expected));
        }
    }

    #[test]
    fn a_question_without_end_ends() {
        check("decision := count([1 | some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a == b])", json!({}), Err(""));
    }

    #[test]
    fn what_cannot_be_used_is_told_with_its_line() {
        for (text, expected) in [
            ("package beartrap\ndecision := {", "p.rego:"),
            ("package other\ndecision := 1", "no rule `data.beartrap.decision`"),
            ("package beartrap\nverdict := 1", "no rule `data.beartrap.decision`"),
        ] {
            let error = compile("p.rego", text.to_owned(), RULE).err().unwrap_or_default();
            assert!(error.contains(expected) && !error.contains('\n'), "{text}: {error}");
        }
    }
}
