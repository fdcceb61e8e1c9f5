//! The layers of the library: a module imports only from the layers below its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules, lowest layer first; the modules of one layer do not import each other.
const LAYERS: &[&[&str]] = &[
    &["private", "input", "diagnostic"],
    &["api"],
    &["exchange"],
    &["contract"],
    &["zone", "case", "transport"],
    &["mock", "event"],
    &["cause"],
    &["coverage", "expected", "power"],
    &["report", "drift"],
    &["runner", "audit"],
    &["explore"],
    &["proxy", "settings", "mutation", "client"],
    &["harness"],
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}"));
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Returns for each module the modules that its files import, each with one of these files.
fn imports() -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut imports: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    for file in files {
        let below = file.strip_prefix(&root).unwrap_or(&file);
        let first = below.components().next();
        let name = first.map(|part| part.as_os_str().to_string_lossy().into_owned());
        let name = name.unwrap_or_default().replace(".rs", "");
        if matches!(name.as_str(), "lib" | "main" | "cli") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}"));
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for part in line.split("crate::").skip(1) {
                let other: String = part
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect();
                if other != name && !other.is_empty() {
                    let all = imports.entry(name.clone()).or_default();
                    all.entry(other).or_insert_with(|| file.clone());
                }
            }
        }
        imports.entry(name).or_default();
    }
    imports
}

#[test]
fn a_module_imports_only_from_lower_layers() {
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    for (name, others) in imports() {
        let own = layer(&name).unwrap_or_else(|| panic!("`{name}` is in no layer"));
        for (other, file) in others {
            let below = layer(&other).unwrap_or_else(|| panic!("`{other}` is in no layer"));
            assert!(below < own, "{name} imports {other}: {}", file.display());
        }
    }
}

#[test]
fn every_layer_has_its_modules() {
    let known: BTreeSet<String> = imports().into_keys().collect();
    for name in LAYERS.iter().flat_map(|layer| layer.iter()) {
        assert!(known.contains(*name), "there is no module `{name}`");
    }
}

#[test]
fn the_library_neither_prints_nor_exits_nor_reads_the_environment() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let is_library = |file: &&PathBuf| {
        let is_command = file.starts_with(root.join("cli")) || file.ends_with("main.rs");
        !is_command && !file.starts_with(root.join("runner/custody/simulation"))
    };
    for file in files.iter().filter(is_library) {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{error}"));
        let code = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for word in [
                "println!(",
                "print!(",
                "process::exit(",
                "env::var(",
                "env::vars(",
            ] {
                assert!(!line.contains(word), "{}: {line}", file.display());
            }
        }
    }
}
