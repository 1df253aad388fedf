//! Power cycles through fake fence agents, for what no device does on command.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use firstaid::deadline::Deadline;
use firstaid::recover::Power;
use firstaid::recover::server::power::{Cycled, Limits, PowerState, cycle_within, status};
use tempfile::TempDir;

use crate::monitored;
use crate::namespace::Namespace;

/// Limits of tests: a switch is seen at once or never.
pub(super) const LIMITS: Limits = Limits {
    status: Duration::from_secs(2),
    switch: Duration::from_secs(2),
    rest: Duration::from_millis(10),
    tries: 2,
};

/// An agent, with a folder of its own: `state` is the power, `log` the actions, `input` the last input.
struct Fake {
    folder: TempDir,
    mounts: Namespace,
}

impl Fake {
    /// The script finds the action in `$action`, and functions `say` (the state, as agents do) and `turn`.
    fn new(script: &str) -> Self {
        let folder = monitored::folder();
        let place = folder.path().display().to_string();
        let programs = folder.path().join("programs");
        fs::create_dir(&programs).unwrap();
        let text = format!(
            "cd {place}\ninput=$(cat)\necho \"$input\" > input\necho \"$*\" >> args\n\
             action=$(sed -n s/^action=//p input)\necho \"$action\" >> log\n\
             say() {{ case $(cat state) in ON) echo 'Status: ON'; exit 0;; OFF) echo 'Status: OFF'; exit 2;; esac; exit 1; }}\n\
             turn() {{ echo \"$1\" > state; echo 'Success: Powered '\"$1\"; exit 0; }}\n{script}"
        );
        monitored::script(&programs.join("fence_fake"), &text);
        fs::write(folder.path().join("state"), "ON\n").unwrap();
        let mounts = Namespace::mounts();
        mounts.must(Command::new("mount").arg("--bind").arg(&programs).arg("/usr/sbin"));
        Self { folder, mounts }
    }

    fn power(&self, options: &[(&str, &str)]) -> Power {
        let path = self.folder.path().join("password");
        fs::write(&path, "\"pass word\" \n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let options = options.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Power {
            agent: "fence_fake".to_owned(),
            password_file: Some(path.display().to_string()),
            options: options.collect(),
            identity: None,
        }
    }

    fn cycle(&self, power: &Power) -> Cycled {
        self.mounts.inside(|| {
            let log = self.folder.path().join("log");
            let mut intent = || {
                let asked = fs::read_to_string(&log)?;
                assert_eq!(asked, "status\n", "the record comes before the cut");
                Ok(fs::write(&log, asked + "intent\n")?)
            };
            cycle_within(power, &LIMITS, &Deadline::within(Duration::from_mins(5)), &mut intent)
        })
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

const HONEST: &str = "case $action in status) say;; on) turn ON;; off) turn OFF;; esac";

#[test]
fn a_cycle_is_status_record_off_status_on_status() {
    let fake = Fake::new(HONEST);
    let power = fake.power(&[("ip", "192.0.2.1"), ("plug", " 3")]);
    assert_eq!(fake.cycle(&power), Cycled::Done);
    let log: Vec<String> = fake.read("log").lines().map(str::to_owned).collect();
    assert_eq!(log, ["status", "intent", "off", "status", "on", "status"]);
    let input = "action=status\nip=192.0.2.1\nplug=\" 3\"\npassword=\"\"pass word\" \"\n";
    assert_eq!(fake.read("input"), input);
    assert_eq!(fake.read("args").trim(), "", "nothing stands on the command line");
}

/// What an agent does, and the verdict: a record and a cut come only where it is not `Refused`.
const CASES: &[(&str, &str, &str)] = &[
    ("off already", "echo OFF > state; say", "Refused"),
    ("no answer", "exit 1", "Refused"),
    ("exit 0 and no words", "exit 0", "Refused"),
    ("words and the wrong exit code", "echo 'Status: ON'; exit 2", "Refused"),
    ("hangs", "sleep 1000", "Refused"),
    (
        "does not know an option",
        "echo \"WARNING:root:Parse error: Ignoring unknown option 'x=1'\" >&2; say",
        "Refused",
    ),
    ("lies about off", "case $action in off) echo Success; exit 0;; esac; say", "StuckOn"),
    (
        "lies about on",
        "case $action in off) turn OFF;; on) echo Success; exit 0;; esac; say",
        "LeftOff",
    ),
    (
        "hangs after off",
        "case $action in off) turn OFF;; esac; [ \"$(cat state)\" = ON ] || sleep 1000; say",
        "LeftOffOrUnclear",
    ),
    (
        "on succeeds the second time",
        "case $action in off) turn OFF;; on) [ -e tried ] && turn ON; touch tried; exit 1;; esac; say",
        "Done",
    ),
    (
        "off fails, and yet is done",
        "case $action in off) echo OFF > state; exit 1;; on) turn ON;; esac; say",
        "Done",
    ),
    (
        "off is not seen, and on comes",
        "case $action in off) turn LOST;; on) turn ON;; esac; say",
        "Unclear",
    ),
    ("nothing is seen any more", "case $action in off|on) turn LOST;; esac; say", "Unclear"),
];

#[test]
fn every_misbehaviour_has_its_verdict() {
    crate::run::side_by_side(CASES, |(what, script, verdict)| {
        let fake = Fake::new(script);
        let start = Instant::now();
        let cycled = fake.cycle(&fake.power(&[("ip", "192.0.2.1")]));
        let found = match &cycled {
            Cycled::Done => "Done",
            Cycled::Refused(_) => "Refused",
            Cycled::StuckOn(_) => "StuckOn",
            Cycled::LeftOff(_) => "LeftOff",
            Cycled::Unclear(_) => "Unclear",
        };
        assert!(verdict.contains(found), "{what}: {cycled:?}");
        let log = fake.read("log");
        assert_eq!(found == "Refused", !log.contains("off"), "{what}: {log}");
        assert!(
            !log.contains("off") || log.contains("\non\n") || found == "StuckOn",
            "{what}: {log}"
        );
        assert!(start.elapsed() < LIMITS.switching() + LIMITS.status, "{what}");
        assert!(!format!("{cycled:?}").contains("pass word"), "{what}: {cycled:?}");
    });
}

#[test]
fn what_can_not_be_recorded_or_has_no_time_is_not_done() {
    let fake = Fake::new(HONEST);
    let power = fake.power(&[]);
    fake.mounts.inside(|| {
        let long = Deadline::within(Duration::from_mins(5));
        let mut failing = || anyhow::bail!("the disk is full");
        let cycled = cycle_within(&power, &LIMITS, &long, &mut failing);
        assert_eq!(cycled, Cycled::Refused("the disk is full".to_owned()));
        let short = Deadline::within(LIMITS.switching().saturating_sub(Duration::from_millis(1)));
        let mut unexpected = || panic!("there is no time for it");
        let cycled = cycle_within(&power, &LIMITS, &short, &mut unexpected);
        assert!(matches!(cycled, Cycled::Refused(_)), "{cycled:?}");
    });
    assert_eq!(fake.read("log"), "status\nstatus\n");
}

#[test]
fn what_is_configured_wrongly_starts_no_agent() {
    type Change = fn(&mut Power);
    let fake = Fake::new(HONEST);
    let cases: &[(&str, Change)] = &[
        ("action", |it| drop(it.options.insert("action".into(), "off".into()))),
        ("password", |it| drop(it.options.insert("password".into(), "x".into()))),
        ("two lines", |it| drop(it.options.insert("ip".into(), "1\naction=off".into()))),
        ("no name", |it| drop(it.options.insert("x\ny".into(), "1".into()))),
        ("no agent", |it| it.agent = "fence_none".into()),
        ("a path", |it| it.agent = "fence_../fence_fake".into()),
        ("another program", |it| it.agent = "mount".into()),
        ("no password", |it| it.password_file = Some("/nonexistent".into())),
    ];
    fake.mounts.inside(|| {
        for (what, change) in cases {
            let mut power = fake.power(&[]);
            change(&mut power);
            assert!(status(&power).is_err(), "{what}");
        }
        assert_eq!(fake.read("log"), "");
        assert_eq!(status(&fake.power(&[])).unwrap(), PowerState::On);
        let agent = fake.folder.path().join("programs/fence_fake");
        fs::set_permissions(&agent, Permissions::from_mode(0o775)).unwrap();
        assert!(status(&fake.power(&[])).is_err(), "its group can change it");
    });
}
