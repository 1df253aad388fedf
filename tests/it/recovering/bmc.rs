//! Power cycles through the real `fence_ipmilan` and a simulated IPMI device.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use firstaid::deadline::Deadline;
use firstaid::recover::Power;
use firstaid::recover::server::power::{Cycled, Limits, cycle_within};
use nix::sys::signal::Signal;

use crate::nrpe::network;
use crate::rig::Bmc;

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

/// A device that does what its fault says; none is the empty one.
pub(super) fn started(fault: &str) -> Bmc {
    let bmc = Bmc::start(network(), BUTTON);
    fs::write(bmc.path("fault"), fault).unwrap();
    bmc
}

fn cycle(bmc: &Bmc, power: &Power) -> Cycled {
    let long = Deadline::within(Duration::from_mins(5));
    bmc.network().inside(|| cycle_within(power, &LIMITS, &long, &mut || Ok(())))
}

/// Lets every packet to a device vanish.
fn hush(bmc: &Bmc) {
    let table =
        "table inet t {\nchain c {\ntype filter hook input priority 0\nudp dport 623 drop\n}\n}\n";
    let file = bmc.path("rules");
    fs::write(&file, table).unwrap();
    bmc.network().must(Command::new("nft").arg("-f").arg(&file));
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
        let bmc = started(fault);
        match *fault {
            "frozen" => bmc.signal(Signal::SIGSTOP),
            "silent" => hush(&bmc),
            _ => {}
        }
        let start = Instant::now();
        let cycled = cycle(&bmc, &bmc.power(user, password, *identity));
        let what = format!("{fault} {user} {password}: {cycled:?} in {:?}", start.elapsed());
        assert_eq!(verdict(&cycled), *expected, "{what}");
        assert!(start.elapsed() < LIMITS.switching() + LIMITS.status * 2, "{what}");
        let switched = bmc.switched();
        let untouched = *expected == "Refused" || *user == "reader";
        assert_eq!(switched.is_empty(), untouched, "{what}: {switched:?}");
        if *expected == "Done" {
            assert_eq!(switched, ["set power 0", "set power 1"], "{what}");
        }
    });
}
