//! Which init script restarts a service where systemd does not rule, and its stop and start.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result};
use regex::Regex;

use super::names;
use super::owner::Holder;
use crate::plugin::visible;
use crate::recover::Refusal;
use crate::recover::process::{self, Ran};

/// Bytes of a script in which files of process numbers are looked for.
const LARGEST: u64 = 256 * 1024;

/// A script that restarts a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Script {
    /// Its name.
    pub(super) name: String,
    path: PathBuf,
    /// Files in which its daemon may write its number.
    numbers: Vec<PathBuf>,
}

/// The files of an init system, below `/` or, in tests, below another folder.
#[derive(Clone, Debug)]
pub(super) struct Scripts(PathBuf);

impl Default for Scripts {
    fn default() -> Self {
        Self(PathBuf::from("/"))
    }
}

impl Scripts {
    /// The one script that may be called.
    pub(super) fn choose(&self, names: &[String], holders: &[Holder]) -> Result<Script, Refusal> {
        let found: Vec<Script> = names.iter().filter_map(|name| self.find(name)).collect();
        let owned = found.iter().find(|script| holders.iter().any(|it| script.owns(it)));
        let wanted = found.iter().find(|script| self.is_wanted(&script.name));
        let Some(script) = owned.or(wanted).or(found.first()) else {
            let reason = format!("no script is called {}", names.join(" or "));
            return Err(Refusal { guard: "unit", reason });
        };
        if let Some(other) = holders.iter().find(|it| !script.owns(it)) {
            let reason =
                format!("the port belongs to {other}, which {} may not have started", script.name);
            return Err(Refusal { guard: "owner", reason });
        }
        if !self.is_wanted(&script.name) {
            let reason = format!("{} is not started with the machine", script.name);
            return Err(Refusal { guard: "disabled", reason });
        }
        Ok(script.clone())
    }

    fn find(&self, name: &str) -> Option<Script> {
        let name = name.strip_suffix(".service").unwrap_or(name);
        let path = self.0.join("etc/init.d").join(name);
        let about = fs::metadata(&path).ok()?;
        let runs = about.is_file() && about.permissions().mode() & 0o100 != 0;
        if !runs || about.len() > LARGEST {
            return None;
        }
        let text = String::from_utf8_lossy(&fs::read(&path).ok()?).into_owned();
        let mut numbers = mentioned(&text);
        numbers.extend(["run", "var/run"].map(|folder| format!("/{folder}/{name}.pid")));
        let numbers =
            numbers.iter().map(|file| self.0.join(file.trim_start_matches('/'))).collect();
        Some(Script { name: name.to_owned(), path, numbers })
    }

    /// Whether a script is called when the machine starts: by a link of the default runlevel, or as `OpenRC` has it.
    fn is_wanted(&self, name: &str) -> bool {
        let runlevels = ["default", "boot"].map(|it| format!("etc/runlevels/{it}/{name}"));
        if runlevels.iter().any(|link| self.0.join(link).exists()) {
            return true;
        }
        let level = fs::read_to_string(self.0.join("etc/inittab"))
            .ok()
            .and_then(|text| default_runlevel(&text));
        // A machine without inittab has a default of its own; Debian's is 2, Red Hat's 3.
        let levels = level.map_or_else(|| vec!['2', '3'], |level| vec![level]);
        levels.iter().any(|level| {
            let places = [format!("etc/rc{level}.d"), format!("etc/rc.d/rc{level}.d")];
            places.iter().any(|place| self.has_start_link(place, name))
        })
    }

    fn has_start_link(&self, place: &str, name: &str) -> bool {
        let Ok(entries) = fs::read_dir(self.0.join(place)) else { return false };
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).any(|link| {
            // S, two digits, and the name.
            link.starts_with('S') && link.get(3..) == Some(name)
        })
    }
}

/// Files of process numbers that a script names as they are.
fn mentioned(script: &str) -> Vec<String> {
    static FILES: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"/(?:var/)?run/[A-Za-z0-9_@./-]+\.pid(?-u:\b)").ok());
    let lines = script.lines().filter(|line| !line.trim_start().starts_with('#'));
    let found = FILES.iter().flat_map(|files| lines.clone().flat_map(|line| files.find_iter(line)));
    found.map(|it| it.as_str().to_owned()).filter(|path| !path.contains("..")).collect()
}

/// `id:2:initdefault:` of inittab(5).
fn default_runlevel(inittab: &str) -> Option<char> {
    let lines = inittab.lines().filter(|line| !line.starts_with('#'));
    let mut levels = lines.filter_map(|line| {
        let mut fields = line.split(':').skip(1);
        let level = fields.next()?;
        (fields.next()? == "initdefault").then(|| level.chars().next())?
    });
    levels.next()
}

impl Script {
    /// Whether it has started a process, as far as can be seen: the process stems from one whose number the script knows, or,
    /// where it knows none that lives, runs the program that the script starts.
    pub(super) fn owns(&self, holder: &Holder) -> bool {
        if holder.is_init() {
            return false;
        }
        let known = self.known();
        if known.is_empty() {
            return names::programs(&self.name).contains(&holder.program.as_str());
        }
        holder.line().iter().any(|pid| known.contains(pid))
    }

    /// Numbers that the script knows, of processes that live.
    fn known(&self) -> Vec<i32> {
        let numbers = self.numbers.iter().filter_map(|path| number(path));
        numbers.filter(|pid| Path::new(&format!("/proc/{pid}")).exists()).collect()
    }

    /// Calls it to stop; a script that hangs is killed.
    pub(super) fn stop(&self, limit: Duration) -> Result<String> {
        self.call("stop", limit)
    }

    /// Calls it to start. What it says is no proof, but worth being told.
    pub(super) fn start(&self, limit: Duration) -> Result<String> {
        self.call("start", limit)
    }

    fn call(&self, word: &str, limit: Duration) -> Result<String> {
        let path = self.path.to_str().context("a script's path is no text")?;
        let ran = process::run(&[path.to_owned(), word.to_owned()], b"", limit)?;
        let last = ran.output().lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        let last = visible(last.trim().as_bytes());
        Ok(match &ran {
            Ran::Killed { .. } => {
                format!("{} {word} hung for {:.0} s and was killed", self.name, limit.as_secs_f64())
            }
            Ran::Ended(ended) if ended.code == Some(0) => String::new(),
            Ran::Ended(_) => format!("{} {word} said {last:?}", self.name),
        })
    }
}

/// The number in a file: its first word, as daemons write it.
fn number(path: &Path) -> Option<i32> {
    let text = fs::read_to_string(path).ok()?;
    let pid = text.split_ascii_whitespace().next()?.parse().ok()?;
    (pid > 1).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> i32 {
        i32::try_from(std::process::id()).unwrap()
    }

    fn holder(program: &str) -> Holder {
        Holder { pid: own(), started: 1, program: program.to_owned(), unit: None }
    }

    struct Machine(tempfile::TempDir);

    impl Machine {
        /// With scripts, of which some are started with the machine.
        fn with(scripts: &[&str], links: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for place in ["etc/init.d", "etc/rc2.d", "run"] {
                fs::create_dir_all(folder.path().join(place)).unwrap();
            }
            for script in scripts {
                let path = folder.path().join("etc/init.d").join(script);
                fs::write(&path, "#!/bin/sh\nPIDFILE=/run/own/daemon.pid\n").unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
            for link in links {
                fs::write(folder.path().join(link), "").unwrap();
            }
            Self(folder)
        }

        fn choose(&self, names: &[&str], holders: &[Holder]) -> Result<String, &'static str> {
            let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
            let scripts = Scripts(self.0.path().to_owned());
            scripts.choose(&names, holders).map(|it| it.name).map_err(|it| it.guard)
        }
    }

    #[test]
    fn the_first_script_that_exists_and_is_wanted_is_called() {
        let machine = Machine::with(&["ssh", "vsftpd"], &["etc/rc2.d/S01ssh"]);
        assert_eq!(machine.choose(&["sshd", "ssh"], &[]).as_deref(), Ok("ssh"));
        assert_eq!(machine.choose(&["vsftpd"], &[]), Err("disabled"));
        assert_eq!(machine.choose(&["named"], &[]), Err("unit"));
        let openrc = Machine::with(&["vsftpd"], &[]);
        fs::create_dir_all(openrc.0.path().join("etc/runlevels/default")).unwrap();
        fs::write(openrc.0.path().join("etc/runlevels/default/vsftpd"), "").unwrap();
        assert_eq!(openrc.choose(&["vsftpd"], &[]).as_deref(), Ok("vsftpd"));
    }

    #[test]
    fn a_holder_is_known_by_its_number_or_else_by_its_program() {
        let machine = Machine::with(&["ssh"], &["etc/rc2.d/S01ssh"]);
        assert_eq!(machine.choose(&["ssh"], &[holder("sshd")]).as_deref(), Ok("ssh"));
        assert_eq!(machine.choose(&["ssh"], &[holder("perl")]), Err("owner"));
        let numbers = machine.0.path().join("run/own");
        fs::create_dir_all(&numbers).unwrap();
        fs::write(numbers.join("daemon.pid"), format!("{}\n", own())).unwrap();
        assert_eq!(machine.choose(&["ssh"], &[holder("perl")]).as_deref(), Ok("ssh"));
        // The script knows a daemon that lives, and it is another one.
        let other = nix::unistd::getppid().as_raw();
        fs::write(numbers.join("daemon.pid"), other.to_string()).unwrap();
        let stranger = Holder { pid: 2, ..holder("sshd") };
        assert_eq!(machine.choose(&["ssh"], &[stranger]), Err("owner"));
    }

    #[test]
    fn the_default_runlevel_is_the_one_of_inittab() {
        let text = "# id:5:initdefault:\nid:3:initdefault:\nsi::sysinit:/etc/init.d/rcS\n";
        assert_eq!(default_runlevel(text), Some('3'));
        assert_eq!(default_runlevel("si::sysinit:/etc/init.d/rcS"), None);
    }

    #[test]
    fn files_of_numbers_are_taken_as_they_are_written_or_not_at_all() {
        let script = "P=/run/named.pid\n# /run/old.pid\nQ=/var/run/$NAME.pid R=/run/../etc/x.pid\n";
        assert_eq!(mentioned(script), ["/run/named.pid"]);
    }

    #[test]
    fn a_script_that_hangs_is_killed_and_one_that_fails_is_quoted() {
        let machine = Machine::with(&["x"], &["etc/rc2.d/S01x"]);
        let path = machine.0.path().join("etc/init.d/x");
        fs::write(&path, "#!/bin/sh\n[ $1 = stop ] && sleep 1000\necho 'no such thing'; exit 1\n")
            .unwrap();
        let script = Scripts(machine.0.path().to_owned()).find("x").unwrap();
        let stopped = script.stop(Duration::from_millis(200)).unwrap();
        assert_eq!(stopped, "x stop hung for 0 s and was killed");
        let started = script.start(Duration::from_secs(20)).unwrap();
        assert_eq!(started, "x start said \"no such thing\"");
    }
}
