//! Who runs the program, for the audit log: as the environment and the system say.

use std::path::Path;

/// A user or a part of the program, and the machine, such as `ann@build-7`.
#[must_use]
pub fn who(part: Option<&str>) -> String {
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = part.map(str::to_owned).or_else(|| ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(said)).unwrap_or_else(number);
    let host = ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter().find_map(|path| std::fs::read_to_string(Path::new(path)).ok());
    let host = host.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let host = host.or_else(|| said("HOSTNAME")).or_else(|| said("COMPUTERNAME")).unwrap_or_else(|| "unknown".to_owned());
    format!("{user}@{host}").chars().filter(|character| !character.is_control()).take(200).collect()
}

/// The user's number, where nobody says a name.
#[cfg(unix)]
fn number() -> String {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").map_or_else(|_| "unknown".to_owned(), |found| format!("uid {}", found.uid()))
}

#[cfg(not(unix))]
fn number() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use crate::cli::who::who;

    #[test]
    fn a_part_of_the_program_stands_for_itself() {
        let who = who(Some("watch"));
        assert!(who.starts_with("watch@") && who.len() > "watch@".len(), "{who}");
    }
}
