//! What the monitoring server sees of the world: when everything looks dead from here, it is most likely here that is cut off.

use std::fs;
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::policy::{Policy, Recovery};
use crate::recover::Machine;
use crate::recover::process::{self, Ended, Ran};

/// Seconds for one witness to answer one of two echo requests.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there were too many reboots of late, if there were.
pub(super) fn too_many(recent: usize, limits: &Recovery) -> Option<String> {
    let full = recent >= usize::try_from(limits.storm_reboots).unwrap_or(0);
    full.then(|| {
        format!("{recent} reboots within {} s by this monitoring server", limits.storm_window)
    })
}

/// Why too many hosts are down, if they are; counts are the engine's, as text. What can not be read is a storm.
pub(super) fn hosts_down(down: &str, up: &str) -> Option<String> {
    let (Ok(down), Ok(up)) = (down.parse::<u32>(), up.parse::<u32>()) else {
        return Some(format!("{down:?} hosts down and {up:?} up are no counts"));
    };
    let limits = &Policy::documented().recovery;
    let all = u64::from(down) + u64::from(up);
    let share = 100 * u64::from(down) > u64::from(limits.storm_share) * all;
    (share && down > limits.storm_least).then(|| format!("{down} of {all} hosts are down"))
}

/// Why the monitoring server may itself be cut off: its gateway is silent, or all canaries are. Nobody to ask is a doubt too.
pub(super) fn cut_off(machine: &Machine) -> Option<String> {
    let witnesses = &machine.witnesses;
    let Some(ping) = machine.checks.get("ping").and_then(|words| words.first()) else {
        return Some("there is no check of ping to ask the gateway with".to_owned());
    };
    let gateway = match witnesses.gateway.clone().map_or_else(default_gateway, Ok) {
        Ok(gateway) => gateway,
        Err(error) => {
            return Some(format!("{error:#}: name one as `gateway` in the inventory's [site]"));
        }
    };
    if let Err(why) = answers(ping, &gateway) {
        return Some(format!("the gateway {gateway} does not answer here: {why}"));
    }
    let canaries = &witnesses.canaries;
    let heard = canaries.is_empty() || any_answers(ping, canaries);
    (!heard).then(|| "none of the canaries answers here".to_owned())
}

/// Asks all of them side by side: each that is silent costs its whole patience.
fn any_answers<'a>(ping: &'a str, addresses: &'a [String]) -> bool {
    thread::scope(|scope| {
        let ask = |address: &'a str| scope.spawn(move || answers(ping, address).is_ok());
        let asked: Vec<_> = addresses.iter().map(|it| ask(it.as_str())).collect();
        // One that panics has heard nothing.
        asked.into_iter().any(|asked| asked.join().unwrap_or(false))
    })
}

/// The plugin has what it needs to ping; this program has no such capability.
fn answers(ping: &str, address: &str) -> Result<(), String> {
    // One reply of two is enough, however late: a loss of less than everything is no alert.
    let any = "1000000,99%";
    let words = [ping, "-H", address, "-n", "2", "-t", "4", "-w", any, "-c", any];
    match process::run(&words.map(str::to_owned), b"", PATIENCE) {
        Ok(Ran::Ended(Ended { code: Some(0), .. })) => Ok(()),
        Ok(ran) => Err(ran.output().lines().next().unwrap_or_default().to_owned()),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn default_gateway() -> Result<String> {
    const PATH: &str = "/proc/net/route";
    let table = fs::read_to_string(PATH).with_context(|| format!("cannot read {PATH}"))?;
    gateway(&table).context("this machine has no default route")
}

/// The way that the kernel takes: the default route of the lowest metric. It writes addresses as it holds them, the first byte
/// last.
fn gateway(table: &str) -> Option<String> {
    let routes = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let (destination, gateway) = (fields.get(1)?, fields.get(2)?);
        let (metric, mask) = (fields.get(6)?.parse::<u32>().ok()?, fields.get(7)?);
        let address = u32::from_str_radix(gateway, 16).ok()?.swap_bytes();
        let is_default = *destination == "00000000" && *mask == "00000000" && address != 0;
        is_default.then_some((metric, address))
    });
    routes.min_by_key(|(metric, _)| *metric).map(|(_, at)| Ipv4Addr::from(at).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_more_than_a_fifth_and_more_than_three() {
        let storms =
            [("4", "15"), ("30", "70"), ("1000", "0"), ("", "5"), ("$x$", "5"), ("-1", "9")];
        for (down, up) in storms {
            assert!(hosts_down(down, up).is_some(), "{down} {up}");
        }
        for (down, up) in [("0", "0"), ("3", "0"), ("3", "1"), ("4", "16"), ("20", "80")] {
            assert_eq!(hosts_down(down, up), None, "{down} {up}");
        }
        let limits = &Policy::documented().recovery;
        assert!(too_many(5, limits).is_some() && too_many(4, limits).is_none());
    }

    #[test]
    fn the_default_route_names_the_gateway() {
        let table = |routes: &str| {
            let head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
            gateway(&format!("{head}{routes}"))
        };
        let near = "eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let lte = "wwan0\t00000000\t0101A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0\n";
        let lan = "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n";
        assert_eq!(table(&format!("{near}{lte}{lan}")).as_deref(), Some("192.168.0.1"));
        assert_eq!(table(&format!("{near}{lte}")).as_deref(), Some("192.168.1.1"));
        assert_eq!(table(near), None);
        // Half of the addresses, as VPNs take them, are no default route.
        let half = "tun0\t00000000\t0200A8C0\t0003\t0\t0\t0\t00000080\t0\t0\t0\n";
        assert_eq!(table(half), None);
        assert_eq!(gateway("x\neth0\t00000000\t00000000\n"), None);
    }
}
