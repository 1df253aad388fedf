//! Load averages, and the processors that share them.

use anyhow::{Context, ensure};

use super::root::Root;

const AVERAGES: &str = "/proc/loadavg";
const ONLINE: &str = "/sys/devices/system/cpu/online";
const STATISTICS: &str = "/proc/stat";

/// More processors than Linux can be built for (8,192): beyond, a list is garbage.
const MOST: u32 = 65_536;

/// Load averages over 1, 5 and 15 minutes.
///
/// They are kept as the kernel's decimals read as `f64`: `procfs_core::LoadAverage` holds `f32`, where 4.78 lies above a
/// threshold of 4.78.
///
/// # Errors
/// The file can not be read, or its first three words are not plain numbers.
pub fn averages(root: &Root) -> anyhow::Result<[f64; 3]> {
    let text = root.read(AVERAGES)?;
    parse_averages(&text).with_context(|| {
        format!("{} holds no load averages: {:?}", root.path(AVERAGES).display(), head(&text))
    })
}

fn parse_averages(text: &str) -> Option<[f64; 3]> {
    let mut words = text.split_ascii_whitespace().map(average);
    Some([words.next()??, words.next()??, words.next()??])
}

/// Digits and a point: a sign, an exponent, `inf` and `nan` are no averages.
fn average(word: &str) -> Option<f64> {
    let plain = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    word.parse().ok().filter(|value: &f64| plain && value.is_finite())
}

/// How many processors are online. Those that are present but switched off run nothing.
///
/// # Errors
/// Neither of the kernel's two lists can be read and understood.
pub fn processors(root: &Root) -> anyhow::Result<u32> {
    if let Some(text) = root.read_if_present(ONLINE)? {
        let path = root.path(ONLINE);
        return parse_list(&text)
            .with_context(|| format!("{} is no list: {:?}", path.display(), head(&text)));
    }
    let count = root.read(STATISTICS)?.lines().filter(|line| is_processor(line)).count();
    let count = u32::try_from(count)?;
    ensure!(count > 0, "{} names no processor", root.path(STATISTICS).display());
    Ok(count)
}

/// Counts a list such as `0-3,8`.
fn parse_list(text: &str) -> Option<u32> {
    let mut count = 0;
    for part in text.trim_end().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        count += last.checked_sub(first).filter(|_| last < MOST)? + 1;
    }
    (count <= MOST).then_some(count)
}

/// `cpu0`, `cpu1` and so on; `cpu` alone is the sum.
fn is_processor(line: &str) -> bool {
    let name = line.split_ascii_whitespace().next().unwrap_or_default();
    name.strip_prefix("cpu").is_some_and(|number| number.parse::<u32>().is_ok())
}

/// The first characters of garbage, enough to recognise it.
fn head(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_plain_numbers() {
        assert_eq!(parse_averages("4.78 0.00 12.5 3/4280 2496732\n"), Some([4.78, 0.0, 12.5]));
        for text in [
            "", "\n", "1 2", "nan 1 1", "1 inf 1", "1 -1 1", "1 1 1e3", "1,5 1 1", "0x1 1 1",
            ". 1 1", "a b c",
        ] {
            assert_eq!(parse_averages(text), None, "{text:?}");
        }
    }

    #[test]
    fn lists_of_processors_are_counted() {
        for (text, count) in [("0\n", 1), ("0-3\n", 4), ("0-3,8\n", 5), ("0,2,4-7", 6)] {
            assert_eq!(parse_list(text), Some(count), "{text:?}");
        }
        for text in ["", "\n", "-", "3-0", "0-", "a", "0-3;8", "0-4294967295", "-1", "0,,1"] {
            assert_eq!(parse_list(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_sum_of_processors_is_none() {
        assert!(is_processor("cpu0 1 2 3"));
        assert!(is_processor("cpu17 1 2 3"));
        for line in ["cpu  1 2 3", "cpufreq 1", "intr 5", ""] {
            assert!(!is_processor(line), "{line:?}");
        }
    }
}
