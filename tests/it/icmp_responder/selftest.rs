//! The responder against programs that know nothing of it.

use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::*;

const CHECK_ICMP: &str = "/usr/lib/nagios/plugins/check_icmp";

/// What `check_icmp` (package monitoring-plugins-basic) measures with five packets: milliseconds
/// and per cent of loss.
fn check_icmp(net: &IcmpNet, address: &str) -> (f64, f64) {
    let text = text(&net.run(Command::new(CHECK_ICMP).args([
        "-H",
        address,
        "-n",
        "5",
        "-i",
        "50ms",
        "-t",
        "2",
        "-w",
        "9000,100%",
        "-c",
        "9000,100%",
    ])));
    let number = |label: &str| {
        let tail = text.split_once(label).unwrap_or_else(|| panic!("no {label} in {text:?}")).1;
        tail.split(|c: char| c != '.' && !c.is_ascii_digit())
            .next()
            .and_then(|value| value.parse().ok())
            .expect("a number")
    };
    (number("|rta="), number("pl="))
}

/// The round trips `fping` sees, one word for each packet.
fn fping(net: &IcmpNet, address: &str) -> Vec<Option<f64>> {
    let text = text(&net.run(Command::new("fping").args(["-q", "-C5", "-p20", "-t400", address])));
    let times = text.split_once(" : ").unwrap_or_else(|| panic!("{text:?}")).1;
    times.split_whitespace().map(|time| time.parse().ok()).collect()
}

fn ping(net: &IcmpNet, address: &str) -> String {
    text(&net.run(Command::new("ping").args(["-n", "-c1", "-W0.3", address])))
}

fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

#[test]
fn each_loss_is_exact_in_both_families_and_in_every_run() {
    let net = IcmpNet::new();
    let losses: [(&[usize], f64); 5] =
        [(&[], 0.0), (&[0], 20.0), (&[1, 3], 40.0), (&[0, 2, 4], 60.0), (&[0, 1, 2, 3, 4], 100.0)];
    thread::scope(|scope| {
        for (number, (lost, percent)) in losses.into_iter().enumerate() {
            for address in [format!("10.78.0.{}", number + 1), format!("fd00:78::{}", number + 1)] {
                net.answer(&address, Profile::rtt(5.0).drop(lost, 5));
                let net = &net;
                scope.spawn(move || {
                    for _ in 0..2 {
                        assert!(
                            (check_icmp(net, &address).1 - percent).abs() < 0.01,
                            "{address} {percent}"
                        );
                    }
                });
            }
        }
    });
    assert_eq!((net.arrivals("10.78.0.5").len(), net.arrivals("fd00:78::1").len()), (10, 10));
}

#[test]
fn the_round_trip_is_exact_on_both_sides_of_a_threshold() {
    let net = IcmpNet::new();
    for (number, due) in [99.0, 101.0, 299.0, 301.0].into_iter().enumerate() {
        for address in [format!("10.78.1.{number}"), format!("fd00:78::1:{number}")] {
            net.answer(&address, Profile::rtt(due));
            // What delays the asker is not the responder's, so the best of three counts.
            let measured = || net.undisturbed(|| check_icmp(&net, &address).0);
            assert!((0..3).any(|_| (measured() - due).abs() < 0.5), "{address} {due}");
        }
    }
}

#[test]
fn many_addresses_answer_side_by_side() {
    let net = IcmpNet::new();
    let addresses: Vec<_> = (0..250).map(|number| format!("10.78.7.{number}")).collect();
    net.answer_all(&addresses, &Profile::rtt(100.0).drop(&[1], 3));
    let seen =
        text(&net.run(Command::new("fping").args(["-q", "-C3", "-i1", "-p300"]).args(&addresses)));
    for address in &addresses {
        let line = seen.lines().find(|line| line.split(' ').next() == Some(address.as_str()));
        let times: Vec<_> = line.expect("a line").split_whitespace().skip(2).collect();
        let [first, "-", last] = times[..] else { panic!("{line:?}") };
        // The first one of each also waits for the discovery of 250 neighbours.
        for time in [first, last].map(|time| time.parse::<f64>().expect("a time")) {
            assert!((100.0..150.0).contains(&time), "{line:?}");
        }
    }
}

#[test]
fn each_packet_has_its_own_time_and_a_late_one_is_lost_to_who_does_not_wait() {
    let net = IcmpNet::new();
    for address in ["10.78.0.1", "fd00:78::1"] {
        net.answer(address, Profile::rtts(&[10.0, 30.0, 20.0, 2000.0, 1.0]).drop(&[2], 5));
        let expected = [Some(10.0), Some(30.0), None, None, Some(1.0)];
        let seen = net.undisturbed(|| fping(&net, address));
        let near = |(seen, due): (&Option<f64>, &Option<f64>)| match (seen, due) {
            (Some(seen), Some(due)) => (seen - due).abs() < 5.0,
            (seen, due) => seen == due,
        };
        assert!(seen.len() == 5 && seen.iter().zip(&expected).all(near), "{address}: {seen:?}");
    }
}

#[test]
fn each_fault_reaches_the_asker() {
    let net = IcmpNet::new();
    let cases = [
        (Fault::None, "64 bytes from", "64 bytes from"),
        (Fault::ForeignIdentifier, "100% packet loss", "100% packet loss"),
        (Fault::ForeignSequence, "icmp_seq=32769", "icmp_seq=32769"),
        (
            Fault::CorruptedPayload,
            "wrong data byte #55 should be 0x37 but was 0xc8",
            "wrong data byte #55 should be 0x37 but was 0xc8",
        ),
        (Fault::ShortenedPayload, "36 bytes from", "36 bytes from"),
        (
            Fault::NetworkUnreachable,
            "Destination Net Unreachable",
            "Destination unreachable: No route",
        ),
        (
            Fault::HostUnreachable,
            "Destination Host Unreachable",
            "Destination unreachable: Address unreachable",
        ),
        (
            Fault::PortUnreachable,
            "Destination Port Unreachable",
            "Destination unreachable: Port unreachable",
        ),
        (
            Fault::Prohibited,
            "Packet filtered",
            "Destination unreachable: Administratively prohibited",
        ),
        (Fault::TimeExceeded, "Time to live exceeded", "Time exceeded: Hop limit"),
    ];
    for (fault, v4, v6) in cases {
        for (address, expected) in [("10.78.0.1", v4), ("fd00:78::1", v6)] {
            net.answer(address, Profile::rtt(1.0).fault(fault));
            let seen = ping(&net, address);
            assert!(seen.contains(expected), "{fault:?} {address}: {seen}");
        }
    }
}

#[test]
fn a_wrong_checksum_is_dropped_by_the_kernel_but_for_raw_sockets_of_ipv4() {
    let net = IcmpNet::new();
    net.allow_ping_sockets(PingSockets::Everybody);
    for address in ["10.78.0.1", "fd00:78::1"] {
        net.answer(address, Profile::rtt(1.0).fault(Fault::WrongChecksum));
        let seen = ping(&net, address);
        assert!(seen.contains("100% packet loss"), "{seen}");
        assert_eq!(net.arrivals(address).len(), 1);
    }
    net.allow_ping_sockets(PingSockets::Nobody);
    assert!(ping(&net, "10.78.0.1").contains("64 bytes from"));
}

#[test]
fn copies_other_sources_and_mixed_answers_arrive() {
    let net = IcmpNet::new();
    for (address, other) in [("10.78.0.1", "10.78.9.9"), ("fd00:78::1", "fd00:78::9:9")] {
        net.answer(address, Profile::rtt(1.0).copies(3));
        let seen = text(&net.run(Command::new("ping").args(["-n", "-c2", "-i0.1", address])));
        assert!(seen.contains("+2 duplicates"), "{seen}");

        net.answer(address, Profile::rtt(1.0).from(other));
        let seen = ping(&net, address);
        assert!(seen.contains(&format!("bytes from {other}")), "{seen}");

        net.answer(
            address,
            Profile::rtt(1.0).fault(Fault::ForeignIdentifier).and(Profile::rtt(30.0)),
        );
        let seen = ping(&net, address);
        assert!(seen.contains(" time=30."), "{seen}");
    }
}

#[test]
fn dead_answers_nothing_and_what_was_given_no_profile_does_not_exist() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::dead());
    assert!(ping(&net, "10.78.0.1").contains("100% packet loss"));
    assert_eq!(net.arrivals("10.78.0.1").len(), 1);

    let seen = text(&net.run(Command::new("ping").args(["-n", "-c1", "-W5", "10.78.0.2"])));
    assert!(seen.contains("From 10.78.255.254 icmp_seq=1 Destination Host Unreachable"), "{seen}");
    assert!(ping(&net, "192.0.2.1").contains("Network is unreachable"));
}

#[test]
fn requests_are_recorded_as_they_came() {
    let net = IcmpNet::new();
    for address in ["10.78.0.1", "fd00:78::1"] {
        net.answer(address, Profile::rtt(0.0));
        let output = net.run(Command::new("ping").args(["-n", "-c3", "-i0.2", "-s5000", address]));
        assert!(output.status.success(), "{}", text(&output));

        let arrivals = net.arrivals(address);
        assert_eq!(
            arrivals.iter().map(|arrival| arrival.request.sequence).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        assert!(arrivals.iter().all(|arrival| arrival.request.payload.len() == 5000));
        let gap = arrivals[1].at.checked_sub(arrivals[0].at).expect("in order");
        assert!(gap > Duration::from_millis(150), "{gap:?}");
    }
}

#[test]
fn an_unprivileged_asker_needs_a_ping_socket_or_the_capability() {
    let net = IcmpNet::new();
    let (plain, capable) =
        (OpenCopy::plain("/usr/bin/ping"), OpenCopy::with_net_raw("/usr/bin/ping"));
    for address in ["10.78.0.1", "fd00:78::1"] {
        net.answer(address, Profile::rtt(1.0));
        let answered = |copy: &OpenCopy| {
            net.run(copy.as_nobody().args(["-n", "-c1", "-W1", address])).status.success()
        };
        for (allowed, expected) in [
            (PingSockets::Nobody, false),
            (PingSockets::Everybody, true),
            (PingSockets::Groups(0, 65533), false),
            (PingSockets::Groups(65534, 65534), true),
        ] {
            net.allow_ping_sockets(allowed);
            assert_eq!(answered(&plain), expected, "{address} {allowed:?}");
        }
        net.allow_ping_sockets(PingSockets::Nobody);
        assert!(answered(&capable), "{address}");
    }
}

#[test]
fn the_user_of_the_command_is_kept_and_the_work_runs_in_the_network_of_the_monitor() {
    let net = IcmpNet::new();
    let output = net.run(Command::new("id").arg("-u").uid(NOBODY).gid(NOBODY));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "65534\n");
    let addresses =
        net.monitor().must(Command::new("ip").args(["-o", "-4", "address", "show", "e0"]));
    assert!(addresses.contains("10.78.255.254/16"), "{addresses}");
}

#[test]
fn nothing_is_left_after_a_panic() {
    let mut networks = None;
    let result = catch_unwind(AssertUnwindSafe(|| {
        let net = IcmpNet::new();
        net.answer("10.78.0.1", Profile::rtt(1000.0));
        networks = Some((Arc::downgrade(&net.targets), net.targets.number(), net.monitor.number()));
        assert!(ping(&net, "10.78.0.1").is_empty(), "on purpose");
    }));
    let (targets, one, other) = networks.expect("they were made");
    assert!(result.is_err() && targets.upgrade().is_none());
    let used = Command::new("lsns")
        .args(["--noheadings", "--type", "net", "--output", "NS"])
        .output()
        .expect("lsns can be run");
    let used = String::from_utf8_lossy(&used.stdout).into_owned();
    assert!(!used.contains(&one.to_string()) && !used.contains(&other.to_string()), "{used}");
}

#[test]
fn a_profile_says_what_is_due_for_each_number() {
    let profile = Profile::rtts(&[1.0, 2.0]).drop(&[0], 3).and(Profile::rtt(5.0).from("10.0.0.9"));
    let due = |number| {
        profile
            .due(number)
            .into_iter()
            .map(|due| (due.after.as_millis(), due.source.is_some()))
            .collect::<Vec<_>>()
    };
    assert_eq!(due(0), [(5, true)]);
    assert_eq!(due(1), [(2, false), (5, true)]);
    assert_eq!(due(2), [(1, false), (5, true)]);
    assert_eq!(due(3), [(5, true)]);
}
