//! `firstaid generate` and `firstaid explain` from outside.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::run::{Ran, run};

const WEB: &str =
    "[[host]]\nname = \"web1\"\naddress = \"192.0.2.1\"\nos = \"centos\"\nservices = [\"ssh\"]\n";
const MAIL: &str = "[[host]]\nname = \"mail1\"\naddress = \"192.0.2.2\"\nos = \"centos\"\nservices = [\"smtp\"]\nagent = \"icinga\"\n";

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("out")
    }

    fn generate(&self, inventory: &str, more: &[&str]) -> Ran {
        let file = self.path("hosts.toml");
        fs::write(&file, inventory).unwrap();
        let out = self.out();
        let mut args = vec!["generate", "-i", file.to_str().unwrap(), "-o", out.to_str().unwrap()];
        args.extend(more);
        run(env!("CARGO_BIN_EXE_firstaid"), &args)
    }

    /// Every file below the output with its text and inode.
    fn files(&self) -> Vec<(PathBuf, String, u64)> {
        let mut found = Vec::new();
        walk(&self.out(), &mut found);
        found.sort();
        found
    }
}

fn walk(folder: &Path, found: &mut Vec<(PathBuf, String, u64)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            let inode = fs::metadata(&path).unwrap().ino();
            found.push((path.clone(), fs::read_to_string(&path).unwrap(), inode));
        }
    }
}

#[test]
fn a_second_run_touches_nothing_and_another_folder_gets_the_same() {
    let place = Place::new();
    let both = format!("{WEB}{MAIL}");
    assert_eq!(place.generate(&both, &[]).code, 0);
    let first = place.files();
    assert!(first.len() > 4 && first.iter().all(|(_, text, _)| firstaid::config::is_ours(text)));
    let ran = place.generate(&both, &[]);
    assert!(
        ran.stdout.ends_with("0 written, ".to_owned().as_str())
            || ran.stdout.contains(" 0 written, "),
        "{}",
        ran.stdout
    );
    assert_eq!(place.files(), first);
    let other = Place::new();
    other.generate(&both, &[]);
    let texts =
        |place: &Place| place.files().into_iter().map(|(_, text, _)| text).collect::<Vec<_>>();
    assert_eq!(texts(&other), texts(&place));
}

#[test]
fn what_belongs_to_a_removed_host_goes_and_what_others_wrote_stays() {
    let place = Place::new();
    place.generate(&format!("{WEB}{MAIL}"), &[]);
    let agents = place.path("out/icinga2/conf.d/firstaid-agents.conf");
    let foreign = place.path("out/icinga2/conf.d/own.conf");
    fs::write(&foreign, "object Host \"own\" { }\n").unwrap();
    assert!(agents.exists());
    let ran = place.generate(WEB, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("removed icinga2/conf.d/firstaid-agents.conf"), "{}", ran.stdout);
    assert!(!agents.exists() && foreign.exists());
}

#[test]
fn diff_and_check_write_nothing() {
    let place = Place::new();
    let ran = place.generate(WEB, &["--diff"]);
    assert!(ran.code == 0 && ran.stdout.contains("+object Host \"web1\" {"), "{}", ran.stdout);
    assert!(!place.out().exists());
    place.generate(WEB, &[]);
    let before = place.files();
    let ran = place.generate(&WEB.replace("192.0.2.1", "192.0.2.9"), &["--diff"]);
    assert!(
        ran.stdout.contains("-  address = \"192.0.2.1\"\n+  address = \"192.0.2.9\"\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.starts_with(
        "--- a/icinga2/conf.d/firstaid-hosts.conf\n+++ b/icinga2/conf.d/firstaid-hosts.conf\n"
    ));
    assert_eq!(place.generate(MAIL, &["--check"]).code, 0);
    assert_eq!(place.files(), before);
    assert_eq!(place.generate(WEB, &["--diff"]).stdout, "");
}

#[test]
fn a_bad_inventory_names_file_and_line_and_nothing_is_written() {
    let place = Place::new();
    let ran = place.generate(&WEB.replace("centos", "windows"), &[]);
    let file = place.path("hosts.toml");
    let expected = format!(
        "firstaid: {}:4: Windows servers are not eligible: remove the host\n",
        file.display()
    );
    assert_eq!((ran.code, ran.stderr, ran.stdout), (1, expected, String::new()));
    assert!(!place.out().exists());
    assert_eq!(run(env!("CARGO_BIN_EXE_firstaid"), &["generate", "--colour"]).code, 2);
    assert_eq!(run(env!("CARGO_BIN_EXE_firstaid"), &["generate"]).code, 2);
}

#[test]
fn a_file_that_somebody_else_wrote_is_not_replaced() {
    let place = Place::new();
    let file = place.path("out/icinga2/conf.d/firstaid-hosts.conf");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "mine\n").unwrap();
    let ran = place.generate(WEB, &[]);
    assert!(ran.code == 1 && ran.stderr.contains("was not made by firstaid"), "{}", ran.stderr);
    assert_eq!(place.files().len(), 1);
    assert_eq!(fs::read_to_string(file).unwrap(), "mine\n");
}

#[test]
fn explain_says_command_bounds_alert_and_recovery() {
    let place = Place::new();
    let file = place.path("hosts.toml");
    fs::write(&file, WEB).unwrap();
    let explain = |check: &str| {
        run(
            env!("CARGO_BIN_EXE_firstaid"),
            &["explain", "web1", check, "-i", file.to_str().unwrap()],
        )
    };
    let ran = explain("ssh");
    for part in [
        "check_ssh_banner -H 192.0.2.1 --plan core2duo",
        "CRITICAL >= 11 s",
        "After result number 4 in a row that is not OK, 15 min after the first",
        "1. When the last OK result is 20 min old: sshd (the policy's for no panel) is stopped and started through NRPE",
        "2. If the result 5 min later is still not OK: the server is rebooted.",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
    assert!(explain("load").stdout.contains("None, ever"));
    assert!(explain("ping").stdout.contains("--only warning"));
    let ran = explain("gopher");
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (1, "firstaid: host web1 has no check \"gopher\": one of ping, ssh, load, disk, mem\n")
    );
}
