//! What counts as a reply, and how long it is waited for.

use std::time::Duration;

use super::{ping, value};
use crate::icmp_responder::{Fault, IcmpNet, PingSockets, Profile};

const SOCKETS: [PingSockets; 2] = [PingSockets::Nobody, PingSockets::Everybody];
const ADDRESSES: [&str; 2] = ["10.78.0.1", "fd00:78::1"];

#[test]
fn a_duplicate_is_counted_once_and_named_for_who_asks() {
    let net = IcmpNet::new();
    for (sockets, address) in
        SOCKETS.into_iter().flat_map(|it| ADDRESSES.map(|address| (it, address)))
    {
        net.allow_ping_sockets(sockets);
        // The last packet answers late, so that all copies of the others have arrived by then; its own may come behind the end.
        net.answer(address, Profile::rtts(&[1.0, 1.0, 1.0, 1.0, 50.0]).copies(2));
        let ran = ping(&net, &[address, "-v"]);
        assert_eq!((ran.code, value(&ran, "pl")), (0, Some(0.0)), "{ran:?}");
        let counted =
            |number| ran.stdout.contains(&format!("\n{number} duplicates, counted once\n"));
        assert!(counted(4) || counted(5), "{ran:?}");
    }
}

#[test]
fn what_belongs_to_no_packet_of_the_check_is_no_reply() {
    let net = IcmpNet::new();
    let faults = [
        Fault::ForeignIdentifier,
        Fault::ForeignSequence,
        Fault::CorruptedPayload,
        Fault::ShortenedPayload,
        Fault::WrongChecksum,
    ];
    for sockets in SOCKETS {
        net.allow_ping_sockets(sockets);
        std::thread::scope(|scope| {
            for (number, fault) in faults.into_iter().enumerate() {
                for address in [format!("10.78.0.{number}"), format!("fd00:78::1:{number}")] {
                    let net = &net;
                    scope.spawn(move || {
                        let strange = Profile::rtt(1.0).fault(fault);
                        net.answer(&address, strange.clone());
                        let ran = ping(net, &[&address]);
                        assert_eq!(
                            (ran.code, value(&ran, "pl")),
                            (2, Some(100.0)),
                            "{fault:?} {ran:?}"
                        );
                        net.answer(&address, strange.and(Profile::rtt(30.0)));
                        let ran = ping(net, &[&address]);
                        assert_eq!(
                            (ran.code, value(&ran, "pl")),
                            (0, Some(0.0)),
                            "{fault:?} {ran:?}"
                        );
                        assert!(value(&ran, "rtmin") >= Some(30.0), "{fault:?} {ran:?}");
                    });
                }
            }
        });
    }
}

#[test]
fn a_reply_from_another_address_is_none() {
    let net = IcmpNet::new();
    for sockets in SOCKETS {
        net.allow_ping_sockets(sockets);
        for (address, other) in [("10.78.0.1", "10.78.9.9"), ("fd00:78::1", "fd00:78::9:9")] {
            net.answer(address, Profile::rtt(1.0).from(other));
            let ran = ping(&net, &[address]);
            assert_eq!((ran.code, value(&ran, "pl")), (2, Some(100.0)), "{ran:?}");
        }
    }
}

#[test]
fn a_reply_counts_for_two_seconds_and_not_longer() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtts(&[1900.0, 1.0, 1.0, 1.0, 1.0]));
    // The last packet is lost, so that the check is still there when the first one's reply comes too late.
    net.answer("10.78.0.2", Profile::rtts(&[2100.0, 1.0, 1.0, 1.0, 1.0]).drop(&[4], 5));
    let ran = ping(&net, &["10.78.0.1"]);
    assert_eq!((ran.code, value(&ran, "pl")), (2, Some(0.0)), "{ran:?}");
    let ran = ping(&net, &["10.78.0.2", "-v"]);
    assert_eq!((ran.code, value(&ran, "pl")), (1, Some(40.0)), "{ran:?}");
    assert!(ran.stdout.contains("1 replies later than the limit, counted as lost"), "{ran:?}");
}

#[test]
fn a_higher_bound_of_critical_waits_longer_and_the_time_limit_less() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(2500.0));
    let ran = ping(&net, &["10.78.0.1", "-n2", "-w", "2000,50%", "-c", "3000,50%"]);
    assert_eq!((ran.code, value(&ran, "pl")), (1, Some(0.0)), "{ran:?}");
    let ran = ping(&net, &["10.78.0.1", "-t", "0.5"]);
    assert_eq!((ran.code, value(&ran, "pl")), (2, Some(100.0)), "{ran:?}");
    assert!(ran.took < Duration::from_millis(1500), "{ran:?}");
}

#[test]
fn a_dead_host_costs_two_seconds_and_has_no_round_trip() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::dead());
    let ran = ping(&net, &["10.78.0.1"]);
    let line = "ICMP CRITICAL - 10.78.0.1: no reply, lost 100% | pl=100%;20;60;0;100\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (2, line));
    assert!(ran.took > Duration::from_secs(2) && ran.took < Duration::from_millis(3500), "{ran:?}");
    assert_eq!(net.arrivals("10.78.0.1").len(), 5);
}

#[test]
fn a_flood_of_replies_keeps_no_packet_from_leaving() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(1.0).copies(2000));
    let ran = ping(&net, &["10.78.0.1"]);
    assert_eq!((ran.code, value(&ran, "pl")), (0, Some(0.0)), "{ran:?}");
    assert_eq!(net.arrivals("10.78.0.1").len(), 5);
}
