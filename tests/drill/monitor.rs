//! A monitoring server: an Icinga 2 of Debian with what `firstaid generate` has written, and nothing else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use firstaid::recover::Record;
use nix::mount::{MsFlags, mount};

use crate::bmc::Switch;
use crate::engine::{Authority, Engine, Setup, SmtpSink};
use crate::guest::Guest;
use crate::interrupt::{asked, wait};
use crate::namespace::Namespace;
use crate::rig::{Host, Neighbour, Network};
use crate::run::{command, finish};
use crate::server::site::{Site, read_lossy};

/// How many times as fast as documented a drill runs: an interval of 10 seconds leaves restarts and boots their time.
pub(crate) const PACE: u32 = 30;
/// Seconds of an interval then.
pub(crate) const INTERVAL: u64 = 300 / PACE as u64;
/// The first port of the controllers.
const PORTS: u16 = 9101;
/// Where plugins are looked for.
const PLUGINS: &str = "/usr/lib/nagios/plugins";
/// Until every check has answered once.
const FIRST_CHECKS: Duration = Duration::from_mins(2);

/// A monitoring server with the hosts that it watches.
pub(crate) struct Monitor {
    engine: Mutex<Option<Engine>>,
    pub(crate) sink: SmtpSink,
    pub(crate) hosts: Vec<(Guest, Host)>,
    pub(crate) bmcs: Vec<(&'static str, Switch)>,
    pub(crate) network: Network,
    mounts: Namespace,
    authority: Authority,
    _gateway: Neighbour,
    // Declared last: the directories must outlive the processes that work in them.
    site: Site,
}

impl Monitor {
    /// Makes the server and its hosts; nothing runs yet.
    pub(crate) fn make(guests: &[Guest]) -> Self {
        let (network, site) = (Network::new(), Site::new("drill", &[]));
        let gateway = network.neighbour();
        let hosts: Vec<_> = guests.iter().map(|guest| (*guest, guest.make(&network))).collect();
        let mut bmcs = Vec::new();
        let mut inventory = format!(
            "[site]\npace = {PACE}\ngateway = \"{}\"\n\n\
             [suspension]\nholidays = \"none\"\ntime_zone = \"UTC\"\n\n[[contact]]\nname = \"oncall\"\nemail = \"oncall@example.test\"\n\n",
            gateway.address()
        );
        for (guest, host) in &hosts {
            let port = guest.has_bmc.then(|| PORTS + u16::try_from(bmcs.len()).unwrap());
            inventory += &guest.table(host, port);
            if let Some(port) = port {
                bmcs.push((guest.name, Switch::start(network.monitor(), port, host.power())));
            }
        }
        let mounts = Namespace::mounts();
        let sink = network.monitor().inside(SmtpSink::start);
        let engine = Mutex::new(None);
        let monitor = Self {
            engine,
            sink,
            hosts,
            bmcs,
            network,
            mounts,
            authority: Authority::new(),
            _gateway: gateway,
            site,
        };
        monitor.install(&inventory);
        monitor
    }

    /// Does something on this server.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.network.monitor().inside(|| self.mounts.inside(work))
    }

    /// What a person does by the README: programs, folders, generated files, certificates.
    fn install(&self, inventory: &str) {
        for layer in ["etc", "etc.work", "lib", "lib.work", "plugins"] {
            let path = self.site.make_dir(layer);
            fs::set_permissions(path, Permissions::from_mode(0o755)).expect("our own directory");
        }
        let built = Path::new(env!("CARGO_BIN_EXE_recover_service")).parent().unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
        for source in fs::read_dir(sources).unwrap().flatten() {
            let name = source.path().file_stem().unwrap().to_owned();
            let to = self.site.path("plugins").join(&name);
            fs::hard_link(built.join(&name), &to)
                .or_else(|_| fs::copy(built.join(&name), &to).map(|_| ()))
                .unwrap();
        }
        let etc = self.site.make_dir("etc/firstaid");
        fs::set_permissions(&etc, Permissions::from_mode(0o755)).unwrap();
        fs::write(etc.join("hosts.toml"), inventory).unwrap();
        fs::copy(self.authority.certificate(), etc.join("icinga-ca.crt")).unwrap();
        let api = include_str!("../../packaging/example/api.json")
            .replace("master1.example.com", "single")
            .replace("/var/lib/icinga2/certs/ca.crt", "/etc/firstaid/icinga-ca.crt");
        fs::write(etc.join("api.json"), api).unwrap();
        self.mounts.inside(|| {
            let programs = format!("lowerdir={}:{PLUGINS}", self.site.text("plugins"));
            overlay(PLUGINS, &programs);
            for (path, layer) in [("/etc", "etc"), ("/var/lib", "lib")] {
                let [upper, work] = [layer, &format!("{layer}.work")].map(|it| self.site.text(it));
                overlay(path, &format!("lowerdir={path},upperdir={upper},workdir={work}"));
            }
        });
        let names = self.hosts.iter().map(|(guest, _)| guest.name);
        self.must(Command::new(env!("CARGO_BIN_EXE_firstaid")).args([
            "generate",
            "--inventory",
            "/etc/firstaid/hosts.toml",
            "--out",
            "/etc/firstaid/generated",
        ]));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/nrpe-certificates");
        self.must(Command::new(script).arg("/etc/firstaid/tls").args(names));
        // Through the mounts, as they remember what they have seen.
        let owner = "umask 077; printf secret > /etc/firstaid/power.password\n\
             printf secret > /etc/firstaid/api.password\n\
             install -d -o nagios -g nagios -m 0755 /var/lib/firstaid\n\
             install -d -o nagios -g nagios -m 0700 /var/lib/firstaid/monitor\n\
             chown nagios: /etc/firstaid/power.password /etc/firstaid/api.password /etc/firstaid/tls /etc/firstaid/tls/monitor.key";
        self.must(Command::new("sh").args(["-euc", owner]));
        self.network.monitor().must(Command::new("sysctl").args([
            "-q",
            "-w",
            "net.ipv4.ping_group_range=0 2147483647",
        ]));
        let (generated, certificates) = (etc.join("generated"), etc.join("tls"));
        for (guest, host) in &self.hosts {
            guest.deploy(host, &generated, &certificates);
        }
    }

    fn must(&self, command: &mut Command) {
        let output = self.mounts.run(command);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {said}");
    }

    /// Starts the engine, and waits until it has seen everything well.
    pub(crate) fn start(&self) {
        let config = self.site.path("etc/firstaid/generated/icinga2/conf.d");
        assert!(config.is_dir(), "no {}", config.display());
        let setup =
            Setup { config: &config, plugins: Path::new(PLUGINS), speed: 1, sink: &self.sink };
        let user =
            include_str!("../../packaging/example/api-user.conf").replace("CHANGE ME", "secret");
        let engine = self.inside(|| Engine::icinga2_with_api(&setup, &self.authority, &user));
        *self.engine_slot() = Some(engine);
        let unwell = || {
            let objects = self.with_engine(|engine| engine.objects());
            let unwell = objects.into_iter().filter(|object| !object.is_ok());
            unwell
                .map(|it| format!("{}: {}", it.name(), it.value("plugin_output")))
                .collect::<Vec<_>>()
        };
        let well = wait(FIRST_CHECKS, || {
            self.with_engine(|engine| !engine.objects().is_empty()) && unwell().is_empty()
        });
        assert!(
            well || asked(),
            "not well: {:#?}\n{}",
            unwell(),
            self.with_engine(|it| it.output())
        );
    }

    /// Runs `firstaid` as an operator does, as the engine's user; gives its exit code and what it said.
    pub(crate) fn operator(&self, words: &[&str]) -> (i32, String) {
        let user = [
            "--reuid",
            "nagios",
            "--regid",
            "nagios",
            "--clear-groups",
            "/usr/lib/nagios/plugins/firstaid",
        ];
        let ran = self.inside(|| finish(&mut command("setpriv", &[&user[..], words].concat())));
        (ran.code, ran.stdout + &ran.stderr)
    }

    fn engine_slot(&self) -> MutexGuard<'_, Option<Engine>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the engine, which has been started.
    pub(crate) fn with_engine<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> T {
        work(self.engine_slot().as_mut().expect("an engine that was started"))
    }

    /// What the engine has logged; nothing before its start.
    pub(crate) fn log(&self) -> String {
        self.engine_slot().as_ref().map(Engine::log).unwrap_or_default()
    }

    /// What recovery has written here about a host.
    pub(crate) fn ledger(&self, host: &str) -> Vec<Record> {
        records(&read_lossy(&self.site.path(&format!("lib/firstaid/monitor/{host}.jsonl"))))
    }

    /// A host by its name.
    pub(crate) fn host(&self, name: &str) -> &Host {
        let found = self.hosts.iter().find(|(guest, _)| guest.name == name);
        &found.unwrap_or_else(|| panic!("no host {name}")).1
    }

    /// How often a host's power was cut.
    pub(crate) fn cuts(&self, host: &str) -> usize {
        let bmc = self.bmcs.iter().find(|(name, _)| *name == host);
        bmc.map_or(0, |(_, bmc)| bmc.cuts())
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        // The engine first: nothing must be done any more about hosts that go.
        self.engine_slot().take();
    }
}

/// The records of a ledger; a line that is being written is none yet.
pub(crate) fn records(text: &str) -> Vec<Record> {
    text.lines().filter_map(|line| Record::read(line.as_bytes()).ok()).collect()
}

fn overlay(path: &str, options: &str) {
    mount(Some("overlay"), path, Some("overlay"), MsFlags::empty(), Some(options))
        .unwrap_or_else(|error| panic!("cannot mount {options}: {error}"));
}
