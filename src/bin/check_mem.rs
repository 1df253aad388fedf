//! `check_mem`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstaid::check::main::<firstaid::check::Mem>()
}
