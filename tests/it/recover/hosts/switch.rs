//! Power switches that really switch a host: IPMI by a simulated device, and Redfish over TLS.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::fake::{Fake, Identity};
use crate::namespace::Namespace;
use crate::rig::{Bmc, Power, Status};

/// Switches a host. One that starts anew has its cable again: a card that hung has been without power.
fn switch(power: &Power, to: Status) {
    match to {
        Status::Off => power.off(),
        Status::On => {
            power.on();
            power.cable(Status::On);
        }
    }
}

/// The button asks whoever listens at `wanted`, and waits until it is done.
const BUTTON: &str = "case $1 in\n\
    get) echo \"power:$(cat state)\" ;;\n\
    set) echo \"$3\" > wanted; cat done > state ;;\n\
    esac";
/// What ends the listener.
const END: &str = "end";

/// An IPMI device whose power is a host's.
pub(super) struct Ipmi {
    pub(super) bmc: Bmc,
    wanted: PathBuf,
    listener: Option<JoinHandle<()>>,
}

impl Ipmi {
    pub(super) fn start(network: Namespace, power: Power) -> Self {
        let bmc = Bmc::start(network, BUTTON);
        let (wanted, done) = (bmc.path("wanted"), bmc.path("done"));
        for path in [&wanted, &done] {
            mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        }
        let own = wanted.clone();
        let listener = std::thread::spawn(move || {
            loop {
                let word = fs::read_to_string(&own).unwrap();
                match word.trim_end() {
                    "0" => switch(&power, Status::Off),
                    "1" => switch(&power, Status::On),
                    _ => break,
                }
                fs::write(&done, word).unwrap();
            }
        });
        Self { bmc, wanted, listener: Some(listener) }
    }
}

impl Drop for Ipmi {
    fn drop(&mut self) {
        let listener = self.listener.take().filter(|it| !it.is_finished());
        if let Some(listener) = listener {
            let _ = fs::write(&self.wanted, END);
            let _ = listener.join();
        }
    }
}

/// Where the system of the Redfish device is, and what switches it.
pub(super) const SYSTEM: &str = "/redfish/v1/Systems/1";
const RESET: &str = "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset";
/// `recovery:secret`, as HTTP has it.
const LOGIN: &str = "Basic cmVjb3Zlcnk6c2VjcmV0";

/// A Redfish device whose system 1 is a host.
pub(super) struct Redfish {
    server: Fake,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Redfish {
    /// At 127.0.0.1 of the calling thread's network.
    pub(super) fn start(power: Power) -> Self {
        let acceptor = Identity::until("127.0.0.1", 3600).acceptor();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (own, power) = (Arc::clone(&asked), Mutex::new(power));
        let server = Fake::new(move |stream: TcpStream| {
            let Ok(mut tls) = acceptor.accept(stream) else { return };
            let Some(request) = Request::read(&mut tls) else { return };
            let (status, body) = request.answer(&power.lock().unwrap(), &own);
            let length = body.len();
            let _ = write!(
                tls,
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = tls.shutdown();
        });
        Self { server, asked }
    }

    pub(super) fn port(&self) -> u16 {
        self.server.port()
    }

    /// The resets that it was told to do.
    pub(super) fn resets(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

struct Request {
    line: String,
    is_known: bool,
    body: String,
}

impl Request {
    fn read(from: &mut impl Read) -> Option<Self> {
        let mut reader = BufReader::new(from);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            if line.trim_end().is_empty() {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let value = |name: &str| {
            let found = lines.iter().find_map(|line| {
                line.split_once(": ").filter(|it| it.0.eq_ignore_ascii_case(name))
            });
            found.map(|(_, value)| value.to_owned())
        };
        let length: u64 = value("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
        let mut body = String::new();
        reader.take(length).read_to_string(&mut body).ok()?;
        let is_known = value("authorization").as_deref() == Some(LOGIN);
        Some(Self { line: lines.first()?.clone(), is_known, body })
    }

    fn answer(&self, power: &Power, asked: &Mutex<Vec<String>>) -> (&'static str, String) {
        if !self.is_known {
            return ("401 Unauthorized", "{}".to_owned());
        }
        let get = format!("GET {SYSTEM} ");
        let post = format!("POST {RESET} ");
        if self.line.starts_with(&get) {
            let state = match power.status() {
                Status::On => "On",
                Status::Off => "Off",
            };
            let body = serde_json::json!({
                "PowerState": state,
                "Actions": { "#ComputerSystem.Reset": { "target": RESET } },
            });
            return ("200 OK", body.to_string());
        }
        let wanted = serde_json::from_str::<serde_json::Value>(&self.body).unwrap_or_default();
        let Some(kind) = wanted["ResetType"].as_str().filter(|_| self.line.starts_with(&post))
        else {
            return ("404 Not Found", "{}".to_owned());
        };
        asked.lock().unwrap().push(kind.to_owned());
        match kind {
            "ForceOff" => switch(power, Status::Off),
            "On" => switch(power, Status::On),
            _ => return ("400 Bad Request", "{}".to_owned()),
        }
        ("204 No Content", String::new())
    }
}
