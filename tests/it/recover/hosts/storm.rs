//! One dead host among many is brought back by its power switch, and many at once are left alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use super::monitor::Monitor;
use super::switch::{Ipmi, Redfish, SYSTEM};
use crate::rig::{Host, Kind, Neighbour, Network};
use crate::run::side_by_side;
use crate::server::wait_until;

/// The pace of a drill.
const DRILL: u32 = 15;
/// Until a server has settled after a reboot, at that pace.
const SETTLED: Duration = Duration::from_mins(2);
/// Hosts beside the one that is real.
const OTHERS: usize = 19;

struct Site {
    network: Network,
    host: Host,
    others: Vec<Neighbour>,
}

impl Site {
    fn new() -> Self {
        let network = Network::new();
        let host = Host::start(&network, Kind::Systemd);
        let others = (0..OTHERS).map(|_| network.neighbour()).collect();
        Self { network, host, others }
    }

    /// All hosts, by name and address.
    fn all(&self) -> Vec<(String, String)> {
        let others = self.others.iter().enumerate();
        let mut all: Vec<_> = others
            .map(|(number, other)| (format!("light{number}"), other.address().to_string()))
            .collect();
        all.push((self.host.name().to_owned(), self.host.address().to_string()));
        all
    }

    /// A monitoring server that knows all of them, with one power switch for all. One of them is its gateway.
    fn monitor(&self, power: &str, pace: u32) -> Monitor<'_> {
        let gateway = format!("pace = {pace}\ngateway = \"{}\"\n", self.others[0].address());
        let hosts = self.all().into_iter().map(|(name, address)| {
            format!("name = \"{name}\"\naddress = \"{address}\"\nservices = [\"ssh\"]\n[host.power]\n{power}")
        });
        Monitor::new(&self.network, &gateway, &hosts.collect::<Vec<_>>())
    }

    /// How many hosts are down and up, as the engine would count them.
    fn counts(&self) -> [String; 4] {
        let up = AtomicUsize::new(0);
        let all = self.all();
        side_by_side(&all, |(_, address)| {
            let mut ping = Command::new("ping");
            let ran = self.network.monitor().run(ping.args(["-q", "-c", "1", "-W", "2", address]));
            up.fetch_add(usize::from(ran.status.success()), Ordering::SeqCst);
        });
        let up = up.into_inner();
        ["--hosts-down".into(), (all.len() - up).to_string(), "--hosts-up".into(), up.to_string()]
    }
}

/// The host is brought back, once, by whatever the monitoring server's power switch is.
fn one_is_brought_back(site: &Site, monitor: &Monitor, node: &str) {
    let (name, counts) = (site.host.name(), site.counts());
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs().to_string();
    let [.., up] = &counts;
    let counts = ["--hard-since", &now, "--hosts-down", "1", "--hosts-up", up];
    assert_eq!(up, &OTHERS.to_string());
    let boots = site.host.power().boots();
    let ran = monitor.call(node, name, "-", &counts);
    let line = "RECOVER OK - power cycle: the server is up again";
    assert!(ran.first().starts_with(line), "{ran:?}");
    assert_eq!(site.host.power().boots(), boots + 1);
    assert_eq!(monitor.story(node, name), ["Power Intent", "Power Done"]);
    site.host.booted();
}

#[test]
fn twenty_hosts_at_once_are_left_alone_and_one_is_power_cycled() {
    let site = Site::new();
    let ipmi = Ipmi::start(site.network.monitor().share(), site.host.power());
    let password = ipmi.bmc.power("admin", "secret", None).password_file.unwrap();
    let power = format!(
        "agent = \"fence_ipmilan\"\npassword_file = \"{password}\"\n\
         options = {{ ip = \"127.0.0.1\", username = \"admin\", lanplus = \"1\", cipher = \"3\" }}\n\
         identity = \"efcdab89-6745-23a1-efcd-ab89674523a1\"\n"
    );
    let monitor = site.monitor(&power, 1);
    monitor.install(&site.host);
    let boots = site.host.power().boots();
    site.host.cut();
    site.others.iter().for_each(Neighbour::cut);
    let counts = site.counts();
    assert_eq!(counts[1], "20");
    side_by_side(&site.all(), |(name, _)| {
        let ran = monitor.call("one", name, "-", &counts.each_ref().map(String::as_str));
        assert!(ran.first().contains("refused (storm): 20 of 20 hosts are down"), "{ran:?}");
    });
    site.others.iter().for_each(Neighbour::plug);
    let ran = monitor.call("one", site.host.name(), "-", &[]);
    assert!(ran.first().contains("refused (storm): a storm was seen"), "{ran:?}");
    assert_eq!(ipmi.bmc.switched(), Vec::<String>::new());
    assert_eq!(site.host.power().boots(), boots);
    the_peers_are_heard(&site, &monitor);
    assert_eq!(ipmi.bmc.switched(), Vec::<String>::new());
    // Another monitoring server has seen no storm.
    one_is_brought_back(&site, &monitor, "two");
    let again = monitor.call("two", site.host.name(), "-", &[]);
    assert!(again.first().contains("nothing to do: rebooted"), "{again:?}");
    let well = monitor.call("two", "light1", "-", &[]);
    assert!(well.first().contains("refused (still true)"), "{well:?}");
    assert_eq!(ipmi.bmc.switched(), ["set power 0", "set power 1"]);
    by_redfish(&site);
}

/// Nobody decides between two monitoring servers that do not see each other but the rule that one of them waits.
fn the_peers_are_heard(site: &Site, monitor: &Monitor) {
    for words in [["--peers", "0/1", "--primary", "no"], ["--zone", "edge", "--parents", "0/2"]] {
        let ran = monitor.call("spare", site.host.name(), "-", &words);
        assert!(ran.first().contains("refused (peers)"), "{words:?}: {ran:?}");
    }
    assert_eq!(monitor.story("spare", site.host.name()), Vec::<String>::new());
}

fn by_redfish(site: &Site) {
    let redfish = site.network.monitor().inside(|| Redfish::start(site.host.power()));
    let folder = crate::monitored::folder();
    let password = folder.path().join("password");
    fs::write(&password, "secret").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let power = format!(
        "agent = \"fence_redfish\"\npassword_file = \"{}\"\noptions = {{ ip = \"127.0.0.1\", ipport = \"{}\", \
         username = \"recovery\", systems_uri = \"{SYSTEM}\", ssl_insecure = \"1\" }}\n",
        password.display(),
        redfish.port()
    );
    let monitor = site.monitor(&power, DRILL);
    monitor.install(&site.host);
    site.host.cut();
    one_is_brought_back(site, &monitor, "one");
    // At this pace it has soon settled: whoever still misses it needs people, and no second power cycle.
    let mut last = String::new();
    let left_to_people = wait_until(SETTLED, || {
        last = monitor.call("one", site.host.name(), "-", &[]).stdout;
        last.contains("people are needed: the server was rebooted")
    });
    assert!(left_to_people, "{last}");
    assert_eq!(redfish.resets(), ["ForceOff", "On"]);
}
