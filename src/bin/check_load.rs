//! `check_load`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstaid::check::main::<firstaid::check::Load>()
}
