//! Every generated command line, run by the engine against servers on loopback.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use firstaid::inventory::{Call, Host, Layer};

use super::rig::{Rig, give, user};
use super::{files, inventory};
use crate::namespace::Namespace;
use crate::run::finish;
use crate::server::wait_until;

/// One host for each way to be reached, and one for what can differ from the policy.
const HOSTS: &str = r#"
[site]
plugins = "DIR"

[[host]]
name = "core2duo"
address = "127.0.0.1"
plan = "core2duo"
os = "centos"
services = ["ftp", "ssh", "smtp", "dns", "http", "pop", "imap", "https", "mysql", "postgresql"]
[host.service.dns]
lookup = "www.example.com"

[[host]]
name = "corei5"
address = "::1"
plan = "corei5-xeon"
os = "centos"
agent = "ssh"
ssh = { user = "root", port = 2222, key = "/etc/key" }
services = ["ftp", "ssh", "smtp", "dns", "http", "pop", "imap", "https", "mysql", "postgresql"]
[host.service.dns]
lookup = "www.example.com"
[host.resource.disk]
paths = ["/"]
warning = "15%"

[[host]]
name = "other"
address = "localhost"
plan = "corei5-xeon"
os = "centos"
http_layer = 4
http_status = "strict"
nrpe = { port = 5667, ca = "/ca", certificate = "/certificate", key = "/key" }
services = ["ftp", "ssh", "smtp", "dns", "http", "https", "mysql"]
[host.service.ftp]
port = 2121
warning = "4"
critical = "@8:9"
[host.service.ssh]
layer = 4
address = "127.0.0.2"
[host.service.smtp]
layer = 4
port = 2525
warning = "3"
[host.service.dns]
lookup = "www.example.com"
expected = ["192.0.2.10", "2001:db8::/32"]
authoritative = true
port = 5353
[host.service.https]
vhost = "www.example.com"
port = 8443
[host.service.mysql]
layer = 4
"#;

/// Notes how a plugin was called and how it ended, and is that plugin otherwise.
const WRAPPER: &str = r#"#!/bin/sh
PROGRAM "$@"
code=$?
line="$code ${0##*/}"
for word; do line="$line $word"; done
# In one piece: many run at once.
echo "$line" >> DIR/lines
exit $code
"#;

/// What the client of an agent does: it runs the command line there.
const SSH: &str = r#"for word; do command=$word; done; exec sh -c "$command""#;

#[test]
fn every_command_line_is_the_one_that_the_inventory_means_and_none_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    wrap_all(folder.path());
    let text = HOSTS.replace("DIR", dir);
    let network = Namespace::network();
    network.run(Command::new("ip").args(["link", "set", "lo", "up"]));
    network.inside(serve);
    let commands =
        "object ExternalCommandListener \"command\" { command_path = SpoolDir + \"/commands\" }\n";
    let rig = Rig::single(&files(&text), commands);
    let inventory = inventory(&text);
    let expected: BTreeSet<String> =
        inventory.hosts().iter().flat_map(|host| lines(host, dir)).collect();
    let plugins = format!("-DPluginDir={dir}");
    let _daemon = network.inside(|| rig.start(&[&plugins]));
    for host in inventory.hosts() {
        for command in ["SCHEDULE_FORCED_HOST_CHECK", "SCHEDULE_FORCED_HOST_SVC_CHECKS"] {
            order(&rig, &format!("{command};{};1", host.name));
        }
    }
    let seen = || -> BTreeSet<String> {
        let text = fs::read_to_string(folder.path().join("lines")).unwrap_or_default();
        text.lines().map(normalised).collect()
    };
    let without_code = |line: &String| line.split_once(' ').unwrap().1.to_owned();
    let complete = wait_until(Duration::from_mins(3), || {
        seen().iter().map(without_code).collect::<BTreeSet<_>>().len() >= expected.len()
    });
    let seen = seen();
    let run: BTreeSet<String> = seen.iter().map(without_code).collect();
    let difference: Vec<_> = run.symmetric_difference(&expected).collect();
    let said = fs::read_to_string(rig.path("log/output")).unwrap_or_default();
    assert!(complete && difference.is_empty(), "{difference:#?}\n{said}");
    let unknown: Vec<_> =
        seen.iter().filter(|line| !matches!(&line[..2], "0 " | "1 " | "2 ")).collect();
    assert_eq!(unknown, Vec::<&String>::new());
}

/// A plugin, its options sorted: the engine has an order of its own.
fn normalised(line: &str) -> String {
    let mut words = line.split(' ');
    let head: Vec<&str> = words.by_ref().take(2).collect();
    format!("{} {}", head.join(" "), sorted(words))
}

fn sorted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut options: Vec<String> = Vec::new();
    for word in words {
        let is_option = word.starts_with('-') && word.len() > 1;
        match options.last_mut() {
            Some(last) if !is_option => {
                last.push(' ');
                last.push_str(word);
            }
            _ => options.push(word.to_owned()),
        }
    }
    options.sort();
    options.join(" ")
}

/// The command lines that have to be run for a host, as the wrappers note them.
fn lines(host: &Host, dir: &str) -> Vec<String> {
    let line = |call: &Call, more: &[&str]| {
        let words = call.args.iter().map(String::as_str).chain(more.iter().copied());
        format!("check_{} {}", call.check, sorted(words))
    };
    let mut all: Vec<String> = ["critical", "warning"]
        .iter()
        .map(|only| line(&Call::ping(host), &["--only", only]))
        .collect();
    for call in Call::all(host).iter().filter(|call| call.label != "ping") {
        if !call.is_remote(host) {
            all.push(line(call, &[]));
        } else if host.endpoint.is_none() && host.ssh.key.is_some() {
            let command = firstaid::config::command_line(call, dir);
            let words = format!(
                "-H {} -p 2222 -t 25 -l root -i /etc/key -q -E -o BatchMode=yes -C {command}",
                host.address
            );
            all.push(format!("check_by_ssh {}", sorted(words.split(' '))));
            all.push(line(call, &[]));
        } else {
            let args = host.nrpe.args(&host.address, &format!("firstaid_{}", call.check), "25");
            all.push(format!("check_nrpe {}", sorted(args.iter().map(String::as_str))));
        }
    }
    assert!(
        host.services
            .iter()
            .all(|it| it.layer == Layer::Application || host.name.as_str() == "other")
    );
    all
}

fn wrap_all(folder: &Path) {
    let built = Path::new(env!("CARGO_BIN_EXE_firstaid")).parent().unwrap();
    let dir = folder.to_str().unwrap();
    for entry in fs::read_dir(built).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("check_") && !name.contains('.') {
            // The engine's user may not enter every folder that a build lies in.
            fs::copy(entry.path(), folder.join(format!("{name}.real"))).unwrap();
            script(
                folder,
                &name,
                &WRAPPER.replace("PROGRAM", &format!("{dir}/{name}.real")).replace("DIR", dir),
            );
        }
    }
    for (name, does) in [("check_by_ssh", SSH), ("check_nrpe", "exit 0")] {
        script(folder, &format!("{name}.real"), &format!("#!/bin/sh\n{does}\n"));
        script(
            folder,
            name,
            &WRAPPER.replace("PROGRAM", &format!("{dir}/{name}.real")).replace("DIR", dir),
        );
    }
    finish(Command::new("setcap").args(["cap_net_raw+ep", &format!("{dir}/check_icmp_rtt.real")]));
    give(folder, &user());
    // Giving a file away takes its capabilities.
    finish(Command::new("setcap").args(["cap_net_raw+ep", &format!("{dir}/check_icmp_rtt.real")]));
}

fn script(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// Servers that greet and answer as little as there is to it; they end with the test's process.
fn serve() {
    for (port, greeting) in [
        (21, "220 ftp\r\n"),
        (2121, "220 ftp\r\n"),
        (22, "SSH-2.0-stub\r\n"),
        (25, "220 smtp\r\n"),
        (2525, "220 smtp\r\n"),
        (80, ""),
        (110, "+OK pop\r\n"),
        (143, "* OK imap\r\n"),
        (5432, ""),
    ] {
        let listener = TcpListener::bind(("::", port)).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let answer = if port == 80 { "HTTP/1.0 200 OK\r\n\r\n" } else { "N" };
                let _ = stream.write_all(greeting.as_bytes());
                let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
                let _ = stream.read(&mut [0; 512]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
    }
    let names = UdpSocket::bind(("::", 53)).unwrap();
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = names.recv_from(&mut query) {
            // NXDOMAIN, for whatever was asked.
            let mut answer = query[..length].to_vec();
            answer[2] |= 0x80;
            answer[3] = 0x83;
            let _ = names.send_to(&answer, from);
        }
    });
}

/// Gives the engine an order, once it listens.
fn order(rig: &Rig, text: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let pipe = rig.path("spool/commands");
    let mut opened = None;
    let listens = wait_until(Duration::from_mins(1), || {
        // Without a reader the open fails at once.
        let mut options = fs::OpenOptions::new();
        opened = options.write(true).custom_flags(nix::libc::O_NONBLOCK).open(&pipe).ok();
        opened.is_some()
    });
    let said = fs::read_to_string(rig.path("log/output")).unwrap_or_default();
    assert!(listens, "the engine takes no orders:\n{said}");
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    opened.unwrap().write_all(format!("[{now}] {text}\n").as_bytes()).unwrap();
}
