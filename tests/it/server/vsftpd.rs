//! The FTP daemon vsftpd.

use std::process::Command;

use nix::sys::signal::Signal;

use super::site::Site;
use super::{Recipe, Server, goodbye};

impl Server {
    /// vsftpd, which logs every command and response.
    pub(crate) fn vsftpd() -> Self {
        Self::start(&recipe("/usr/sbin/vsftpd", &prepare))
    }
}

fn recipe<'a>(program: &'static str, prepare: &'a dyn Fn(&Site) -> Command) -> Recipe<'a> {
    Recipe {
        name: "vsftpd",
        package: "vsftpd",
        program,
        ports: &["ftp"],
        log: "vsftpd.log",
        stop: Signal::SIGTERM,
        prepare,
        answers: &|site| goodbye::after_greeting(site.port(0), b"QUIT\r\n"),
        settled: &["221 Goodbye"],
        complaints: &["FAIL", "\"500", "\"421", "\"530", "OOPS", "error", "refused"],
    }
}

fn prepare(site: &Site) -> Command {
    // Neither may be writable, vsftpd insists.
    let empty = site.make_dir("empty").display().to_string();
    let port = site.port(0);
    let log = site.text("vsftpd.log");
    let config = site.write(
        "vsftpd.conf",
        &format!(
            "listen=YES\nbackground=NO\nlisten_address=127.0.0.1\nlisten_port={port}\n\
             anonymous_enable=YES\nlocal_enable=NO\nanon_root={empty}\nsecure_chroot_dir={empty}\nnopriv_user=nobody\n\
             xferlog_enable=YES\nlog_ftp_protocol=YES\nvsftpd_log_file={log}\n"
        ),
    );
    let mut command = Command::new("/usr/sbin/vsftpd");
    command.arg(config);
    command
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn a_port_that_somebody_took_meanwhile_is_given_up() {
        let squatter = RefCell::new(None);
        let server = Server::start(&recipe("/usr/sbin/vsftpd", &|site| {
            if squatter.borrow().is_none() {
                let port = (Ipv4Addr::LOCALHOST, site.port(0));
                *squatter.borrow_mut() =
                    Some(TcpListener::bind(port).expect("a port that is free"));
            }
            prepare(site)
        }));
        let squatter = squatter.into_inner().expect("the first attempt has met it");
        assert_ne!(squatter.local_addr().expect("a bound socket has an address"), server.addr());
    }

    #[test]
    #[should_panic(expected = "needs the Debian package vsftpd (make deps)")]
    fn a_missing_package_is_named() {
        Server::start(&recipe("/usr/sbin/no-such-daemon", &prepare));
    }

    #[test]
    #[should_panic(expected = "OOPS: unrecognised variable in config file: nonsense")]
    fn a_daemon_that_does_not_start_is_quoted() {
        Server::start(&recipe("/usr/sbin/vsftpd", &|site| {
            site.write("vsftpd.conf", "nonsense=YES\n");
            let mut command = Command::new("/usr/sbin/vsftpd");
            command.arg(site.path("vsftpd.conf"));
            command
        }));
    }
}
