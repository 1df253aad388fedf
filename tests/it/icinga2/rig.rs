//! Icinga 2 with directories of its own.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use firstaid::config::File;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, User};
use tempfile::TempDir;

use crate::run::{Ran, finish};
use crate::server::wait_until;

/// Debian starts this by a shell script, which adds nothing.
const PROGRAM: &str = "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2";

/// A server that has the generated files.
pub(super) struct Rig {
    dir: TempDir,
}

impl Rig {
    /// The only server there is.
    pub(super) fn single(files: &[File], more: &str) -> Self {
        let main = "object Endpoint NodeName { }\nobject Zone ZoneName { endpoints = [ NodeName ] }\n\
                    include_recursive \"conf.d\"\n";
        let rig = Self::new("single", "single", &format!("{main}{more}"));
        for file in files {
            rig.place(file);
        }
        rig.hand_over()
    }

    /// A server of a cluster, with what the first master sends to it: what all have, and its zones.
    pub(super) fn member(files: &[File], node: &str, zone: &str, zones: &[&str]) -> Self {
        let rig = Self::new(node, zone, "include \"zones.conf\"\n");
        for file in files {
            let of_zone = file.path.strip_prefix("icinga2/zones.d").ok();
            let folder = of_zone.and_then(|path| path.iter().next()?.to_str());
            if folder.is_none_or(|it| it == "global-templates" || zones.contains(&it)) {
                rig.place(file);
            }
        }
        rig.hand_over()
    }

    fn new(node: &str, zone: &str, more: &str) -> Self {
        assert!(Path::new(PROGRAM).exists(), "needs the Debian package icinga2-bin (make deps)");
        let dir = TempDir::with_prefix("firstaid-icinga2-").unwrap();
        let rig = Self { dir };
        for folder in ["etc", "lib", "log", "cache", "run", "spool"] {
            fs::create_dir(rig.path(folder)).unwrap();
        }
        let main = format!(
            "const NodeName = \"{node}\"\nconst ZoneName = \"{zone}\"\n\
             if (!globals.contains(\"PluginDir\")) {{ const PluginDir = \"/usr/lib/nagios/plugins\" }}\n\
             include <itl>\nobject CheckerComponent \"checker\" {{ }}\n\
             object NotificationComponent \"notification\" {{ }}\n{more}"
        );
        fs::write(rig.path("etc/icinga2.conf"), main).unwrap();
        rig
    }

    fn place(&self, file: &File) {
        let Ok(path) = file.path.strip_prefix("icinga2") else { return };
        let path = self.path("etc").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.text).unwrap();
    }

    fn hand_over(self) -> Self {
        give(self.dir.path(), &user());
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A command of the program, as the user that the package has for it.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let user = user();
        let mut command = Command::new(PROGRAM);
        command.args(words).stdin(Stdio::null());
        for (name, folder) in [
            ("ConfigDir", "etc"),
            ("DataDir", "lib"),
            ("LogDir", "log"),
            ("CacheDir", "cache"),
            ("InitRunDir", "run"),
            ("SpoolDir", "spool"),
            ("ZonesDir", "etc/zones.d"),
        ] {
            command.arg(format!("-D{name}={}", self.path(folder).display()));
        }
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
        command.current_dir(self.dir.path()).uid(user.uid.as_raw()).gid(user.gid.as_raw());
        command
    }

    /// Reads the configuration; there is nothing to complain.
    pub(super) fn validate(&self) {
        let main = self.path("etc/icinga2.conf");
        let ran = finish(&mut self.command(&["daemon", "-C", "-c", main.to_str().unwrap()]));
        let said = format!("{}{}", ran.stdout, ran.stderr);
        let complaints: Vec<&str> = said
            .lines()
            .filter(|line| line.contains("warning/") || line.contains("critical/"))
            .collect();
        assert_eq!((ran.code, complaints), (0, vec![]), "{said}");
    }

    /// What the engine made of the configuration.
    pub(super) fn object_list(&self) -> Ran {
        self.validate();
        finish(&mut self.command(&["object", "list"]))
    }

    /// Runs it.
    pub(super) fn start(&self, more: &[&str]) -> Daemon {
        let main = self.path("etc/icinga2.conf");
        let mut words = vec!["daemon", "-c", main.to_str().unwrap()];
        words.extend(more);
        let log = fs::File::create(self.path("log/output")).unwrap();
        let mut command = self.command(&words);
        command.stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
        Daemon(command.spawn().unwrap())
    }
}

/// A running engine; it ends with the value.
pub(super) struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let group = Pid::from_raw(self.0.id().cast_signed());
        let _ = killpg(group, Signal::SIGTERM);
        let ended =
            wait_until(Duration::from_secs(10), || self.0.try_wait().is_ok_and(|it| it.is_some()));
        let _ = killpg(group, Signal::SIGKILL);
        if !ended {
            let _ = self.0.wait();
        }
    }
}

pub(super) fn user() -> User {
    let user = User::from_name("nagios").expect("a readable user database");
    user.expect("no user nagios: needs the Debian package icinga2-common (make deps)")
}

pub(super) fn give(path: &Path, user: &User) {
    nix::unistd::chown(path, Some(user.uid), Some(user.gid)).expect("tests run as root");
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), user);
        }
    }
}
