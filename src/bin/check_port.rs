//! `check_port`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstaid::check::main::<firstaid::check::Port>()
}
