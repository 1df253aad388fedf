//! A real NRPE with its certificates.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, chown};
use tempfile::TempDir;

use crate::monitored;
use crate::namespace::Namespace;
use crate::run::{Ran, command, run};
use crate::server::wait_until;

const PROGRAM: &str = "/usr/sbin/nrpe";
const CLIENT: &str = "/usr/lib/nagios/plugins/check_nrpe";
/// NRPE's own port; the network is the test's own.
const PORT: u16 = 5666;

/// What `packaging/nrpe-certificates` makes for one server.
pub(crate) struct Certificates {
    folder: TempDir,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let folder = monitored::folder();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/nrpe-certificates");
        let made = run(script.to_str().unwrap(), &[folder.path().to_str().unwrap(), "server"]);
        assert_eq!(made.code, 0, "{made:?}");
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The inventory's table.
    pub(crate) fn table(&self) -> String {
        let path = |name| self.path(name).display().to_string();
        format!(
            "[site.nrpe]\nca = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
            path("ca.pem"),
            path("monitor.pem"),
            path("monitor.key")
        )
    }

    /// The client's options.
    pub(crate) fn client(&self, certificate: &str) -> Vec<String> {
        let path = |name: &str| self.path(name).display().to_string();
        let pair = [path(&format!("{certificate}.pem")), path(&format!("{certificate}.key"))];
        let [certificate, key] = pair;
        ["-A".to_owned(), path("ca.pem"), "-C".to_owned(), certificate, "-K".to_owned(), key].into()
    }
}

/// A daemon that runs until the value is dropped.
pub(crate) struct Nrpe<'a> {
    folder: TempDir,
    child: Child,
    network: &'a Namespace,
}

impl<'a> Nrpe<'a> {
    /// With a generated file, whose certificates are put where it finds them.
    pub(crate) fn start(generated: &str, made: &Certificates, network: &'a Namespace) -> Self {
        assert!(Path::new(PROGRAM).exists(), "needs nagios-nrpe-server (make deps)");
        let folder = monitored::folder();
        // NRPE refuses to run as root.
        let user =
            User::from_name("nagios").unwrap().expect("the package has made the user nagios");
        for name in ["ca.pem", "nrpe.pem", "nrpe.key"] {
            let path = folder.path().join(name);
            fs::copy(made.path("server").join(name), &path).unwrap();
            chown(&path, Some(user.uid), Some(user.gid)).unwrap();
        }
        let place = folder.path().to_str().unwrap();
        let settings = format!(
            "server_address=127.0.0.1\nserver_port={PORT}\nnrpe_user=nagios\nnrpe_group=nagios\n\
             pid_file={place}/pid\nlog_file={place}/log\nallowed_hosts=127.0.0.1\n"
        );
        let config = folder.path().join("nrpe.cfg");
        fs::write(&config, settings + &generated.replace("/etc/nagios/firstaid", place)).unwrap();
        let mut nrpe = Command::new(PROGRAM);
        nrpe.arg("-c").arg(&config).arg("-f").stdin(Stdio::null());
        let child = network.spawn(nrpe.stdout(Stdio::null()).stderr(Stdio::null()));
        let started = Self { folder, child, network };
        let answers = || network.inside(|| TcpStream::connect((Ipv4Addr::LOCALHOST, PORT)).is_ok());
        assert!(wait_until(Duration::from_mins(1), answers), "{}", started.log());
        started
    }

    /// Runs the client against it.
    pub(crate) fn ask(&self, name: &str, options: &[String]) -> Ran {
        let mut args = vec!["-u", "-t", "25", "-H", "127.0.0.1", "-c", name];
        args.extend(options.iter().map(String::as_str));
        let output = self.network.run(&mut command(CLIENT, &args));
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took: Duration::ZERO,
        }
    }

    /// Sends it a signal, such as one that freezes it.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Nrpe<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
