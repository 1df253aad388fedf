//! The options, those that are refused included.

use std::process::Command;

use super::{CHECK, ping, value};
use crate::icmp_responder::{IcmpNet, Profile};
use crate::run::run;

#[test]
fn number_interval_and_size_of_the_packets_are_options() {
    let net = IcmpNet::new();
    for (size, address) in [("0", "10.78.0.1"), ("1", "10.78.0.2"), ("9000", "fd00:78::1")] {
        net.answer(address, Profile::rtt(1.0));
        let ran = ping(&net, &[address, "-n7", "--interval=20ms", "-b", size]);
        assert_eq!((ran.code, value(&ran, "pl")), (0, Some(0.0)), "{ran:?}");
        let arrivals = net.arrivals(address);
        assert_eq!(arrivals.len(), 7);
        assert!(arrivals.iter().all(|it| it.request.payload.len().to_string() == size));
    }
}

#[test]
fn payloads_differ_from_packet_to_packet_and_from_run_to_run() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(1.0));
    for _ in 0..2 {
        assert_eq!(ping(&net, &["10.78.0.1", "-i", "1"]).code, 0);
    }
    let mut payloads: Vec<_> =
        net.arrivals("10.78.0.1").into_iter().map(|arrival| arrival.request.payload).collect();
    payloads.sort();
    payloads.dedup();
    assert_eq!(payloads.len(), 10);
}

#[test]
fn the_source_address_is_an_option_and_chooses_the_family() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(1.0));
    net.monitor().must(Command::new("ip").args(["addr", "add", "10.78.255.253/16", "dev", "e0"]));
    let ran = ping(&net, &["10.78.0.1", "-s", "10.78.255.253"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        net.arrivals("10.78.0.1").iter().all(|it| it.request.asker.to_string() == "10.78.255.253")
    );
    let ran = ping(&net, &["10.78.0.1", "-s", "10.78.255.1"]);
    assert!(ran.code == 3 && ran.first().contains("cannot send from 10.78.255.1"), "{ran:?}");
}

#[test]
fn thresholds_are_this_or_more_as_the_peer_has_them_and_ranges_with_a_colon() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(20.0).drop(&[0], 5));
    net.answer("10.78.0.2", Profile::dead());
    let cases = [
        (&["10.78.0.1", "-w", "100.0,20%", "-c", "200,40%"][..], 1),
        (&["10.78.0.1", "-w", "100.0,21%"], 0),
        (&["10.78.0.1", "-w", "30%"], 0),
        (&["10.78.0.1", "-w30%", "-c15"], 2),
        (&["10.78.0.1", "--critical=10ms,90%"], 2),
        (&["10.78.0.1", "-w", "1s,0:20%", "-c", "2s"], 0),
        (&["10.78.0.1", "-w", "~:10,90%"], 1),
        (&["10.78.0.1", "-w", "@10:30,90%"], 1),
        // The thresholds of Nagios' and Icinga's own host check.
        (&["10.78.0.2", "-w", "3000.0,80%", "-c", "1000.0,100%"], 2),
    ];
    for (args, code) in cases {
        let ran = ping(&net, args);
        assert_eq!(ran.code, code, "{args:?} {ran:?}");
        // The order of losses begins anew.
        net.answer("10.78.0.1", Profile::rtt(20.0).drop(&[0], 5));
    }
}

#[test]
fn a_range_that_is_no_number_is_shown_as_it_is() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(5.0));
    let ran = ping(&net, &["10.78.0.1", "-w", "2:1000,~:10%"]);
    assert!(
        ran.first().contains("ms;2:1000;300.000;") && ran.first().contains("pl=0%;10;60;0;100"),
        "{ran:?}"
    );
}

#[test]
fn what_means_nothing_is_refused() {
    let refused: &[&[&str]] = &[
        &[],
        &["127.0.0.1", "-w", ""],
        &["127.0.0.1", "-w", ","],
        &["127.0.0.1", "-w", "100,"],
        &["127.0.0.1", "-w", ",20%"],
        &["127.0.0.1", "-w", "100,20,30"],
        &["127.0.0.1", "-w", "100,120%"],
        &["127.0.0.1", "-w", "-1,20%"],
        &["127.0.0.1", "-w", "inf"],
        &["127.0.0.1", "-w", "nan,nan"],
        &["127.0.0.1", "-c", "20:10,20%"],
        &["127.0.0.1", "-c", "abc%"],
        &["127.0.0.1", "-n", "0"],
        &["127.0.0.1", "-n", "1001"],
        &["127.0.0.1", "-i", "0"],
        &["127.0.0.1", "-i", "5m"],
        &["127.0.0.1", "-b", "65508"],
        &["127.0.0.1", "-s", "eth0"],
        &["127.0.0.1", "127.0.0.2"],
        &["127.0.0.1", "-i", "1s", "-t", "3"],
    ];
    for args in refused {
        let ran = run(CHECK, args);
        assert_eq!(ran.code, 3, "{args:?} {ran:?}");
        assert!(ran.first().starts_with("ICMP UNKNOWN - "), "{args:?} {ran:?}");
        assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""), "{args:?}");
    }
}

#[test]
fn a_name_is_shown_with_the_address_that_was_used_and_one_that_does_not_resolve_is_critical() {
    let ran = run(CHECK, &["localhost", "-4", "-n1"]);
    assert!(ran.first().starts_with("ICMP OK - localhost (127.0.0.1): rta "), "{ran:?}");
    let ran = run(CHECK, &["::1", "-6", "-n1"]);
    assert!(ran.first().starts_with("ICMP OK - ::1: rta "), "{ran:?}");
    let ran = run(CHECK, &["127.0.0.1", "-6", "-n1"]);
    assert_eq!(ran.verdict(), (2, "ICMP CRITICAL - name 127.0.0.1 does not resolve"));
}
