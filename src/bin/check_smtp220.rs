//! `check_smtp220`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstaid::check::main::<firstaid::check::Smtp220>()
}
