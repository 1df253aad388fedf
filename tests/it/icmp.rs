//! `check_icmp_rtt` against hosts whose delay and loss are exact.

mod complaints;
mod options;
mod privileges;
mod replies;

use std::fmt::Write;
use std::process::Command;
use std::time::Duration;

use crate::icmp_responder::{IcmpNet, PingSockets, Profile};
use crate::run::{Ran, command};

const CHECK: &str = env!("CARGO_BIN_EXE_check_icmp_rtt");
const PLANS: [&str; 2] = ["core2duo", "corei5-xeon"];

/// Runs the check on the monitor.
fn ping(net: &IcmpNet, args: &[&str]) -> Ran {
    ran(net, &mut command(CHECK, args))
}

/// Runs a command on the monitor.
fn ran(net: &IcmpNet, command: &mut Command) -> Ran {
    let start = std::time::Instant::now();
    let output = net.run(command);
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Ran {
        code: output.status.code().expect("the check ends by itself"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        took: start.elapsed(),
    }
}

/// A value of the performance data.
fn value(ran: &Ran, label: &str) -> Option<f64> {
    let data = ran.first().split_once(" | ")?.1;
    let value = data.split(' ').find_map(|item| item.strip_prefix(label)?.strip_prefix('='))?;
    let end = value.find(|it: char| it != '.' && !it.is_ascii_digit()).unwrap_or(value.len());
    value.get(..end)?.parse().ok()
}

#[test]
fn each_documented_loss_has_its_state_in_both_plans_families_and_kinds_of_socket() {
    let net = IcmpNet::new();
    let losses: [(&[usize], i32, &str); 5] = [
        (&[], 0, "0"),
        (&[2], 1, "20"),
        (&[0, 4], 1, "40"),
        (&[0, 2, 4], 2, "60"),
        (&[0, 1, 2, 3, 4], 2, "100"),
    ];
    for (number, (lost, _, _)) in losses.iter().enumerate() {
        net.answer(&format!("10.78.0.{number}"), Profile::rtt(2.0).drop(lost, 5));
        net.answer(&format!("fd00:78::1:{number}"), Profile::rtt(2.0).drop(lost, 5));
    }
    for sockets in [PingSockets::Nobody, PingSockets::Everybody] {
        net.allow_ping_sockets(sockets);
        std::thread::scope(|scope| {
            for (number, (_, code, percent)) in losses.iter().enumerate() {
                for address in [format!("10.78.0.{number}"), format!("fd00:78::1:{number}")] {
                    let net = &net;
                    scope.spawn(move || {
                        for plan in PLANS {
                            let ran = ping(net, &[&address, "--plan", plan, "-v"]);
                            assert_eq!(ran.code, *code, "{sockets:?} {address} {ran:?}");
                            let pl = format!("pl={percent}%;20;60;0;100");
                            assert!(ran.first().contains(&pl), "{ran:?}");
                            let kind = match sockets {
                                PingSockets::Everybody => "by ping socket",
                                PingSockets::Nobody | PingSockets::Groups(..) => "by raw socket",
                            };
                            assert!(ran.stdout.contains(kind), "{ran:?}");
                        }
                    });
                }
            }
        });
    }
}

#[test]
fn each_documented_round_trip_has_its_state_in_both_plans() {
    let net = IcmpNet::new();
    for (number, (due, code)) in
        [(99.0, 0), (101.0, 1), (299.0, 1), (301.0, 2)].into_iter().enumerate()
    {
        for address in [format!("10.78.1.{number}"), format!("fd00:78::{number}:1")] {
            net.answer(&address, Profile::rtt(due));
            for plan in PLANS {
                let ran = net.undisturbed(|| ping(&net, &[&address, "--plan", plan]));
                let rta = value(&ran, "rta").expect("a mean round trip");
                assert!((rta - due).abs() < 0.5, "{due}: {ran:?}");
                assert_eq!(ran.code, code, "{ran:?}");
            }
        }
    }
}

#[test]
fn the_mean_of_five_is_judged() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtts(&[490.0, 1.0, 1.0, 1.0, 1.0]));
    net.answer("10.78.0.2", Profile::rtts(&[1.0, 1.0, 1480.0, 1.0, 1.0]));
    net.answer("10.78.0.3", Profile::rtts(&[1.0, 1510.0, 1.0, 1.0, 1.0]));
    for (address, code) in [("10.78.0.1", 0), ("10.78.0.2", 1), ("10.78.0.3", 2)] {
        let ran = ping(&net, &[address]);
        assert_eq!((ran.code, value(&ran, "pl")), (code, Some(0.0)), "{ran:?}");
    }
}

#[test]
fn a_busy_machine_adds_nothing_to_a_round_trip() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(99.0));
    let busy = Busy::start();
    let measured = net.undisturbed(|| {
        // At an ordinary priority, beside the load.
        let output = net.monitor().run(&mut command(CHECK, &["10.78.0.1"]));
        String::from_utf8(output.stdout).expect("output is UTF-8")
    });
    drop(busy);
    let rta = measured.split_once("rta=").expect("a mean round trip").1;
    let rta: f64 = rta.split("ms").next().expect("milliseconds").parse().expect("a number");
    assert!((rta - 99.0).abs() < 0.5, "{measured}");
}

/// Threads that want every processor, until it is dropped.
struct Busy {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Busy {
    fn start() -> Self {
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        for _ in 0..2 * std::thread::available_parallelism().map_or(2, usize::from) {
            let stop = std::sync::Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self { stop }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn the_first_line_is_the_one_of_the_peer() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(5.0));
    let ran = ping(&net, &["-H", "10.78.0.1"]);
    let mut shape = String::new();
    for character in ran.stdout.replace("10.78.0.1", "A").chars() {
        if character.is_ascii_digit() && shape.ends_with('#') {
            continue;
        }
        let _ = write!(shape, "{}", if character.is_ascii_digit() { '#' } else { character });
    }
    let line = "ICMP OK - A: rta #.#ms, lost #% | \
                rta=#.#ms;#.#;#.#;#.# pl=#%;#;#;#;# rtmax=#.#ms rtmin=#.#ms\n";
    assert_eq!((shape.as_str(), ran.stderr.as_str()), (line, ""));
    let [least, mean, most] = ["rtmin", "rta", "rtmax"].map(|label| value(&ran, label));
    assert!(least <= mean && mean <= most, "{ran:?}");
}

#[test]
fn five_packets_leave_80_milliseconds_apart() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(1.0));
    let ran = ping(&net, &["10.78.0.1"]);
    let arrivals = net.arrivals("10.78.0.1");
    assert_eq!(arrivals.len(), 5, "{ran:?}");
    assert!(arrivals.iter().all(|arrival| arrival.request.payload.len() == 68));
    for pair in arrivals.windows(2) {
        let gap = pair[1].at.checked_sub(pair[0].at).expect("they arrive in order");
        assert!(gap > Duration::from_millis(70), "{gap:?}");
    }
    assert!(ran.took < Duration::from_millis(1500), "{ran:?}");
}
