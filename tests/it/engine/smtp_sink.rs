//! A mail server that keeps what it is given, and the `sendmail` that gives it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What `mail` of Debian's bsd-mailx starts instead of an MTA: one conversation, without the engine's fast clock.
const SENDMAIL: &str = r"#!/usr/bin/env -S -u LD_PRELOAD python3 -ISE
import re, socket, sys
text = sys.stdin.buffer.read().replace(b'\r', b'').replace(b'\n.', b'\n..').replace(b'\n', b'\r\n')
to = re.search(rb'^To: *(.*?)\r$', text, re.M).group(1).split(b',')
talk = socket.create_connection(('127.0.0.1', PORT), 20)
answers = talk.makefile('rb')
answers.readline()
def say(line):
    talk.sendall(line + b'\r\n')
    answer = answers.readline()
    if answer[:1] not in b'23':
        sys.exit(repr(line[:60]) + ': ' + repr(answer))
for line in [b'HELO localhost', b'MAIL FROM:<engine@example.test>', *[b'RCPT TO:<%s>' % it.strip() for it in to], b'DATA']:
    say(line)
say(text + b'\r\n.')
say(b'QUIT')
";

/// A mail that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    pub(crate) subject: String,
}

impl Mail {
    /// The words of the subject.
    pub(crate) fn words(&self) -> Vec<&str> {
        let part = |it: char| !it.is_alphanumeric() && !matches!(it, '-' | '_' | '.');
        self.subject.split(part).collect()
    }
}

/// The server; it ends when the value is dropped.
pub(crate) struct SmtpSink {
    addr: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl SmtpSink {
    /// Listens on a port of 127.0.0.1 in the caller's network.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let (mails, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, told) = (Arc::clone(&mails), Arc::clone(&over));
        let accepting = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if told.load(Ordering::SeqCst) {
                    break;
                }
                let kept = Arc::clone(&kept);
                // A client that breaks off has not sent a mail.
                thread::spawn(move || converse(&client, &kept));
            }
        });
        Self { addr, mails, over, accepting: Some(accepting) }
    }

    /// The program that `mail` has to start.
    pub(super) fn sendmail(&self) -> String {
        SENDMAIL.replace("PORT", &self.addr.port().to_string())
    }

    /// The mails so far, in the order of their arrival.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // A connection of ours wakes the thread up.
        let woken = TcpStream::connect(self.addr).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let _ = accepting.join();
        }
    }
}

fn converse(client: &TcpStream, kept: &Mutex<Vec<Mail>>) -> io::Result<()> {
    client.set_read_timeout(Some(Duration::from_mins(1)))?;
    let (mut lines, mut out) = (BufReader::new(client).lines(), client);
    let mut to = Vec::new();
    out.write_all(b"220 sink ESMTP\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let answer = if let Some(address) = line.strip_prefix("RCPT TO:") {
            to.push(address.trim_matches(['<', '>', ' ']).to_owned());
            "250 ok"
        } else if line == "DATA" {
            out.write_all(b"354 go on\r\n")?;
            let data =
                lines.by_ref().take_while(|line| !matches!(line.as_deref(), Ok(".") | Err(_)));
            let text = data.collect::<io::Result<Vec<_>>>()?.join("\n");
            let subject = text.lines().find_map(|line| line.strip_prefix("Subject: "));
            let subject = subject.unwrap_or_default().to_owned();
            let mail = Mail { to: std::mem::take(&mut to), subject };
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
            "250 kept"
        } else if line == "QUIT" {
            return out.write_all(b"221 bye\r\n");
        } else {
            "250 ok"
        };
        out.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}
