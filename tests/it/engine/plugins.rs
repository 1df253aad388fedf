//! A directory of plugins: this project's own, a stand-in for ping, and a recorder in the place of recovery.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{give_all, user};
use crate::server::site::Site;

/// Answers each check with the next letter of its script, `O`, `W` or `C`, and with the last one from then on.
///
/// `--only critical` and `--only warning` are two measurements, each with a script of its own that begins at its start.
const PING: &str = r#"#!/bin/sh
only=any host=none
while [ $# -gt 0 ]; do
    case $1 in
        -H) host=$2; shift ;;
        --only) only=$2; shift ;;
        --only=*) only=${1#*=} ;;
    esac
    shift
done
cd DIR/pings || exit 3
letters=O number=0
[ -r "$host" ] && read -r letters < "$host"
[ -r "$host.$only" ] && read -r number < "$host.$only"
echo $((number + 1)) > "$host.$only"
while [ "$number" -gt 0 ] && [ ${#letters} -gt 1 ]; do
    letters=${letters#?} number=$((number - 1))
done
case $only${letters%"${letters#?}"} in
    anyW | warningW) echo "ICMP_RTT WARNING - scripted"; exit 1 ;;
    anyC | criticalC) echo "ICMP_RTT CRITICAL - scripted"; exit 2 ;;
    *) echo "ICMP_RTT OK - scripted"; exit 0 ;;
esac
"#;

/// Writes the engine's time and the arguments, divided by tabs, and ends as a refusal does.
const RECORDER: &str = r#"#!/bin/sh
line=$(date +%s)
for argument; do
    line="$line	$argument"
done
printf '%s\n' "$line" >> DIR/calls
echo "RECOVER WARNING - refused (recorded): a test"
exit 1
"#;

/// What a quiet server with one processor looks like.
const QUIET: [(&str, &str); 3] = [
    ("proc/loadavg", "0.10 0.10 0.10 1/100 1000\n"),
    ("sys/devices/system/cpu/online", "0\n"),
    ("proc/meminfo", MEMORY),
];

/// Every line that is always there.
const MEMORY: &str = "\
MemTotal: 1000000 kB\nMemFree: 900000 kB\nMemAvailable: 950000 kB\nBuffers: 1000 kB\nCached: 9000 kB\n\
SwapCached: 0 kB\nActive: 9000 kB\nInactive: 9000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\nDirty: 0 kB\n\
Writeback: 0 kB\nMapped: 9000 kB\nSlab: 9000 kB\nCommitted_AS: 9000 kB\nVmallocTotal: 4 kB\n\
VmallocUsed: 4 kB\nVmallocChunk: 4 kB\n";

/// The directory; it goes when the value is dropped.
pub(crate) struct Plugins {
    site: Site,
}

/// One call of `recover_service`.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// When, by the engine's clock.
    pub(crate) at: u64,
    /// The whole command line.
    pub(crate) args: Vec<String>,
}

impl Call {
    /// The value of an option; empty if it was not given.
    pub(crate) fn value(&self, option: &str) -> &str {
        let long = format!("{option}=");
        let joined = self.args.iter().find_map(|argument| argument.strip_prefix(&long));
        let next = self.args.iter().position(|argument| argument == option);
        let separate = next.and_then(|at| self.args.get(at + 1)).map(String::as_str);
        joined.or(separate).unwrap_or_default()
    }

    /// The same call with its times moved as if the engine's time were the real one.
    pub(crate) fn as_of_now(&self) -> Vec<String> {
        let now = UNIX_EPOCH.elapsed().expect("a clock after 1970").as_secs();
        let moved = |argument: &String| match argument.parse::<u64>() {
            Ok(time) if time > 1_000_000_000 => (time + now).saturating_sub(self.at).to_string(),
            _ => argument.clone(),
        };
        self.args.iter().map(moved).collect()
    }

    /// Whether it is about this service of a host, or with `-` about the host itself.
    pub(crate) fn is_about(&self, host: &str, service: &str) -> bool {
        let named = self.value("--service");
        // Slow answers of a host are a service of the engine, and a fault of the host.
        let meant = if service == "-" { ["", "ping"] } else { [service; 2] };
        self.value("--host") == host && meant.contains(&named)
    }
}

impl Plugins {
    /// Every built check, except those that would measure this machine's load, memory or network.
    pub(crate) fn new() -> Self {
        let plugins = Self { site: Site::new("plugins", &[]) };
        let site = &plugins.site;
        site.make_dir("pings");
        for dir in ["server/proc", "server/sys/devices/system/cpu"] {
            site.make_dir(dir);
        }
        for (file, text) in QUIET {
            site.write(&format!("server/{file}"), text);
        }
        let built = Path::new(env!("CARGO_BIN_EXE_firstaid")).parent().expect("a folder");
        for entry in fs::read_dir(built).expect("the folder of the binaries").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("check_") && !name.contains('.') {
                plugins.link(&entry.path(), &name);
            }
        }
        plugins.script("check_icmp_rtt", PING);
        plugins.script("recover_service", RECORDER);
        for check in ["check_load", "check_mem"] {
            let real = plugins.site.path(&format!("{check}.real"));
            let _ = fs::rename(plugins.site.path(check), real);
            plugins.script(
                check,
                &format!("#!/bin/sh\nexec DIR/{check}.real --root DIR/server \"$@\"\n"),
            );
        }
        // It is a dynamic program, whose handshake and time limit belong to the real time.
        plugins.script(
            "check_nrpe",
            "#!/bin/sh\nunset LD_PRELOAD\nexec /usr/lib/nagios/plugins/check_nrpe \"$@\"\n",
        );
        give_all(plugins.site.dir(), &user());
        plugins
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &Path {
        self.site.dir()
    }

    /// How the checks of an address by ping end, one letter each.
    pub(crate) fn ping(&self, address: &str, script: &str) {
        for only in ["any", "critical", "warning"] {
            let _ = fs::remove_file(self.site.path(&format!("pings/{address}.{only}")));
        }
        self.replace(&format!("pings/{address}"), &format!("{script}\n"));
    }

    /// The load average over five minutes of the servers behind NRPE.
    pub(crate) fn load(&self, five: &str) {
        self.replace("server/proc/loadavg", &format!("0.10 {five} 0.10 1/100 1000\n"));
    }

    /// The calls of `recover_service` so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let text = self.site.read("calls");
        let words = text.lines().map(|line| line.split('\t').map(str::to_owned));
        words
            .filter_map(|mut words| {
                Some(Call { at: words.next()?.parse().ok()?, args: words.collect() })
            })
            .collect()
    }

    /// Writes a file that somebody may read at this moment.
    fn replace(&self, name: &str, text: &str) {
        let new = self.site.write("new", text);
        readable(&new, 0o644);
        fs::rename(new, self.site.path(name)).expect("a file in our own directory");
    }

    fn script(&self, name: &str, text: &str) {
        let dir = self.site.text("");
        let path = self.site.path(name);
        // A link would lead to the built program.
        let _ = fs::remove_file(&path);
        self.site.write(name, &text.replace("DIR", dir.trim_end_matches('/')));
        readable(&path, 0o755);
    }

    /// The engines' user may not enter every folder that a build lies in.
    fn link(&self, program: &Path, name: &str) {
        let path: PathBuf = self.site.path(name);
        if fs::hard_link(program, &path).is_err() {
            fs::copy(program, &path).expect("room for a copy of a program");
        }
    }
}

fn readable(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions of our own file");
}
