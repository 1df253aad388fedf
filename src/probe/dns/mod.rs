//! One question to one name server. The messages are hickory's; how they travel is ours: one plain socket under the deadline starts
//! faster than a runtime, and what is no answer to the question is waited over instead of being taken for a failure.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Context;
use hickory_resolver::proto::op::Message;
pub use hickory_resolver::proto::op::ResponseCode;

use super::tcp::{Family, resolve, target};
use super::{Fault, Trouble};
use crate::deadline::Deadline;

mod answer;
mod query;
mod stream;
mod udp;

pub use answer::Value;
use answer::values;
use query::Query;
pub use query::{Kind, Question};

/// What a name server answered.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a bit of the message")]
pub struct Reply {
    /// The server: address and port.
    pub server: String,
    /// Time from the first attempt to the answer.
    pub after: Duration,
    /// The state that the server gives its answer.
    pub code: ResponseCode,
    /// Whether the server is an authority for the name.
    pub authoritative: bool,
    /// Whether the server resolves names of others.
    pub recursive: bool,
    /// Why the answer is not whole: it was truncated, and asking again over TCP failed.
    pub truncated: Option<String>,
    /// The records that answer the question, in order.
    pub values: Vec<Value>,
}

impl Reply {
    /// Whether the name exists, and has no record of the type that was asked for.
    pub fn is_empty(&self) -> bool {
        self.code == ResponseCode::NoError && self.values.is_empty()
    }
}

/// The first name server of `/etc/resolv.conf`.
///
/// # Errors
/// None is configured there.
pub fn configured_server() -> anyhow::Result<IpAddr> {
    let (config, _) = hickory_resolver::system_conf::read_system_conf()
        .context("no resolver is configured in /etc/resolv.conf")?;
    let first = config.name_servers().first();
    first.map(|server| server.ip).context("no resolver is configured in /etc/resolv.conf")
}

/// Asks a name server: each of its addresses in turn, each with an equal share of the time that is left.
///
/// # Errors
/// The fault of the last address that was asked, or what kept us from asking.
pub fn ask(
    server: (&str, u16),
    family: Family,
    question: &Question,
    deadline: &Deadline,
) -> Result<Reply, Trouble> {
    let addresses = resolve(server.0, server.1, family, deadline)?;
    let query = Query::new(question)?;
    let attempted = Instant::now();
    let mut last = None;
    for (number, address) in addresses.iter().enumerate() {
        match ask_one(*address, &query, &deadline.share(addresses.len() - number)) {
            Ok((message, truncated, at)) => {
                return Ok(Reply {
                    server: target(*address),
                    after: at.saturating_duration_since(attempted),
                    code: message.metadata.response_code,
                    authoritative: message.metadata.authoritative,
                    recursive: message.metadata.recursion_available,
                    truncated,
                    values: values(&message.answers, &query.question),
                });
            }
            // A fault of the target outranks a family that this machine has no route for.
            Err(trouble @ Trouble::Ours(_)) if last.is_none() => last = Some(trouble),
            Err(Trouble::Ours(_)) => {}
            Err(trouble) => last = Some(trouble),
        }
    }
    Err(last.unwrap_or_else(|| Fault::Unresolved(server.0.to_owned()).into()))
}

/// Asks over UDP, and again over TCP where the answer is truncated.
fn ask_one(
    address: SocketAddr,
    query: &Query,
    deadline: &Deadline,
) -> Result<(Message, Option<String>, Instant), Trouble> {
    let (message, edns) = udp::exchange(address, query, deadline)?;
    let at = Instant::now();
    if !message.metadata.truncation {
        return Ok((message, None, at));
    }
    // Half of the time that is left: a server that drops TCP has answered all the same, and in time.
    match stream::exchange(address, query, edns, &deadline.at_most(deadline.left() / 2)) {
        Ok(whole) => Ok((whole, None, Instant::now())),
        Err(Trouble::Target(fault)) => Ok((message, Some(fault.to_string()), at)),
        Err(ours) => Err(ours),
    }
}
