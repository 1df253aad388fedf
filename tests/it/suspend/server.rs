//! Windows on the server itself: spelled to the real `recover_service`, which then refuses a restart and a reboot.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use firstaid::recover::{Agent, Machine, Told};
use nix::mount::{MsFlags, mount};

use super::desk::Desk;
use crate::namespace::Namespace;
use crate::run::{Ran, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_recover_service");

fn act(words: &[&str]) -> Ran {
    run(PROGRAM, &[&["--act"], words].concat())
}

/// Runs where nothing that is written stays.
fn inside(test: impl FnOnce() + Send) {
    Namespace::mounts().inside(|| {
        for place in ["/var/lib", "/etc/firstaid"] {
            fs::create_dir_all(place).unwrap();
            let (tmpfs, none) = (Some("tmpfs"), None::<&str>);
            mount(tmpfs, place, tmpfs, MsFlags::empty(), none).unwrap();
        }
        test();
    });
}

/// A desk whose web1 is this machine.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.hosts_with_agents();
    let plugins = Path::new(PROGRAM).parent().unwrap().display().to_string();
    let machine = Machine {
        host: "web1".to_owned(),
        agent: Agent::Local { plugins },
        ..Machine::documented()
    };
    let line = serde_json::to_string(&machine).unwrap() + "\n";
    fs::write(desk.path("out/recovery/machines.jsonl"), line).unwrap();
    desk
}

fn ask(desk: &Desk, from: i64) -> Ran {
    let begun = jiff::Timestamp::now().as_second() + from;
    // The same window at each call: whole hours.
    let from = jiff::Timestamp::from_second(begun - begun % 3600).unwrap().to_string();
    desk.firstaid(&["suspend", "web1", "--from", &from, "--why", "x", "--override-deadline"])
}

fn told(ran: &Ran) -> firstaid::recover::Suspension {
    *Told::find(&ran.stdout).unwrap().suspension.unwrap()
}

#[test]
fn a_server_that_was_told_of_a_window_refuses_and_forgets_it_when_it_is_taken_back() {
    inside(|| {
        let desk = desk();
        let refused = |ran: Ran| ran.first().contains("refused (suspension): suspended for ");
        let stored = ask(&desk, -3600);
        assert_eq!(stored.code, 0, "{}{}", stored.stdout, stored.stderr);
        assert!(stored.stdout.contains("  server  ok     stored there"), "{}", stored.stdout);
        assert!(refused(act(&["restart", "--service", "ftp"])));
        assert!(refused(act(&["reboot"])), "{}", act(&["reboot"]).stdout);
        let again = ask(&desk, -3600);
        assert!(again.stdout.contains("was stored there before"), "{}", again.stdout);
        assert_eq!(ask(&desk, 86_400 * 2).code, 0);
        assert_eq!(told(&act(&["result"])).windows.len(), 2);
        let resume = ["resume", "web1", "--override-deadline", "--why", "done"];
        let ended = desk.firstaid(&resume);
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        assert_eq!(told(&act(&["result"])).windows, []);
    });
}

#[test]
fn a_letter_is_one_act_and_its_answer_says_how_many_there_are() {
    inside(|| {
        assert_eq!(told(&act(&["suspension-begin"])).letters, 0);
        for count in 1..=20 {
            let ran = act(&["suspension-a"]);
            assert_eq!((ran.code, told(&ran).letters), (0, count));
        }
        let more = act(&["suspension-0"]);
        assert!(more.code == 1 && more.first().contains("too many letters"), "{}", more.stdout);
        let end = act(&["suspension-end"]);
        assert!(
            end.code == 1 && end.first().contains("the checksum does not fit"),
            "{}",
            end.stdout
        );
        assert_eq!(told(&end).windows, []);
        for unknown in ["suspension-g", "suspension-", "suspension-00", "suspension-0 1"] {
            assert_eq!(act(&[unknown]).code, 3, "{unknown}");
        }
        let with_service = act(&["suspension-begin", "--service", "ftp"]);
        assert!(with_service.first().contains("goes without --service"), "{}", with_service.stdout);
    });
}

#[test]
fn what_can_not_be_read_refuses_and_a_server_that_can_not_store_is_named() {
    inside(|| {
        let refused = || act(&["reboot"]).first().contains("refused (suspension)");
        let own = Path::new("/etc/firstaid/suspended.json");
        for text in ["", "{}", "{\"windows\":[{\"from\":\"x\",\"until\":\"y\"}]}"] {
            fs::write(own, text).unwrap();
            assert!(refused(), "{text:?}");
        }
        fs::write(own, "{\"windows\":[]}").unwrap();
        fs::set_permissions(own, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(refused(), "anybody may have written it");
        fs::remove_file(own).unwrap();
        fs::create_dir_all("/var/lib/firstaid/recovery").unwrap();
        fs::write("/var/lib/firstaid/recovery/suspensions.json", "{").unwrap();
        assert!(refused(), "what was spelled is damaged");
        let part = ask(&desk(), -3600);
        assert_eq!(part.code, 1);
        assert!(
            part.stdout.contains("  server  FAILED the server can not tell"),
            "{}",
            part.stdout
        );
        assert!(part.stdout.contains("  nagios  ok "), "{}", part.stdout);
    });
}
