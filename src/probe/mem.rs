//! Memory in use: of the machine, and of the control groups that limit this process.

use anyhow::{Context, anyhow, ensure};
use procfs_core::{FromRead, Meminfo, ProcError};

use super::root::Root;

mod cgroup;

const MEMINFO: &str = "/proc/meminfo";
const ARC: &str = "/proc/spl/kstat/zfs/arcstats";

/// What has a limit of memory, and how much of it is in use, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The control group's path; nothing for the machine itself.
    pub cgroup: Option<String>,
    /// In use, without what can be given back.
    pub used: u64,
    /// The limit.
    pub total: u64,
}

/// Memory as the kernel counts it, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// The machine first, then the control groups with a limit below the machine's memory, innermost first.
    pub places: Vec<Place>,
    /// Page cache.
    pub cached: u64,
    /// Buffers of block devices.
    pub buffers: u64,
    /// Unused.
    pub free: u64,
    /// Swapped out, and how much could be.
    pub swap: (u64, u64),
    /// What ZFS would give back.
    pub arc: u64,
    /// Whether the kernel itself says what is available; else it is estimated.
    pub estimated: bool,
}

/// Reads everything.
///
/// # Errors
/// A file can not be read or understood, or its numbers contradict each other.
pub fn read(root: &Root) -> anyhow::Result<Memory> {
    let arc = root.read_if_present(ARC)?.map_or(Ok(0), |text| {
        parse_arc(&text)
            .with_context(|| format!("{} lacks a plain size and c_min", root.path(ARC).display()))
    })?;
    let text = root.read(MEMINFO)?;
    let mut memory = parse(&text, arc)
        .with_context(|| format!("cannot understand {}", root.path(MEMINFO).display()))?;
    let total = memory.places.first().map_or(0, |machine| machine.total);
    memory.places.extend(cgroup::limits(root)?.into_iter().filter(|place| place.total < total));
    Ok(memory)
}

fn parse(text: &str, arc: u64) -> anyhow::Result<Memory> {
    // The crate multiplies kibibytes and cuts words without a look; such text is no kernel's.
    let plausible = text.is_ascii() && text.split_ascii_whitespace().all(|word| word.len() <= 40);
    let numbers = text
        .split_ascii_whitespace()
        .filter(|word| word.starts_with(|it: char| it.is_ascii_digit()));
    ensure!(plausible && numbers.into_iter().all(|word| word.len() <= 16), "it is garbage");
    let info = Meminfo::from_read(text.as_bytes()).map_err(|error| {
        // The crate takes garbage for a bug of its own and asks to report it.
        let inner =
            if let ProcError::InternalError(inner) = &error { Some(&inner.msg) } else { None };
        anyhow!(inner.cloned().unwrap_or_else(|| error.to_string()))
    })?;
    ensure!(info.mem_total > 0, "MemTotal is zero");
    let shared = info.shmem.unwrap_or(0);
    let estimate = (info.mem_free + info.buffers + info.cached).saturating_sub(shared);
    let available = info.mem_available.unwrap_or(estimate);
    ensure!(available <= info.mem_total, "more memory is available than there is");
    let swapped =
        info.swap_total.checked_sub(info.swap_free).context("more swap is free than there is")?;
    let available = available.saturating_add(arc).min(info.mem_total);
    let machine = Place { cgroup: None, used: info.mem_total - available, total: info.mem_total };
    Ok(Memory {
        places: vec![machine],
        cached: info.cached,
        buffers: info.buffers,
        free: info.mem_free,
        swap: (swapped, info.swap_total),
        arc,
        estimated: info.mem_available.is_none(),
    })
}

/// What the ZFS cache holds above its least size. It is given back under pressure like the page cache, but the kernel counts it
/// as in use. Source: `arc_reclaim` in `module/zfs/arc.c` of `OpenZFS`, which shrinks to `c_min`.
fn parse_arc(text: &str) -> Option<u64> {
    let row = |name: &str| {
        let mut rows = text.lines().map(|line| line.split_ascii_whitespace());
        rows.find_map(|mut words| {
            (words.next()? == name).then(|| words.nth(1)?.parse::<u64>().ok())?
        })
    };
    Some(row("size")?.saturating_sub(row("c_min")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A whole `/proc/meminfo` of Linux 2.6.18 with some lines replaced or added.
    fn meminfo(lines: &str) -> String {
        let rest = "SwapCached: 0 kB\nActive: 1 kB\nInactive: 1 kB\nDirty: 0 kB\nWriteback: 0 kB\nMapped: 1 kB\nSlab: 1 kB\n\
                    Committed_AS: 1 kB\nVmallocTotal: 34359738367 kB\nVmallocUsed: 0 kB\nVmallocChunk: 0 kB\n";
        format!("{lines}{rest}")
    }

    const OLD: &str = "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 300 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n";

    #[test]
    fn what_is_available_is_not_in_use() {
        let memory =
            parse(&meminfo(&format!("{OLD}MemAvailable: 400 kB\nShmem: 50 kB\n")), 0).unwrap();
        assert_eq!(memory.places, [Place { cgroup: None, used: 600 * 1024, total: 1000 * 1024 }]);
        assert_eq!((memory.swap, memory.estimated), ((6 * 1024, 10 * 1024), false));
    }

    #[test]
    fn old_kernels_are_estimated() {
        let used = |lines: &str| {
            let memory = parse(&meminfo(lines), 0).unwrap();
            assert!(memory.estimated);
            memory.places[0].used / 1024
        };
        assert_eq!(used(OLD), 550);
        assert_eq!(used(&format!("{OLD}Shmem: 50 kB\n")), 600);
    }

    #[test]
    fn the_zfs_cache_above_its_least_size_is_available() {
        let stats =
            "13 1 0x01 98 26656 5 7\nname type data\nc_min 4 1024\nc_max 4 9\nsize 4 103424\n";
        let arc = parse_arc(stats).unwrap();
        assert_eq!(arc, 100 * 1024);
        assert_eq!(parse(&meminfo(OLD), arc).unwrap().places[0].used, 450 * 1024);
        assert_eq!(parse(&meminfo(OLD), u64::MAX).unwrap().places[0].used, 0);
        for text in ["", "size 4 10\n", "c_min 4 1\nsize 4 -5\n", "size\nc_min\n"] {
            assert_eq!(parse_arc(text), None, "{text:?}");
        }
    }

    #[test]
    fn contradictions_and_garbage_are_errors() {
        let cases = [
            meminfo(&OLD.replace("MemTotal: 1000", "MemTotal: 0")),
            meminfo(&OLD.replace("MemFree: 100", "MemFree: 99999")),
            meminfo(&OLD.replace("SwapFree: 4", "SwapFree: 11")),
            meminfo(&OLD.replace("MemTotal: 1000", "MemTotal: -1")),
            meminfo(&OLD.replace("MemTotal: 1000", "MemTotal: 18446744073709551615")),
            meminfo(&OLD.replace("1000 kB", "nan kB")),
            meminfo(&OLD.replace("1000 kB", "1000 XB")),
            OLD.to_owned(),
            String::new(),
            "\u{e9}\n".to_owned(),
            "MemTotal:\n".to_owned(),
        ];
        for text in cases {
            assert!(parse(&text, 0).is_err(), "{text:?}");
        }
    }
}
