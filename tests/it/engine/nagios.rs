//! Nagios 4 as Debian packages it.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Engine, Files, Setup};
use crate::server::site::Site;

const PROGRAM: &str = "/usr/sbin/nagios4";

impl Engine {
    /// One Nagios with the generated folder.
    pub(crate) fn nagios4(setup: &Setup) -> Self {
        assert!(Path::new(PROGRAM).exists(), "needs the Debian package nagios4-core (make deps)");
        let site = Site::new("nagios4", &[]);
        for dir in ["rw", "results", "archives", "temp"] {
            site.make_dir(dir);
        }
        let main = site.write("nagios.cfg", &main(&site, setup));
        let mut command = Command::new(PROGRAM);
        command.arg(main);
        let files = Files { log: "nagios.log", status: "status.dat", commands: "rw/nagios.cmd" };
        Self::start("nagios4", site, setup, files, command)
    }
}

/// What the distribution's `nagios.cfg` has, with every path inside of the site; the generated settings come last.
fn main(site: &Site, setup: &Setup) -> String {
    let dir = site.text("");
    let dir = dir.trim_end_matches('/');
    let plugins = format!("$USER1$={}\n", setup.plugins.display());
    site.write("resource.cfg", &plugins);
    let settings = fs::read_to_string(setup.config.join("settings.cfg"));
    format!(
        "cfg_dir={}\nresource_file={dir}/resource.cfg\nlog_file={dir}/nagios.log\nobject_cache_file={dir}/objects.cache\n\
         precached_object_file={dir}/objects.precache\nstatus_file={dir}/status.dat\nstatus_update_interval=5\n\
         nagios_user=nagios\nnagios_group=nagios\ncheck_external_commands=1\ncommand_file={dir}/rw/nagios.cmd\n\
         lock_file={dir}/nagios.pid\ntemp_file={dir}/temp/nagios\ntemp_path={dir}/temp\nevent_broker_options=-1\n\
         log_rotation_method=n\nlog_archive_path={dir}/archives\nuse_syslog=0\nlog_initial_states=0\n\
         log_service_retries=1\nlog_host_retries=1\nquery_socket={dir}/rw/nagios.qh\n\
         service_inter_check_delay_method=s\nmax_service_check_spread=5\nservice_interleave_factor=s\n\
         host_inter_check_delay_method=s\nmax_host_check_spread=5\ncheck_result_reaper_frequency=10\n\
         check_result_path={dir}/results\nstate_retention_file={dir}/retention.dat\ncheck_for_updates=0\n{}",
        setup.config.join("objects").display(),
        settings.expect("the generated folder has settings"),
    )
}
