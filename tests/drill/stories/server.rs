//! Servers that hang, die, or can not be seen.

use super::{PING, TOLD, comes_to, guest};
use crate::guest::{Guest, filter};
use crate::rig::Kind;
use crate::seen::What;
use crate::story::{Acts, Expected, Server, Story};

pub(super) const HANGS: Story = Story {
    about: "a host hangs: it answers a ping, and nothing else",
    server: Server::Shared,
    short: false,
    guests: &[Guest {
        has_bmc: true,
        inventory: "services = [\"ssh\"]\nresources = []\n",
        ..guest("hangs", Kind::Systemd)
    }],
    plot: |scene| {
        scene.says("freezes every process of the host");
        scene.host().freeze();
        scene.ends();
    },
    expected: comes_to(Acts { cuts: 1, ..TOLD }),
};

pub(super) const DEAD: Story = Story {
    about: "a host is dead: no ping, its power is cycled",
    server: Server::Shared,
    short: true,
    guests: &[Guest { has_bmc: true, inventory: PING, ..guest("dead", Kind::Sysv) }],
    plot: |scene| {
        scene.says("stops the host as a crash of its kernel would");
        scene.host().crash();
        scene.ends();
    },
    expected: comes_to(Acts { cuts: 1, ..TOLD }),
};

pub(super) const SLOW: Story = Story {
    about: "four WARNING pings: the server reboots",
    server: Server::Shared,
    short: false,
    guests: &[Guest { inventory: PING, ..guest("slow", Kind::Systemd) }],
    plot: |scene| {
        scene.says("loses one ping of five, until the next boot");
        filter(scene.host(), &losing("icmp sequence 2 drop"));
        scene.sees(What::Boot, "time 2");
        // A kernel forgets its rules with a boot; that of the rig goes on.
        filter(scene.host(), "flush ruleset");
        scene.ends();
    },
    expected: comes_to(Acts { reboots: 1, ..TOLD }),
};

pub(super) const MIXED: Story = Story {
    about: "pings W C W C: not four times the same",
    server: Server::Shared,
    short: true,
    guests: &[Guest { inventory: PING, ..guest("mixed", Kind::Sysv) }],
    plot: |scene| {
        scene.says("loses one ping of five, then three, and so on");
        let lost = "numgen inc mod 20 vmap { 0 : drop, 5 : drop, 10 : drop, 11 : drop, 12 : drop, 15 : drop, 16 : drop, 17 : drop }";
        filter(scene.host(), &losing(lost));
        scene.passes(9);
    },
    expected: comes_to(Acts { alerts: 0, ends: 0, ..TOLD }),
};

pub(super) const UPLINK: Story = Story {
    about: "the monitoring server is cut off: all look down",
    server: Server::Own,
    short: false,
    guests: &[
        Guest { has_bmc: true, inventory: PING, ..guest("uplink1", Kind::Sysv) },
        Guest { has_bmc: true, inventory: PING, ..guest("uplink2", Kind::Sysv) },
        Guest { has_bmc: true, inventory: PING, ..guest("uplink3", Kind::Sysv) },
        Guest { has_bmc: true, inventory: PING, ..guest("uplink4", Kind::Sysv) },
    ],
    plot: |scene| {
        scene.says("cuts the monitoring server off");
        scene.monitor.network.cut_uplink();
        for guest in scene.story.guests {
            scene.sees_of(guest.name, What::Refusal, "storm");
        }
        scene.passes(3);
        scene.says("plugs it in again");
        scene.monitor.network.plug_uplink();
        scene.ends();
    },
    expected: Expected { acts: TOLD, guards: &["storm"], people: 0, repeats: 0 },
};

fn losing(what: &str) -> String {
    format!(
        "table ip drill {{ chain lossy {{ type filter hook input priority 0; icmp type echo-request {what} ; }} ; }}"
    )
}
