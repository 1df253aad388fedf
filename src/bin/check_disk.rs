//! `check_disk`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstaid::check::main::<firstaid::check::Disk>()
}
