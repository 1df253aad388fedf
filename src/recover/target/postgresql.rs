//! Debian's clusters of `PostgreSQL`: each has a unit of its own, and a port in its settings.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the settings of clusters are: VERSION/CLUSTER/postgresql.conf.
const FOLDER: &str = "/etc/postgresql";
/// The port where none is set.
const USUAL: u16 = 5432;

/// Units of the clusters that are set to a port.
pub(super) fn clusters(port: u16) -> Vec<String> {
    below(Path::new(FOLDER), port)
}

fn below(folder: &Path, port: u16) -> Vec<String> {
    let mut units = Vec::new();
    for version in entries(folder) {
        for cluster in entries(&version) {
            let Ok(text) = fs::read_to_string(cluster.join("postgresql.conf")) else { continue };
            let (Some(version), Some(cluster)) = (name(&version), name(&cluster)) else { continue };
            if set_to(&text) == port {
                units.push(format!("postgresql@{version}-{cluster}.service"));
            }
        }
    }
    units.sort();
    units
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect()
}

/// A name that can stand in a unit's without being escaped.
fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str().filter(|name| super::names::is_plain(name))
}

/// The port of a cluster: the last line that sets it, `=` being optional.
fn set_to(settings: &str) -> u16 {
    let mut ports = settings.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default().replace('=', " ");
        let mut words = line.split_ascii_whitespace();
        (words.next()? == "port").then(|| words.next()?.trim_matches('\'').parse().ok())?
    });
    ports.next_back().unwrap_or(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_the_last_one_that_is_set() {
        for (text, port) in [
            ("", 5432),
            ("#port = 1\n", 5432),
            ("port = 5433\t# (change requires restart)\n", 5433),
            ("port 5434\n", 5434),
            ("port='5435'\nport = 5436\n", 5436),
            ("port_of_call = 1\n", 5432),
        ] {
            assert_eq!(set_to(text), port, "{text:?}");
        }
    }

    #[test]
    fn a_cluster_is_a_unit() {
        let folder = tempfile::tempdir().unwrap();
        for (cluster, text) in [("15/main", "port = 5432"), ("13/old", "port = 5433")] {
            fs::create_dir_all(folder.path().join(cluster)).unwrap();
            fs::write(folder.path().join(cluster).join("postgresql.conf"), text).unwrap();
        }
        assert_eq!(below(folder.path(), 5432), ["postgresql@15-main.service"]);
        assert_eq!(below(folder.path(), 5433), ["postgresql@13-old.service"]);
        assert!(below(&folder.path().join("none"), 5432).is_empty());
    }
}
