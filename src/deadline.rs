//! The moment by which a target must have answered, what is being waited for, and the signals that end the wait.
//!
//! Every wait of a probe goes through [`Deadline::wait`] or [`Deadline::aside`]: so nothing hangs longer than the time
//! limit, a signal ends it at once, and the phase that hung is known.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signalfd::SignalFd;

/// What a probe is waiting for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Phase {
    /// A name's addresses.
    Resolve,
    /// A connection to be accepted.
    #[default]
    Connect,
    /// The TLS handshake.
    Tls,
    /// The first byte of a server that speaks first.
    Greeting,
    /// Room to send.
    Send,
    /// The first byte of the reply.
    FirstByte,
    /// The rest of the reply.
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Greeting => "greeting",
            Self::Send => "send",
            Self::FirstByte => "first byte",
            Self::Body => "body",
        })
    }
}

/// What happened on the way, for `-v`.
#[derive(Debug, Default)]
struct Trace {
    phase: Phase,
    phases: Vec<(Phase, Duration)>,
    transcript: Option<Vec<String>>,
}

/// A time limit with everything that belongs to waiting. Clones share the trace.
#[derive(Clone, Debug)]
pub struct Deadline {
    start: Instant,
    end: Instant,
    signals: Option<Arc<SignalFd>>,
    trace: Arc<Mutex<Trace>>,
}

impl Deadline {
    /// A limit that begins now.
    pub fn within(budget: Duration) -> Self {
        let start = Instant::now();
        Self { start, end: start + budget, signals: None, trace: Arc::default() }
    }

    /// With signals that end every wait.
    #[must_use]
    pub fn ended_by(self, signals: Arc<SignalFd>) -> Self {
        Self { signals: Some(signals), ..self }
    }

    /// A limit of its own that begins now, no later than this one, with a trace of its own and the same signals.
    #[must_use]
    pub fn restarted(&self, budget: Duration) -> Self {
        let own = Self::within(budget);
        Self { end: own.end.min(self.end), signals: self.signals.clone(), ..own }
    }

    /// With a transcript of what goes over the wire.
    #[must_use]
    pub fn transcribed(self) -> Self {
        self.trace().transcript = Some(Vec::new());
        self
    }

    /// An equal share of what is left, for one of `parts` attempts.
    #[must_use]
    pub fn share(&self, parts: usize) -> Self {
        let parts = u32::try_from(parts).unwrap_or(u32::MAX).max(1);
        Self { end: Instant::now() + self.left() / parts, ..self.clone() }
    }

    /// The same limit, but no later than `budget` from now.
    #[must_use]
    pub fn at_most(&self, budget: Duration) -> Self {
        Self { end: self.end.min(Instant::now() + budget), ..self.clone() }
    }

    /// Time that is left; zero when it has passed.
    pub fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn passed(&self) -> bool {
        self.left().is_zero()
    }

    /// Time since the limit began.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Names what is waited for from now on.
    pub fn enter(&self, phase: Phase) {
        let elapsed = self.elapsed();
        let mut trace = self.trace();
        trace.phase = phase;
        trace.phases.push((phase, elapsed));
    }

    /// What is waited for.
    pub fn phase(&self) -> Phase {
        self.trace().phase
    }

    /// Phases with the time at which each began.
    pub fn phases(&self) -> Vec<(Phase, Duration)> {
        self.trace().phases.clone()
    }

    /// Notes bytes that were sent (`>`) or received (`<`), where a transcript was asked for.
    pub fn note(&self, direction: char, bytes: &[u8]) {
        if let Some(lines) = &mut self.trace().transcript {
            lines.push(format!("{direction} {}", String::from_utf8_lossy(bytes).trim_end()));
        }
    }

    /// The transcript so far.
    pub fn transcript(&self) -> Vec<String> {
        self.trace().transcript.clone().unwrap_or_default()
    }

    /// Lets a time pass.
    ///
    /// # Errors
    /// As [`Deadline::wait`]: `TimedOut` when the limit does not leave that much time.
    pub fn pause(&self, time: Duration) -> io::Result<()> {
        // Nobody writes to the other end.
        let (_silent, own) = UnixStream::pair()?;
        let all = self.at_most(time);
        match all.wait(own.as_fd(), PollFlags::POLLIN) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut && !self.passed() => Ok(()),
            other => other,
        }
    }

    /// Waits until a descriptor is ready.
    ///
    /// # Errors
    /// `TimedOut` when the limit has passed, `Interrupted` wrapped as other when a signal arrived.
    pub fn wait(&self, fd: BorrowedFd<'_>, events: PollFlags) -> io::Result<()> {
        loop {
            let left = self.left();
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut fds = vec![PollFd::new(fd, events)];
            fds.extend(
                self.signals
                    .as_ref()
                    .map(|signals| PollFd::new(signals.as_fd(), PollFlags::POLLIN)),
            );
            match poll(&mut fds, timeout(left)) {
                Ok(0) | Err(nix::errno::Errno::EINTR) => {}
                Ok(_) if fds.get(1).is_some_and(|it| it.any().unwrap_or(false)) => {
                    return Err(io::Error::other("a signal arrived"));
                }
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Does blocking work in a thread of its own and waits for it no longer than the limit. Work that hangs is left behind.
    ///
    /// # Errors
    /// As [`Deadline::wait`]; also when no thread can be started or the work panicked.
    pub fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (result, answer) = mpsc::sync_channel(1);
        let (done, finished) = UnixStream::pair()?;
        thread::Builder::new().stack_size(256 * 1024).spawn(move || {
            // The receiver may have given up; then nobody needs the answer.
            let _ = result.send(work());
            drop(done);
        })?;
        self.wait(finished.as_fd(), PollFlags::POLLIN)?;
        answer.try_recv().map_err(|_| io::Error::other("the work stopped without an answer"))
    }

    fn trace(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Poll counts in milliseconds; a part of one is rounded up, so that a wait never ends early and spins.
fn timeout(left: Duration) -> PollTimeout {
    let whole = left.as_micros().div_ceil(1000);
    PollTimeout::try_from(whole).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_at_the_limit_and_not_before() {
        let (_peer, own) = UnixStream::pair().unwrap();
        let deadline = Deadline::within(Duration::from_millis(30));
        let error = deadline.wait(own.as_fd(), PollFlags::POLLIN).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(deadline.elapsed() >= Duration::from_millis(30));
    }

    #[test]
    fn work_that_hangs_is_left_behind() {
        let (_peer, own) = UnixStream::pair().unwrap();
        let deadline = Deadline::within(Duration::from_millis(30));
        let hung = deadline.aside(move || std::io::Read::read(&mut &own, &mut [0]).is_ok());
        assert_eq!(hung.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn work_gives_its_answer_and_a_panic_is_an_error() {
        let deadline = Deadline::within(Duration::from_secs(5));
        assert_eq!(deadline.aside(|| 42).unwrap(), 42);
        assert!(deadline.aside(|| assert!(std::env::args().count() == 0)).is_err());
    }

    #[test]
    fn each_attempt_gets_an_equal_share() {
        let deadline = Deadline::within(Duration::from_secs(10));
        let share = deadline.share(2).left();
        assert!(share <= Duration::from_secs(5) && share > Duration::from_secs(4));
    }
}
