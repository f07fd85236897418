//! The part of a workload's id that stays when instances come and go.

/// SPIFFE id without what names a pod, role ARN without the session's name, service account without its system's prefix; anything else as it is.
#[must_use]
pub fn stable(id: &str) -> String {
    if let Some(path) = id.strip_prefix("spiffe://") {
        return format!("spiffe://{}", before_pod(path));
    }
    if id.starts_with("arn:") {
        return role(id).unwrap_or_else(|| id.to_owned());
    }
    let account = id.strip_prefix("serviceAccount:").unwrap_or(id);
    account.rsplit_once("/serviceAccounts/").map_or(account, |(_, name)| name).to_owned()
}

/// Whether an id has the shape of a workload's: a URI of a trust domain, an ARN, or a service account.
#[must_use]
pub fn is_workload(id: &str) -> bool {
    ["spiffe://", "wimse://", "arn:", "system:serviceaccount:", "system:node:", "serviceAccount:"].iter().any(|start| id.starts_with(start))
        || id.ends_with(".gserviceaccount.com")
        || id.contains("/serviceAccounts/")
        || id.starts_with("pool `")
}

/// Up to the service account, where the path names one; else without a part that says `pod`.
fn before_pod(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let after_account = parts.iter().position(|part| *part == "sa").map(|at| at + 2);
    let before_pod = parts.iter().position(|part| *part == "pod");
    let end = after_account.into_iter().chain(before_pod).min().unwrap_or(parts.len());
    parts[..end.min(parts.len())].join("/")
}

/// `arn:aws:sts::1:assumed-role/Deploy/session` and `arn:aws:iam::1:role/path/Deploy` are one role of one account.
fn role(arn: &str) -> Option<String> {
    let mut colons = memchr::memchr_iter(b':', arn.as_bytes());
    let (first, second) = (colons.next()?, colons.next()?);
    let (fourth, fifth) = (colons.nth(1)?, colons.next()?);
    let (partition, account, resource) = (&arn[first + 1..second], &arn[fourth + 1..fifth], &arn[fifth + 1..]);
    let name = match resource.split_once('/')? {
        ("assumed-role", rest) => rest.split('/').next()?,
        ("role", rest) => rest.rsplit('/').next()?,
        _ => return None,
    };
    Some(["arn:", partition, ":iam::", account, ":role/", name].concat())
}

#[cfg(test)]
mod tests {
    use crate::detect::workload::{is_workload, stable};

    #[test]
    fn instances_of_one_workload_are_alike() {
        for (id, expected) in [
            ("spiffe://example/ns/x/sa/y", "spiffe://example/ns/x/sa/y"),
            ("spiffe://example/ns/x/sa/y/pod/y-5d8f-abc", "spiffe://example/ns/x/sa/y"),
            ("spiffe://example/web/pod/1", "spiffe://example/web"),
            ("arn:aws:sts::123456789012:assumed-role/Deploy/build-17", "arn:aws:iam::123456789012:role/Deploy"),
            ("arn:aws:iam::123456789012:role/ci/Deploy", "arn:aws:iam::123456789012:role/Deploy"),
            ("arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/ann"),
            ("system:serviceaccount:ns:y", "system:serviceaccount:ns:y"),
            ("projects/-/serviceAccounts/a@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com"),
            ("agent-7", "agent-7"),
        ] {
            assert_eq!(stable(id), expected, "{id}");
            assert_eq!(is_workload(id), id != "agent-7", "{id}");
        }
    }
}
