//! `firstaid`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstaid::cli::main()
}
