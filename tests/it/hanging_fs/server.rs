//! The thread on the other side of /dev/fuse.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::protocol::{Operation, Question, Usage};

/// How the file system answers, after it has been mounted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// It is healthy.
    Ok(Usage),
    /// `statfs` is never answered, everything else at once.
    StatfsHangs,
    /// Nothing is ever answered.
    AllHangs,
    /// Everything is answered, so long after it was asked.
    Slow(Duration, Usage),
    /// `statfs` fails with this error number, everything else is answered.
    StatfsFails(Errno),
}

struct State {
    mode: Mode,
    asked: Vec<Operation>,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// The running thread; the connection to the kernel is closed when this is dropped.
pub(super) struct Server {
    shared: Shared,
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves what is mounted with this open /dev/fuse.
    pub(super) fn start(device: File, mode: Mode) -> Self {
        let shared: Shared =
            Arc::new((Mutex::new(State { mode, asked: Vec::new() }), Condvar::new()));
        let (stopped, stop) = std::io::pipe().expect("cannot make a pipe");
        let mut serving = Serving { device, shared: Arc::clone(&shared), late: VecDeque::new() };
        let thread = thread::spawn(move || serving.until(&stopped));
        Self { shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Changes how requests that arrive from now on are answered; what hangs goes on hanging.
    pub(super) fn set(&self, mode: Mode) {
        locked(&self.shared).mode = mode;
    }

    /// Waits until the kernel has asked for this operation, at most so long; says whether it has.
    pub(super) fn was_asked(&self, operation: Operation, limit: Duration) -> bool {
        let state = locked(&self.shared);
        let waited = self
            .shared
            .1
            .wait_timeout_while(state, limit, |state| !state.asked.contains(&operation));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// How often the kernel has asked for this operation.
    pub(super) fn count(&self, operation: Operation) -> usize {
        locked(&self.shared).asked.iter().filter(|asked| **asked == operation).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The thread sees its end of the pipe closed.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has already been printed.
            let _ = thread.join();
        }
    }
}

fn locked(shared: &Shared) -> MutexGuard<'_, State> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Serving {
    device: File,
    shared: Shared,
    late: VecDeque<(Instant, Vec<u8>)>,
}

impl Serving {
    fn until(&mut self, stopped: &PipeReader) {
        let mut bytes = vec![0; 1 << 17];
        loop {
            while self.late.front().is_some_and(|(due, _)| *due <= Instant::now()) {
                if let Some((_, answer)) = self.late.pop_front() {
                    self.send(&answer);
                }
            }
            let wait = self
                .late
                .front()
                .map(|(due, _)| TimeSpec::from(due.saturating_duration_since(Instant::now())));
            let mut events =
                [self.device.as_fd(), stopped.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            match ppoll(&mut events, wait, None) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => panic!("cannot wait for the kernel: {error}"),
            }
            let [asked, ended] = events.map(|event| event.any() == Some(true));
            if ended {
                return;
            }
            if asked {
                match self.device.read(&mut bytes) {
                    Ok(length) => self.take(&bytes[..length]),
                    // ENODEV: unmounted or aborted.
                    Err(error) if error.raw_os_error() == Some(Errno::ENODEV as i32) => return,
                    // The caller took the request back before it was read.
                    Err(error)
                        if matches!(
                            error.raw_os_error().map(Errno::from_raw),
                            Some(Errno::ENOENT | Errno::EINTR | Errno::EAGAIN)
                        ) => {}
                    Err(error) => panic!("cannot read /dev/fuse: {error}"),
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let question = Question::parse(bytes).expect("the kernel's requests have a header");
        let mode = {
            let mut state = locked(&self.shared);
            state.asked.push(question.operation);
            self.shared.1.notify_all();
            state.mode
        };
        let healthy = Usage::percent(10.0, 10.0);
        let answer = match (mode, question.operation) {
            (_, Operation::Init) => question.answered(&healthy),
            (Mode::AllHangs, _) | (Mode::StatfsHangs, Operation::Statfs) => None,
            (Mode::StatfsFails(error), Operation::Statfs) => Some(question.failed(error as i32)),
            (Mode::StatfsHangs | Mode::StatfsFails(_), _) => question.answered(&healthy),
            (Mode::Ok(usage), _) => question.answered(&usage),
            (Mode::Slow(delay, usage), _) => {
                self.late.extend(
                    question.answered(&usage).map(|answer| (Instant::now() + delay, answer)),
                );
                None
            }
        };
        if let Some(answer) = answer {
            self.send(&answer);
        }
    }

    fn send(&mut self, answer: &[u8]) {
        // ENOENT: the caller is gone; ENODEV: unmounted. Neither wants an answer.
        let _ = self.device.write(answer);
    }
}
