//! A management controller that speaks IPMI, simulated by `ipmi_sim`: its power button is a script.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use firstaid::recover::Power;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::monitored;
use crate::namespace::Namespace;
use crate::server::{process, wait_until};

/// The device's own port; the network is the test's own.
const PORT: u16 = 623;

/// A device at 127.0.0.1 of a network, until the value is dropped.
pub(crate) struct Bmc {
    folder: TempDir,
    network: Namespace,
    child: Child,
}

impl Bmc {
    /// The script of the button runs in a folder where `state` is the power, 1 or 0; it is told `get power` and `set power 0`.
    pub(crate) fn start(network: Namespace, button: &str) -> Self {
        Self::at(network, PORT, button)
    }

    /// The same at another port, where there are several.
    pub(crate) fn at(network: Namespace, port: u16, button: &str) -> Self {
        process::adopt_orphans();
        let folder = monitored::folder();
        let place = folder.path().display().to_string();
        let script = format!("cd {place}\necho \"$*\" >> log\n{button}");
        monitored::script(&folder.path().join("button"), &script);
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("state", "1\n");
        let auth = ["callback", "user", "operator", "admin"]
            .map(|level| format!("allowed_auths_{level} none md2 md5 straight\n"));
        write(
            "lan.conf",
            &format!(
                "name \"bmc\"\nset_working_mc 0x20\nstartlan 1\naddr 127.0.0.1 {port}\npriv_limit admin\n{}\
                 guid a123456789abcdefa123456789abcdef\nendlan\nchassis_control \"{place}/button\"\n\
                 user 1 true \"\" \"\" user 10 none md2 md5 straight\n\
                 user 2 true \"admin\" \"secret\" admin 10 none md2 md5 straight\n\
                 user 3 true \"reader\" \"readonly\" user 10 none md2 md5 straight\n",
                auth.concat()
            ),
        );
        write(
            "bmc.emu",
            "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\n\
             sel_enable 0x20 1000 0x0a\nmc_enable 0x20\n",
        );
        fs::create_dir(folder.path().join("kept")).unwrap();
        let mut simulator = Command::new("/usr/bin/ipmi_sim");
        simulator.args(["-n", "-c", &format!("{place}/lan.conf")]);
        simulator.args(["-f", &format!("{place}/bmc.emu"), "-s", &format!("{place}/kept")]);
        simulator.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = network.spawn(&mut simulator);
        let listens = format!(":{port:04X} ");
        let bound = || {
            let sockets = fs::read_to_string(format!("/proc/{}/net/udp", child.id()));
            sockets.unwrap_or_default().contains(&listens)
        };
        assert!(wait_until(Duration::from_secs(20), bound), "ipmi_sim does not start");
        Self { folder, network, child }
    }

    /// A file of its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The network that it is in.
    pub(crate) fn network(&self) -> &Namespace {
        &self.network
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// How a user switches it, whose password is `secret` unless another one is meant.
    pub(crate) fn power(&self, user: &str, password: &str, identity: Option<&str>) -> Power {
        let path = self.path("password");
        fs::write(&path, password).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        // The simulated device asks the session's level, not the account's.
        let level = if user == "reader" { "user" } else { "administrator" };
        let options = [
            ("ip", "127.0.0.1"),
            ("username", user),
            ("lanplus", "1"),
            ("cipher", "3"),
            ("privlvl", level),
        ];
        Power {
            agent: "fence_ipmilan".to_owned(),
            password_file: Some(path.display().to_string()),
            options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            identity: identity.map(str::to_owned),
        }
    }

    /// What the button was told to switch. ipmitool repeats what a slow device has not answered.
    pub(crate) fn switched(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let mut switched: Vec<String> =
            log.lines().filter(|line| line.contains("set power")).map(str::to_owned).collect();
        switched.dedup();
        switched
    }
}

impl Drop for Bmc {
    fn drop(&mut self) {
        self.signal(Signal::SIGCONT);
        process::stop(&mut self.child, Signal::SIGKILL);
    }
}
