//! A drill's pace: one number of the inventory, the same everywhere that a wait is decided.

use std::fs;

use crate::monitored;
use crate::run::run;

/// What an inventory with this line in `[site]` generates, and what is said about it.
fn generated(line: &str) -> (tempfile::TempDir, crate::run::Ran) {
    let folder = monitored::folder();
    let inventory = folder.path().join("hosts.toml");
    let text = format!(
        "[site]\n{line}\n[[host]]\nname = \"web1\"\naddress = \"192.0.2.1\"\nos = \"debian\"\nservices = [\"ssh\"]\n"
    );
    fs::write(&inventory, text).unwrap();
    let [inventory, out] =
        [inventory, folder.path().join("out")].map(|path| path.display().to_string());
    let ran = run(env!("CARGO_BIN_EXE_firstaid"), &["generate", "-i", &inventory, "-o", &out]);
    (folder, ran)
}

#[test]
fn a_pace_divides_the_rhythm_of_engine_monitor_and_server_alike() {
    let (folder, ran) = generated("pace = 20");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("THIS IS FOR A DRILL: pace 20"), "{}", ran.stderr);
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let rhythm = read("icinga2/conf.d/firstaid-templates.conf");
    assert!(rhythm.contains("check_interval = 15s"), "{rhythm}");
    let recovery = read("icinga2/conf.d/firstaid-notifications.conf");
    assert!(
        recovery.contains("interval = 15s") && recovery.contains("timeout = 10m"),
        "{recovery}"
    );
    for file in ["recovery/machines.jsonl", "recovery/hosts/web1.json"] {
        let text = read(file);
        assert!(text.contains(r#""pace":20,"interval":15,"#), "{file}: {text}");
    }
}

#[test]
fn without_a_pace_nothing_is_said_of_it() {
    let (folder, ran) = generated("");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let machines = fs::read_to_string(folder.path().join("out/recovery/machines.jsonl")).unwrap();
    assert!(!machines.contains("pace") && machines.contains(r#""interval":300"#), "{machines}");
    assert!(!folder.path().join("out/recovery/hosts/web1.json").exists());
}

#[test]
fn a_pace_that_leaves_a_check_no_time_is_refused() {
    for line in ["pace = 0", "pace = 31", "pace = -1"] {
        let (_, ran) = generated(line);
        assert_eq!(ran.code, 1, "{line}: {ran:?}");
        assert!(ran.stderr.contains("hosts.toml"), "{}", ran.stderr);
    }
}
