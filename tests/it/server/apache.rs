//! The web server Apache.

use std::process::Command;

use nix::sys::signal::Signal;

use super::goodbye::ask;
use super::site::{Site, run};
use super::{Recipe, Server};

/// The modules that are not built in.
const MODULES: [&str; 8] = [
    "mpm_event",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_user",
    "auth_basic",
    "dir",
    "mime",
];

impl Server {
    /// Apache behind basic authentication: 401 without credentials, 200 with `monitor` and `secret`.
    ///
    /// `/open/` needs none. `access.log` is a [`Server::file`] of its own.
    pub(crate) fn apache() -> Self {
        Self::start(&Recipe {
            name: "apache",
            package: "apache2",
            program: "/usr/sbin/apache2",
            ports: &["http"],
            log: "error.log",
            stop: Signal::SIGTERM,
            prepare: &prepare,
            answers: &|site| ask(site.port(0), b"GET / HTTP/1.0\r\n\r\n").map(drop),
            settled: &["resuming normal operations"],
            complaints: &[":warn]", ":error]", ":crit]", ":alert]", ":emerg]"],
        })
    }
}

fn prepare(site: &Site) -> Command {
    let dir = site.text("");
    let dir = dir.trim_end_matches('/');
    let port = site.port(0);
    site.make_dir("htdocs/open");
    for page in ["htdocs/index.html", "htdocs/open/index.html"] {
        site.write(page, "It works\n");
    }
    let hash = run(Command::new("openssl").args(["passwd", "-apr1", "secret"]));
    site.write("htpasswd", &format!("monitor:{hash}"));
    let modules: String = MODULES
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .concat();
    let config = site.write(
        "apache.conf",
        &format!(
            "ServerRoot {dir}\nDefaultRuntimeDir {dir}\nPidFile {dir}/apache.pid\nServerName www.example.test\n\
             Listen 127.0.0.1:{port}\n{modules}User www-data\nGroup www-data\nLogLevel info\nErrorLog {dir}/error.log\n\
             LogFormat \"%h %u \\\"%r\\\" %>s %b\" short\nCustomLog {dir}/access.log short\nTypesConfig /dev/null\n\
             StartServers 1\nMinSpareThreads 1\nMaxSpareThreads 50\nThreadsPerChild 25\nMaxRequestWorkers 50\n\
             DocumentRoot {dir}/htdocs\nDirectoryIndex index.html\n\
             <Directory {dir}/htdocs>\nAuthType Basic\nAuthName \"members\"\nAuthUserFile {dir}/htpasswd\n\
             Require valid-user\n</Directory>\n\
             <Directory {dir}/htdocs/open>\nRequire all granted\n</Directory>\n"
        ),
    );
    let mut command = Command::new("/usr/sbin/apache2");
    command.arg("-D").arg("FOREGROUND").arg("-f").arg(config);
    command
}
