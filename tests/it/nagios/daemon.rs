//! A private Nagios 4: its own folders, objects that were generated, and a main file with the generated settings.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use firstaid::config::File;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::monitored;
use crate::namespace::Namespace;
use crate::run::{Ran, command, finish};
use crate::server::wait_until;

const PROGRAM: &str = "/usr/sbin/nagios4";
/// Nagios starts all checks at once here; two busy cores need their time for hundreds.
const FIRST_RESULTS: Duration = Duration::from_mins(2);

/// Where everything is private, and checks begin at once. All else is as the settings have it.
const MAIN: &str = "\
log_file=DIR/nagios.log
cfg_dir=DIR/nagios/objects
resource_file=DIR/resource.cfg
object_cache_file=DIR/objects.cache
precached_object_file=DIR/objects.precache
status_file=DIR/status.dat
state_retention_file=DIR/retention.dat
temp_file=DIR/temp
temp_path=DIR
check_result_path=DIR/results
lock_file=DIR/lock
command_file=DIR/command
query_socket=DIR/query
nagios_user=root
nagios_group=root
use_syslog=0
check_for_updates=0
service_inter_check_delay_method=n
host_inter_check_delay_method=n
service_interleave_factor=1
status_update_interval=1
check_result_reaper_frequency=1
";

/// One state: host and service (empty for the host itself), number and text.
pub(crate) type States = BTreeMap<(String, String), (i32, String)>;

/// A configuration that Nagios may be asked about.
pub(crate) struct Nagios {
    folder: TempDir,
}

impl Nagios {
    /// With what was generated, and the folder of plugins that `$USER1$` names.
    pub(crate) fn of(files: &[File], plugins: &Path) -> Self {
        assert!(Path::new(PROGRAM).exists(), "needs the Debian package nagios4-core (make deps)");
        let folder = monitored::folder();
        monitored::put(files, folder.path());
        fs::create_dir(folder.path().join("results")).unwrap();
        let nagios = Self { folder };
        let settings = fs::read_to_string(nagios.path("nagios/settings.cfg")).unwrap();
        let place = nagios.folder.path().to_str().unwrap();
        let main = MAIN.replace("DIR", place) + &settings;
        fs::write(nagios.path("main.cfg"), main).unwrap();
        fs::write(nagios.path("resource.cfg"), format!("$USER1$={}\n", plugins.display())).unwrap();
        nagios
    }

    /// A file of its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What Nagios says about the configuration.
    pub(crate) fn verify(&self) -> Ran {
        finish(&mut command(PROGRAM, &["-v".as_ref(), self.path("main.cfg").as_os_str()]))
    }

    /// The objects as Nagios has read them, in its own spelling.
    pub(crate) fn objects(&self) -> String {
        let ran = finish(&mut command(
            PROGRAM,
            &["-v".as_ref(), "-p".as_ref(), self.path("main.cfg").as_os_str()],
        ));
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        fs::read_to_string(self.path("objects.precache")).unwrap()
    }

    /// Fails unless Nagios is content with every line.
    pub(crate) fn is_clean(&self) {
        let ran = self.verify();
        let content = ran.code == 0
            && ran.stdout.contains("Total Warnings: 0\n")
            && ran.stdout.contains("Total Errors:   0\n");
        assert!(content, "{}", ran.stdout);
    }

    /// Starts it in a network.
    pub(crate) fn start(&self, network: &Namespace) -> Running<'_> {
        let mut nagios = Command::new(PROGRAM);
        nagios.arg(self.path("main.cfg")).stdin(Stdio::null());
        nagios.stdout(fs::File::create(self.path("output")).unwrap());
        Running { nagios: self, child: network.spawn(&mut nagios) }
    }
}

/// A daemon that runs until the value is dropped.
pub(crate) struct Running<'a> {
    nagios: &'a Nagios,
    child: Child,
}

impl Running<'_> {
    /// The first result of everything.
    pub(crate) fn first_results(&self) -> States {
        let mut seen = None;
        wait_until(FIRST_RESULTS, || {
            seen = self.states();
            seen.is_some()
        });
        let log = || fs::read_to_string(self.nagios.path("nagios.log")).unwrap_or_default();
        seen.unwrap_or_else(|| panic!("Nagios did not check everything:\n{}", log()))
    }

    /// All states, once everything has one.
    fn states(&self) -> Option<States> {
        let text = fs::read_to_string(self.nagios.path("status.dat")).ok()?;
        let blocks = text.split("\n\n").filter_map(|block| {
            let block = block.trim_start();
            block.strip_prefix("hoststatus {").or_else(|| block.strip_prefix("servicestatus {"))
        });
        let mut states = States::new();
        for block in blocks {
            let values: BTreeMap<&str, &str> =
                block.lines().filter_map(|line| line.trim().split_once('=')).collect();
            if values.get("has_been_checked") != Some(&"1") {
                return None;
            }
            let text = |name| values.get(name).copied().unwrap_or_default().to_owned();
            let state = text("current_state").parse().ok()?;
            let key = (text("host_name"), text("service_description"));
            states.insert(key, (state, text("plugin_output")));
        }
        (!states.is_empty()).then_some(states)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        let _ = kill(pid, Signal::SIGTERM);
        if !wait_until(Duration::from_secs(10), || !matches!(self.child.try_wait(), Ok(None))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
