//! Certificates that nobody trusts.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::site::{Site, run};

/// How long the certificates of the fixtures are valid.
pub(super) const DAYS: u32 = 90;

/// Writes `cert.pem` and `key.pem`: a self-signed certificate for localhost, `*.example.test` and 127.0.0.1.
pub(super) fn self_signed(site: &Site) {
    let mut openssl = Command::new("openssl");
    openssl
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-batch",
        ])
        .args(["-subj", "/CN=localhost", "-days", &DAYS.to_string()])
        .args(["-addext", "subjectAltName=DNS:localhost,DNS:*.example.test,IP:127.0.0.1"])
        .args(["-keyout", &site.text("key.pem"), "-out", &site.text("cert.pem")]);
    run(&mut openssl);
    fs::set_permissions(site.path("key.pem"), Permissions::from_mode(0o600))
        .expect("permissions of our own file");
}
