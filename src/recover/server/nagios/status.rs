//! What Nagios tells about a host in its status file.

use std::io::BufRead;

use anyhow::Result;

use super::{AUTHOR, Wanted};

/// A host in the status file.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Seen {
    /// Whether it is in the downtime; none where there is no such host.
    pub(super) host: Option<bool>,
    /// Services that are not.
    pub(super) missing: Vec<String>,
    /// How many there are.
    pub(super) all: usize,
}

impl Seen {
    pub(super) fn is_quiet(&self) -> bool {
        self.host == Some(true) && self.missing.is_empty()
    }
}

/// A part of the status file: its kind, and what is looked at of it.
#[derive(Default)]
struct Part {
    kind: String,
    fields: Vec<(String, String)>,
}

impl Part {
    fn get(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    fn is(&self, wanted: &Wanted) -> bool {
        let at = |name| self.get(name).parse::<u64>().ok();
        self.get("author") == AUTHOR
            && self.get("comment") == wanted.comment
            && at("start_time") == Some(wanted.window.from)
            && at("end_time") == Some(wanted.window.until)
    }
}

pub(super) fn look(mut file: impl BufRead, wanted: &Wanted) -> Result<Seen> {
    let (mut seen, mut part, mut line) = (Seen::default(), Part::default(), Vec::new());
    let (mut services, mut quiet) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if let Some(kind) = text.strip_suffix(" {") {
            part = Part { kind: kind.to_owned(), fields: Vec::new() };
        } else if text == "}" {
            if part.get("host_name") == wanted.host {
                let service = || part.get("service_description").to_owned();
                match part.kind.as_str() {
                    "hoststatus" => seen.host = seen.host.or(Some(false)),
                    "servicestatus" => services.push(service()),
                    "hostdowntime" if part.is(wanted) => seen.host = Some(true),
                    "servicedowntime" if part.is(wanted) => quiet.push(service()),
                    _ => {}
                }
            }
        } else if let Some((key, value)) = text.split_once('=')
            && FIELDS.contains(&key)
        {
            part.fields.push((key.to_owned(), value.to_owned()));
        }
    }
    seen.all = services.len();
    seen.missing = services.into_iter().filter(|name| !quiet.contains(name)).collect();
    Ok(seen)
}

const FIELDS: &[&str] =
    &["host_name", "service_description", "author", "comment", "start_time", "end_time"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recover::suspension::Window;

    fn wanted(comment: &str) -> Wanted {
        Wanted::new("web1", Window { from: 1000, until: 4600 }, comment)
    }

    const STATUS: &str = "info {\n\tcreated=1\n\t}\n\nhoststatus {\n\thost_name=web1\n\tcomment=x\n\t}\n\
        servicestatus {\n\thost_name=web1\n\tservice_description=ssh\n\t}\n\
        servicestatus {\n\thost_name=web1\n\tservice_description=http\n\t}\n\
        servicestatus {\n\thost_name=web2\n\tservice_description=ssh\n\t}\n\
        hostdowntime {\n\thost_name=web1\n\tstart_time=1000\n\tend_time=4600\n\tauthor=firstaid\n\tcomment=a = disk\n\t}\n\
        servicedowntime {\n\thost_name=web1\n\tservice_description=ssh\n\tstart_time=1000\n\tend_time=4600\n\tauthor=firstaid\n\tcomment=a = disk\n\t}\n";

    #[test]
    fn the_status_file_tells_what_is_in_the_very_downtime() {
        let seen = look(STATUS.as_bytes(), &wanted("a = disk")).unwrap();
        let expected = Seen { host: Some(true), missing: vec!["http".to_owned()], all: 2 };
        assert_eq!(seen, expected);
        for other in [
            STATUS.replace("start_time=1000", "start_time=1001"),
            STATUS.replace("author=firstaid", "author=ann"),
            STATUS.replace("comment=a = disk", "comment=another"),
        ] {
            let seen = look(other.as_bytes(), &wanted("a = disk")).unwrap();
            assert!(seen.host == Some(false) && seen.missing.len() == 2);
        }
        assert_eq!(look(&b"\xff\n}\n{ =\n"[..], &wanted("a")).unwrap().host, None);
    }
}
