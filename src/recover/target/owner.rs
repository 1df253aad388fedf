//! Who holds a port: the processes with the listening socket, each with the unit that it belongs to.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs_core::process::Stat;
use procfs_core::{FromBufRead, FromRead, ProcessCGroups};

use crate::probe::listening::{self, Transport};

/// The local resolver of systemd answers at an address of its own and is in nobody's way.
const RESOLVER: &str = "systemd-resolved.service";

/// How often somebody is looked for who holds a port.
const ATTEMPTS: u32 = 5;

/// A process that holds a port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Holder {
    /// Its number, which may be given to another process once it has ended.
    pub(super) pid: i32,
    /// When it was started, in ticks: with the number, it is this process and no other.
    pub(super) started: u64,
    /// The file name of its program.
    pub(super) program: String,
    /// The unit of systemd that it belongs to; none without systemd.
    pub(super) unit: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {}", self.program, self.pid)?;
        match &self.unit {
            Some(unit) => write!(f, ", {unit})"),
            None => f.write_str(")"),
        }
    }
}

impl Holder {
    /// Whether it is the first process, which holds the sockets of socket units.
    pub(super) fn is_init(&self) -> bool {
        self.pid == 1
    }

    /// Whether it still is, and is the same process; one that has ended and is not yet waited for is not.
    pub(super) fn lives(&self) -> bool {
        stat(self.pid).is_ok_and(|stat| stat.starttime == self.started && stat.state != 'Z')
    }

    /// Kills it, if it is still the same process.
    pub(super) fn kill(&self) {
        if self.lives() {
            // It may have ended by itself in this moment.
            let _ = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
    }

    /// Its ancestors' numbers, itself first.
    pub(super) fn line(&self) -> Vec<i32> {
        let mut line = vec![self.pid];
        let mut pid = self.pid;
        while let Ok(stat) = stat(pid) {
            // A process can not be its own ancestor, but one that is read while numbers are reused may look so.
            if stat.ppid <= 1 || line.contains(&stat.ppid) {
                break;
            }
            pid = stat.ppid;
            line.push(pid);
        }
        line
    }
}

/// Everybody who holds a port.
///
/// # Errors
/// The kernel's tables can not be read, or somebody holds the port who can not be found: that is a doubt.
pub(super) fn holders(port: u16, transports: &[Transport]) -> Result<Vec<Holder>> {
    // Between the two looks, a socket may have gone with its process.
    for _ in 0..ATTEMPTS {
        let inodes = inodes(port, transports)?;
        if inodes.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = found(&inodes)?;
        if !found.is_empty() {
            found.retain(|holder| holder.unit.as_deref() != Some(RESOLVER));
            return Ok(found);
        }
    }
    bail!("nobody can be found who holds port {port}")
}

fn inodes(port: u16, transports: &[Transport]) -> Result<BTreeSet<u64>> {
    let sockets = listening::sockets()?;
    let own =
        sockets.iter().filter(|it| it.address.port() == port && transports.contains(&it.transport));
    Ok(own.map(|socket| socket.inode).collect())
}

fn found(inodes: &BTreeSet<u64>) -> Result<Vec<Holder>> {
    let top = top(&cgroups(1)?);
    let mut found = Vec::new();
    for pid in processes()? {
        if holds(pid, inodes) {
            // It may have ended since.
            found.extend(holder(pid, &top)?);
        }
    }
    Ok(found)
}

/// Numbers of all processes.
fn processes() -> Result<Vec<i32>> {
    let entries = fs::read_dir("/proc").context("cannot read /proc")?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}

fn holds(pid: i32, inodes: &BTreeSet<u64>) -> bool {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let names = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let numbers = names.filter_map(|name| {
        name.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok()
    });
    numbers.into_iter().any(|inode| inodes.contains(&inode))
}

fn holder(pid: i32, top: &str) -> Result<Option<Holder>> {
    let (Ok(stat), Ok(cgroups)) = (stat(pid), cgroups(pid)) else {
        // Without a process there is nothing to know of it; with one, there is a doubt.
        let gone = kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH);
        ensure!(gone, "cannot find out about process {pid}");
        return Ok(None);
    };
    let program = fs::read_link(format!("/proc/{pid}/exe")).ok().and_then(|path| name(&path));
    Ok(Some(Holder {
        pid,
        started: stat.starttime,
        // A process without a program's file is the kernel's, or has no memory left: it goes by its name.
        program: program.unwrap_or(stat.comm),
        unit: unit_in(&cgroups, top),
    }))
}

/// The file name of a program; that of an upgraded package is marked by the kernel.
fn name(program: &Path) -> Option<String> {
    let name = program.file_name()?.to_str()?;
    Some(name.strip_suffix(" (deleted)").unwrap_or(name).to_owned())
}

fn stat(pid: i32) -> Result<Stat> {
    let path = format!("/proc/{pid}/stat");
    let bytes = fs::read(&path).with_context(|| format!("cannot read {path}"))?;
    Stat::from_read(bytes.as_slice()).with_context(|| format!("cannot understand {path}"))
}

/// The control groups of a process, that of systemd first.
fn cgroups(pid: i32) -> Result<Vec<String>> {
    let path = format!("/proc/{pid}/cgroup");
    let bytes = fs::read(&path).with_context(|| format!("cannot read {path}"))?;
    let ProcessCGroups(mut groups) = ProcessCGroups::from_buf_read(bytes.as_slice())
        .with_context(|| format!("cannot understand {path}"))?;
    // Version 2 has the number 0; version 1 calls systemd's own hierarchy by name.
    groups.retain(|it| it.hierarchy == 0 || it.controllers.iter().any(|it| it == "name=systemd"));
    groups.sort_by_key(|group| group.hierarchy);
    Ok(groups.into_iter().map(|group| group.pathname).collect())
}

/// What stands before every control group as systemd knows it: in a container, the container's own.
fn top(groups: &[String]) -> String {
    let own = groups.iter().find_map(|group| group.strip_suffix("/init.scope"));
    own.unwrap_or_default().to_owned()
}

/// The unit of systemd: the first one on the way down, since what lies below belongs to that unit.
fn unit_in(groups: &[String], top: &str) -> Option<String> {
    let below = groups.iter().filter_map(|group| group.strip_prefix(top));
    below.into_iter().find_map(|group| {
        let unit = group
            .split('/')
            .find(|part| matches!(part.rsplit_once('.'), Some((_, "service" | "scope"))));
        unit.map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};

    fn unit(groups: &[&str], top: &str) -> Option<String> {
        let groups: Vec<String> = groups.iter().map(|it| (*it).to_owned()).collect();
        unit_in(&groups, top)
    }

    #[test]
    fn a_unit_is_the_first_on_the_way_down() {
        for (group, found) in [
            ("/system.slice/nginx.service", Some("nginx.service")),
            (
                "/system.slice/system-postgresql.slice/postgresql@15-main.service",
                Some("postgresql@15-main.service"),
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service",
                Some("user@1000.service"),
            ),
            (
                "/machine.slice/machine-x.scope/payload/system.slice/nginx.service",
                Some("machine-x.scope"),
            ),
            ("/user.slice/user-0.slice/session-3.scope", Some("session-3.scope")),
            ("/", None),
        ] {
            assert_eq!(unit(&[group], "").as_deref(), found, "{group}");
        }
    }

    #[test]
    fn what_lies_around_a_container_is_not_its_unit() {
        let outer = "/system.slice/docker-1.scope";
        let groups = [format!("{outer}/init.scope")];
        assert_eq!(top(&groups), outer);
        let inside = format!("{outer}/system.slice/nginx.service");
        assert_eq!(unit(&[&inside], outer).as_deref(), Some("nginx.service"));
        // In a hybrid hierarchy the first group may say nothing.
        assert_eq!(unit(&["/", "/system.slice/a.service"], "").as_deref(), Some("a.service"));
    }

    #[test]
    fn the_holder_of_a_socket_is_found_by_transport() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let found = holders(port, &[Transport::Tcp]).unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        let pids: Vec<i32> = found.iter().map(|holder| holder.pid).collect();
        assert_eq!(pids, [own]);
        assert!(found[0].started > 0 && found[0].line().starts_with(&[own]));
        assert!(holders(port, &[Transport::Udp]).unwrap().is_empty());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert_eq!(holders(port, &[Transport::Udp]).unwrap()[0].pid, own);
    }

    #[test]
    fn an_upgraded_program_keeps_its_name() {
        assert_eq!(name(Path::new("/usr/sbin/sshd (deleted)")).as_deref(), Some("sshd"));
    }
}
