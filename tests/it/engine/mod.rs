//! Real monitoring engines from Debian's packages, started by a test for itself alone, and what belongs to them.
//!
//! An engine runs as the package's user in a directory of its own, in the network that its test has entered, and is
//! stopped with all its children when the value is dropped. It writes Nagios' log and status file, Icinga 2 by its
//! compatible features, so that one story reads both.

#![expect(clippy::disallowed_methods, reason = "a fixture starts the daemon that it is about")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a fixture that fails is a test that fails, and says why"
)]

mod authority;
mod clock;
mod event;
mod icinga2;
mod nagios;
mod object;
mod plugins;
mod selftest;
mod smtp_sink;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::User;

pub(crate) use authority::Authority;
pub(crate) use clock::Clock;
pub(crate) use event::Event;
pub(crate) use icinga2::Node;
pub(crate) use object::Object;
pub(crate) use plugins::{Call, Plugins};
pub(crate) use smtp_sink::{Mail, SmtpSink};

use crate::server::process;
use crate::server::site::{self, Site};
use crate::server::wait_until;

/// How long an engine may take until it runs its configuration; two busy cores need their time.
const START: Duration = Duration::from_mins(1);

/// What an engine is started with.
pub(crate) struct Setup<'a> {
    /// The folder that `firstaid generate` has written.
    pub(crate) config: &'a Path,
    /// The folder of its plugins.
    pub(crate) plugins: &'a Path,
    /// How many times as fast as the real time the engine's passes.
    pub(crate) speed: u32,
    /// Where its mail goes.
    pub(crate) sink: &'a SmtpSink,
}

/// An engine that runs until the value is dropped.
pub(crate) struct Engine {
    name: &'static str,
    child: Child,
    command: Command,
    clock: Clock,
    files: Files,
    // Declared last: the directory must outlive the processes that work in it.
    site: Site,
}

/// Files of an engine, in its directory.
struct Files {
    log: &'static str,
    status: &'static str,
    commands: &'static str,
}

impl Engine {
    /// Starts `command` as the engines' user, in what was prepared in `site`, and waits for the first status file.
    fn start(
        name: &'static str,
        site: Site,
        setup: &Setup,
        files: Files,
        mut command: Command,
    ) -> Self {
        process::adopt_orphans();
        let mut clock =
            if setup.speed == 1 { Clock::real() } else { Clock::fast(&site, setup.speed) };
        let sendmail = site.write("sendmail", &setup.sink.sendmail());
        fs::set_permissions(sendmail, Permissions::from_mode(0o755)).expect("our own file");
        site.write("mailrc", &format!("set sendmail={}\n", site.text("sendmail")));
        let user = user();
        give_all(site.dir(), &user);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C")
            .env("HOME", site.dir())
            .env("MAILRC", site.path("mailrc"))
            .current_dir(site.dir())
            .uid(user.uid.as_raw())
            .gid(user.gid.as_raw())
            .stdin(std::process::Stdio::null())
            .stdout(site.append("output"))
            .stderr(site.append("output"));
        clock.apply(&mut command);
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start {}: {error} (make deps)", command.get_program().display())
        });
        let mut engine = Self { name, child, command, clock, files, site };
        engine.settle();
        engine
    }

    fn settle(&mut self) {
        let mut ended = None;
        let runs = wait_until(START, || {
            ended = self.child.try_wait().expect("our own child");
            ended.is_some() || !self.objects().is_empty()
        });
        let said = self.site.read("output") + &self.log();
        assert!(ended.is_none(), "{} ended with {ended:?}:\n{said}", self.name);
        assert!(runs, "{} wrote no status within {START:?}:\n{said}", self.name);
    }

    /// Lets it read its configuration again.
    pub(crate) fn reload(&self) {
        let pid = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        nix::sys::signal::kill(pid, Signal::SIGHUP).expect("an engine that runs");
    }

    /// Kills it with all that it has started: it saves nothing.
    pub(crate) fn kill(&mut self) {
        process::stop(&mut self.child, Signal::SIGKILL);
    }

    /// Starts it again, in the network that the caller is in.
    pub(crate) fn start_again(&mut self) {
        self.child = self.command.spawn().expect("a program that was started before");
        self.settle();
    }

    /// Its time.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Everything that it has logged about checks, notifications and downtimes.
    pub(crate) fn log(&self) -> String {
        self.site.read(self.files.log)
    }

    /// The log, line by line.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.log().lines().filter_map(Event::parse).collect()
    }

    /// Every host and service as of the last status file, which is a few seconds of the engine's time old.
    pub(crate) fn objects(&self) -> Vec<Object> {
        Object::all(&self.status())
    }

    /// The last status file.
    pub(crate) fn status(&self) -> String {
        self.site.read(self.files.status)
    }

    /// How `firstaid suspend` reaches it: by its API, or by its command file, to be seen in its status file.
    pub(crate) fn reached(&self) -> Vec<(&'static str, PathBuf)> {
        let (authority, settings) =
            (self.site.path("lib/certs/ca.crt"), self.site.path("api.json"));
        if !authority.exists() {
            let status = self.site.path(self.files.status);
            return vec![("--nagios-commands", self.commands()), ("--nagios-status", status)];
        }
        let secret = self.site.write("password", icinga2::PASSWORD);
        fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("our own file");
        let text = serde_json::json!({
            "url": "https://127.0.0.1", "name": "single", "user": "firstaid",
            "password_file": secret, "ca": authority,
        });
        fs::write(&settings, text.to_string()).expect("our own directory");
        vec![("--api", settings)]
    }

    /// Its pipe of external commands.
    pub(crate) fn commands(&self) -> PathBuf {
        self.site.path(self.files.commands)
    }

    /// What it printed, and the log of its own.
    pub(crate) fn output(&self) -> String {
        self.site.read("output") + &self.site.read("log/icinga2.log")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let pid = self.child.id();
        process::stop(&mut self.child, Signal::SIGTERM);
        self.clock.forget(pid);
    }
}

/// The user that Debian's packages run Icinga 2, Nagios and NRPE as.
fn user() -> User {
    site::user("nagios", "icinga2-common or nagios4-core")
}

/// Gives a directory with everything in it to the user of the engines.
pub(crate) fn hand_over(path: &Path) {
    give_all(path, &user());
}

fn give_all(path: &Path, user: &User) {
    nix::unistd::chown(path, Some(user.uid), Some(user.gid)).expect("tests run as root");
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("our own directory").flatten();
        entries.for_each(|entry| give_all(&entry.path(), user));
    }
}
