//! Patterns with `*`, for names of tools, workloads and scopes.

/// Whether a text is what a pattern says, where `*` stands for any characters or none.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use crate::detect::glob::matches;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, expected) in [
            ("jira.search", "jira.search", true),
            ("jira.search", "jira.searches", false),
            ("jira.*", "jira.delete", true),
            ("jira.*", "jira", false),
            ("*", "", true),
            ("*.read", "files.read", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("s3.amazonaws.com:Get*", "s3.amazonaws.com:GetObject", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
