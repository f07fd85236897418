//! What a file's path says of its content: tests, examples and documents are full of values that only look secret.

use std::path::{Component, Path, PathBuf};

use crate::model::origin::Origin;

/// Directories of tests, examples and documents, without marks around their names.
const DIRECTORIES: [&str; 24] = [
    "test",
    "tests",
    "testing",
    "testdata",
    "test_data",
    "test-data",
    "unittests",
    "spec",
    "specs",
    "e2e",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "doc",
    "docs",
    "documentation",
    "tutorial",
];
/// Parts of names of files that are there to be read or copied.
const SAMPLES: [&str; 7] = ["example", "examples", "sample", "samples", "template", "mock", "fixture"];
/// Parts of names of code that tests. Settings of a test environment are no test.
const TESTS: [&str; 5] = ["test", "tests", "spec", "specs", "conftest"];
/// Extensions of code.
const CODE: [&str; 24] = [
    "py", "js", "mjs", "cjs", "jsx", "ts", "mts", "tsx", "go", "rs", "java", "kt", "kts", "scala", "groovy", "rb", "php", "cs", "c", "cc", "cpp",
    "h", "swift", "ex",
];

/// Whether the path below one of these roots is that of a test, an example or a document: what the user named on the command line says nothing.
#[must_use]
pub fn is_example(origin: &Origin, roots: &[PathBuf]) -> bool {
    match origin {
        Origin::Member { container, name } => is_example_path(Path::new(name)) || is_example(container, roots),
        Origin::File(path) => roots
            .iter()
            .find_map(|root| path.strip_prefix(root).ok().or_else(|| (root == Path::new(".") && path.is_relative()).then_some(path)))
            .is_some_and(|below| {
                let below = if below.as_os_str().is_empty() { path.file_name().map(Path::new) } else { Some(below) };
                below.is_some_and(is_example_path)
            }),
        Origin::Stdin | Origin::Memory(_) | Origin::Elsewhere(_) => false,
    }
}

fn is_example_path(path: &Path) -> bool {
    let mut names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy().to_ascii_lowercase()),
        _ => None,
    });
    let Some(file) = names.next_back() else { return false };
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_code = CODE.contains(&extension);
    let mut parts = file.split(['.', '-', '_']);
    extension == "dist"
        || parts.any(|part| SAMPLES.contains(&part) || (is_code && TESTS.contains(&part)))
        || names.any(|name| DIRECTORIES.contains(&name.trim_matches(['_', '.'])))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::model::origin::Origin;
    use crate::scan::setting::is_example;

    #[test]
    fn paths_below_the_roots_tell() {
        let roots = [PathBuf::from("/work/tests/product"), PathBuf::from(".")];
        for (path, expected) in [
            ("/work/tests/product/src/main.rs", false),
            ("/work/tests/product/tests/main.rs", true),
            ("/work/tests/product/src/__tests__/main.js", true),
            ("/work/tests/product/api/kms.examples.json", true),
            ("/work/tests/product/api/examples-1.json", true),
            ("/work/tests/product/.env", false),
            ("/work/tests/product/.env.example", true),
            ("/work/tests/product/.env.test", false),
            ("/work/tests/product/application-test.yml", false),
            ("/work/tests/product/app/test_views.py", true),
            ("/work/tests/product/app/views_test.go", true),
            ("/work/tests/product/app/latest.py", false),
            ("/work/tests/product", false),
            ("/else/tests/main.rs", false),
            ("./docs/guide.md", true),
            ("docs/guide.md", true),
            ("config.php.dist", true),
            ("./README.md", false),
        ] {
            assert_eq!(is_example(&Origin::File(path.into()), &roots), expected, "{path}");
        }
        let archive = Origin::File("./a.tar".into());
        assert!(is_example(&archive.member("a-1/tests/b.py"), &roots) && !is_example(&archive.member("a-1/b.py"), &roots));
        assert!(is_example(&Origin::File("./test_b.py".into()), &[PathBuf::from("./test_b.py")]));
        assert!(!is_example(&Origin::Stdin, &roots));
    }
}
