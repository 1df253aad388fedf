//! What the units and scripts of a service are called, and the programs that they start.

use crate::policy::{Policy, Service};

/// Names of one daemon on different systems, in the order in which they are tried.
const SPELLINGS: &[(&str, &[&str])] = &[
    // The last one is a front of the others where they exist, and stands alone where they do not.
    ("httpd", &["httpd", "apache2", "nginx"]),
    ("sshd", &["sshd", "ssh"]),
    ("named", &["named", "bind9"]),
    ("mysqld", &["mysqld", "mysql", "mariadb"]),
    ("postgresql", &["postgresql"]),
    ("vsftpd", &["vsftpd", "proftpd", "pure-ftpd"]),
    ("sendmail", &["sendmail", "postfix", "exim4"]),
    ("dovecot", &["dovecot"]),
    ("courier-imap", &["courier-imap"]),
    ("xinetd", &["xinetd"]),
];

/// Programs by the unit or script that starts them, where their names differ.
const PROGRAMS: &[(&str, &[&str])] = &[
    ("ssh", &["sshd"]),
    ("bind9", &["named"]),
    ("mysql", &["mariadbd", "mysqld"]),
    ("mysqld", &["mariadbd", "mysqld"]),
    ("mariadb", &["mariadbd", "mysqld"]),
    ("postgresql", &["postgres", "postmaster"]),
    ("sendmail", &["sendmail", "sendmail-mta", "sendmail.sendmail"]),
    ("postfix", &["master"]),
    ("dovecot", &["dovecot", "imap-login", "pop3-login"]),
    ("courier-imap", &["couriertcpd"]),
    ("courier-pop", &["couriertcpd"]),
];

/// A control panel, which decides about the names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Panel {
    /// None.
    None,
    /// Plesk.
    Plesk,
    /// Webmin.
    Webmin,
}

/// Names that may restart a service, the documented one first.
pub(super) fn candidates(service: &Service, panel: Panel) -> Vec<&'static str> {
    let documented = match panel {
        Panel::None => service.restart.none,
        Panel::Plesk => service.restart.plesk,
        Panel::Webmin => service.restart.webmin,
    };
    let mut names = spellings(documented);
    // Debian's courier has a daemon for each protocol.
    if service.name == "pop" && documented == "courier-imap" {
        names.insert(0, "courier-pop");
    }
    names
}

/// Names for a server of that panel which lacks the documented daemon: its panel is newer than the document.
pub(super) fn substitutes(service: &Service) -> Vec<&'static str> {
    let mut names: Vec<&str> = match service.name {
        "ftp" => spellings("vsftpd"),
        "smtp" => spellings("sendmail"),
        "pop" | "imap" => spellings("dovecot"),
        _ => Vec::new(),
    };
    // The documented daemon without a panel may be the superserver, too.
    names.retain(|name| *name != "xinetd");
    names
}

fn spellings(name: &'static str) -> Vec<&'static str> {
    let found = SPELLINGS.iter().find(|(first, _)| *first == name);
    found.map_or_else(|| vec![name], |(_, names)| names.to_vec())
}

/// Programs that a unit or script of that name starts.
pub(super) fn programs(name: &str) -> Vec<&str> {
    let found = PROGRAMS.iter().find(|(own, _)| *own == name);
    found.map_or_else(|| vec![name], |(_, programs)| programs.to_vec())
}

/// Whether a service keeps data that a kill may harm.
pub(super) fn is_database(service: &Service) -> bool {
    matches!(service.name, "mysql" | "postgresql")
}

/// The service of that name.
pub(super) fn service(name: &str) -> Result<&'static Service, String> {
    Policy::documented().service(name).map_err(|error| error.to_string())
}

/// Whether a name is one that units and scripts have: it can be no option, and no path.
pub(super) fn is_plain(name: &str) -> bool {
    let letters = |it: u8| it.is_ascii_alphanumeric() || b"@_.:-".contains(&it);
    name.bytes().all(letters) && name.starts_with(|it: char| it.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_name_comes_first_wherever_it_exists() {
        for service in Policy::documented().services {
            for (panel, name) in [
                (Panel::None, service.restart.none),
                (Panel::Plesk, service.restart.plesk),
                (Panel::Webmin, service.restart.webmin),
            ] {
                let names = candidates(service, panel);
                let first = usize::from(name == "courier-imap" && service.name == "pop");
                assert_eq!(names[first], name, "{} {panel:?}", service.name);
            }
        }
    }

    #[test]
    fn where_the_document_says_xinetd_nothing_else_is_tried_beside_it() {
        let ftp = service("ftp").unwrap();
        assert_eq!(candidates(ftp, Panel::Plesk), ["xinetd"]);
        assert_eq!(candidates(ftp, Panel::None), ["vsftpd", "proftpd", "pure-ftpd"]);
        assert_eq!(substitutes(ftp), ["vsftpd", "proftpd", "pure-ftpd"]);
        assert!(substitutes(service("http").unwrap()).is_empty());
    }

    #[test]
    fn a_name_is_no_option_and_no_path() {
        for (name, plain) in [
            ("postgresql@15-main.service", true),
            ("nginx", true),
            ("-H", false),
            ("../x", false),
            ("a b", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(is_plain(name), plain, "{name:?}");
        }
    }
}
