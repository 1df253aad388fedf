//! `firstaid recovery off|on [HOST]`: the switch that leaves everything, or one host, to people.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::inventory::HostName;
use crate::plugin::visible;

/// Options of `firstaid recovery`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// off: only say what would be done; on: act again
    #[arg(value_parser = ["off", "on"])]
    to: String,
    /// Name of a host; all of them without it
    host: Option<String>,
    /// The reason, for those who look later
    #[arg(long, value_name = "TEXT", required_if_eq("to", "off"))]
    why: Option<String>,
    /// The switch
    #[arg(long, value_name = "FILE", default_value = "/etc/firstaid/recovery.off")]
    switch: PathBuf,
}

/// Switches, and says how it stands now.
///
/// # Errors
/// The name is no host's, or the disk refuses.
pub(super) fn run(options: &Options) -> Result<String> {
    let (path, whom) = match &options.host {
        None => (options.switch.clone(), "all hosts".to_owned()),
        Some(host) => {
            let name = HostName::parse(host).map_err(anyhow::Error::msg)?;
            (format!("{}.{name}", options.switch.display()).into(), name.to_string())
        }
    };
    if options.to == "off" {
        off(&path, options.why.as_deref().unwrap_or_default())?;
        return Ok(format!("recovery is off for {whom}: {}\n", path.display()));
    }
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot remove {}", path.display()));
        }
    }
    let still = options.host.is_some() && options.switch.exists();
    let but = if still { ", but it is off for all hosts" } else { "" };
    Ok(format!("recovery is on for {whom}{but}\n"))
}

/// The file says who switched, when and why; that it is there is what counts.
fn off(path: &Path, why: &str) -> Result<()> {
    if why.trim().is_empty() {
        bail!("say why, with --why");
    }
    let who = super::who::asks();
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let text = format!("{now} {}: {}\n", who, visible(why.as_bytes()));
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o644)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}
