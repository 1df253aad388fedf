//! What tests ask of recovery on a host, and what they do to it first.

use std::time::Duration;

use firstaid::recover::{State, Told};

use crate::rig::Host;
use crate::server::wait_until;

/// The program as it is installed.
pub(super) const PROGRAM: &str = "/usr/lib/nagios/plugins/recover_service";
/// Until a restart has stopped, started and held; a database may take its time.
const RESTARTED: Duration = Duration::from_mins(5);

/// Makes a host older than what recovery leaves alone. The age is counted from the first process's start: field 22 of its line
/// (proc(5)).
pub(super) fn aged(host: &Host) {
    let lines = "sed 's/^\\(.*) \\([^ ]* \\)\\{19\\}\\)[^ ]*/\\11/' /proc/1/stat > /run/stat\n\
                 mount --bind /run/stat /proc/1/stat";
    host.shell(lines);
}

/// What a host tells when it is asked for an act: the first line, and about itself.
pub(super) fn ask(host: &Host, words: &[&str]) -> (String, Told) {
    let ran = host.exec(&[&[PROGRAM, "--act"], words].concat());
    let told = Told::find(&ran.stdout).unwrap_or_else(|error| panic!("{error:#}: {ran:?}"));
    (ran.first().to_owned(), told)
}

/// Asks for a restart, and for its result until there is one.
pub(super) fn restart(host: &Host, service: &str) -> (String, Told) {
    let begun = ask(host, &["restart", "--service", service]);
    if begun.1.job.as_ref().is_some_and(|job| job.state == State::Refused) {
        return begun;
    }
    let ended = || ask(host, &["result"]).1.job.is_some_and(|job| job.state != State::Running);
    if !wait_until(RESTARTED, ended) {
        let processes = host.exec(&["ps", "-ef"]).stdout;
        panic!("{service}: {:?}\n{processes}", ask(host, &["result"]));
    }
    ask(host, &["result"])
}

/// Lets a host forget what recovery did there, as if days had passed.
pub(super) fn forget(host: &Host) {
    host.shell("rm -f /var/lib/firstaid/recovery/target.jsonl");
}

/// Kills whatever holds a port, but for init.
pub(super) fn kill(host: &Host, port: u16) {
    signal(host, port, "KILL");
}

/// Sends a signal to whatever holds a port, but for init.
pub(super) fn signal(host: &Host, port: u16, signal: &str) {
    let lines = format!(
        "for pid in $(ss -Hltunp 'sport = :{port}' | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u); do\n\
         [ $pid = 1 ] || kill -{signal} $pid || true\ndone"
    );
    host.shell(&lines);
}
