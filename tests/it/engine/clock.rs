//! Time as an engine sees it: real, or so fast that its hour passes in two minutes.
//!
//! The configuration stays as it is. What is preloaded reaches the engine and every dynamic program that it starts, but
//! not this project's plugins: they are static, and their time limits stay real.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::server::site::{Site, run};

const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
const SHIM: &str = include_str!("clock/condwait.c");

/// The clock of one engine.
#[derive(Clone)]
pub(crate) struct Clock {
    speed: u32,
    shim: Option<PathBuf>,
    started: Instant,
    started_at: SystemTime,
}

impl Clock {
    /// Seconds are seconds.
    pub(crate) fn real() -> Self {
        let (started, started_at) = (Instant::now(), now());
        Self { speed: 1, shim: None, started, started_at }
    }

    /// Time passes `speed` times as fast; the compiled shim goes into the engine's directory.
    pub(super) fn fast(site: &Site, speed: u32) -> Self {
        assert!(
            fs::exists(LIBRARY).is_ok_and(|it| it),
            "needs the Debian package faketime (make deps)"
        );
        let source = site.write("condwait.c", SHIM);
        let shim = site.path("condwait.so");
        run(Command::new("gcc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&shim).arg(source));
        Self { speed, shim: Some(shim), ..Self::real() }
    }

    /// Lets a command that is about to start live by this clock.
    pub(super) fn apply(&mut self, command: &mut Command) {
        (self.started, self.started_at) = (Instant::now(), now());
        let Some(shim) = &self.shim else { return };
        command
            .env("LD_PRELOAD", format!("{} {LIBRARY}", shim.display()))
            .env("FAKETIME", format!("+0 x{}", self.speed))
            // Programs that the engine starts go on with its time instead of beginning at the real one.
            .env("FAKETIME_DONT_RESET", "1")
            .env("FIRSTAID_TEST_SPEED", self.speed.to_string());
    }

    /// Removes what the first process of an engine shares with the others, and leaves when it is killed.
    pub(super) fn forget(&self, pid: u32) {
        if self.shim.is_some() {
            for kind in ["faketime_shm_", "sem.faketime_sem_"] {
                let _ = fs::remove_file(format!("/dev/shm/{kind}{pid}"));
            }
        }
    }

    /// How long one of the engine's minutes lasts.
    pub(crate) fn minutes(&self, count: u32) -> Duration {
        Duration::from_mins(1) * count / self.speed
    }

    /// The engine's time, in seconds since 1970.
    pub(crate) fn since_1970(&self) -> u64 {
        let passed = self.started.elapsed() * self.speed;
        (self.started_at + passed).duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
    }
}

#[expect(clippy::disallowed_methods, reason = "a clock has to read one")]
fn now() -> SystemTime {
    SystemTime::now()
}
