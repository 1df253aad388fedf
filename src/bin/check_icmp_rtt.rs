//! `check_icmp_rtt`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstaid::check::main::<firstaid::check::Icmp>()
}
