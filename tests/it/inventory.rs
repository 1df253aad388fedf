//! Inventories that are wrong: one clear error each, with file and line, and nothing is written.

use std::fmt::Write;
use std::fs;

use crate::monitored;
use crate::run::run;

/// A host that is right, with the numbers of its lines.
const GOOD: &str = "\
[[host]]
name = \"web1\"
address = \"192.0.2.1\"
os = \"centos\"
services = [\"ssh\", \"http\"]
";

/// One that stands before the host.
const SITE: &str = "[site]\n";

/// What is added behind the host, with what the error says: its line in the file, and a part of its text.
const ADDED: &[(&str, usize, &str)] = &[
    ("colour = 1", 6, "unknown field `colour`"),
    ("plan = \"core3\"", 6, "core3"),
    ("plan = 2", 6, "wanted string"),
    ("name = \"again\"", 6, "duplicate key"),
    ("os_check = true", 6, "wanted string"),
    ("line = \"shared-10m\"", 6, "shared 10 Mbps line"),
    ("line = \"gigabit\"", 6, "unknown line \"gigabit\""),
    ("panel = \"cpanel\"", 6, "cpanel"),
    ("agent = \"telnet\"", 6, "telnet"),
    ("http_layer = 5", 6, "layer is 4 or 7"),
    ("http_status = \"lax\"", 6, "lax"),
    ("zone = \"tokyo\"", 6, "zones belong to a cluster"),
    ("contacts = []", 2, "nobody would be told"),
    ("contacts = [\"ghost\"]", 6, "there is no contact \"ghost\""),
    ("parents = [\"ghost\"]", 6, "ghost"),
    ("parents = [\"web1\"]", 6, "web1"),
    ("parents = [\"a b\"]", 6, "is no host name"),
    ("recovery = \"maybe\"", 6, "maybe"),
    ("outside_only = \"pray\"", 6, "pray"),
    ("notes = \"two\\nlines\"", 6, "is not one line"),
    ("resources = [\"cpu\"]", 6, "unknown resource \"cpu\""),
    ("resources = \"load\"", 6, "expected"),
    ("agent = \"none\"\nresources = [\"load\"]", 7, "agent is \"none\""),
    ("icinga = { endpoint = \"x\" }", 6, "table icinga has no effect"),
    ("ssh = { port = 22 }", 6, "table ssh has no effect"),
    ("nrpe = { port = 0 }", 6, "port 0"),
    ("nrpe = { port = 70000 }", 6, "70000"),
    ("nrpe = { ca = \"/ca.pem\" }", 6, "three files"),
    ("nrpe = { ca = \"ca.pem\", certificate = \"/c\", key = \"/k\" }", 6, "is no plain path"),
    ("[host.service.ftp]\nport = 21", 6, "not among the host's services"),
    ("[host.service.ssh]\nport = 0", 7, "port 0"),
    ("[host.service.ssh]\nport = -1", 7, "-1"),
    ("[host.service.ssh]\nlayer = 5", 7, "layer is 4 or 7"),
    ("[host.service.ssh]\nvhost = \"www\"", 7, "vhost belongs to http and https"),
    ("[host.service.ssh]\nlookup = \"www\"", 7, "lookup belongs to dns"),
    ("[host.service.ssh]\nauthoritative = true", 7, "authoritative belongs to dns"),
    ("[host.service.ssh]\nauthoritative = \"yes\"", 7, "expected a boolean"),
    ("[host.service.ssh]\naddress = \"-x\"", 7, "is no address"),
    ("[host.service.ssh]\nunit = \"ssh; reboot\"", 7, "is no unit"),
    ("[host.service.ssh]\ncolour = 1", 7, "unknown field `colour`"),
    ("[host.service.http]\nwarning = \"soon\"", 6, "check_http_layer7 refuses"),
    ("[host.service.http]\nvhost = \"a$b\"", 7, "is no address"),
    ("[host.resource.cpu]\nwarning = \"1\"", 6, "cpu"),
    ("[host.resource.load]\nwarning = \"1,5\"", 6, "check_load refuses"),
    ("[host.resource.load]\npaths = [\"/\"]", 7, "paths belong to disk"),
    ("[host.resource.disk]\npaths = [\"home\"]", 7, "is no plain path"),
    ("[host.power]\nagent = \"ipmitool\"", 7, "is no fence agent"),
    (
        "[host.power]\nagent = \"fence_ipmilan\"\noptions = { password = \"secret\" }",
        8,
        "is a secret",
    ),
    (
        "[host.power]\nagent = \"fence_ipmilan\"\noptions = { action = \"off\" }",
        8,
        "set by recover_service itself",
    ),
    ("[host.power]\nagent = \"fence_ipmilan\"\npassword_file = \"secret\"", 8, "is no plain path"),
    ("[host.power]\nagent = \"fence_ipmilan\"\nidentity = \"web1\"", 8, "is no GUID"),
    ("[host.power]\nagent = \"fence_redfish\"", 7, "needs the option systems_uri"),
    (
        "[[host]]\nname = \"web1\"\naddress = \"192.0.2.2\"\nos = \"centos\"",
        6,
        "host web1 stands twice",
    ),
    ("[[host]]\nname = \"web2\"\nos = \"centos\"", 6, "missing field `address`"),
    ("[[host]]\naddress = \"192.0.2.2\"\nos = \"centos\"", 6, "missing field `name`"),
    ("[[host]]\nname = \"web2\"\naddress = \"192.0.2.2\"", 6, "names no os"),
    ("[[contact]]\nname = \"a\"\nemail = \"nowhere\"", 8, "is no mail address"),
    ("[[contact]]\nname = \"robot\"\nemail = \"a@b\"", 7, "contact robot exists already"),
    ("[[zone]]\nname = \"tokyo\"", 6, "zones belong to a cluster"),
];

/// A part of the host that is replaced.
const CHANGED: &[(&str, &str, usize, &str)] = &[
    ("\"web1\"", "\"web 1\"", 2, "is no host name"),
    ("\"web1\"", "\"\"", 2, "is no host name"),
    ("\"web1\"", "\"firstaid-x\"", 2, "generated templates"),
    ("\"web1\"", "7", 2, "expected"),
    ("\"192.0.2.1\"", "\"-h\"", 3, "is no address"),
    ("\"192.0.2.1\"", "\"a;b\"", 3, "is no address"),
    ("\"192.0.2.1\"", "\"192.0.2.1", 3, "string"),
    ("\"centos\"", "\"windows\"", 4, "Windows servers are not eligible"),
    ("\"centos\"", "\"Windows Server 2025\"", 4, "Windows servers are not eligible"),
    ("\"centos\"", "\"plan9\"", 4, "os_check = \"off\""),
    ("os = \"centos\"\n", "", 1, "names no os"),
    ("\"ssh\"", "\"gopher\"", 5, "unknown service \"gopher\""),
    ("\"ssh\"", "\"http\"", 5, "service http stands twice"),
    ("\"ssh\"", "\"dns\"", 5, "needs `lookup`"),
    ("\"ssh\", \"http\"]\n", "\"ssh\"]\nhttp_layer = 4\n", 6, "no effect without service http"),
    ("[[host]]", "[host]", 1, "expected"),
    ("[[host]]", "[[server]]", 1, "unknown field `server`"),
    (GOOD, "", 1, "no host"),
];

/// Lines of the site's table, with the error's line counted in them.
const SITES: &[(&str, &str)] = &[
    ("layout = \"ring\"", "ring"),
    ("layout = \"cluster\"", "add a [[zone]]"),
    ("plugins = \"plugins\"", "is no plain path"),
    ("plugins = \"/usr/../root\"", "is no plain path"),
    ("interval = 0", "out of bounds"),
    ("interval = 59", "out of bounds"),
    ("attempts = 1", "out of bounds"),
    ("stage_waits = 0", "out of bounds"),
    ("contacts = [\"ghost\"]", "there is no contact \"ghost\""),
    ("notify_host = \"mail -s x\"", "is no plain path"),
    ("recovery = 1", "wanted string"),
];

/// All wrong texts, each with the line of its error.
fn cases() -> Vec<(String, usize, &'static str)> {
    let added = ADDED.iter().map(|(text, line, said)| (format!("{GOOD}{text}\n"), *line, *said));
    let changed =
        CHANGED.iter().map(|(old, new, line, said)| (GOOD.replacen(old, new, 1), *line, *said));
    let sites = SITES.iter().map(|(text, said)| {
        let line = if text.contains("cluster") { 1 } else { 2 };
        (format!("{SITE}{text}\n{GOOD}"), line, *said)
    });
    added.chain(changed).chain(sites).collect()
}

#[test]
fn each_wrong_inventory_is_refused_with_its_line_and_nothing_is_written() {
    let folder = monitored::folder();
    let file = folder.path().join("hosts.toml");
    let out = folder.path().join("out");
    let cases = cases();
    assert!(cases.len() >= 80);
    let mut wrong = String::new();
    for (text, line, said) in cases {
        fs::write(&file, &text).unwrap();
        let [file, out_text] = [&file, &out].map(|path| path.to_str().unwrap());
        let runs = [
            run(env!("CARGO_BIN_EXE_firstaid"), &["generate", "--inventory", file, "--check"]),
            run(
                env!("CARGO_BIN_EXE_firstaid"),
                &["generate", "--inventory", file, "--out", out_text],
            ),
        ];
        for ran in &runs {
            let is_clear = ran.code == 1
                && ran.stdout.is_empty()
                && ran.stderr.trim_end().lines().count() == 1
                && ran.stderr.contains(&format!("{file}:{line}: "))
                && ran.stderr.contains(said);
            if !is_clear {
                let _ = write!(wrong, "{text}\nexpected line {line}: {said}\ngot {ran:?}\n\n");
                break;
            }
        }
        assert!(!out.exists(), "{text}");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_refused_inventory_leaves_what_was_generated_before() {
    let folder = monitored::folder();
    let [file, out] = ["hosts.toml", "out"].map(|name| folder.path().join(name));
    let generate = |text: &str| {
        fs::write(&file, text).unwrap();
        let words = ["--inventory", file.to_str().unwrap(), "--out", out.to_str().unwrap()];
        run(env!("CARGO_BIN_EXE_firstaid"), &[&["generate"], words.as_slice()].concat())
    };
    assert_eq!(generate(GOOD).code, 0);
    let hosts = out.join("nagios/objects/hosts.cfg");
    let before = fs::read(&hosts).unwrap();
    assert_eq!(generate(&GOOD.replace("centos", "windows")).code, 1);
    assert_eq!(fs::read(&hosts).unwrap(), before);
    for name in ["nrpe/firstaid.cfg", "sudoers/firstaid", "nagios/settings.cfg"] {
        assert!(out.join(name).exists(), "{name}");
    }
}
