//! Ping sockets, raw sockets by file capability, and neither; the views for host and service.

use std::process::Command;

use super::{CHECK, ping, ran, value};
use crate::icmp_responder::{Fault, IcmpNet, OpenCopy, PingSockets, Profile};

#[test]
fn an_unprivileged_user_pings_by_either_kind_of_socket() {
    let net = IcmpNet::new();
    let (plain, capable) = (OpenCopy::plain(CHECK), OpenCopy::with_net_raw(CHECK));
    for address in ["10.78.0.1", "fd00:78::1"] {
        net.answer(address, Profile::rtt(1.0));
        let cases = [
            (&plain, PingSockets::Everybody, "by ping socket"),
            (&plain, PingSockets::Groups(65534, 65534), "by ping socket"),
            (&capable, PingSockets::Nobody, "by raw socket"),
            (&capable, PingSockets::Groups(0, 65533), "by raw socket"),
        ];
        for (copy, sockets, kind) in cases {
            net.allow_ping_sockets(sockets);
            let ran = ran(&net, copy.as_nobody().args([address, "-v"]));
            assert_eq!((ran.code, value(&ran, "pl")), (0, Some(0.0)), "{sockets:?} {ran:?}");
            assert!(ran.stdout.contains(kind), "{sockets:?} {ran:?}");
        }
    }
}

#[test]
fn without_either_it_is_unknown_and_both_remedies_are_named() {
    let net = IcmpNet::new();
    let plain = OpenCopy::plain(CHECK);
    for (sockets, address) in
        [(PingSockets::Nobody, "10.78.0.1"), (PingSockets::Groups(0, 65533), "fd00:78::1")]
    {
        net.allow_ping_sockets(sockets);
        let ran = ran(&net, plain.as_nobody().arg(address));
        assert_eq!(ran.code, 3, "{ran:?}");
        for words in ["net.ipv4.ping_group_range", "setcap cap_net_raw+ep"] {
            assert!(ran.first().contains(words), "{ran:?}");
        }
    }
}

#[test]
fn a_view_counts_one_state_and_says_what_was_measured() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::rtt(1.0));
    net.answer("10.78.0.2", Profile::rtt(1.0).drop(&[0], 5));
    net.answer("10.78.0.3", Profile::rtt(1.0).fault(Fault::HostUnreachable));
    // State without a view, as a host, as a service.
    let cases = [
        ("10.78.0.1", [0, 0, 0], "ICMP OK - 10.78.0.1"),
        ("10.78.0.2", [1, 0, 1], "ICMP OK - WARNING measured: 10.78.0.2: rta "),
        ("10.78.0.3", [2, 2, 0], "ICMP OK - CRITICAL measured: 10.78.0.3: host unreachable from"),
        ("192.0.2.1", [3, 0, 3], "ICMP OK - UNKNOWN measured: no route to 192.0.2.1"),
    ];
    for (address, codes, ok) in cases {
        let plain = ping(&net, &[address]);
        for (view, code) in [None, Some("critical"), Some("warning")].into_iter().zip(codes) {
            let args: Vec<_> =
                [address].into_iter().chain(view.map(|_| "--only")).chain(view).collect();
            let ran = ping(&net, &args);
            assert_eq!(ran.code, code, "{view:?} {ran:?}");
            assert!(ran.code != 0 || ran.first().starts_with(ok), "{view:?} {ran:?}");
            assert_eq!(labels(&ran.stdout), labels(&plain.stdout), "{view:?}");
        }
    }
}

fn labels(line: &str) -> Vec<&str> {
    let data = line.trim_end().split_once(" | ").map_or("", |(_, data)| data);
    data.split_terminator(' ').map(|item| item.split('=').next().unwrap_or_default()).collect()
}

#[test]
fn no_inability_of_ours_takes_a_host_down() {
    let net = IcmpNet::new();
    let plain = OpenCopy::plain(CHECK);
    let refused = ran(&net, plain.as_nobody().args(["10.78.0.1", "--only", "critical"]));
    assert_eq!(refused.code, 0, "{refused:?}");
    assert!(
        refused.first().starts_with("ICMP OK - UNKNOWN measured: not permitted"),
        "{refused:?}"
    );
    for args in [
        &["10.78.0.1", "--only", "critical", "-w", "abc"][..],
        &["--only=critical", "--bogus"],
        &["--only", "warning", "--only", "critical"],
        &["10.78.0.1", "--only=critical", "-t", "0"],
    ] {
        let ran = ping(&net, args);
        assert_eq!(ran.code, 0, "{args:?} {ran:?}");
        assert!(ran.first().starts_with("ICMP OK - UNKNOWN measured: "), "{args:?} {ran:?}");
    }
    for args in [
        &["10.78.0.1", "-w", "abc"][..],
        &["10.78.0.1", "--only", "warning", "-w", "abc"],
        &["10.78.0.1", "--only", "everything"],
        &["--only", "critical", "--help"],
        &["--only", "critical", "-V"],
    ] {
        assert_eq!(ping(&net, args).code, 3, "{args:?}");
    }
}

#[test]
fn the_end_by_a_signal_takes_no_host_down_either() {
    let net = IcmpNet::new();
    net.answer("10.78.0.1", Profile::dead());
    let limited = format!("timeout --preserve-status -s TERM 1 {CHECK} 10.78.0.1 --only critical");
    let ran = ran(&net, Command::new("sh").args(["-c", &limited]));
    assert_eq!(ran.stdout, "ICMP OK - UNKNOWN measured: ended by SIGTERM\n", "{ran:?}");
}
