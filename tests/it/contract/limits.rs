//! Too few descriptors, and users without rights: ours, never the target's doing.

use std::os::unix::process::CommandExt;

use super::form::{assert_form, measured_alike};
use super::plugin::all;
use super::streams::after;
use crate::run::{Ran, finish};

fn alike(ran: &Ran) -> (i32, String) {
    (ran.code, measured_alike(&ran.stdout))
}

#[test]
fn too_few_descriptors_are_unknown_and_never_critical() {
    for plugin in all() {
        // A name needs more descriptors than an address.
        let named: Vec<String> =
            plugin.line(&[]).iter().map(|it| it.replace("127.0.0.1", "localhost")).collect();
        for line in [plugin.line(&[]), named] {
            let usual = alike(&plugin.run(&line));
            for count in 3..=9 {
                let ran = finish(&mut after(&format!("ulimit -n {count}"), &plugin, &line));
                assert_form(&plugin, &line, &ran);
                assert!(
                    ran.code == 3 || alike(&ran) == usual,
                    "check_{} with {count}: {ran:?}",
                    plugin.name
                );
                assert!(count > 3 || ran.code == 3, "check_{}: {ran:?}", plugin.name);
            }
        }
    }
}

#[test]
fn a_user_without_rights_gets_the_same_or_unknown() {
    for plugin in all() {
        for (line, _) in plugin.states() {
            let usual = alike(&plugin.run(&line));
            let ran = finish(plugin.command(&line).uid(65_534).gid(65_534));
            assert_form(&plugin, &line, &ran);
            // Without rights, pings depend on what the machine permits.
            let same = alike(&ran) == usual || plugin.name == "icmp_rtt" && ran.code == 3;
            assert!(same, "check_{}: {ran:?} and not {usual:?}", plugin.name);
        }
    }
}
