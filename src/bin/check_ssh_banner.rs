//! `check_ssh_banner`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstaid::check::main::<firstaid::check::SshBanner>()
}
