//! Downtimes in Nagios: asked for by its command file, which tells nothing back, and seen in its status file.

use std::fs::OpenOptions;
use std::io::{BufReader, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::libc::{EAGAIN, ENXIO, O_CLOEXEC, O_NONBLOCK};

use crate::deadline::Deadline;
use crate::recover::suspension::Window;

mod status;

use status::{Seen, look};

/// Whose downtimes are ours.
const AUTHOR: &str = "firstaid";
/// From one look at the status file to the next.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// Characters of a comment.
const LONGEST: usize = 500;
/// Bytes of one command that a pipe takes whole or not at all.
const WHOLE: usize = 4096;

/// A Nagios on this machine.
#[derive(Clone, Debug)]
pub struct Nagios {
    /// Its command file.
    pub commands: PathBuf,
    /// The file in which it tells its state; without it nothing is proven.
    pub status: Option<PathBuf>,
}

/// What it is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted {
    host: String,
    window: Window,
    comment: String,
}

impl Wanted {
    /// A comment is one field of one line there.
    pub fn new(host: &str, window: Window, comment: &str) -> Self {
        let plain = |it: char| if it == ';' || it.is_control() { ' ' } else { it };
        let comment: String = comment.chars().map(plain).collect();
        let words: Vec<&str> = comment.split_whitespace().collect();
        let comment: String = words.join(" ").chars().take(LONGEST).collect();
        Self { host: host.to_owned(), window, comment: comment.trim_end().to_owned() }
    }

    /// The commands that put the host and all its services in downtime.
    pub fn schedule(&self) -> [String; 2] {
        ["SCHEDULE_HOST_DOWNTIME", "SCHEDULE_HOST_SVC_DOWNTIME"]
            .map(|name| self.command(name, None))
    }

    fn command(&self, name: &str, service: Option<&str>) -> String {
        let Self { host, window: Window { from, until }, comment } = self;
        let service = service.map(|service| format!(";{service}")).unwrap_or_default();
        // Fixed, triggered by nothing; its duration follows from its ends.
        format!("{name};{host}{service};{from};{until};1;0;{};{AUTHOR};{comment}", until - from)
    }

    /// The command that removes them.
    pub fn delete(&self) -> String {
        let Self { host, window, comment } = self;
        format!("DEL_DOWNTIME_BY_HOST_NAME;{host};;{};{comment}", window.from)
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Told {
    /// So many services and the host are as they should be, by its status.
    Seen(usize),
    /// It was handed over; there is no status file to see it in.
    HandedOver,
}

impl Nagios {
    /// Puts a host and all its services in downtime: those that are not yet. `now` is the time for the commands.
    ///
    /// # Errors
    /// Nagios does not read commands, or does not do as they say.
    pub fn suspend(&self, wanted: &Wanted, now: u64, deadline: &Deadline) -> Result<Told> {
        let Some(seen) = self.seen(wanted)? else {
            return self.send(&wanted.schedule(), now).map(|()| Told::HandedOver);
        };
        let quiet = seen.host.with_context(|| format!("Nagios has no host {:?}", wanted.host))?;
        let mut commands = Vec::new();
        let [host, services] = wanted.schedule();
        if !quiet {
            commands.push(host);
        }
        if seen.missing.len() == seen.all && seen.all > 0 {
            commands.push(services);
        } else {
            let one = |name: &String| wanted.command("SCHEDULE_SVC_DOWNTIME", Some(name));
            commands.extend(seen.missing.iter().map(one));
        }
        if !commands.is_empty() {
            self.send(&commands, now)?;
        }
        self.wait(wanted, deadline, Seen::is_quiet)
    }

    /// Removes what [`Nagios::suspend`] made for a window.
    ///
    /// # Errors
    /// As there.
    pub fn resume(&self, wanted: &Wanted, now: u64, deadline: &Deadline) -> Result<Told> {
        let gone = |seen: &Seen| seen.host != Some(true) && seen.missing.len() == seen.all;
        match self.seen(wanted)? {
            None => self.send(&[wanted.delete()], now).map(|()| Told::HandedOver),
            Some(seen) => {
                if !gone(&seen) {
                    self.send(&[wanted.delete()], now)?;
                }
                self.wait(wanted, deadline, gone)
            }
        }
    }

    /// Whether a window is there, where the status file says so.
    ///
    /// # Errors
    /// The status file can not be read.
    pub fn has(&self, wanted: &Wanted) -> Result<Option<bool>> {
        Ok(self.seen(wanted)?.map(|seen| seen.is_quiet()))
    }

    fn wait(
        &self,
        wanted: &Wanted,
        deadline: &Deadline,
        is_done: impl Fn(&Seen) -> bool,
    ) -> Result<Told> {
        loop {
            match self.seen(wanted)? {
                None => return Ok(Told::HandedOver),
                Some(seen) if is_done(&seen) => return Ok(Told::Seen(seen.all)),
                Some(_) if deadline.pause(BETWEEN_LOOKS).is_ok() => {}
                Some(seen) => bail!(
                    "Nagios was told, and its status does not show it: the host is {}in downtime, {} of {} services are not",
                    if seen.host == Some(true) { "" } else { "not " },
                    seen.missing.len(),
                    seen.all
                ),
            }
        }
    }

    /// Writes commands; a file without a reader is an error, and never waited for.
    fn send(&self, commands: &[String], now: u64) -> Result<()> {
        let shown = self.commands.display();
        let opened = OpenOptions::new()
            .write(true)
            .custom_flags(O_NONBLOCK | O_CLOEXEC)
            .open(&self.commands);
        let mut pipe = match opened {
            Err(error) if error.raw_os_error() == Some(ENXIO) => {
                bail!("nobody reads {shown}: Nagios does not run, or has external commands off")
            }
            opened => opened.with_context(|| format!("cannot open {shown}"))?,
        };
        let kind = pipe.metadata().with_context(|| format!("cannot look at {shown}"))?.file_type();
        ensure!(kind.is_fifo(), "{shown} is no command file of Nagios");
        for command in commands {
            let line = format!("[{now}] {command}\n");
            ensure!(line.len() <= WHOLE, "a command is too long");
            pipe.write_all(line.as_bytes()).map_err(|error| {
                let full = error.raw_os_error() == Some(EAGAIN);
                let why = if full { "it is full" } else { "it refuses" };
                anyhow::Error::new(error).context(format!("cannot write {shown}: {why}"))
            })?;
        }
        Ok(())
    }

    fn seen(&self, wanted: &Wanted) -> Result<Option<Seen>> {
        let Some(path) = &self.status else { return Ok(None) };
        let file = std::fs::File::open(path);
        let file = file.with_context(|| format!("cannot read {}", path.display()))?;
        let seen = look(BufReader::new(file), wanted);
        seen.map(Some).with_context(|| format!("cannot read {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;

    use super::*;

    fn wanted(comment: &str) -> Wanted {
        Wanted::new("web1", Window { from: 1000, until: 4600 }, comment)
    }

    #[test]
    fn hostile_text_stays_in_its_field() {
        let hostile = "x\n[1] SHUTDOWN_PROGRAM;\r\n;1;0;\u{1b}[2Jy\u{85}";
        let [host, services] = wanted(hostile).schedule();
        assert_eq!(
            host,
            "SCHEDULE_HOST_DOWNTIME;web1;1000;4600;1;0;3600;firstaid;x [1] SHUTDOWN_PROGRAM 1 0 [2Jy"
        );
        assert!(services.starts_with("SCHEDULE_HOST_SVC_DOWNTIME;web1;1000;"));
        assert_eq!(wanted("a disk").delete(), "DEL_DOWNTIME_BY_HOST_NAME;web1;;1000;a disk");
        assert!(wanted(&"é".repeat(9000)).schedule()[0].len() < 2000);
    }

    #[test]
    fn a_command_file_that_nobody_reads_is_an_error_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nagios.cmd");
        let nagios = Nagios { commands: path.clone(), status: None };
        let deadline = Deadline::within(Duration::from_secs(5));
        let tried = || format!("{:#}", nagios.suspend(&wanted("a"), 1, &deadline).unwrap_err());
        assert!(tried().contains("cannot open"));
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(tried().contains("nobody reads"), "{}", tried());
        let reader = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(&path).unwrap();
        assert_eq!(nagios.suspend(&wanted("a"), 1, &deadline).unwrap(), Told::HandedOver);
        let mut line = String::new();
        BufReader::new(reader).read_line(&mut line).unwrap();
        assert!(line.starts_with("[1] SCHEDULE_HOST_DOWNTIME;web1;"), "{line}");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "").unwrap();
        assert!(tried().contains("no command file"), "{}", tried());
    }
}
