//! The few packets of the `MySQL` protocol that a check needs to be a welcome guest.
//!
//! Source: the client/server protocol as `MySQL` ("Connection Phase Packets") and `MariaDB` ("Connection") document it.

use std::net::IpAddr;

use super::{Channel, Peer, Speech, Trouble};

/// Whose login leaves no trace in the log, once the administrator has run `CREATE USER 'firstaid'@'%' ACCOUNT LOCK`.
/// A server without it logs one "Access denied" a check, but counts no error and blocks nobody.
const GUEST: &str = "firstaid";
/// A locked account of every `MariaDB` since 10.4 that is admitted from the server's own machine alone.
const LOCAL_GUEST: &str = "mariadb.sys";
const PLUGIN: &str = "mysql_native_password";
/// `CLIENT_PROTOCOL_41`, `CLIENT_SECURE_CONNECTION` and `CLIENT_PLUGIN_AUTH`.
const CAPABILITIES: u32 = 0x0200 | 0x8000 | 0x0008_0000;
const MOST_BYTES: u32 = 1 << 24;
const UTF8: u8 = 33;
/// An empty password, in answer to the question for it under another plugin.
const NO_PASSWORD: [u8; 4] = [0, 0, 0, 3];
/// `COM_QUIT`.
const QUIT: [u8; 5] = [1, 0, 0, 0, 1];
/// The most that is read of one packet; greetings have about a hundred bytes.
pub(super) const MOST: usize = 4096;

/// Whether there is a whole packet.
pub fn is_packet(text: &[u8]) -> bool {
    head(text).is_some_and(|(length, _)| text.len() >= 4 + length)
}

/// Length and number of a packet.
fn head(text: &[u8]) -> Option<(usize, u8)> {
    let [low, middle, high, number, ..] = *text else { return None };
    Some((usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16, number))
}

/// What a greeting says to people: the server's version, or its error.
pub fn words(greeting: &[u8]) -> Vec<u8> {
    match greeting.get(4..) {
        Some([10, rest @ ..]) => rest.iter().copied().take_while(|byte| *byte != 0).collect(),
        Some([0xff, low, high, text @ ..]) => {
            let number = u16::from_le_bytes([*low, *high]);
            // `#` and five characters of SQLSTATE stand before the text where the client has said that it knows them.
            let text = if let [b'#', _, _, _, _, _, rest @ ..] = text { rest } else { text };
            [format!("error {number}: ").as_bytes(), text].concat()
        }
        _ => greeting.to_vec(),
    }
}

/// The answer to a greeting: a login without a password. `None` where the greeting is none.
pub(super) fn log_in(greeting: &[u8], server: IpAddr) -> Option<Vec<u8>> {
    if !is_packet(greeting) || greeting.get(4) != Some(&10) {
        return None;
    }
    let mariadb = words(greeting).windows(7).any(|part| part == b"MariaDB");
    let user = if server.is_loopback() && mariadb { LOCAL_GUEST } else { GUEST };
    let mut payload = CAPABILITIES.to_le_bytes().to_vec();
    payload.extend(MOST_BYTES.to_le_bytes());
    payload.push(UTF8);
    payload.extend([0; 23]);
    // The name, and an empty password that begins with its length.
    payload.extend(user.as_bytes());
    payload.extend([0, 0]);
    payload.extend(PLUGIN.as_bytes());
    payload.push(0);
    let length = u8::try_from(payload.len()).ok()?;
    Some([&[length, 0, 0, 1], payload.as_slice()].concat())
}

/// Sends the login, answers what the server asks back, and gives the last words.
pub(super) fn answered(channel: &mut Channel, login: &[u8]) -> Result<Vec<u8>, Trouble> {
    if login.is_empty() {
        return Ok(Vec::new());
    }
    let mut reply = ask(channel, login)?;
    if reply.get(4) == Some(&0xfe) {
        reply = ask(channel, &NO_PASSWORD)?;
    }
    Ok(if reply.get(4) == Some(&0) { QUIT.to_vec() } else { Vec::new() })
}

fn ask(channel: &mut Channel, words: &[u8]) -> Result<Vec<u8>, Trouble> {
    channel.send(words)?;
    let mut reply = Speech::default();
    reply.listen(channel, MOST, is_packet)?;
    Ok(reply.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(version: &str) -> Vec<u8> {
        let payload = [&[10], version.as_bytes(), &[0; 60]].concat();
        [&[u8::try_from(payload.len()).unwrap(), 0, 0, 0], payload.as_slice()].concat()
    }

    #[test]
    fn a_login_names_the_guest_and_counts_its_bytes() {
        let (own, other) = ([127, 0, 0, 1].into(), [192, 0, 2, 1].into());
        let login = log_in(&greeting("8.0.36"), own).unwrap();
        assert_eq!(usize::from(login[0]) + 4, login.len());
        assert_eq!(login[..13], [64, 0, 0, 1, 0, 0x82, 8, 0, 0, 0, 0, 1, 33]);
        assert!(login.ends_with(b"firstaid\0\0mysql_native_password\0"));
        let login = log_in(&greeting("5.5.5-10.11.19-MariaDB"), own).unwrap();
        assert!(login.ends_with(b"mariadb.sys\0\0mysql_native_password\0"));
        let login = log_in(&greeting("5.5.5-10.11.19-MariaDB"), other).unwrap();
        assert!(login.ends_with(b"firstaid\0\0mysql_native_password\0"));
    }

    #[test]
    fn what_is_no_greeting_gets_no_login() {
        for text in [&b""[..], b"\x05\0\0\0\xff\x6a\x04No", b"220 hello\r\n", b"\x40\0\0\0\x0a8.0"]
        {
            assert_eq!(log_in(text, [127, 0, 0, 1].into()), None, "{text:?}");
        }
    }

    #[test]
    fn people_are_told_the_version_or_the_error() {
        assert_eq!(words(&greeting("8.0.36")), b"8.0.36");
        assert_eq!(words(b"\x05\0\0\0\xff\x6a\x04No"), b"error 1130: No");
        assert_eq!(words(b"\x0b\0\0\0\xff\x10\x04#08004Too"), b"error 1040: Too");
        assert_eq!(words(b"junk"), b"junk");
    }
}
