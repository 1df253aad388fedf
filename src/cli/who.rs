//! Who has asked for something, for those who read the records later.

use crate::plugin::visible;

/// The login behind sudo, or the user.
pub(super) fn asks() -> String {
    let named = ["SUDO_USER", "LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
    let named = named.filter(|name| !name.trim().is_empty());
    let who = named.unwrap_or_else(|| format!("user {}", nix::unistd::getuid()));
    visible(who.as_bytes())
}
