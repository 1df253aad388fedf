//! Every check with command lines that work.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use firstaid::check::{ALL, Entry, Vantage};
use nix::sys::socket::SockType;

use super::target::{Answer, Closed, HTTP, Healthy, NameServer, SMTP, SSH};
use crate::run::{Ran, command, run};

/// A check's program with a healthy target.
pub(crate) struct Plugin {
    pub(crate) name: &'static str,
    pub(crate) binary: String,
    /// What stands before and behind the state.
    pub(crate) title: String,
    pub(crate) separator: &'static str,
    pub(crate) vantage: Vantage,
    /// Options that name the target.
    pub(crate) target: Vec<String>,
    /// Options that name one that is not there, where a check has such a thing.
    pub(crate) missing: Option<Vec<String>>,
    _target: Option<Box<dyn Send>>,
    _missing: Option<Box<dyn Send>>,
}

/// All checks. One that has no row below fails here, so that none is forgotten.
pub(crate) fn all() -> impl Iterator<Item = Plugin> {
    ALL.iter().map(Plugin::of)
}

/// All checks that talk to a host by name.
pub(crate) fn network() -> impl Iterator<Item = Plugin> {
    all().filter(|plugin| plugin.vantage == Vantage::Server)
}

impl Plugin {
    fn of(entry: &'static Entry) -> Self {
        let folder = Path::new(env!("CARGO_BIN_EXE_check_port")).parent().expect("a folder");
        let binary =
            folder.join(format!("check_{}", entry.name)).to_str().expect("UTF-8").to_owned();
        let wrong = run(&binary, &["--bogus"]);
        let (title, text) = wrong.stdout.split_once(" UNKNOWN").expect("a wrong option is UNKNOWN");
        let plugin = Self {
            name: entry.name,
            binary,
            title: title.to_owned(),
            separator: if text.starts_with(": ") { ": " } else { " - " },
            vantage: entry.vantage,
            target: Vec::new(),
            missing: None,
            _target: None,
            _missing: None,
        };
        plugin.aimed()
    }

    /// With a target, and one that is missing.
    fn aimed(self) -> Self {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let tcp = |plugin: Self, manners| {
            let (target, missing) = (Healthy::start(manners), Closed::new(SockType::Stream));
            let line = |port: u16| words(&format!("-H 127.0.0.1 -p {port}"));
            Self {
                target: line(target.port()),
                missing: Some(line(missing.port())),
                _target: Some(Box::new(target)),
                _missing: Some(Box::new(missing)),
                ..plugin
            }
        };
        match self.name {
            "port" | "http_layer7" => tcp(self, HTTP),
            "ssh_banner" => tcp(self, SSH),
            "smtp220" => tcp(self, SMTP),
            "dns" => {
                let (target, missing) =
                    (NameServer::start(0, Answer::Address), Closed::new(SockType::Datagram));
                let line =
                    |port: u16| words(&format!("-H www.example.test -s 127.0.0.1 -p {port}"));
                Self {
                    target: line(target.port()),
                    missing: Some(line(missing.port())),
                    _target: Some(Box::new(target)),
                    _missing: Some(Box::new(missing)),
                    ..self
                }
            }
            "icmp_rtt" => Self { target: words("-H 127.0.0.1 -n 2 -i 10ms"), ..self },
            "load" | "mem" => Self { missing: Some(words("--root /nonexistent")), ..self },
            "disk" => {
                Self { target: words("-p /"), missing: Some(words("-p /nonexistent")), ..self }
            }
            other => panic!("check_{other} has no command line in {}", file!()),
        }
    }

    /// Thresholds that are plain numbers and do not alert; nothing where the check has none.
    pub(crate) fn plain(&self) -> Vec<&'static str> {
        match self.name {
            "ssh_banner" => vec![],
            "icmp_rtt" => vec!["-w", "3000,80%", "-c", "5000,100%"],
            "load" => vec!["-w", "10000", "-c", "20000"],
            "mem" => vec!["-w", "99.9%", "-c", "100%"],
            "disk" => vec!["-w", "1%", "-c", "0%"],
            _ => vec!["-w", "10", "-c", "20"],
        }
    }

    /// Thresholds that make the target WARNING, and CRITICAL.
    pub(crate) fn alerting(&self) -> Option<[Vec<&'static str>; 2]> {
        match self.name {
            "ssh_banner" => None,
            "icmp_rtt" => Some([vec!["-w", "0,100%"], vec!["-c", "0,100%"]]),
            "load" => Some([vec!["-w", "@0:10000", "-c", "20000"], vec!["-c", "@0:10000"]]),
            "mem" => Some([vec!["-w", "@0:100%", "-c", "100%"], vec!["-c", "@0:100%"]]),
            "disk" => Some([vec!["-w", "100%", "-c", "0%"], vec!["-c", "100%"]]),
            _ => Some([vec!["-w", "@0:3600"], vec!["-c", "@0:3600"]]),
        }
    }

    /// A command line that ends OK, with options in front. Thresholds come first: those of disks hold for the paths behind them.
    pub(crate) fn line(&self, options: &[&str]) -> Vec<String> {
        let own =
            options.iter().chain(&self.plain()).map(|it| (*it).to_owned()).collect::<Vec<_>>();
        own.into_iter().chain(self.target.iter().cloned()).collect()
    }

    /// The target's options behind others, without thresholds.
    pub(crate) fn bare(&self, options: &[&str]) -> Vec<String> {
        options.iter().map(|it| (*it).to_owned()).chain(self.target.iter().cloned()).collect()
    }

    /// Command lines for every state that this check's target can be brought to, with the exit code.
    pub(crate) fn states(&self) -> Vec<(Vec<String>, i32)> {
        let mut states = vec![(self.line(&[]), 0)];
        if let Some([warning, critical]) = self.alerting() {
            states.push((self.bare(&warning), 1));
            states.push((self.bare(&critical), 2));
        }
        let lost = if self.vantage == Vantage::Server { 2 } else { 3 };
        states.extend(self.missing.clone().map(|line| (line, lost)));
        states.push((self.bare(&["--bogus"]), 3));
        states
    }

    pub(crate) fn run(&self, args: &[impl AsRef<OsStr>]) -> Ran {
        run(&self.binary, args)
    }

    pub(crate) fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        command(&self.binary, args)
    }

    /// The first line of an UNKNOWN result with this text.
    pub(crate) fn unknown(&self, text: &str) -> String {
        format!("{} UNKNOWN{}{text}\n", self.title, self.separator)
    }
}
