//! `recover_service`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstaid::recover::main()
}
