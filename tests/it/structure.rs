//! The layers, and the tables that must agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use firstaid::check::ALL;

/// Which layers a layer may use.
const LAYERS: &[(&str, &[&str])] = &[
    ("deadline", &[]),
    ("plugin", &["deadline"]),
    ("probe", &["deadline"]),
    ("policy", &["plugin"]),
    ("calendar", &["policy"]),
    ("check", &["deadline", "plugin", "policy", "probe"]),
    ("inventory", &["calendar", "check", "policy"]),
    ("config", &["plugin", "policy", "inventory", "check", "recover"]),
    ("recover", &["deadline", "plugin", "policy", "probe"]),
    (
        "cli",
        &[
            "calendar",
            "check",
            "config",
            "deadline",
            "inventory",
            "plugin",
            "policy",
            "probe",
            "recover",
        ],
    ),
    ("bin", &["check", "cli", "recover"]),
];

/// Lines of a source file: one idea a file.
const LONGEST: usize = 300;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The layer that a file under `src` belongs to: its first folder, or its own name.
fn layer(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap();
    Path::new(first.as_os_str()).file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Layers that a file names, by `crate::` or, in a program, `firstaid::`.
fn used(text: &str) -> BTreeSet<&str> {
    let starts = ["crate::", "firstaid::"];
    let parts = starts.iter().flat_map(|start| text.split(start).skip(1));
    parts
        .map(|part| part.split(|it: char| !it.is_alphanumeric() && it != '_').next().unwrap())
        .collect()
}

#[test]
fn every_layer_uses_only_what_its_row_allows() {
    for file in sources(&root().join("src")) {
        let layer = layer(&file);
        if layer == "lib" {
            continue;
        }
        let row = LAYERS.iter().find(|(name, _)| *name == layer);
        let (_, allowed) =
            row.unwrap_or_else(|| panic!("{}: layer {layer} has no row", file.display()));
        let text = fs::read_to_string(&file).unwrap();
        for other in used(&text) {
            assert!(
                other == layer || allowed.contains(&other),
                "{}: {layer} may not use {other}",
                file.display()
            );
        }
    }
}

#[test]
fn the_layer_rule_finds_a_forbidden_import() {
    assert_eq!(
        used("use crate::policy::Plan;\nfirstaid::check::main()"),
        BTreeSet::from(["policy", "check"])
    );
}

#[test]
fn every_check_has_a_program_and_every_program_a_check() {
    let programs: BTreeSet<String> = sources(&root().join("src/bin"))
        .iter()
        .filter_map(|file| {
            file.file_stem().unwrap().to_str().unwrap().strip_prefix("check_").map(str::to_owned)
        })
        .collect();
    let checks: BTreeSet<String> = ALL.iter().map(|entry| entry.name.to_owned()).collect();
    assert_eq!(programs, checks);
}

#[test]
fn a_source_file_holds_one_idea() {
    for file in sources(&root().join("src")).into_iter().chain(sources(&root().join("tests"))) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines, more than {LONGEST}", file.display());
    }
}

#[test]
fn nothing_below_the_contract_prints_or_exits() {
    // The process that asks mounts is no plugin: its standard output is a pipe to the plugin that started it.
    let allowed = ["src/plugin/stdout.rs", "src/cli/mod.rs", "src/probe/disk/asked.rs"];
    for file in sources(&root().join("src")) {
        let name = file.strip_prefix(root()).unwrap().to_str().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        for word in ["println!", "print!(", "process::exit", "io::stdout()", "io::stderr()"] {
            assert!(allowed.contains(&name) || !text.contains(word), "{name} uses {word}");
        }
    }
}

#[test]
fn the_release_stays_able_to_end_as_unknown() {
    let manifest: toml::Table =
        fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    assert!(manifest["profile"]["release"].get("panic").is_none(), "a panic must unwind");
}
