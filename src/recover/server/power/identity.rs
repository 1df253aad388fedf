//! Whether the device is the right server's: it may have been plugged into another one, or got another one's address.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::plugin::visible;
use crate::recover::Power;
use crate::recover::process::{self, Ran};
use crate::recover::server::secret;

const IPMITOOL: &str = "/usr/bin/ipmitool";
/// Names that `fence_ipmilan` has. All but the first speak `lanplus` by default.
const IPMI: &[&str] = &[
    "fence_ipmilan",
    "fence_ipmilanplus",
    "fence_idrac",
    "fence_ilo3",
    "fence_ilo4",
    "fence_ilo5",
    "fence_imm",
];

/// Compares with what is configured, if anything is.
///
/// # Errors
/// It is another one, or does not tell.
pub(super) fn verify(power: &Power, limit: Duration) -> Result<()> {
    let Some(wanted) = &power.identity else { return Ok(()) };
    ensure!(IPMI.contains(&power.agent.as_str()), "{} has no way to tell an identity", power.agent);
    let ran = process::run(&words(power)?, b"", limit)?;
    let Ran::Ended(ended) = &ran else {
        bail!("the device does not tell its identity in {} s", limit.as_secs())
    };
    let found = guid(&ended.output).with_context(|| {
        let last = ended.output.lines().last().unwrap_or_default();
        format!("the device does not tell its identity: {}", visible(last.as_bytes()))
    })?;
    ensure!(
        digits(&found) == digits(wanted),
        "the device is another server's: its identity is {}, not {wanted}",
        visible(found.as_bytes())
    );
    Ok(())
}

/// The command line. The password's file is read by ipmitool itself; here it is only looked at.
fn words(power: &Power) -> Result<Vec<String>> {
    let option =
        |names: &[&str]| names.iter().find_map(|name| power.options.get(*name)).map(String::as_str);
    let lanplus = match option(&["lanplus"]) {
        Some(value) => ["", "1", "yes", "on", "true"].contains(&value),
        None => power.agent != "fence_ipmilan",
    };
    let mut words = vec![IPMITOOL, "-I", if lanplus { "lanplus" } else { "lan" }];
    let address = option(&["ip", "ipaddr"]).context("option ip is missing")?;
    words.extend(["-H", address]);
    let others: [(&str, &[&str]); 4] = [
        ("-p", &["ipport"]),
        ("-U", &["username", "login"]),
        ("-C", &["cipher"]),
        ("-L", &["privlvl"]),
    ];
    for (letter, names) in others {
        if let Some(value) = option(names) {
            words.extend([letter, value]);
        }
    }
    if let Some(path) = &power.password_file {
        secret::read(Path::new(path))?;
        words.extend(["-f", path]);
    }
    words.extend(["mc", "guid"]);
    Ok(words.into_iter().map(str::to_owned).collect())
}

/// `System GUID  : 31303043-534d-2500-90d8-7a1600000000`.
fn guid(output: &str) -> Option<String> {
    let line = output.lines().find(|line| line.starts_with("System GUID"))?;
    let text = line.split_once(':')?.1.trim();
    (digits(text).len() == 32).then(|| text.to_owned())
}

/// Its digits, however they are grouped.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_hexdigit).map(|it| it.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn power(agent: &str, identity: Option<&str>, options: &[(&str, &str)]) -> Power {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Power {
            agent: agent.to_owned(),
            password_file: None,
            options: options.collect::<BTreeMap<_, _>>(),
            identity: identity.map(str::to_owned),
        }
    }

    #[test]
    fn ipmitool_is_asked_as_the_agent_would() {
        let options = [("ip", "192.0.2.1"), ("ipport", "6230"), ("username", "u"), ("cipher", "3")];
        let plain = words(&power("fence_ipmilan", None, &options)).unwrap().join(" ");
        let all = "/usr/bin/ipmitool -I lan -H 192.0.2.1 -p 6230 -U u -C 3 mc guid";
        assert_eq!(plain, all);
        let other = words(&power("fence_ilo4", None, &options)).unwrap().join(" ");
        assert_eq!(other, all.replace("-I lan ", "-I lanplus "));
        assert!(words(&power("fence_ipmilan", None, &[])).is_err());
    }

    #[test]
    fn an_identity_is_its_digits() {
        let output =
            "x\nSystem GUID   : EFCDAB89-6745-23a1-efcd-ab89674523a1\nGUID Encoding : IPMI\n";
        assert_eq!(digits(&guid(output).unwrap()), "efcdab89674523a1efcdab89674523a1");
        for output in ["", "System GUID", "System GUID : ", "System GUID : 12"] {
            assert_eq!(guid(output), None, "{output:?}");
        }
    }

    #[test]
    fn an_identity_that_can_not_be_asked_for_refuses() {
        let limit = Duration::from_secs(5);
        assert!(verify(&power("fence_virsh", None, &[]), limit).is_ok());
        assert!(verify(&power("fence_virsh", Some("12"), &[]), limit).is_err());
    }
}
