//! Power cycles through the real `fence_ipmilan` and a simulated IPMI device.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use firstaid::deadline::Deadline;
use firstaid::recover::Power;
use firstaid::recover::server::power::{Cycled, Limits, cycle_within};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::monitored;
use crate::namespace::Namespace;
use crate::nrpe::network;
use crate::server::{process, wait_until};

/// The device's own port; the network is the test's own.
const PORT: u16 = 623;
/// Shorter than the policy's, and above what the agent takes to give up by itself where it has to be heard.
const LIMITS: Limits = Limits {
    status: Duration::from_secs(12),
    switch: Duration::from_secs(12),
    rest: Duration::from_millis(100),
    tries: 1,
};
/// As `ipmitool mc guid` shows what is configured below.
const GUID: &str = "efcdab89-6745-23a1-efcd-ab89674523a1";

/// What the device does instead of switching, as a case of its power button.
const BUTTON: &str = r#"
cd DIR
echo "$*" >> log
case $1 in
    get) echo "power:$(cat state)" ;;
    set)
        case $(cat fault) in
            stuckon) [ "$3" = 0 ] && exit 0 ;;
            stuckoff) [ "$3" = 1 ] && exit 0 ;;
            deny) exit 1 ;;
            slow) sleep 3 ;;
        esac
        echo "$3" > state ;;
esac
"#;

/// A device that runs until the value is dropped.
struct Bmc {
    folder: TempDir,
    network: Namespace,
    child: Child,
}

impl Bmc {
    fn start(fault: &str) -> Self {
        process::adopt_orphans();
        let (folder, network) = (monitored::folder(), network());
        let place = folder.path().display().to_string();
        monitored::script(&folder.path().join("button"), &BUTTON.replace("DIR", &place));
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("state", "1\n");
        write("fault", fault);
        let auth = ["callback", "user", "operator", "admin"]
            .map(|level| format!("allowed_auths_{level} none md2 md5 straight\n"));
        write(
            "lan.conf",
            &format!(
                "name \"bmc\"\nset_working_mc 0x20\nstartlan 1\naddr 127.0.0.1 {PORT}\npriv_limit admin\n{}\
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
        let listens = format!(":{PORT:04X} ");
        let bound = || {
            let sockets = fs::read_to_string(format!("/proc/{}/net/udp", child.id()));
            sockets.unwrap_or_default().contains(&listens)
        };
        assert!(wait_until(Duration::from_secs(20), bound), "ipmi_sim does not start");
        Self { folder, network, child }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Cycles the power as a user, whose password is `secret` unless another one is meant.
    fn cycle(&self, user: &str, password: &str, identity: Option<&str>) -> Cycled {
        let path = self.folder.path().join("password");
        fs::write(&path, password).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&path, mode).unwrap();
        // The simulated device asks the session's level, not the account's.
        let level = if user == "reader" { "user" } else { "administrator" };
        let options = [
            ("ip", "127.0.0.1"),
            ("username", user),
            ("lanplus", "1"),
            ("cipher", "3"),
            ("privlvl", level),
        ];
        let power = Power {
            agent: "fence_ipmilan".to_owned(),
            password_file: Some(path.display().to_string()),
            options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            identity: identity.map(str::to_owned),
        };
        let long = Deadline::within(Duration::from_mins(5));
        self.network.inside(|| cycle_within(&power, &LIMITS, &long, &mut || Ok(())))
    }

    /// Lets every packet to it vanish.
    fn hush(&self) {
        let table = "table inet t {\nchain c {\ntype filter hook input priority 0\nudp dport 623 drop\n}\n}\n";
        let file = self.folder.path().join("rules");
        fs::write(&file, table).unwrap();
        self.network.must(Command::new("nft").arg("-f").arg(&file));
    }

    /// What the button was told to switch.
    fn switched(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().filter(|line| line.contains("set power")).map(str::to_owned).collect()
    }
}

impl Drop for Bmc {
    fn drop(&mut self) {
        self.signal(Signal::SIGCONT);
        process::stop(&mut self.child, Signal::SIGKILL);
    }
}

fn verdict(cycled: &Cycled) -> &'static str {
    match cycled {
        Cycled::Done => "Done",
        Cycled::Refused(_) => "Refused",
        Cycled::StuckOn(_) => "StuckOn",
        Cycled::LeftOff(_) => "LeftOff",
        Cycled::Unclear(_) => "Unclear",
    }
}

#[test]
fn every_fault_of_a_device_has_its_verdict() {
    // Fault, user, password, identity, verdict.
    let cases = [
        ("ok", "admin", "secret", Some(GUID), "Done"),
        ("slow", "admin", "secret", None, "Done"),
        ("ok", "admin", "secret", Some("00000000-0000-0000-0000-000000000000"), "Refused"),
        ("stuckon", "admin", "secret", None, "StuckOn"),
        ("stuckoff", "admin", "secret", None, "LeftOff"),
        ("deny", "admin", "secret", None, "StuckOn"),
        ("ok", "admin", "wrong", None, "Refused"),
        ("ok", "reader", "readonly", None, "StuckOn"),
        ("frozen", "admin", "secret", None, "Refused"),
        ("silent", "admin", "secret", None, "Refused"),
    ];
    crate::run::side_by_side(&cases, |(fault, user, password, identity, expected)| {
        let bmc = Bmc::start(fault);
        match *fault {
            "frozen" => bmc.signal(Signal::SIGSTOP),
            "silent" => bmc.hush(),
            _ => {}
        }
        let start = Instant::now();
        let cycled = bmc.cycle(user, password, *identity);
        let what = format!("{fault} {user} {password}: {cycled:?} in {:?}", start.elapsed());
        assert_eq!(verdict(&cycled), *expected, "{what}");
        assert!(start.elapsed() < LIMITS.switching() + LIMITS.status * 2, "{what}");
        let mut switched = bmc.switched();
        // ipmitool repeats what a slow device has not answered.
        switched.dedup();
        let untouched = *expected == "Refused" || *user == "reader";
        assert_eq!(switched.is_empty(), untouched, "{what}: {switched:?}");
        if *expected == "Done" {
            assert_eq!(switched, ["set power 0", "set power 1"], "{what}");
        }
    });
}
