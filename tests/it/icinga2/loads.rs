//! The engine reads what the generator writes and has nothing to complain.

use super::rig::Rig;
use super::{EXAMPLE, files, many};

#[test]
fn the_example_loads_on_every_server_of_its_cluster() {
    let files = files(EXAMPLE);
    for (node, zone, zones) in [
        ("master1.example.com", "master", &["master", "tokyo"][..]),
        ("master2.example.com", "master", &["master", "tokyo"]),
        ("satellite1.example.com", "tokyo", &["tokyo"]),
        ("app1.example.com", "app1.example.com", &[]),
    ] {
        Rig::member(&files, node, zone, zones).validate();
    }
}

#[test]
fn a_thousand_hosts_load() {
    Rig::single(&files(&many(1000)), "").validate();
}

#[test]
fn the_least_inventories_load() {
    for more in
        ["", "services = [\"ssh\"]", "agent = \"none\"", "agent = \"icinga\"", "agent = \"ssh\""]
    {
        let text = format!("[[host]]\nname = \"a\"\naddress = \"::1\"\nos = \"debian\"\n{more}\n");
        Rig::single(&files(&text), "").validate();
    }
}

#[test]
fn the_file_of_commands_is_all_that_an_agent_of_a_single_server_needs() {
    let text = "[[host]]\nname = \"a\"\naddress = \"::1\"\nos = \"debian\"\nagent = \"icinga\"\n";
    let mut commands = files(text);
    commands.retain(|file| file.path.ends_with("firstaid-commands.conf"));
    let listed = Rig::single(&commands, "").object_list().stdout;
    for (name, kind) in [("load", "Check"), ("restart_ssh", "Event"), ("reboot", "Event")] {
        let object = format!("Object 'firstaid_{name}' of type '{kind}Command'");
        assert!(listed.contains(&object), "{object}: {listed}");
    }
}

#[test]
fn hostile_texts_stay_in_their_strings() {
    for notes in [
        r#""; object Host \"x\" { } //"#,
        r"\\",
        "$host.name$ ${x} {{ y }} {{{ z",
        "`id` 'a' #b */ /*",
        "é \u{2028} ünï",
    ] {
        // A string of JSON is one of TOML.
        let quoted = serde_json::to_string(notes).unwrap();
        let text =
            format!("[[host]]\nname = \"a\"\naddress = \"a\"\nos = \"debian\"\nnotes = {quoted}\n");
        let rig = Rig::single(&files(&text), "");
        let listed = rig.object_list().stdout;
        let shown =
            listed.lines().find(|line| line.starts_with("  * notes = ") && !line.ends_with("\"\""));
        assert_eq!(shown, Some(format!("  * notes = \"{notes}\"").as_str()));
    }
}
