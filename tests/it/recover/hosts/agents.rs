//! Restarts and reboots through the agents of a host, as its user without rights and with the generated rules alone.

use std::fs;
use std::process::Command;
use std::thread;

use super::asking::{PROGRAM, aged, forget, kill};
use super::monitor::{Monitor, story_on};
use crate::namespace::Namespace;
use crate::rig::{Host, Kind, MONITOR, Network};
use crate::run::{command, finish, run, side_by_side};

const SERVICES: &str = "services = [\"ftp\", \"ssh\", \"http\"]\n";

fn entry(host: &Host, more: &str) -> String {
    format!("name = \"{}\"\naddress = \"{}\"\n{SERVICES}{more}", host.name(), host.address())
}

fn started(network: &Network, kind: Kind) -> Host {
    let host = Host::start(network, kind);
    for port in [21, 22, 80] {
        host.wait_port(network, port);
    }
    aged(&host);
    host
}

/// Programs that give rights to whoever calls them.
fn privileged(host: &Host) -> String {
    host.shell("find / -xdev -type f -perm /6000 | sort")
}

#[test]
fn nrpe_restarts_and_reboots_by_the_generated_rules_and_refuses_everything_else() {
    side_by_side(&[Kind::Systemd, Kind::Sysv], |kind| {
        let network = Network::new();
        let host = started(&network, *kind);
        let site = format!("gateway = \"{MONITOR}\"\n");
        let monitor = Monitor::new(&network, &site, &[entry(&host, "")]);
        let before = privileged(&host);
        monitor.install(&host);
        assert_eq!(privileged(&host), before, "{kind:?}");
        for name in ["recover_service", "check_port", "firstaid"] {
            assert!(!before.contains(name), "{kind:?}: {before}");
        }
        strangers_are_refused(&host);
        callers_bring_nothing(&monitor, &host);
        assert_eq!(host.read("/var/lib/firstaid/recovery/target.jsonl"), "", "{kind:?}");
        restarts(&monitor, &host, *kind);
        two_do_one_act(&monitor, &host, *kind);
        reboots(&monitor, &host, *kind);
    });
}

/// What the user of the agent may not do: none of it comes to an act.
fn strangers_are_refused(host: &Host) {
    let as_nagios = |words: &[&str]| {
        let user = ["runuser", "-u", "nagios", "--", "env", "LC_ALL=C"];
        host.exec(&[&user, words].concat())
    };
    let allowed = as_nagios(&["sudo", "-n", PROGRAM, "--act", "result"]);
    assert_eq!((allowed.code, allowed.first()), (0, "RECOVER OK - nothing was done here yet"));
    host.shell(&format!("install -m 755 {PROGRAM} /tmp/recover_service"));
    let lines: &[&[&str]] = &[
        &[PROGRAM],
        &[PROGRAM, "--act", "restart"],
        &[PROGRAM, "--act", "restart", "--service", "sshd.service"],
        &[PROGRAM, "--act", "restart", "--service", "load"],
        &[PROGRAM, "--act", "restart", "--service", "ssh", "--host", "web9"],
        &[PROGRAM, "--service", "ssh", "--act", "restart"],
        &[PROGRAM, "--act", "carry-out", "--service", "ssh"],
        &[PROGRAM, "--act", "force-reboot"],
        &[PROGRAM, "--act", "reboot", "--dry-run"],
        &[PROGRAM, "--act", "reboot", "--switch", "/nonexistent"],
        &[PROGRAM, "--act=reboot"],
        &[PROGRAM, "--act", "reboot", ""],
        &["/tmp/recover_service", "--act", "reboot"],
        &["/bin/sh", "-c", "reboot"],
        &["-s"],
        &["-i"],
        &["-e", "/etc/passwd"],
        &["-u", "nobody", PROGRAM, "--act", "result"],
        &["-g", "root", PROGRAM, "--act", "result"],
        &["-E", PROGRAM, "--act", "result"],
        &["LD_PRELOAD=/tmp/x.so", PROGRAM, "--act", "result"],
        &["-D", "/tmp", PROGRAM, "--act", "result"],
        &["-R", "/tmp", PROGRAM, "--act", "result"],
    ];
    for words in lines {
        let ran = as_nagios(&[&["sudo", "-n"], *words].concat());
        let said = ["password is required", "not allowed", "not permitted"];
        let refused = said.iter().any(|text| ran.stderr.contains(text));
        assert!(ran.code == 1 && ran.stdout.is_empty() && refused, "{words:?}: {ran:?}");
    }
    let straight = as_nagios(&[PROGRAM, "--act", "reboot"]);
    assert!(straight.stdout.contains("needs root"), "{straight:?}");
}

/// What a caller of NRPE may not do.
fn callers_bring_nothing(monitor: &Monitor, host: &Host) {
    for words in [
        &["-c", "firstaid_restart_sshd"][..],
        &["-c", "firstaid_carry-out"],
        &["-c", "firstaid_restart_ssh", "-a", "--host", "web9"],
        &["-c", "firstaid_restart_ssh!x"],
        &["-c", "firstaid_reboot;id"],
    ] {
        let ran = monitor.nrpe(host, words);
        assert!(ran.code == 3 && !ran.stdout.contains("RECOVER"), "{words:?}: {ran:?}");
    }
}

fn restarts(monitor: &Monitor, host: &Host, kind: Kind) {
    kill(host, 21);
    let ran = monitor.call("one", host.name(), "ftp", &[]);
    let line = "RECOVER OK - restarted ftp: answers, and did so for 10 s";
    assert!(ran.first().starts_with(line), "{kind:?}: {ran:?}");
    assert!(!ran.first().contains("but here"), "{kind:?}: {ran:?}");
    assert_eq!(monitor.story("one", host.name()), ["Restart Intent", "Restart Done"]);
    assert_eq!(story_on(host), ["Restart Armed", "Restart Intent", "Restart Done"], "{kind:?}");
}

/// Two monitoring servers, each with a ledger of its own, call about one fault in the same moment.
fn two_do_one_act(monitor: &Monitor, host: &Host, kind: Kind) {
    forget(host);
    kill(host, 80);
    let lines: Vec<String> = thread::scope(|scope| {
        let call = |node| {
            let call = move || monitor.call(node, host.name(), "http", &[]).stdout;
            scope.spawn(call)
        };
        ["two", "three"].map(call).map(|call| call.join().unwrap()).into()
    });
    assert_eq!(story_on(host), ["Restart Armed", "Restart Intent", "Restart Done"], "{lines:?}");
    for (node, line) in ["two", "three"].iter().zip(&lines) {
        assert!(line.starts_with("RECOVER OK - restarted http"), "{kind:?}: {lines:?}");
        assert_eq!(monitor.story(node, host.name()), ["Restart Intent", "Restart Done"]);
    }
}

/// A server that answers no ping, but its agent does: it reboots itself, and the new boot id concludes it.
fn reboots(monitor: &Monitor, host: &Host, kind: Kind) {
    let rules = "table inet deaf { chain c { type filter hook input priority 0; icmp type echo-request drop; }; }";
    host.must(&["nft", rules]);
    let (before, boots) = (host.boot_id(), host.power().boots());
    let ran = monitor.call("one", host.name(), "-", &[]);
    assert_eq!(ran.first(), "RECOVER OK - reboot: the server is up again", "{kind:?}: {ran:?}");
    assert_eq!(host.power().boots(), boots + 1, "{kind:?}");
    assert_ne!(host.boot_id(), before, "{kind:?}");
    let story = monitor.story("one", host.name());
    assert_eq!(story[2..], ["Reboot Intent", "Reboot Done"], "{kind:?}");
    let again = monitor.call("one", host.name(), "-", &[]);
    assert!(again.first().contains("nothing to do: rebooted"), "{kind:?}: {again:?}");
    assert_eq!(host.power().boots(), boots + 1, "{kind:?}");
}

/// What the README says about a host whose agent is ssh, and the client's knowledge of the host.
fn let_in(monitor: &Monitor, host: &Host, key: &str) -> Namespace {
    let made = run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key]);
    assert_eq!(made.code, 0, "{made:?}");
    let public = fs::read_to_string(format!("{key}.pub")).unwrap();
    host.shell("usermod --shell /bin/sh --home /var/lib/nagios nagios");
    host.write("/var/lib/nagios/.ssh/authorized_keys", &format!("restrict {public}"), "0644");
    host.write("/etc/sudoers.d/firstaid", &monitor.generated("sudoers/firstaid"), "0440");
    let known = host.shell("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    let mounts = Namespace::mounts();
    mounts.must(Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/etc/ssh"]));
    let line = format!("{} {known}", host.address());
    mounts.inside(|| fs::write("/etc/ssh/ssh_known_hosts", line).unwrap());
    mounts
}

#[test]
fn ssh_restarts_a_service_and_tells_the_result() {
    let network = Network::new();
    let host = started(&network, Kind::Systemd);
    let site = format!("gateway = \"{MONITOR}\"\n");
    let folder = crate::monitored::folder();
    let key = folder.path().join("key").display().to_string();
    let more =
        format!("agent = \"ssh\"\nssh = {{ user = \"nagios\", port = 22, key = \"{key}\" }}\n");
    let monitor = Monitor::new(&network, &site, &[entry(&host, &more)]);
    let mounts = let_in(&monitor, &host, &key);
    kill(&host, 21);
    let ran = mounts.inside(|| monitor.call("one", host.name(), "ftp", &["--via", "ssh"]));
    let line = "RECOVER OK - restarted ftp: answers, and did so for 10 s";
    assert!(ran.first().starts_with(line), "{ran:?}");
    assert_eq!(monitor.story("one", host.name()), ["Restart Intent", "Restart Done"]);
    assert_eq!(story_on(&host), ["Restart Armed", "Restart Intent", "Restart Done"]);
    // The key opens nothing but a command: no terminal, no forwarding; and sudo's rules hold here as well.
    let ssh = |words: &[&str]| {
        let to = format!("nagios@{}", host.address());
        let options = ["-o", "BatchMode=yes", "-i", &key, &to];
        mounts.inside(|| {
            network.monitor().inside(|| finish(&mut command("ssh", &[&options, words].concat())))
        })
    };
    let result = ssh(&["sudo -n /usr/lib/nagios/plugins/recover_service --act result"]);
    assert!(result.code == 0 && result.first().contains("restart of ftp"), "{result:?}");
    for line in ["sudo -n reboot", "sudo -n /usr/lib/nagios/plugins/recover_service --act reboot x"]
    {
        let ran = ssh(&[line]);
        assert!(ran.code == 1 && ran.stderr.contains("password is required"), "{line}: {ran:?}");
    }
}
