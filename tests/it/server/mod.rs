//! Real daemons from Debian's packages, started by a test for itself alone.
//!
//! Every server has its own directory, configuration, log and ports on 127.0.0.1, and is stopped with all its children
//! when the value is dropped, also by a panic. Nothing is installed, no system service is touched, and nothing is
//! written outside of the directory, with the two exceptions named in `sshd.rs` and `mariadb.rs`.

#![expect(clippy::disallowed_methods, reason = "a fixture starts the daemon that it is about")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a fixture that fails is a test that fails, and says why"
)]

mod apache;
mod certificate;
mod dovecot;
mod free_port;
mod goodbye;
mod mariadb;
mod named;
mod nginx;
mod nrpe;
mod postfix;
mod postgresql;
pub(crate) mod process;
mod relay;
pub(crate) mod site;
mod sshd;
mod vsftpd;
mod wait;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use nix::sys::signal::Signal;

pub(crate) use relay::Relay;
use site::Site;
pub(crate) use sshd::GOODBYE as SSH_GOODBYE;
pub(crate) use wait::wait_until;

/// How long a daemon may take until it answers; two busy cores need their time.
const START: Duration = Duration::from_mins(1);
/// How long a line may take from the event to the log.
const LOGGED: Duration = Duration::from_secs(10);
/// How often a start is repeated because somebody else took the port in the meantime.
const ATTEMPTS: u32 = 5;

/// What is particular to one daemon.
struct Recipe<'a> {
    name: &'static str,
    package: &'static str,
    program: &'static str,
    /// Names of the ports; the first one is the server's `port()`.
    ports: &'static [&'static str],
    /// File in the server's directory that the daemon logs into.
    log: &'static str,
    /// The signal that ends it cleanly.
    stop: Signal,
    /// Writes the configuration; the command must stay in the foreground.
    prepare: &'a dyn Fn(&Site) -> Command,
    /// Asks the daemon something, politely: what it logs about that must not look like a fault.
    answers: &'a dyn Fn(&Site) -> Result<(), String>,
    /// What the log says when the daemon has finished with that question.
    settled: &'static [&'static str],
    /// Texts that make a line of the log a complaint about a client.
    complaints: &'static [&'static str],
}

/// A daemon that runs until the value is dropped.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    stop: Signal,
    log: PathBuf,
    started_at: usize,
    complaints: &'static [&'static str],
    // Declared last: the directory must outlive the processes that work in it.
    site: Site,
}

impl Server {
    fn start(recipe: &Recipe) -> Self {
        assert!(
            Path::new(recipe.program).exists(),
            "needs the Debian package {} (make deps)",
            recipe.package
        );
        for attempt in 1.. {
            let mut server = Self::spawn(recipe);
            match server.settle(recipe) {
                Ok(()) => return server,
                Err(_) if attempt < ATTEMPTS && server.lost_its_port() => {}
                Err(why) => {
                    let (output, log) = (server.site.read("output"), server.whole_log());
                    panic!("{} did not start: {why}\noutput:\n{output}\nlog:\n{log}", recipe.name)
                }
            }
        }
        unreachable!("the loop above ends by return or panic")
    }

    fn spawn(recipe: &Recipe) -> Self {
        process::adopt_orphans();
        let site = Site::new(recipe.name, recipe.ports);
        let mut command = (recipe.prepare)(&site);
        let child = command
            .current_dir(site.dir())
            .env("LC_ALL", "C")
            .stdout(site.append("output"))
            // vsftpd, a child of inetd by birth, complains on its standard input.
            .stdin(site.append("output"))
            .stderr(site.append("output"))
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot start {}: {error}", command.get_program().display())
            });
        let log = site.path(recipe.log);
        Self {
            name: recipe.name,
            child,
            stop: recipe.stop,
            log,
            started_at: 0,
            complaints: recipe.complaints,
            site,
        }
    }

    /// Waits until the daemon answers and has logged what it has to say about that.
    fn settle(&mut self, recipe: &Recipe) -> Result<(), String> {
        let mut last = String::new();
        let answered = wait_until(START, || {
            if let Ok(Some(status)) = self.child.try_wait() {
                last = format!("it ended with {status}");
                return true;
            }
            match (recipe.answers)(&self.site) {
                Ok(()) => last.clear(),
                Err(why) => last = why,
            }
            last.is_empty()
        });
        if !answered || !last.is_empty() {
            return Err(last);
        }
        let missing = |log: &str| recipe.settled.iter().find(|text| !log.contains(**text)).copied();
        if !wait_until(LOGGED, || missing(&self.whole_log()).is_none()) {
            return Err(format!("its log lacks {:?}", missing(&self.whole_log())));
        }
        self.started_at = self.whole_log().len();
        Ok(())
    }

    fn lost_its_port(&self) -> bool {
        let said = (self.site.read("output") + &self.whole_log()).to_lowercase();
        said.contains("in use") || said.contains("could not bind")
    }

    fn whole_log(&self) -> String {
        site::read_lossy(&self.log)
    }

    /// The port of the service, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.site.port(0)
    }

    /// A further port by its name, such as `imaps`.
    pub(crate) fn port_of(&self, service: &str) -> u16 {
        self.site.port_of(service)
    }

    /// The address of the service.
    pub(crate) fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port()).into()
    }

    /// What the daemon has logged since it answered for the first time.
    pub(crate) fn log(&self) -> String {
        self.whole_log().split_off(self.started_at)
    }

    /// Waits until the log satisfies `enough` and returns it: daemons log after the client has gone.
    pub(crate) fn log_once(&self, what: &str, enough: impl Fn(&str) -> bool) -> String {
        let seen = wait_until(LOGGED, || enough(&self.log()));
        let log = self.log();
        assert!(seen, "{} logged no {what}:\n{log}", self.name);
        log
    }

    /// The lines of the log so far that are an error, a warning, or about an abusive client.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.log();
        let complains = |line: &&str| self.complaints.iter().any(|text| line.contains(text));
        log.lines().filter(complains).map(str::to_owned).collect()
    }

    /// A file of the server's directory, such as a certificate or a second log.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.site.path(name)
    }

    /// The process that was started; its children are not listed.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        process::stop(&mut self.child, self.stop);
    }
}
