//! Whatever a value holds, it stays one value in each generated language, as the programs that read it show.
//!
//! Every pair of characters that means something to any reader is tried: twice as many characters as an escape has, at
//! both ends of the value. That is small enough to try all; random longer texts would repeat the same pairs, and each
//! would cost a start of a daemon.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use firstaid::config::{File, icinga2, nagios, nrpe, sudoers};
use firstaid::inventory::{Call, Host, HostName, Inventory};
use firstaid::policy::Policy;

use crate::monitored;
use crate::nagios::Nagios;
use crate::nrpe::{Certificates, Nrpe, network};
use crate::run::run;
use crate::server::wait_until;

const CHARACTERS: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\u{1}\u{7f}\u{85}aé漢";

/// What would do harm if it were understood.
const TEXTS: &[&str] = &[
    "",
    "$HOSTNAME$",
    "$USER1$",
    "$ARG1$",
    "$$HOSTNAME$$",
    "$(touch hurt)",
    "`touch hurt`",
    "; touch hurt",
    "| touch hurt",
    "' ; touch hurt ; '",
    "\" ; touch hurt ; \"",
    "'\"'\"'",
    "\\'",
    "\\\\'",
    "a\\",
    "a\\\\",
    "\\!x!y",
    "a\n}\ndefine host {\n",
    "x\ncommand[firstaid_load]=touch hurt",
    "/* */ // #",
    "{{ 1 + 1 }}",
    "{{{ x }}}",
    "$host.name$",
    "null",
    "%s%n%d",
    "-x",
    "--",
    "~root",
    "ALL",
    "NOPASSWD: ALL",
];

fn values() -> Vec<String> {
    let pairs = CHARACTERS.chars().flat_map(|one| {
        CHARACTERS.chars().map(move |other| [one, other].iter().collect::<String>())
    });
    let texts = TEXTS.iter().map(|text| (*text).to_owned());
    texts.chain(CHARACTERS.chars().map(String::from)).chain(pairs).collect()
}

/// A control character can not be written in a language of lines; a space stands for it.
fn on_one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// An inventory with one host for each of some lists of values.
fn with_hosts<T>(plugins: &Path, lists: &[T], change: impl Fn(&mut Host, &T)) -> Inventory {
    let text = format!(
        "[site]\nplugins = \"{}\"\n[[host]]\nname = \"web\"\naddress = \"10.0.0.1\"\nos = \"centos\"\n\
         services = [\"dns\"]\n[host.service.dns]\nlookup = \"www.example.com\"\n",
        plugins.display()
    );
    let read = monitored::inventory(&text);
    let hosts = lists.iter().enumerate().map(|(number, list)| {
        let mut host = read.hosts()[0].clone();
        host.name = HostName::parse(&format!("web{number}")).unwrap();
        host.address = format!("key{number}");
        change(&mut host, list);
        host
    });
    Inventory::of(read.site().clone(), Vec::new(), read.contacts().to_vec(), hosts.collect())
}

/// A folder of programs that write down the words they are called with, below `seen/` by the word at a place.
fn witnesses(folder: &Path, place: usize) -> std::path::PathBuf {
    let plugins = folder.join("plugins");
    let seen = plugins.join("seen");
    fs::create_dir_all(&seen).unwrap();
    fs::set_permissions(&seen, Permissions::from_mode(0o777)).unwrap();
    let (seen, silent) = (seen.display(), "echo fine");
    let witness = format!(
        "printf '%s\\0' \"$@\" > {seen}/${place}.new && mv {seen}/${place}.new {seen}/${place}; echo fine"
    );
    for name in ["check_dns", "check_disk"] {
        monitored::script(&plugins.join(name), &witness);
    }
    for name in ["check_icmp_rtt", "check_nrpe", "recover_service", "check_load", "check_mem"] {
        monitored::script(&plugins.join(name), silent);
    }
    plugins
}

/// The words that a witness has seen.
fn seen(plugins: &Path, key: &str) -> Option<Vec<String>> {
    let bytes = fs::read(plugins.join("seen").join(key)).ok()?;
    let text = String::from_utf8(bytes).unwrap();
    Some(text.split_terminator('\0').map(str::to_owned).collect())
}

#[test]
fn arguments_reach_a_check_through_nagios_word_by_word() {
    let folder = monitored::folder();
    let plugins = witnesses(folder.path(), 4);
    let values = values();
    let lists: Vec<&[String]> = values.chunks(100).collect();
    let inventory = with_hosts(&plugins, &lists, |host, list| {
        host.services[0].expected = list.to_vec();
    });
    let daemon = Nagios::of(&nagios::write(Policy::documented(), &inventory), &plugins);
    daemon.is_clean();
    let network = network();
    let running = daemon.start(&network);
    running.first_results();
    for host in inventory.hosts() {
        let call = Call::service(host, &host.services[0]);
        let expected: Vec<String> = call.args.iter().map(|word| on_one_line(word)).collect();
        assert_eq!(seen(&plugins, &host.address), Some(expected), "{}", host.name);
    }
    assert!(!daemon.path("hurt").exists() && !plugins.join("hurt").exists());
}

#[test]
fn a_note_is_read_by_nagios_as_it_is() {
    let values = values();
    let plugins = Path::new("/usr/lib/nagios/plugins");
    let inventory = with_hosts(plugins, &values, |host, value| {
        host.services.clear();
        host.resources.clear();
        host.notes = Some(value.clone());
    });
    let daemon = Nagios::of(&nagios::write(Policy::documented(), &inventory), plugins);
    daemon.is_clean();
    let objects = daemon.objects();
    let blocks = objects.split("\ndefine host {\n").skip(1);
    let mut read: BTreeMap<&str, &str> = BTreeMap::new();
    for block in blocks {
        let block = block.split("\n\t}").next().unwrap();
        let value = |name: &str| {
            block.lines().find_map(|line| line.trim_start_matches('\t').strip_prefix(name))
        };
        let name = value("host_name\t").unwrap();
        read.insert(name, value("notes\t").unwrap_or_default());
    }
    assert_eq!(read.len(), values.len());
    for (host, value) in inventory.hosts().iter().zip(&values) {
        // Nagios's own word for no value, which it has no way to quote.
        let expected = if value == "null" { "" } else { value };
        assert_eq!(read[host.name.as_str()], on_one_line(expected).trim(), "{value:?}");
    }
}

#[test]
fn arguments_reach_a_check_through_nrpe_word_by_word() {
    let folder = monitored::folder();
    let plugins = witnesses(folder.path(), 2);
    let values = values();
    let lists: Vec<&[String]> = values.chunks(60).collect();
    let inventory = with_hosts(&plugins, &lists, |host, list| {
        let disk = host.resources.iter_mut().find(|it| it.name == "disk").unwrap();
        disk.paths = std::iter::once(host.address.clone()).chain(list.iter().cloned()).collect();
    });
    let files = nrpe::write(Policy::documented(), &inventory);
    assert_eq!(files.len(), 1 + lists.len());
    let line = |file: &File| {
        let found = file.text.lines().find(|line| line.starts_with("command[firstaid_disk]="));
        found.unwrap().to_owned()
    };
    let mut text = files[0].text.clone();
    for (number, file) in files[1..].iter().enumerate() {
        text += &line(file).replacen("firstaid_disk", &format!("disk{number}"), 1);
        text.push('\n');
    }
    let (certificates, network) = (Certificates::new(), network());
    let nrpe = Nrpe::start(&text, &certificates, &network);
    for (number, host) in inventory.hosts().iter().enumerate() {
        let ran = nrpe.ask(&format!("disk{number}"), &certificates.client("monitor"));
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "fine\n"), "{ran:?}\n{}", nrpe.log());
        let call = Call::all(host).into_iter().find(|call| call.label == "disk").unwrap();
        let expected: Vec<String> = call.args.iter().map(|word| on_one_line(word)).collect();
        assert!(wait_until(std::time::Duration::from_secs(10), || {
            seen(&plugins, &host.address).is_some()
        }));
        assert_eq!(seen(&plugins, &host.address), Some(expected), "{}", host.name);
    }
}

/// A text of Icinga 2's language in which every byte is a number.
fn in_octal(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("\\{byte:03o}"));
    format!("\"{}\"", bytes.collect::<String>())
}

#[test]
fn a_note_is_read_by_icinga_as_it_is() {
    // What the inventory refuses can not come here.
    let values: Vec<String> =
        values().into_iter().filter(|it| !it.contains(char::is_control)).collect();
    let plugins = Path::new("/usr/lib/nagios/plugins");
    let inventory = with_hosts(plugins, &values, |host, value| {
        host.services.clear();
        host.resources.clear();
        host.notes = Some(value.clone());
    });
    let folder = monitored::folder();
    monitored::put(&icinga2::write(Policy::documented(), &inventory), folder.path());
    let place = folder.path().display();
    let mut text = format!(
        "const NodeName = \"one\"\nconst ZoneName = \"one\"\nconst PluginDir = \"/usr/lib/nagios/plugins\"\n\
         include <itl>\nobject Endpoint NodeName {{ }}\nobject Zone ZoneName {{ endpoints = [ NodeName ] }}\n\
         include_recursive \"{place}/icinga2/conf.d\"\nconst Expected = {{\n"
    );
    for (host, value) in inventory.hosts().iter().zip(&values) {
        text.extend(["\"", host.name.as_str(), "\" = ", &in_octal(value), "\n"]);
    }
    text += "}\napply Service \"probe\" {\n  check_command = \"dummy\"\n\
             if (host.notes != Expected[host.name]) { throw \"otherwise: \" + host.name }\n\
             assign where true\n}\n";
    let main = folder.path().join("icinga2.conf");
    fs::write(&main, text).unwrap();
    let mut words = vec!["daemon".to_owned(), "-C".to_owned(), "-c".to_owned()];
    words.push(main.display().to_string());
    for name in ["DataDir", "LogDir", "CacheDir", "InitRunDir", "SpoolDir"] {
        let own = folder.path().join(name);
        fs::create_dir(&own).unwrap();
        fs::set_permissions(&own, Permissions::from_mode(0o777)).unwrap();
        words.push(format!("-D{name}={}", own.display()));
    }
    let ran = run("/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2", &words);
    let said = ran.stdout.clone() + &ran.stderr;
    let is_bad = |line: &&str| line.contains("warning/") || line.contains("critical/");
    let complaints: Vec<&str> = said.lines().filter(is_bad).collect();
    assert_eq!((ran.code, complaints), (0, Vec::new()), "{said}");
    assert!(said.contains(&format!("Instantiated {} Hosts", values.len())), "{said}");
}

#[test]
fn sudo_gets_a_rule_for_plain_words_and_no_other() {
    let folder = monitored::folder();
    let path = folder.path().join("rules");
    let texts = TEXTS.iter().map(|text| (*text).to_owned());
    for value in texts.chain(CHARACTERS.chars().map(String::from)) {
        let plugins = format!("/x{value}");
        let read = monitored::example();
        let mut site = read.site().clone();
        site.plugins.clone_from(&plugins);
        let inventory =
            Inventory::of(site, Vec::new(), read.contacts().to_vec(), read.hosts().to_vec());
        let rules = &sudoers::write(Policy::documented(), &inventory)[0].text;
        fs::write(&path, rules).unwrap();
        let ran = run("visudo", &["-c".as_ref(), "-s".as_ref(), "-f".as_ref(), path.as_os_str()]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{value:?}: {ran:?}");
        let plain = value.chars().all(|it| it.is_ascii_alphanumeric() || "_./@%+-,:=".contains(it));
        assert_eq!(rules.contains("NOPASSWD"), plain, "{value:?}");
    }
}
