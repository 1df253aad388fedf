//! Whether a service answers on the server itself, by its protocol and at the address where it listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::deadline::Deadline;
use crate::plugin::{shortened, visible};
use crate::policy::Service;
use crate::probe::dialogue::{Dialogue, Form, Wanted};
use crate::probe::listening::{self, Socket, Transport};
use crate::probe::tcp::Family;
use crate::probe::{Channel, Farewell, Fault, Trouble, dns, http, smtp, ssh, tcp, tls};

/// `SSLRequest`, to which a `PostgreSQL` server says S or N before anything else ("Message Formats" in its manual).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// Characters of a server's words that are shown.
const WORDS: usize = 60;

/// What a look at a service saw.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Look {
    /// It answers.
    Answers,
    /// It does not, and why.
    Silent(String),
    /// Nobody could look, and why.
    Blind(String),
}

impl Look {
    /// As it is told; none where nobody could look.
    pub(super) fn told(&self) -> Option<bool> {
        match self {
            Self::Answers => Some(true),
            Self::Silent(_) => Some(false),
            Self::Blind(_) => None,
        }
    }
}

/// Looks once.
pub(super) fn look(service: &Service, port: u16, deadline: &Deadline) -> Look {
    let sockets = match listening::sockets() {
        Ok(sockets) => sockets,
        Err(error) => return Look::Blind(format!("{error:#}")),
    };
    let Some(address) = place(&sockets, service, port) else {
        return Look::Silent(format!("nobody listens on port {port}"));
    };
    match ask(service, address, deadline) {
        Ok(()) => Look::Answers,
        Err(Trouble::Target(fault)) => Look::Silent(fault.to_string()),
        Err(Trouble::Ours(error)) => Look::Blind(format!("{error:#}")),
    }
}

/// Transports over which a service is offered.
pub(super) fn transports(service: &Service) -> &'static [Transport] {
    if service.name == "dns" { &[Transport::Tcp, Transport::Udp] } else { &[Transport::Tcp] }
}

/// Where to ask: at an address that others can reach, where there is one.
fn place(sockets: &[Socket], service: &Service, port: u16) -> Option<SocketAddr> {
    let wanted = |socket: &&Socket| {
        socket.address.port() == port
            && transports(service).contains(&socket.transport)
            && !(service.name == "dns" && is_own_resolver(socket.address.ip()))
    };
    let rank = |address: IpAddr| match address {
        IpAddr::V4(it) if it.is_unspecified() => 0,
        IpAddr::V6(it) if it.is_unspecified() => 1,
        IpAddr::V4(it) if !it.is_loopback() => 2,
        // An address of a link alone means nothing without the link's name.
        IpAddr::V6(it) if !it.is_loopback() && !it.is_unicast_link_local() => 3,
        IpAddr::V4(_) => 4,
        IpAddr::V6(_) => 5,
    };
    let bound = sockets
        .iter()
        .filter(wanted)
        .map(|socket| socket.address.ip())
        .min_by_key(|it| rank(*it))?;
    let ip = match bound {
        IpAddr::V4(it) if it.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(it) if it.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => bound,
    };
    Some(SocketAddr::new(ip, port))
}

/// Where resolvers listen that serve their own machine alone: `systemd-resolved`'s is 127.0.0.53.
fn is_own_resolver(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(it) if it.is_loopback() && it != Ipv4Addr::LOCALHOST)
}

fn ask(service: &Service, address: SocketAddr, deadline: &Deadline) -> Result<(), Trouble> {
    let ip = address.ip().to_string();
    let server = (ip.as_str(), address.port());
    match service.name {
        "ssh" => {
            let header = ssh::header(server, Family::Any, ssh::Extent::Mark, deadline)?;
            header.names_ssh().then_some(()).ok_or_else(|| unexpected(header.line()))
        }
        "smtp" => {
            let seen = smtp::Session::default().hold(server, Family::Any, deadline)?;
            (seen.greeting.code == Some(220))
                .then_some(())
                .ok_or_else(|| unexpected(seen.greeting.first_line()))
        }
        "dns" => {
            let question = dns::Question::new("localhost", None).map_err(anyhow::Error::msg)?;
            dns::ask(server, Family::Any, &question, deadline).map(drop)
        }
        "http" | "https" => status_line(service, server, deadline),
        _ => greeting(service, server, deadline),
    }
}

/// Any status line is an answer: a restart is no cure for what a page says.
fn status_line(service: &Service, server: (&str, u16), deadline: &Deadline) -> Result<(), Trouble> {
    let mut channel = Channel::Plain(tcp::open(server.0, server.1, Family::Any, deadline)?);
    if service.name == "https" {
        channel = channel.secured(&tls::Options::default())?;
    }
    let request = http::Request {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        version: http::Version::HTTP_10,
        headers: Vec::new(),
        body: None,
    };
    let answer = http::ask(channel, &request)?;
    answer
        .head
        .status()
        .is_some()
        .then_some(())
        .ok_or_else(|| unexpected(answer.head.status_line()))
}

fn greeting(service: &Service, server: (&str, u16), deadline: &Deadline) -> Result<(), Trouble> {
    let words = |words: &[u8]| Farewell::Words(words.to_vec());
    let (ask, form, farewell): (&[u8], _, _) = match service.name {
        "ftp" => (b"", Form::Reply, words(b"QUIT\r\n")),
        "pop" => (b"", Form::Line, words(b"QUIT\r\n")),
        "imap" => (b"", Form::Line, words(b"a1 LOGOUT\r\n")),
        "mysql" => (b"", Form::Packet, Farewell::Mysql),
        "postgresql" => (&SSL_REQUEST, Form::Byte, Farewell::Postgresql),
        other => return Err(anyhow::anyhow!("nobody has taught us to ask {other:?}").into()),
    };
    let dialogue = Dialogue {
        ask: ask.to_vec(),
        wanted: Wanted::Answer(form),
        farewell,
        ..Dialogue::default()
    };
    let answer = dialogue.hold(server, Family::Any, deadline)?;
    greets(service.name, &answer.heard.text)
        .then_some(())
        .ok_or_else(|| unexpected(answer.heard.first_line()))
}

/// Whether the first words are those of the service.
fn greets(service: &str, text: &[u8]) -> bool {
    match service {
        "ftp" => text.starts_with(b"220"),
        "pop" => text.starts_with(b"+OK"),
        "imap" => text.starts_with(b"* OK") || text.starts_with(b"* PREAUTH"),
        // The version of the protocol, or an error: a server that blocks this host lives.
        "mysql" => matches!(text.get(3..5), Some([0, 10 | 0xff])),
        "postgresql" => matches!(text, [b'S' | b'N', ..]),
        _ => false,
    }
}

fn unexpected(words: &[u8]) -> Trouble {
    let words = visible(words);
    Fault::Garbled(format!("an unexpected answer: {}", shortened(&words, WORDS))).into()
}

#[cfg(test)]
mod tests {
    use super::super::names::service;
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;
    use std::time::Duration;

    fn socket(address: &str, transport: Transport) -> Socket {
        Socket { transport, address: address.parse().unwrap(), inode: 1 }
    }

    #[test]
    fn it_is_asked_where_others_reach_it() {
        let http = service("http").unwrap();
        for (bound, asked) in [
            (&["0.0.0.0:80", "[::]:80"][..], Some("127.0.0.1:80")),
            (&["[::]:80"], Some("[::1]:80")),
            (&["127.0.0.1:80", "192.0.2.1:80"], Some("192.0.2.1:80")),
            (&["[fe80::1]:80", "127.0.0.1:80"], Some("127.0.0.1:80")),
            (&["0.0.0.0:8080"], None),
            (&[], None),
        ] {
            let sockets: Vec<Socket> = bound.iter().map(|it| socket(it, Transport::Tcp)).collect();
            let place = place(&sockets, http, 80);
            assert_eq!(place, asked.map(|it| it.parse().unwrap()), "{bound:?}");
        }
        let sockets = [socket("192.0.2.1:53", Transport::Udp)];
        assert!(place(&sockets, service("dns").unwrap(), 53).is_some());
        assert_eq!(place(&sockets, service("http").unwrap(), 53), None);
        let stub = [socket("127.0.0.53:53", Transport::Udp)];
        assert_eq!(place(&stub, service("dns").unwrap(), 53), None, "it says nothing about named");
    }

    #[test]
    fn each_protocol_has_its_first_words() {
        for (name, text, good) in [
            ("ftp", &b"220 hi\r\n"[..], true),
            ("ftp", b"421 too many\r\n", false),
            ("pop", b"+OK\r\n", true),
            ("pop", b"-ERR\r\n", false),
            ("imap", b"* OK ready\r\n", true),
            ("imap", b"* BYE\r\n", false),
            ("mysql", b"\x4a\0\0\0\x0a8.0", true),
            ("mysql", b"\x05\0\0\0\xff\x6a\x04No", true),
            ("mysql", b"220 hi\r\n", false),
            ("postgresql", b"S", true),
            ("postgresql", b"E\0\0\0\0", false),
        ] {
            assert_eq!(greets(name, text), good, "{name} {text:?}");
        }
    }

    #[test]
    fn a_wrong_greeting_a_silent_and_a_missing_server_do_not_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let within = |limit| Deadline::within(Duration::from_millis(limit));
        let serve = |greeting: &'static [u8], limit| {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let (mut stream, _) = listener.accept().unwrap();
                    stream.write_all(greeting).unwrap();
                    // Until the client leaves.
                    let _ = std::io::copy(&mut stream, &mut std::io::sink());
                });
                look(service("pop").unwrap(), port, &within(limit))
            })
        };
        assert_eq!(serve(b"+OK hi\r\n", 9000), Look::Answers);
        let wrong = serve(b"-ERR no\r\n", 9000);
        assert_eq!(wrong, Look::Silent("an unexpected answer: -ERR no".to_owned()));
        assert_eq!(serve(b"", 100).told(), Some(false));
        drop(listener);
        let gone = look(service("pop").unwrap(), port, &within(9000));
        assert_eq!(gone, Look::Silent(format!("nobody listens on port {port}")));
    }
}
