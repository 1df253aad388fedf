//! Files that derive from the policy are as the policy makes them. A stale one is written anew, and the test fails once.

use std::fs;
use std::path::Path;

use firstaid::config;
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
