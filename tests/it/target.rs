//! `recover_service --act` on the server itself, as far as it needs no server of its own: who may ask, and for what.

use std::fs;
use std::process::{Command, Output};

use firstaid::recover::{Act, State, Told};

use crate::namespace::Namespace;
use crate::run::require;

const PROGRAM: &str = env!("CARGO_BIN_EXE_recover_service");

/// A machine whose settings and ledger are a test's own.
struct Machine(Namespace);

impl Machine {
    fn new() -> Self {
        let machine = Self(Namespace::mounts());
        for folder in ["/var/lib", "/etc/firstaid"] {
            machine.must(Command::new("mkdir").args(["-p", folder]));
            machine.must(Command::new("mount").args(["-t", "tmpfs", "tmpfs", folder]));
        }
        machine
    }

    #[expect(clippy::disallowed_methods, reason = "the tests start what they test")]
    fn asked(&self, args: &[&str]) -> (i32, String) {
        ending(&self.0.run(Command::new(PROGRAM).args(args)))
    }

    fn must(&self, command: &mut Command) {
        self.0.must(command);
    }

    fn has(&self, path: &str) -> bool {
        self.0.inside(|| fs::exists(path).unwrap())
    }
}

fn ending(output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stdout.clone()).unwrap())
}

fn first(text: &str) -> &str {
    text.lines().next().unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tests start what they test")]
fn only_root_may_ask_for_anything() {
    require("setpriv");
    let machine = Machine::new();
    for act in ["restart", "reboot", "result", "answers", "carry-out", "force-reboot"] {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            PROGRAM,
            "--act",
            act,
        ]);
        let (code, text) = ending(&machine.0.run(&mut command));
        let expected =
            format!("RECOVER UNKNOWN - needs root: sudo -n recover_service --act {act}\n");
        assert_eq!((code, text), (3, expected));
    }
}

#[test]
fn a_server_on_which_nothing_was_done_says_who_it_is() {
    let machine = Machine::new();
    let (code, text) = machine.asked(&["--act", "result"]);
    assert_eq!((code, first(&text)), (0, "RECOVER OK - nothing was done here yet"));
    let told = Told::find(&text).unwrap();
    assert_eq!((told.machine.len(), told.job), (32, None));
    // It stays who it is.
    let again = Told::find(&machine.asked(&["--act", "result"]).1).unwrap();
    assert_eq!((again.machine, again.boot), (told.machine, told.boot));
    assert!(!machine.has("/var/lib/firstaid/recovery/target.jsonl"));
}

#[test]
fn words_that_fit_no_act_are_refused() {
    let machine = Machine::new();
    for (args, reason) in [
        (&["--act", "restart"][..], "restart needs --service"),
        (&["--act", "restart", "--service", "nginx"], "the policy names no service \"nginx\""),
        (&["--act", "reboot", "--service", "ssh"], "reboot goes without --service"),
        (&["--act", "result", "--service", "ssh"], "result goes without --service"),
        (&["--act", "answers", "--service", "ssh"], "answers goes without --service"),
        (&["--act", "force-reboot"], "no reboot was begun"),
        (&["--act", "carry-out", "--service", "ssh"], "no restart of it was accepted"),
    ] {
        let (code, text) = machine.asked(args);
        let expected = format!("RECOVER WARNING - refused (readable): {reason}");
        assert_eq!((code, first(&text)), (1, expected.as_str()));
    }
    let (code, text) = machine.asked(&["--act", "halt"]);
    assert!(code == 3 && text.contains("invalid value"), "{text}");
}

#[test]
fn a_switch_that_is_off_refuses_and_the_ledger_says_so_once() {
    let machine = Machine::new();
    machine.must(Command::new("touch").arg("/etc/firstaid/recovery.off"));
    let line = "RECOVER WARNING - refused (switch): /etc/firstaid/recovery.off exists";
    let restart = &["--act", "restart", "--service", "ssh"][..];
    let rounds = [(restart, Act::Restart), (&["--act", "reboot"], Act::Reboot)];
    // The second round is told as the first, although other refusals were recorded in between.
    for (act, asked) in rounds.iter().chain(&rounds).copied() {
        for _ in 0..2 {
            let (code, text) = machine.asked(act);
            assert_eq!((code, first(&text)), (1, line), "{act:?}");
            // Also what is not written again is told as what it is: the refusal of this call.
            let job = Told::find(&text).unwrap().job.unwrap();
            assert_eq!((job.state, job.act, job.since), (State::Refused, asked, 0), "{text}");
        }
    }
    let (_, text) = machine.asked(&["--act", "result"]);
    let job = Told::find(&text).unwrap().job.unwrap();
    assert_eq!((job.state, job.act), (State::Refused, Act::Reboot), "{text}");
    let ledger = "/var/lib/firstaid/recovery/target.jsonl";
    let lines = machine.0.inside(|| fs::read_to_string(ledger).unwrap());
    assert_eq!(lines.lines().count(), 2, "{lines}");
}

#[test]
fn a_ledger_that_can_not_be_written_or_understood_ends_everything() {
    let machine = Machine::new();
    let folder = "/var/lib/firstaid/recovery";
    machine.must(Command::new("mkdir").args(["-p", folder]));
    machine.must(Command::new("mount").args(["-t", "tmpfs", "-o", "ro", "tmpfs", folder]));
    for act in [&["--act", "restart", "--service", "ssh"][..], &["--act", "reboot"]] {
        let (code, text) = machine.asked(act);
        assert_eq!(code, 3, "{text}");
    }
    machine.must(Command::new("umount").arg(folder));
    machine.0.inside(|| fs::write(format!("{folder}/target.jsonl"), "{}\n").unwrap());
    for act in
        [&["--act", "restart", "--service", "ssh"][..], &["--act", "reboot"], &["--act", "result"]]
    {
        let (code, text) = machine.asked(act);
        assert!(code == 3 && text.contains("is damaged"), "{text}");
    }
}
