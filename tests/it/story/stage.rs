//! Where a story takes place: servers to watch, agents, a mailbox, and what is generated for them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::TempDir;

use crate::engine::{Engine, Plugins, SmtpSink, hand_over};
use crate::namespace::Namespace;
use crate::run::run;
use crate::server::Server;

/// The address of the server behind a network of its own, and of the monitoring server there.
const FAR: &str = "10.77.0.2";
const NEAR: &str = "10.77.0.1";

/// A daemon by the name that stories know it by, and how it starts.
type Daemon = (&'static str, fn() -> Server);

/// The daemons; the last two are those that a story ends.
const DAEMONS: [Daemon; 10] = [
    ("ftp", Server::vsftpd),
    ("ssh", Server::sshd),
    ("smtp", Server::postfix),
    ("dns", Server::named_recursive),
    ("web", Server::nginx),
    ("mail", Server::dovecot),
    ("mysql", Server::mariadb),
    ("postgresql", Server::postgresql),
    ("ssh of web1", Server::sshd),
    ("ftp of web3", Server::vsftpd),
];

/// Each service with the daemon and the port of it that answers.
const SERVICES: [(&str, &str, &str); 10] = [
    ("ftp", "ftp", "ftp"),
    ("ssh", "ssh", "ssh"),
    ("smtp", "smtp", "smtp"),
    ("dns", "dns", "dns"),
    ("http", "web", "http"),
    ("pop", "mail", "pop"),
    ("imap", "mail", "imap"),
    ("https", "web", "https"),
    ("mysql", "mysql", "mysql"),
    ("postgresql", "postgresql", "postgresql"),
];

/// Everything that an engine needs to run a story.
pub(super) struct Stage {
    pub(super) plugins: Plugins,
    pub(super) sink: SmtpSink,
    daemons: BTreeMap<&'static str, Server>,
    agents: Vec<Server>,
    // Second ports that a web server of the documented kind has.
    _doors: Vec<TcpListener>,
    dir: TempDir,
    far: Namespace,
}

impl Stage {
    /// Runs a story in a network of its own.
    pub(super) fn run(story: impl FnOnce(&mut Self) + Send) {
        let network = Namespace::network();
        let ip = |args: &str| {
            network.must(Command::new("ip").args(args.split(' ')));
        };
        let far = Namespace::network();
        ip("link set lo up");
        ip(&format!("link add near type veth peer name far netns {}", far.path().display()));
        ip(&format!("address add {NEAR}/24 dev near"));
        ip("link set near up");
        for args in ["link set lo up", &format!("address add {FAR}/24 dev far"), "link set far up"]
        {
            far.must(Command::new("ip").args(args.split(' ')));
        }
        network.inside(|| story(&mut Self::build(far)));
    }

    fn build(far: Namespace) -> Self {
        let plugins = Plugins::new();
        let daemons = thread::scope(|scope| {
            let starts = DAEMONS.map(|(name, start)| scope.spawn(move || (name, start())));
            starts.map(|it| it.join().expect("a daemon that starts")).into_iter().collect()
        });
        let doors = [80, 443].map(|port| TcpListener::bind(("127.0.0.1", port)));
        let doors = doors.map(|door| door.expect("a port of our own network")).into();
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("our own directory");
        let mut stage = Self {
            plugins,
            sink: SmtpSink::start(),
            daemons,
            agents: Vec::new(),
            _doors: doors,
            dir,
            far,
        };
        // The agents' commands are the same for every inventory; their ports are known when they run.
        stage.generate("");
        let commands = stage.generated("nrpe/firstaid.cfg");
        stage.agents.push(Server::nrpe("127.0.0.1", &commands));
        let behind = stage.far.inside(|| Server::nrpe(FAR, &commands));
        stage.agents.push(behind);
        stage.generate(&stage.hosts());
        hand_over(stage.dir.path());
        stage
    }

    /// A file or folder that `firstaid generate` has written.
    pub(super) fn generated(&self, name: &str) -> PathBuf {
        self.dir.path().join("out").join(name)
    }

    /// Suspends a host until a second of the engine's time, as an operator does: business opens then, so that monitoring resumes.
    pub(super) fn suspend(&self, host: &str, until: u64, engine: &Engine) {
        let until = Timestamp::from_second(until.try_into().expect("a time of now"));
        let until = until.expect("a time of now").to_zoned_datetime(TimeZone::UTC);
        let day_before = until.date().yesterday().expect("a time of now");
        let inventory = self.dir.path().join("suspended.toml");
        let text = format!(
            "[suspension]\nopens = \"{}\"\ncloses = \"23:59:59.999\"\nholidays = \"none\"\ntime_zone = \"UTC\"\n\
             weekdays = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]\n\
             [[host]]\nname = \"{host}\"\naddress = \"127.0.0.14\"\nos = \"debian\"\nagent = \"none\"\n",
            until.time()
        );
        fs::write(&inventory, text).expect("our own directory");
        let records = self.dir.path().join("records");
        let mut words = ["suspend", host, "--why", "a story", "--override-deadline", "--from"]
            .map(str::to_owned)
            .to_vec();
        words.push(format!("{day_before} 00:00"));
        let api = self.dir.path().join("none");
        let own = [("--inventory", inventory), ("--records", records), ("--api", api)];
        for (option, path) in own.into_iter().chain(engine.reached()) {
            words.extend([option.to_owned(), path.display().to_string()]);
        }
        let ran = run(env!("CARGO_BIN_EXE_firstaid"), &words);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(" ok     the host and 2 services"), "{}", ran.stdout);
        let again = run(env!("CARGO_BIN_EXE_firstaid"), &words);
        assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    }

    /// Ends a daemon for good.
    pub(super) fn kill(&mut self, daemon: &str) {
        drop(self.daemons.remove(daemon).expect("a daemon of this stage"));
    }

    fn generate(&self, hosts: &str) {
        let inventory = self.dir.path().join("hosts.toml");
        let plugins = self.plugins.dir().display();
        let text = format!(
            "[site]\nplugins = \"{plugins}\"\n\n\
             [[contact]]\nname = \"oncall\"\nemail = \"oncall@example.test\"\n\n\
             [[host]]\nname = \"mixed\"\naddress = \"127.0.0.11\"\nos = \"debian\"\nagent = \"ssh\"\nresources = []\n\n\
             [[host]]\nname = \"dark\"\naddress = \"127.0.0.12\"\nos = \"debian\"\nagent = \"ssh\"\nresources = []\n\n\
             [[host]]\nname = \"slow\"\naddress = \"127.0.0.13\"\nos = \"debian\"\nagent = \"ssh\"\nresources = []\n{hosts}"
        );
        fs::write(&inventory, text).expect("our own directory");
        let out = self.dir.path().join("out");
        let args = [
            "generate",
            "--inventory",
            &inventory.display().to_string(),
            "--out",
            &out.display().to_string(),
        ]
        .map(str::to_owned);
        let ran = run(env!("CARGO_BIN_EXE_firstaid"), &args);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    }

    /// Two hosts with everything, and one whose FTP ends in a downtime.
    fn hosts(&self) -> String {
        let mut text = String::new();
        let hosts = [("web1", "core2duo", "127.0.0.1"), ("web2", "corei5-xeon", FAR)];
        for ((name, plan, address), agent) in hosts.into_iter().zip(&self.agents) {
            let services = SERVICES.map(|(service, _, _)| format!("{service:?}")).join(", ");
            let [certificate, key] =
                ["cert.pem", "key.pem"].map(|it| agent.file(it).display().to_string());
            let _ = write!(
                text,
                "\n[[host]]\nname = {name:?}\naddress = {address:?}\nplan = {plan:?}\nos = \"debian\"\n\
                 services = [{services}]\n\
                 nrpe = {{ port = {}, ca = \"{certificate}\", certificate = \"{certificate}\", key = \"{key}\" }}\n",
                agent.port()
            );
            for (service, daemon, port) in SERVICES {
                let own = format!("{daemon} of {name}");
                self.service(
                    &mut text,
                    service,
                    self.daemons.get(own.as_str()).map_or(daemon, |_| &own),
                    port,
                );
            }
        }
        text.push_str(
            "\n[[host]]\nname = \"web3\"\naddress = \"127.0.0.14\"\nos = \"debian\"\nagent = \"ssh\"\nresources = []\nservices = [\"ftp\"]\n",
        );
        self.service(&mut text, "ftp", "ftp of web3", "ftp");
        text
    }

    fn service(&self, text: &mut String, service: &str, daemon: &str, port: &str) {
        let port = self.daemons[daemon].port_of(port);
        let _ =
            write!(text, "\n[host.service.{service}]\naddress = \"127.0.0.1\"\nport = {port}\n");
        if service == "dns" {
            text.push_str("lookup = \"www.example.test\"\nexpected = [\"192.0.2.10\"]\n");
        }
    }
}
