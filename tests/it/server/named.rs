//! BIND's name server.

use std::fmt::Write;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::site::Site;
use super::{Recipe, Server};

/// The zone `example.test`; `empty` has no records, only a name below it, and `big` does not fit into 512 octets.
const ZONE: &str = "\
$TTL 300
@           IN SOA   ns hostmaster 1 3600 600 86400 60
@           IN NS    ns
@           IN MX    10 mail
@           IN TXT   \"v=spf1 -all\"
ns          IN A     127.0.0.1
mail        IN A     192.0.2.25
www         IN A     192.0.2.10
www         IN AAAA  2001:db8::10
v6only      IN AAAA  2001:db8::6
many        IN A     192.0.2.1
many        IN A     192.0.2.2
many        IN A     192.0.2.3
alias       IN CNAME www
dangling    IN CNAME nowhere
text        IN TXT   \"one\" \"two\"
leaf.empty  IN A     192.0.2.99
";

/// `SOA example.test`, one question, no flags (RFC 1035 section 4.1).
const QUERY: &[u8] =
    b"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x04test\x00\x00\x06\x00\x01";

impl Server {
    /// named as the authority for `example.test`, which refuses everything else and offers no recursion.
    pub(crate) fn named() -> Self {
        start("recursion no;")
    }

    /// named as a resolver which is the authority for `example.test` too.
    ///
    /// It forwards the rest to a port where nobody listens, so that no test asks the Internet: SERVFAIL.
    pub(crate) fn named_recursive() -> Self {
        start("recursion yes; forward only; forwarders { 127.0.0.1 port 9; };")
    }
}

fn start(recursion: &str) -> Server {
    Server::start(&Recipe {
        name: "named",
        package: "bind9",
        program: "/usr/sbin/named",
        ports: &["dns"],
        log: "named.log",
        stop: Signal::SIGTERM,
        prepare: &|site| prepare(site, recursion),
        answers: &|site| {
            ask(site.port(0)).map_err(|error| format!("no answer to a query: {error}"))
        },
        settled: &["query: example.test IN SOA"],
        complaints: &[
            "error:",
            "warning:",
            "critical:",
            "client-error",
            "formerr",
            "denied",
            "bad-cookie",
        ],
    })
}

fn prepare(site: &Site, recursion: &str) -> Command {
    let mut zone = ZONE.to_owned();
    for last in 1..=60 {
        writeln!(zone, "big IN A 198.51.100.{last}").expect("writing to a string");
    }
    site.write("example.test.zone", &zone);
    let port = site.port(0);
    let dir = site.text("");
    let config = site.write(
        "named.conf",
        &format!(
            "options {{\n directory \"{dir}\";\n pid-file \"named.pid\";\n session-keyfile \"session.key\";\n\
             lock-file none;\n listen-on port {port} {{ 127.0.0.1; }};\n listen-on-v6 {{ none; }};\n\
             dnssec-validation no;\n trust-anchor-telemetry no;\n notify no;\n allow-transfer {{ none; }};\n\
             empty-zones-enable no;\n querylog yes;\n {recursion}\n}};\n\
             controls {{ }};\n\
             logging {{\n channel all {{\n file \"named.log\";\n severity info;\n\
             print-severity yes;\n print-category yes;\n print-time yes;\n }};\n\
             category default {{ all; }};\n category queries {{ all; }};\n category query-errors {{ all; }};\n}};\n\
             zone \"example.test\" {{\n type primary;\n file \"example.test.zone\";\n}};\n"
        ),
    );
    let mut command = Command::new("/usr/sbin/named");
    // What it says before it has read its configuration would go to the system's log otherwise.
    command.arg("-f").arg("-c").arg(config).arg("-L").arg(site.path("output"));
    command
}

fn ask(port: u16) -> std::io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    socket.send(QUERY)?;
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer)?;
    // It answers before it has loaded its zone, too: that it can not (RFC 1035 4.1.1).
    let code = answer.get(3).map_or(0, |flags| flags & 0x0f);
    if length > 3 && code == 0 {
        Ok(())
    } else {
        Err(std::io::Error::other(format!("code {code}")))
    }
}
