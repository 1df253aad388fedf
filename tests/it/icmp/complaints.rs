//! ICMP errors and what this machine itself says: which of them are the target's fault.

use std::process::Command;
use std::time::Duration;

use super::{CHECK, ping, ran, value};
use crate::icmp_responder::{Fault, IcmpNet, PingSockets, Profile};
use crate::run::command;

const SOCKETS: [PingSockets; 2] = [PingSockets::Nobody, PingSockets::Everybody];

#[test]
fn an_icmp_error_is_quoted_with_its_sender_and_ends_the_wait() {
    let net = IcmpNet::new();
    let cases = [
        (Fault::NetworkUnreachable, "network unreachable", "network unreachable"),
        (Fault::HostUnreachable, "host unreachable", "host unreachable"),
        (Fault::PortUnreachable, "port unreachable", "port unreachable"),
        (Fault::Prohibited, "administratively prohibited", "administratively prohibited"),
        (Fault::TimeExceeded, "time to live exceeded", "hop limit exceeded"),
    ];
    for (sockets, (fault, v4, v6)) in
        SOCKETS.into_iter().flat_map(|it| cases.map(|case| (it, case)))
    {
        net.allow_ping_sockets(sockets);
        for (address, router, words) in
            [("10.78.0.1", "10.78.0.254", v4), ("fd00:78::1", "fd00:78::254", v6)]
        {
            net.answer(address, Profile::rtt(1.0).fault(fault).from(router));
            let ran = ping(&net, &[address]);
            let line = format!(
                "ICMP CRITICAL - {address}: {words} from {router}, lost 100% | pl=100%;20;60;0;100\n"
            );
            assert_eq!((ran.code, ran.stdout), (2, line), "{sockets:?}");
            assert!(ran.took < Duration::from_millis(1500), "{:?}", ran.took);
            assert_eq!(net.arrivals(address).len(), 5, "{sockets:?} {fault:?}");
        }
    }
}

#[test]
fn an_error_beside_replies_is_a_loss_and_is_named() {
    let net = IcmpNet::new();
    net.answer("10.78.0.254", Profile::dead());
    let unreachable = Profile::rtt(1.0).fault(Fault::HostUnreachable).from("10.78.0.254");
    net.answer(
        "10.78.0.1",
        Profile::rtt(3.0).drop(&[1], 5).and(unreachable.drop(&[0, 2, 3, 4], 5)),
    );
    let ran = ping(&net, &["10.78.0.1"]);
    assert_eq!((ran.code, value(&ran, "pl")), (1, Some(20.0)), "{ran:?}");
    assert!(ran.first().contains("lost 20%, host unreachable from 10.78.0.254 |"), "{ran:?}");
}

#[test]
fn a_packet_that_is_answered_after_an_error_is_not_lost() {
    let net = IcmpNet::new();
    let forged = Profile::rtt(1.0).fault(Fault::HostUnreachable).from("10.78.0.254");
    net.answer("10.78.0.1", forged.and(Profile::rtt(40.0)));
    let ran = ping(&net, &["10.78.0.1", "-n", "2", "-i", "100"]);
    assert_eq!(value(&ran, "pl"), Some(50.0), "the last packet's error ends the wait: {ran:?}");
}

#[test]
fn an_address_of_the_link_that_nobody_has_is_critical() {
    let net = IcmpNet::new();
    for address in ["10.78.3.3", "fd00:78::3:3"] {
        let ran = ping(&net, &[address]);
        assert_eq!((ran.code, value(&ran, "pl")), (2, Some(100.0)), "{ran:?}");
    }
}

#[test]
fn what_this_machine_cannot_do_is_unknown_and_an_unreachable_route_is_critical() {
    let net = IcmpNet::new();
    for route in ["unreachable 10.79.0.0/24", "prohibit 10.79.1.0/24", "unreachable fd00:79::/64"] {
        let mut add = Command::new("ip");
        net.monitor().must(add.args(["route", "add"]).args(route.split(' ')));
    }
    let cases = [
        ("10.79.0.1", 2, "ICMP CRITICAL - 10.79.0.1: host unreachable, lost 100%"),
        ("10.79.1.1", 3, "ICMP UNKNOWN - this machine does not permit to ping 10.79.1.1"),
        ("192.0.2.1", 3, "ICMP UNKNOWN - no route to 192.0.2.1"),
        ("2001:db8::1", 3, "ICMP UNKNOWN - no route to 2001:db8::1"),
    ];
    for (address, code, text) in cases {
        let ran = ping(&net, &[address]);
        assert!(ran.code == code && ran.first().starts_with(text), "{ran:?}");
        assert!(ran.took < Duration::from_secs(1), "{ran:?}");
    }
}

#[test]
fn a_packet_that_a_local_firewall_drops_is_unknown() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(1.0));
    let mut nft = Command::new("nft");
    let rules = "table ip t { chain out { type filter hook output priority 0; ip daddr 10.78.0.1 drop; }; }";
    net.monitor().must(nft.arg(rules));
    let ran = ping(&net, &["10.78.0.1"]);
    let text = "ICMP UNKNOWN - this machine does not permit to ping 10.78.0.1";
    assert!(ran.code == 3 && ran.first().starts_with(text), "{ran:?}");
}

#[test]
fn the_next_address_of_a_name_is_asked_where_one_is_dead() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::dead());
    net.answer("10.78.0.2", Profile::rtt(2.0));
    let hosts = tempfile::NamedTempFile::new().expect("cannot make a temporary file");
    std::fs::write(hosts.path(), "10.78.0.1 two.example\n10.78.0.2 two.example\n")
        .expect("cannot write");
    let script = format!(
        "mount --bind {} /etc/hosts && exec {CHECK} two.example -n 2",
        hosts.path().display()
    );
    let ran = ran(&net, &mut command("unshare", &["--mount", "sh", "-c", &script]));
    assert!(ran.first().starts_with("ICMP OK - two.example (10.78.0.2): rta 2."), "{ran:?}");
    assert_eq!(net.arrivals("10.78.0.1").len(), 2, "in their order");
}
