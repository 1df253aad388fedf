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
