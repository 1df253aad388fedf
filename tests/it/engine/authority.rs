//! The certificates of a cluster.

use std::path::PathBuf;
use std::process::Command;

use crate::server::site::{Site, run};

/// Signs the certificates of one cluster.
pub(crate) struct Authority {
    site: Site,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let site = Site::new("authority", &[]);
        run(openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-batch", "-subj", "/CN=authority", "-days", "90"])
        .args(["-keyout", &site.text("ca.key"), "-out", &site.text("ca.crt")]));
        Self { site }
    }

    /// The file of its own certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.site.path("ca.crt")
    }

    /// Writes key, certificate and authority to where Icinga 2 looks for them.
    pub(super) fn certify(&self, node: &Site, name: &str) {
        let dir = node.make_dir("lib/certs");
        let file = |extension: &str| dir.join(format!("{name}.{extension}")).display().to_string();
        let request = self.site.text(&format!("{name}.csr"));
        run(openssl(&[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-batch", "-subj", &format!("/CN={name}")])
        .args(["-keyout", &file("key"), "-out", &request]));
        run(openssl(&["x509", "-req", "-days", "90", "-CAcreateserial", "-in", &request])
            .args(["-CA", &self.site.text("ca.crt"), "-CAkey", &self.site.text("ca.key")])
            .args(["-out", &file("crt")]));
        std::fs::copy(self.site.path("ca.crt"), dir.join("ca.crt")).expect("our own files");
    }
}

fn openssl(args: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(args);
    command
}
