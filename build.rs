//! Checks the rule files at build time and writes them in the form that the program reads at start.

#![allow(dead_code, missing_docs, reason = "only the rule checker is used of these modules")]

use std::fmt::Write as _;
use std::path::Path;

#[path = "src/model"]
mod model {
    #[path = "carrier.rs"]
    pub mod carrier;
    #[path = "grade.rs"]
    pub mod grade;
    #[path = "rule_info.rs"]
    pub mod rule_info;
}
#[path = "src/rules"]
mod rules {
    #[path = "anchor.rs"]
    pub mod anchor;
    #[path = "byte_set.rs"]
    pub mod byte_set;
    #[path = "check.rs"]
    pub mod check;
    #[path = "error.rs"]
    pub mod error;
    #[path = "load.rs"]
    pub mod load;
    #[path = "name_form.rs"]
    pub mod name_form;
    #[path = "rarity.rs"]
    pub mod rarity;
    #[path = "rule.rs"]
    pub mod rule;
    #[path = "shape.rs"]
    pub mod shape;
    #[path = "spec.rs"]
    pub mod spec;
    #[path = "terms.rs"]
    pub mod terms;
}

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=src/rules");
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var_os("OUT_DIR").expect("because cargo sets it");
    let out = Path::new(&out);
    let root = std::env::var_os("CARGO_MANIFEST_DIR").expect("because cargo sets it");
    let folder = Path::new(&root).join("rules");
    match rules::load::load_path(&folder) {
        Ok(written) => {
            let checked: Vec<_> = written.iter().map(|written| &written.rule).collect();
            let packed = postcard::to_stdvec(&checked).expect("because rules are plain values");
            std::fs::write(out.join("rules.packed"), packed).expect("because cargo's folder can be written");
        }
        Err(error) => {
            println!("cargo::error={}", error.to_string().replace('\n', "  "));
            std::process::exit(1);
        }
    }
    std::fs::write(out.join("sources.rs"), sources(&folder)).expect("because cargo's folder can be written");
}

/// A Rust array of every rule file's name and text.
fn sources(folder: &Path) -> String {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("because the folder was just read")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .collect();
    names.sort();
    let mut text = String::from("&[");
    for path in names {
        let name = path.file_name().expect("because it is a file").to_string_lossy().into_owned();
        let _ = write!(text, "(\"rules/{name}\", include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/rules/{name}\"))),");
    }
    text.push(']');
    text
}
