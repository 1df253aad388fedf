//! The command line of `check_disk`, whose options depend on their order: thresholds belong to the paths that follow them.

use std::path::PathBuf;

use clap::Args;
use regex::bytes::{Regex, RegexBuilder};

use super::limits::Limit;

fn pattern(text: &str) -> Result<Regex, String> {
    built(RegexBuilder::new(text).case_insensitive(false))
}

fn pattern_of_any_case(text: &str) -> Result<Regex, String> {
    built(RegexBuilder::new(text).case_insensitive(true))
}

/// Without Unicode, since a path is any bytes.
fn built(builder: &mut RegexBuilder) -> Result<Regex, String> {
    let reason = |error: regex::Error| {
        let text = error.to_string();
        // The whole shows the pattern over several lines with a mark below; the last line is the reason.
        text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    };
    builder.unicode(false).build().map_err(reason)
}

/// The options as they are written.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Words {
    /// Alert WARNING when less than N units or per cent are free to users
    #[arg(short, long, value_name = "N[%]", value_parser = Limit::parse, allow_hyphen_values = true)]
    pub(super) warning: Vec<Limit>,
    /// Alert CRITICAL when less than N units or per cent are free to users
    #[arg(short, long, value_name = "N[%]", value_parser = Limit::parse, allow_hyphen_values = true)]
    pub(super) critical: Vec<Limit>,
    /// Alert WARNING when less than N per cent of the inodes are free
    #[arg(short = 'W', long, value_name = "N[%]", value_parser = Limit::parse_inodes, allow_hyphen_values = true)]
    pub(super) iwarning: Vec<Limit>,
    /// Alert CRITICAL when less than N per cent of the inodes are free
    #[arg(short = 'K', long, value_name = "N[%]", value_parser = Limit::parse_inodes, allow_hyphen_values = true)]
    pub(super) icritical: Vec<Limit>,
    /// Mount point or device to look at, with the thresholds before it [default: all local file systems with a device]
    #[arg(short, long, visible_alias = "partition", value_name = "PATH")]
    pub(super) path: Vec<PathBuf>,
    /// As -p, and CRITICAL instead of UNKNOWN where it is not mounted; / always is
    #[arg(long, value_name = "PATH")]
    pub(super) required: Vec<PathBuf>,
    /// Look at mounts whose path or device matches
    #[arg(short = 'r', long, alias = "ereg-partition", value_name = "REGEX", value_parser = pattern)]
    pub(super) ereg_path: Vec<Regex>,
    /// As -r, in any case
    #[arg(short = 'R', long, alias = "eregi-partition", value_name = "REGEX", value_parser = pattern_of_any_case)]
    pub(super) eregi_path: Vec<Regex>,
    /// Look at all mounts that are not pseudo file systems, remote ones too
    #[arg(short = 'A', long, action = clap::ArgAction::Append, num_args = 0, default_missing_value = "true", value_parser = clap::value_parser!(bool))]
    pub(super) all: Vec<bool>,
    /// Begin anew: no thresholds; where no path was named so far, those before are for all that no -p names
    #[arg(short = 'C', long, action = clap::ArgAction::Append, num_args = 0, default_missing_value = "true", value_parser = clap::value_parser!(bool))]
    pub(super) clear: Vec<bool>,
    /// Ignore mounts whose path or device matches
    #[arg(short = 'i', long, alias = "ignore-ereg-partition", value_name = "REGEX", value_parser = pattern)]
    pub(super) ignore_ereg_path: Vec<Regex>,
    /// As -i, in any case
    #[arg(short = 'I', long, alias = "ignore-eregi-partition", value_name = "REGEX", value_parser = pattern_of_any_case)]
    pub(super) ignore_eregi_path: Vec<Regex>,
    /// Ignore this mount point or device; it is not touched
    #[arg(short = 'x', long = "exclude-device", alias = "exclude_device", value_name = "PATH")]
    pub(super) exclude_device: Vec<PathBuf>,
    /// Ignore file systems of this type
    #[arg(short = 'X', long, value_name = "TYPE")]
    pub(super) exclude_type: Vec<String>,
    /// Look at file systems of this type only, pseudo and remote ones too
    #[arg(short = 'N', long, value_name = "TYPE")]
    pub(super) include_type: Vec<String>,
    /// Leave out file systems of other machines
    #[arg(short, long)]
    pub(super) local: bool,
    /// As -l, but see whether those of other machines answer
    #[arg(short = 'L', long)]
    pub(super) stat_remote_fs: bool,
    /// Unit of -w, -c and the text: bytes, kB, MB, GB or TB, of 1024 each [default: MB]
    #[arg(short, long, value_parser = Unit::parse, overrides_with_all = ["megabytes", "kilobytes"])]
    pub(super) units: Option<Unit>,
    /// The same as -u MB
    #[arg(short, long, overrides_with_all = ["units", "kilobytes"])]
    pub(super) megabytes: bool,
    /// The same as -u kB
    #[arg(short, long, overrides_with_all = ["units", "megabytes"])]
    pub(super) kilobytes: bool,
    /// Name only file systems with errors in the text
    #[arg(short, long)]
    pub(super) errors_only: bool,
    /// Add the use of inodes to the performance data
    #[arg(short = 'P', long)]
    pub(super) iperfdata: bool,
    /// Show devices instead of mount points
    #[arg(short = 'M', long)]
    pub(super) mountpoint: bool,
    /// Leave what is kept for root out of the total of the performance data
    #[arg(short, long)]
    pub(super) freespace_ignore_reserved: bool,
    /// Taken for compatibility: paths of -p always have to be exact
    #[arg(short = 'E', long)]
    pub(super) exact_match: bool,
}

/// What amounts are counted in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Unit {
    /// How it is written behind a number.
    pub(super) suffix: &'static str,
    /// How many times 1024.
    power: i32,
}

impl Unit {
    const KILO: Self = Self { suffix: "kiB", power: 1 };
    const MEGA: Self = Self { suffix: "MiB", power: 2 };

    fn parse(text: &str) -> Result<Self, String> {
        // The peer counts in 1024 whatever the name says, and so do the command lines that were written for it.
        match text.to_ascii_lowercase().as_str() {
            "bytes" | "b" => Ok(Self { suffix: "B", power: 0 }),
            "kb" | "kib" => Ok(Self::KILO),
            "mb" | "mib" => Ok(Self::MEGA),
            "gb" | "gib" => Ok(Self { suffix: "GiB", power: 3 }),
            "tb" | "tib" => Ok(Self { suffix: "TiB", power: 4 }),
            _ => Err("expected bytes, kB, MB, GB or TB".to_owned()),
        }
    }

    /// Bytes of one.
    pub(super) fn bytes(self) -> f64 {
        1024_f64.powi(self.power)
    }
}

impl Words {
    pub(super) fn unit(&self) -> Unit {
        self.units.unwrap_or(if self.kilobytes { Unit::KILO } else { Unit::MEGA })
    }

    /// Whether the command line asks to ignore what is called so.
    pub(super) fn ignores(&self, name: &[u8]) -> bool {
        let patterns = self.ignore_ereg_path.iter().chain(&self.ignore_eregi_path);
        patterns.into_iter().any(|pattern| pattern.is_match(name))
    }
}
