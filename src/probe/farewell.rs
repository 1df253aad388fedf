//! How each protocol is left, so that the watched server logs no abuse and counts no error.
//!
//! What each daemon wants was measured on the daemons of Debian 12; `tests/it/quiet.rs` measures it again.

use super::{Channel, Peer, Speech, mysql, tls};

/// How a server is left that has answered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Farewell {
    /// By closing.
    #[default]
    Close,
    /// With these bytes.
    Words(Vec<u8>),
    /// By logging in to a `MySQL` server and out again: closing would count as a broken handshake, and the server blocks a host
    /// for a hundred of them.
    Mysql,
    /// By a whole TLS handshake where the `PostgreSQL` server has offered one: it logs everything else as a failed one.
    Postgresql,
}

impl Farewell {
    /// Takes leave. It lasts a second at most and judges nothing.
    pub fn say(&self, mut channel: Channel, heard: &Speech) {
        match self {
            Self::Close => {}
            Self::Words(words) => channel.leave(words),
            Self::Mysql => {
                let server = channel.connection().address().ip();
                let words = mysql::log_in(&heard.text, server).unwrap_or_default();
                channel.hurry();
                let last = mysql::answered(&mut channel, &words).unwrap_or_default();
                channel.leave(&last);
            }
            Self::Postgresql if heard.text == b"S" => {
                channel.hurry();
                // Any certificate will do: an alert would be logged.
                if let Ok(channel) = channel.secured(&tls::Options::default()) {
                    channel.leave(b"");
                }
            }
            Self::Postgresql => channel.leave(b""),
        }
    }
}
