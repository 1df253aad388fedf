//! Hosts that answer ping with exact delay and loss, each by its own profile.
//!
//! Two network namespaces joined by a cable: the targets (`10.78.0.0/16` and `fd00:78::/64`) and
//! the monitor, where the checks run (`10.78.255.254` and `fd00:78::fffe`). The targets' kernel
//! does the neighbour discovery and answers no echo; a thread does that. An address that was given
//! no profile does not exist.

pub(crate) mod packet;
pub(crate) mod profile;
mod responder;
mod selftest;

use std::fs::{self, Permissions};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::namespace::{Namespace, eventually};
pub(crate) use profile::{Fault, Profile};
use responder::{Arrival, Responder};

/// A user who may do nothing.
pub(crate) const NOBODY: u32 = 65534;

/// Which groups may use ping sockets in the monitor's network.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PingSockets {
    /// None, as in a new network.
    Nobody,
    /// All, as systemd sets it.
    Everybody,
    /// The groups from the first number to the second.
    Groups(u32, u32),
}

/// The two networks and the thread that answers. Everything is gone when this is dropped.
pub(crate) struct IcmpNet {
    responder: Responder,
    targets: Arc<Namespace>,
    monitor: Namespace,
}

impl IcmpNet {
    /// Two joined networks; nobody is there to answer yet.
    pub(crate) fn new() -> Self {
        let (targets, monitor) = (Arc::new(Namespace::network()), Namespace::network());
        targets.inside(|| {
            sysctl("ipv4/icmp_echo_ignore_all", "1");
            sysctl("ipv6/icmp/echo_ignore_all", "1");
        });
        let mut cable = Command::new("ip");
        // The largest unit, so that no answer is too large to be sent in one piece.
        cable
            .args([
                "link", "add", "e0", "mtu", "65535", "type", "veth", "peer", "name", "e0", "mtu",
                "65535", "netns",
            ])
            .arg(monitor.path());
        targets.must(&mut cable);
        configure(&targets, &["link set lo up", "link set e0 up"]);
        let addresses =
            ["addr add 10.78.255.254/16 dev e0", "addr add fd00:78::fffe/64 dev e0 nodad"];
        configure(&monitor, &[&["link set lo up", "link set e0 up"][..], &addresses].concat());
        for network in [&*targets, &monitor] {
            eventually("the cable carries packets", || {
                let link = network.must(Command::new("ip").args(["-o", "link", "show", "e0"]));
                link.contains("state UP") && !link.contains("qdisc noop ")
            });
        }
        await_discovery(&monitor, &["fd00:78::fffe".parse().expect("an address")]);
        Self { responder: Responder::start(&targets), targets, monitor }
    }

    /// From now on the address exists and answers like this; its count of requests starts at 0.
    pub(crate) fn answer(&self, address: &str, profile: Profile) {
        let address = parsed(address);
        self.responder.set(address, profile);
        configure(&self.targets, &[&address_line(address)]);
        await_discovery(&self.targets, &[address]);
    }

    /// Gives many addresses the same profile; each has its own count.
    pub(crate) fn answer_all(&self, addresses: &[String], profile: &Profile) {
        let addresses: Vec<_> = addresses.iter().map(|address| parsed(address)).collect();
        let lines: Vec<_> = addresses.iter().map(|address| address_line(*address)).collect();
        for address in &addresses {
            self.responder.set(*address, profile.clone());
        }
        configure(&self.targets, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        await_discovery(&self.targets, &addresses);
    }

    /// What the address was asked since it was given its profile.
    pub(crate) fn arrivals(&self, address: &str) -> Vec<Arrival> {
        self.responder.arrivals(parsed(address))
    }

    /// Says who may use ping sockets; nobody may until this is called.
    pub(crate) fn allow_ping_sockets(&self, allowed: PingSockets) {
        let range = match allowed {
            PingSockets::Nobody => "1 0".to_owned(),
            PingSockets::Everybody => "0 2147483647".to_owned(),
            PingSockets::Groups(first, last) => format!("{first} {last}"),
        };
        self.monitor.inside(|| sysctl("ipv4/ping_group_range", &range));
    }

    /// Runs a command on the monitor, as the user it was given (root by default), and gives its
    /// output.
    ///
    /// It runs before ordinary processes where the kernel permits, so that other load spoils no
    /// measurement.
    pub(crate) fn run(&self, command: &mut Command) -> Output {
        self.monitor.run_promptly(command)
    }

    /// Does `attempt` until no answer left noticeably late meanwhile, but at most five times.
    ///
    /// A virtual machine stands still for some milliseconds now and then. This keeps that apart
    /// from what the asker measures wrongly.
    pub(crate) fn undisturbed<T>(&self, attempt: impl Fn() -> T) -> T {
        for _ in 0..4 {
            self.responder.take_lateness();
            let result = attempt();
            if self.responder.take_lateness() < Duration::from_micros(500) {
                return result;
            }
        }
        attempt()
    }

    /// The monitor's network, for what `run` does not do.
    pub(crate) fn monitor(&self) -> &Namespace {
        &self.monitor
    }
}

/// A copy of a program that every user can run, since a build directory may be closed to them.
pub(crate) struct OpenCopy {
    program: PathBuf,
    _directory: TempDir,
}

impl OpenCopy {
    /// A copy without any capability.
    pub(crate) fn plain(program: impl AsRef<Path>) -> Self {
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755))
            .expect("cannot open the temporary directory");
        let copy =
            directory.path().join(program.as_ref().file_name().expect("a program has a name"));
        fs::copy(&program, &copy)
            .unwrap_or_else(|error| panic!("cannot copy {}: {error}", program.as_ref().display()));
        fs::set_permissions(&copy, Permissions::from_mode(0o755)).expect("cannot open the copy");
        Self { program: copy, _directory: directory }
    }

    /// A copy that may use raw sockets whoever runs it.
    pub(crate) fn with_net_raw(program: impl AsRef<Path>) -> Self {
        let copy = Self::plain(program);
        let status = Command::new("setcap").arg("cap_net_raw+ep").arg(&copy.program).status();
        let status = status.expect("setcap (package libcap2-bin) must be installed");
        assert!(
            status.success(),
            "setcap: {status}; does the temporary directory keep capabilities?"
        );
        copy
    }

    /// The copy, to be run as somebody without rights.
    pub(crate) fn as_nobody(&self) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(&self.program);
        command.uid(NOBODY).gid(NOBODY);
        command
    }
}

/// Runs `ip` once with these lines.
fn configure(network: &Namespace, lines: &[&str]) {
    let batch = tempfile::NamedTempFile::new().expect("cannot make a temporary file");
    fs::write(batch.path(), lines.join("\n") + "\n").expect("cannot write a temporary file");
    network.must(Command::new("ip").arg("-batch").arg(batch.path()));
}

/// Adds the address unless it is there already; without the wait for a duplicate of it.
fn address_line(address: IpAddr) -> String {
    match address {
        IpAddr::V4(_) => format!("addr replace {address}/16 dev e0"),
        IpAddr::V6(_) => format!("addr replace {address}/64 dev e0 nodad"),
    }
}

/// Waits until the kernel listens to who looks for these neighbours; for IPv6 it starts to do so
/// some time after an address has been added, and who asked too early asks again a second later.
fn await_discovery(network: &Namespace, addresses: &[IpAddr]) {
    let groups: Vec<_> = addresses.iter().filter_map(solicited_group).collect();
    network.inside(|| {
        eventually("the kernel listens to neighbour discovery", || {
            let joined = fs::read_to_string("/proc/thread-self/net/igmp6");
            let joined = joined.expect("the kernel shows its multicast groups");
            groups.iter().all(|group| joined.contains(group))
        });
    });
}

/// The group by which an IPv6 neighbour is looked for (RFC 4291 section 2.7.1), in the kernel's
/// spelling.
fn solicited_group(address: &IpAddr) -> Option<String> {
    let IpAddr::V6(address) = address else { return None };
    let [.., a, b, c] = address.octets();
    Some(format!("ff0200000000000000000001ff{a:02x}{b:02x}{c:02x}"))
}

fn parsed(address: &str) -> IpAddr {
    address.parse().unwrap_or_else(|error| panic!("{address:?}: {error}"))
}

/// Writes a setting of the calling thread's network.
fn sysctl(name: &str, value: &str) {
    fs::write(format!("/proc/sys/net/{name}"), value)
        .unwrap_or_else(|error| panic!("cannot set net/{name}: {error}"));
}
