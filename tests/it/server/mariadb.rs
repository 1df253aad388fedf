//! `MariaDB`'s daemon.
//!
//! Its data directory is made once for each version, in cargo's directory for test files, and copied: making one
//! takes seconds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::relay::SOURCE;
use super::site::{Site, run};
use super::{Recipe, Relay, Server};

const DAEMON: &str = "/usr/sbin/mariadbd";
const PACKAGE: &str = "mariadb-server";

impl Server {
    /// `MariaDB` as it is installed, with no account but those of the package; aborted connections are logged.
    ///
    /// Connections through [`Server::elsewhere`] come from the host `monitor.example.test`. As no account admits
    /// that host in the beginning, [`Server::sql`] must create one before the server greets it.
    pub(crate) fn mariadb() -> Self {
        Self::start(&Recipe {
            name: "mariadb",
            package: PACKAGE,
            program: DAEMON,
            ports: &["mysql"],
            log: "mariadb.err",
            stop: Signal::SIGTERM,
            prepare: &prepare,
            answers: &|site| ask(site, "SELECT 1").map(drop),
            settled: &["ready for connections"],
            complaints: &["[Warning]", "[ERROR]"],
        })
    }

    /// Runs statements as the administrator, through the socket, and returns the rows.
    pub(crate) fn sql(&self, statements: &str) -> String {
        ask(&self.site, statements).unwrap_or_else(|why| panic!("{statements}: {why}"))
    }

    /// A global status variable, such as `Aborted_connects`.
    pub(crate) fn status(&self, variable: &str) -> u64 {
        let rows = self.sql(&format!("SHOW GLOBAL STATUS LIKE '{variable}'"));
        let value = rows.split_whitespace().nth(1).and_then(|value| value.parse().ok());
        value.unwrap_or_else(|| panic!("no number in {rows:?} for the status variable {variable}"))
    }

    /// A column of the host cache, such as `COUNT_HANDSHAKE_ERRORS`, summed over all hosts.
    ///
    /// 127.0.0.1 is never in that cache: see [`Server::elsewhere`].
    pub(crate) fn host_cache(&self, column: &str) -> u64 {
        let sum = self
            .sql(&format!("SELECT COALESCE(SUM({column}), 0) FROM performance_schema.host_cache"));
        sum.trim().parse().unwrap_or_else(|error| panic!("{column} is {sum:?}: {error}"))
    }

    /// A second way to this server, on which clients have an address that the host cache counts.
    pub(crate) fn elsewhere(&self) -> Relay {
        Relay::to(self.addr())
    }
}

fn prepare(site: &Site) -> Command {
    run(Command::new("cp").arg("-a").arg(template()).arg(site.path("data")));
    // The server looks up the name of a client. Its own hosts file keeps that question inside of the machine.
    let hosts =
        site.write("hosts", &format!("127.0.0.1 localhost\n{SOURCE} monitor.example.test\n"));
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\""])
        .arg(hosts)
        .arg(DAEMON);
    command.args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1", "--log-warnings=2"]);
    command.args(["--performance-schema=ON", "--max-connect-errors=100"]);
    command.args([
        "--innodb-buffer-pool-size=16M",
        "--innodb-log-file-size=4M",
        "--innodb-flush-log-at-trx-commit=0",
    ]);
    command.arg(format!("--port={}", site.port(0)));
    for (option, file) in [
        ("datadir", "data"),
        ("socket", "socket"),
        ("pid-file", "mariadb.pid"),
        ("log-error", "mariadb.err"),
        ("tmpdir", ""),
    ] {
        command.arg(format!("--{option}={}", site.text(file)));
    }
    command
}

fn ask(site: &Site, statements: &str) -> Result<String, String> {
    let mut client = Command::new("mariadb");
    client.args(["--no-defaults", "--user=root", "--batch", "--skip-column-names"]);
    client.arg(format!("--socket={}", site.text("socket"))).args(["--execute", statements]);
    let output = client
        .output()
        .map_err(|error| format!("needs the Debian package mariadb-client: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A fresh data directory of the installed version.
fn template() -> PathBuf {
    let version = run(Command::new(DAEMON).args(["--no-defaults", "--version"]));
    let name: String = version.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let ready = base.join(format!("mariadb-{name}"));
    if !ready.exists() {
        fs::create_dir_all(base).expect("cargo's directory for test files");
        let scratch = TempDir::new_in(base).expect("a temporary directory");
        let data = scratch.path().join("data");
        let mut install = Command::new("mariadb-install-db");
        install.args(["--no-defaults", "--user=root", "--skip-test-db", "--skip-name-resolve"]);
        install.args(["--innodb-log-file-size=4M", "--innodb-flush-log-at-trx-commit=0"]);
        run(install.arg(format!("--datadir={}", data.display())));
        // Renaming is atomic. Where another test was faster, its copy is as good.
        let _ = fs::rename(&data, &ready);
        assert!(ready.exists(), "cannot rename {} to {}", data.display(), ready.display());
    }
    ready
}
