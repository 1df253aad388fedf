//! Files that derive from the policy are as the policy makes them. A stale one is written anew, and the test fails once.

use std::fs;
use std::path::Path;

use firstaid::config;
use firstaid::inventory::Inventory;
use firstaid::policy::Policy;

const BEGIN: &str = "<!-- thresholds: made from src/policy/policy.toml by `cargo test` -->\n";
const END: &str = "<!-- end of thresholds -->\n";

#[test]
fn the_readme_shows_the_policy() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&file).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("README.md has the begin marker");
    let (old, tail) = rest.split_once(END).expect("README.md has the end marker");
    let new = config::thresholds(Policy::documented());
    if old != new {
        fs::write(&file, format!("{head}{BEGIN}{new}{END}{tail}")).unwrap();
        panic!("README.md was stale and has been written anew: look at the change and commit it");
    }
}

/// The generator's folders, and where the result for the example stands in the repository.
const COMMITTED: &[(&str, &str)] = &[("icinga2", "icinga-conf"), ("nrpe", "nrpe")];

#[test]
fn the_committed_configuration_is_that_of_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let inventory = Inventory::read(&root.join("packaging/example/hosts.toml")).unwrap();
    let files = config::all(Policy::documented(), &inventory);
    let mut stale = Vec::new();
    for (folder, committed) in COMMITTED {
        let wanted: Vec<_> = files
            .iter()
            .filter_map(|it| {
                let place = root.join(committed).join(it.path.strip_prefix(folder).ok()?);
                Some((place, it.text.as_str()))
            })
            .collect();
        for (place, text) in &wanted {
            if fs::read_to_string(place).ok().as_deref() != Some(*text) {
                fs::create_dir_all(place.parent().unwrap()).unwrap();
                fs::write(place, text).unwrap();
                stale.push(place.clone());
            }
        }
        for place in below(&root.join(committed)) {
            if !wanted.iter().any(|(path, _)| *path == place) {
                fs::remove_file(&place).unwrap();
                stale.push(place);
            }
        }
    }
    assert!(stale.is_empty(), "written anew, look at the change and commit it: {stale:?}");
}

fn below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}
