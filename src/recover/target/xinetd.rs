//! What xinetd starts, by its configuration (xinetd.conf(5)): a superserver that is dead holds no port that could be asked about.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::recover::Refusal;

/// Bytes of one file.
const LARGEST: u64 = 256 * 1024;
/// Files that name further ones, below each other.
const DEEPEST: u32 = 4;

/// Refuses where xinetd starts nothing on a port, or nobody can tell.
pub(super) fn guard(port: u16) -> Result<(), Refusal> {
    let refusal = |reason| Err(Refusal { guard: "unit", reason });
    match Superserver::below(Path::new("/")).map(|it| it.starts(port)) {
        Ok(true) => Ok(()),
        Ok(false) => refusal(format!("xinetd starts nothing on port {port}")),
        Err(error) => refusal(format!("what xinetd starts can not be told: {error:#}")),
    }
}

/// Its services, and what `defaults` says about all of them.
#[derive(Debug, Default)]
struct Superserver {
    entries: Vec<Entry>,
    defaults: Entry,
    ports: String,
}

/// One block of the configuration: a service's name, and its attributes in their order.
#[derive(Clone, Debug, Default)]
struct Entry {
    name: String,
    attributes: Vec<(String, Vec<String>)>,
}

impl Entry {
    /// The words of an attribute, wherever it is set or added to.
    fn words(&self, name: &str) -> Vec<&str> {
        let own = self.attributes.iter().filter(|(it, _)| it == name);
        own.flat_map(|(_, words)| words.iter().map(String::as_str)).collect()
    }

    fn last(&self, name: &str) -> Option<&str> {
        self.words(name).last().copied()
    }

    /// The name by which others speak of it.
    fn id(&self) -> &str {
        self.last("id").unwrap_or(&self.name)
    }
}

impl Superserver {
    fn below(root: &Path) -> Result<Self> {
        let mut found = Self { ports: read(&root.join("etc/services"))?, ..Self::default() };
        found.take(root, &root.join("etc/xinetd.conf"), DEEPEST)?;
        Ok(found)
    }

    /// Adds what one file says, with those that it names.
    fn take(&mut self, root: &Path, path: &Path, deeper: u32) -> Result<()> {
        ensure!(deeper > 0, "{} lies too deep", path.display());
        let text = read(path)?;
        let mut open: Option<Entry> = None;
        for line in text.lines().map(str::trim) {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match (words.as_slice(), open.as_mut()) {
                ([], _) | (["{"], Some(_)) => {}
                ([first, ..], _) if first.starts_with('#') => {}
                (["}"], Some(entry)) => {
                    let entry = std::mem::take(entry);
                    open = None;
                    if entry.name.is_empty() {
                        self.defaults = entry;
                    } else {
                        self.entries.push(entry);
                    }
                }
                ([name, "=" | "+=", values @ ..], Some(entry)) => {
                    let values = values.iter().map(|it| (*it).to_owned()).collect();
                    entry.attributes.push(((*name).to_owned(), values));
                }
                // What is taken away again is a list of addresses or the like.
                ([_, "-=", ..], Some(_)) => {}
                (["service", name], None) => {
                    open = Some(Entry { name: (*name).to_owned(), ..Entry::default() });
                }
                (["defaults"], None) => open = Some(Entry::default()),
                (["include", file], None) => self.take(root, &under(root, file), deeper - 1)?,
                (["includedir", folder], None) => {
                    for file in files(&under(root, folder))? {
                        self.take(root, &file, deeper - 1)?;
                    }
                }
                _ => anyhow::bail!("{}: {line:?} is not understood", path.display()),
            }
        }
        ensure!(open.is_none(), "{} ends within a service", path.display());
        Ok(())
    }

    /// Whether it listens on a port of TCP.
    fn starts(&self, port: u16) -> bool {
        let own = self.entries.iter().filter(|it| self.is_on(it));
        for entry in own.filter(|it| it.last("socket_type") != Some("dgram")) {
            let found = match entry.last("port") {
                Some(number) => number.parse().ok(),
                None => self.assigned(&entry.name),
            };
            if found == Some(port) {
                return true;
            }
        }
        false
    }

    fn is_on(&self, entry: &Entry) -> bool {
        let named = |list: &str| self.defaults.words(list).contains(&entry.id());
        let enabled = self.defaults.words("enabled");
        entry.last("disable") != Some("yes")
            && !named("disabled")
            && (enabled.is_empty() || named("enabled"))
    }

    /// The port that services(5) has for a name.
    fn assigned(&self, name: &str) -> Option<u16> {
        let lines = self.ports.lines().filter_map(|line| line.split('#').next());
        let mut ports = lines.filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (first, port) = (words.next()?, words.next()?);
            let number = port.strip_suffix("/tcp")?.parse().ok()?;
            (first == name || words.any(|it| it == name)).then_some(number)
        });
        ports.next()
    }
}

fn under(root: &Path, path: &str) -> std::path::PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// Files of a folder as xinetd takes them: not what editors and package managers leave there.
fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let context = || format!("cannot read {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let name = path.file_name().and_then(|it| it.to_str()).unwrap_or(".");
        if !name.contains('.') && !name.ends_with('~') && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    let context = || format!("cannot read {}", path.display());
    let about = fs::metadata(path).with_context(context)?;
    ensure!(about.is_file() && about.len() <= LARGEST, "{} is no such file", path.display());
    Ok(String::from_utf8_lossy(&fs::read(path).with_context(context)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(conf: &str, files: &[(&str, &str)], port: u16) -> Result<bool> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("etc/xinetd.d")).unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("etc/services", "ftp\t\t21/tcp # the file protocol\ndomain 53/udp\nsmtp 25/tcp mail\n");
        put("etc/xinetd.conf", conf);
        for (name, text) in files {
            put(&format!("etc/xinetd.d/{name}"), text);
        }
        Superserver::below(folder.path()).map(|it| it.starts(port))
    }

    const CONF: &str = "# comment\ndefaults\n{\n}\n\nincludedir /etc/xinetd.d\n";

    #[test]
    fn a_service_is_known_by_its_port_or_else_by_its_name() {
        let ftp = "service ftp\n{\n\tdisable = no\n\tserver_args += -x {}\n}\n";
        assert!(starts(CONF, &[("ftp_psa", ftp)], 21).unwrap());
        assert!(!starts(CONF, &[("ftp_psa", ftp)], 25).unwrap());
        let own = "service mine\n{\n type = UNLISTED\n port = 25\n}\n";
        assert!(starts(CONF, &[("smtp", own)], 25).unwrap());
        assert!(starts(CONF, &[("smtp", "service mail\n{\n}\n")], 25).unwrap());
        let moved = "service ftp\n{\n port = 2121\n}\n";
        assert!(!starts(CONF, &[("ftp", moved)], 21).unwrap());
    }

    #[test]
    fn what_is_switched_off_or_left_behind_is_not_started() {
        let off = "service ftp\n{\n disable = yes\n}\n";
        assert!(!starts(CONF, &[("ftp", off)], 21).unwrap());
        let on = "service ftp\n{\n id = ftp_psa\n}\n";
        assert!(!starts(CONF, &[("ftp.dpkg-old", on), ("ftp~", on)], 21).unwrap());
        for (line, expected) in [
            ("disabled = ftp_psa", false),
            ("disabled = ftp", true),
            ("enabled = tftp", false),
            ("enabled = tftp ftp_psa", true),
        ] {
            let conf = CONF.replace("{\n", &format!("{{\n{line}\n"));
            assert_eq!(starts(&conf, &[("ftp", on)], 21).unwrap(), expected, "{line}");
        }
        let datagrams = "service ftp\n{\n socket_type = dgram\n}\n";
        assert!(!starts(CONF, &[("ftp", datagrams)], 21).unwrap());
    }

    #[test]
    fn what_is_not_understood_is_a_doubt() {
        for conf in [
            "service ftp\n{\n",
            "server = x\n",
            "includedir /nonexistent\n",
            "include /etc/xinetd.conf\n",
        ] {
            assert!(starts(conf, &[], 21).is_err(), "{conf:?}");
        }
    }
}
