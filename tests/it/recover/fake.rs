//! A server that exists as scripts alone: a check that says what it is told to, and an agent that notes what it is asked for.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use firstaid::recover::{Agent, Event, Ledger, Machine, Record};
use tempfile::TempDir;

use super::engine;
use crate::run::{Ran, run};
use crate::server::wait_until;

/// The agent: it begins a job for each act, and tells about itself whatever it is asked for.
const AGENT: &str = r#"#!/bin/sh
for name; do :; done
cd "${0%/*}" || exit 3
began() { date +%s > new; mv new began; echo "$1" > act; echo "$name" >> acts; cat job-state > state; }
case $name in
    firstaid_restart_*) began restart; echo "\"${name#firstaid_restart_}\"" > service ;;
    firstaid_reboot) began reboot; echo null > service; [ -e keeps-running ] || echo "boot-$(cat began)" > boot ;;
esac
echo "RECOVER OK - a fake"
job=null
if [ -e began ]; then
    since=$(($(date +%s) - $(cat began)))
    job="{\"id\":1,\"act\":\"$(cat act)\",\"service\":$(cat service),\"state\":\"$(cat state)\",\"since\":$since,\"text\":\"a fake job\"}"
fi
answers={}
[ "$name" = firstaid_answers ] && answers=$(cat answers)
echo "{\"machine\":\"$(cat machine)\",\"boot\":\"$(cat boot)\",\"age\":$(cat age),\"job\":$job,\"acts\":$(cat past),\"answers\":$answers}"
"#;

/// The longest that what a killed call had started may go on.
const SETTLED: Duration = Duration::from_mins(1);

const CHECK: &str = "#!/bin/sh\ncd \"${0%/*}\" || exit 3\n[ \"$2\" = 192.0.2.254 ] && exit 2\n[ \"$2\" = 127.0.0.1 ] && exit 0\necho 'FAKE - a state | x=1'\nexit $(cat code)\n";

/// The scripts, the ledgers, and somebody who listens where the agent would.
pub(crate) struct Fake {
    dir: TempDir,
    /// The second in which it was made: what an engine tells of one fault does not move with the calls about it.
    now: i64,
    machine: Machine,
    _agent: TcpListener,
}

impl Fake {
    /// A server whose service has failed, and that does what it is asked for.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let checks = ["ssh", "http", "ping"].map(|name| (name.to_owned(), vec![path("check")]));
        let machine = Machine {
            host: "web1".to_owned(),
            agent: Agent::Nrpe {
                words: vec![path("agent")],
                port: listener.local_addr().unwrap().port(),
            },
            checks: checks.into(),
            ..Machine::documented()
        };
        let now = UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap();
        let fake = Self { dir, now, machine, _agent: listener };
        for (name, script) in [("agent", AGENT), ("check", CHECK)] {
            fake.put(name, script);
            fs::set_permissions(fake.path(name), Permissions::from_mode(0o755)).unwrap();
        }
        for (name, text) in [
            ("code", "2"),
            ("machine", "0123"),
            ("boot", "boot-0"),
            ("age", "90000"),
            ("job-state", "done"),
            ("past", "{}"),
            ("answers", r#"{"ssh":false,"http":false}"#),
        ] {
            fake.put(name, text);
        }
        fake.generate();
        fake
    }

    /// The same, where the monitoring server's gateway answers: what a reboot needs.
    pub(super) fn answering() -> Self {
        Self::new().with(|machine| machine.witnesses.gateway = Some("127.0.0.1".to_owned()))
    }

    /// Changes what is known about the server.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Machine)) -> Self {
        change(&mut self.machine);
        self.generate();
        self
    }

    fn generate(&self) {
        self.put("machines.jsonl", &(serde_json::to_string(&self.machine).unwrap() + "\n"));
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Waits until no process is left of a call that was killed: what it had started goes on without it.
    pub(super) fn settle(&self) {
        let folder = self.dir.path().as_os_str().as_bytes();
        let names_it = |entry: &fs::DirEntry| {
            // It may have ended since it was listed.
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            line.windows(folder.len()).any(|part| part == folder)
        };
        let nobody = || !fs::read_dir("/proc").unwrap().flatten().any(|entry| names_it(&entry));
        assert!(wait_until(SETTLED, nobody), "a process of {} goes on", self.dir.path().display());
    }

    /// What the agent was asked to do, in order.
    pub(crate) fn acts(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("acts")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The ledger of the server.
    pub(super) fn records(&self) -> Vec<Record> {
        let path = self.path("ledgers/web1.jsonl");
        if path.exists() { Ledger::look(&path).unwrap() } else { Vec::new() }
    }

    /// The ledger in short: stage and event of each record, without what was held back.
    pub(super) fn story(&self) -> Vec<String> {
        let records = self.records();
        let acts = records.iter().filter(|it| it.event != Event::Held);
        acts.map(|it| format!("{:?} {:?}", it.stage, it.event)).collect()
    }

    /// Lets so many seconds pass: whatever was noted lies so much further back.
    pub(super) fn pass(&self, seconds: u64) {
        self.shift(seconds.try_into().unwrap(), seconds);
        if let Ok(began) = fs::read_to_string(self.path("began")) {
            self.put("began", &(began.trim().parse::<u64>().unwrap() - seconds).to_string());
        }
    }

    /// Sets the wall clock by so many seconds: whatever was noted by it seems to lie so much further back.
    pub(super) fn set_clock(&self, by: i64) {
        self.shift(by, 0);
    }

    fn shift(&self, wall: i64, age: u64) {
        for ledger in ["ledgers/web1.jsonl", "ledgers/-reboots.jsonl"] {
            let path = self.path(ledger);
            let Ok(records) = Ledger::look(&path) else { continue };
            let older = records.into_iter().map(|mut record| {
                record.at.time = record.at.time.checked_add_signed(-wall).unwrap();
                record.at.age = record.at.age.saturating_sub(age);
                record.check = record.check.checked_add_signed(-wall).unwrap();
                record.fault = shifted(&record.fault, wall);
                record.line().unwrap()
            });
            fs::write(&path, older.collect::<String>()).unwrap();
        }
    }

    /// The words of a call about a service, or with `-` about the server, whose last OK result is so many seconds old.
    pub(super) fn words(&self, service: &str, failed_for: i64, more: &[&str]) -> Vec<String> {
        let path = |name: &str| self.path(name).display().to_string();
        let (ledgers, machines, switch) = (path("ledgers"), path("machines.jsonl"), path("off"));
        let (last_ok, lately) = ((self.now - failed_for).to_string(), (self.now - 5).to_string());
        let own = [
            ["--wait", "10"],
            ["--ledgers", &ledgers],
            ["--machines", &machines],
            ["--switch", &switch],
            ["--last-ok", &last_ok],
            ["--last-check", &lately],
            ["--hard-since", &lately],
        ]
        .concat();
        engine::words("web1", service, failed_for, &[&own[..], more].concat())
    }

    /// Such a call.
    pub(crate) fn call(&self, service: &str, failed_for: i64, more: &[&str]) -> Ran {
        run(env!("CARGO_BIN_EXE_recover_service"), &self.words(service, failed_for, more))
    }
}

/// A fault's name, where its last OK result lies so much further back. A storm's has no such time.
fn shifted(fault: &str, seconds: i64) -> String {
    let Some((what, at)) = fault.rsplit_once('@') else { return fault.to_owned() };
    format!("{what}@{}", at.parse::<i64>().unwrap() - seconds)
}
