//! Asks mounts that may hang, by processes of their own.
//!
//! A plugin starts no other program; this is the one exception, and what it starts is itself. A thread that waits in `statfs`
//! for a FUSE server which has read the request is beyond any signal, and keeps its whole process from ending: a plugin that
//! asked by itself could print its result, but the engine would wait for its end, and run into its own time limit. A process
//! of its own may stay behind instead; it holds nothing but its end of a pipe of ours.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;

use super::asked::{PROGRAM, READY, request};
use super::{Answer, Mount, Space, stuck};
use crate::deadline::Deadline;

/// How long the other mounts wait for one that does not answer. It may still answer until the time limit.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often a new process is looked after that has not said anything yet.
const LOOK: Duration = Duration::from_millis(100);

/// Asks mounts in their order and waits for them until the time limit. A mount that hangs hides no other.
///
/// # Errors
/// A signal arrived, or there is no pipe to be had.
pub(super) fn ask(mounts: &[&Mount], deadline: &Deadline) -> io::Result<Vec<Answer>> {
    if mounts.is_empty() {
        return Ok(Vec::new());
    }
    let mut asking = Asking::of(mounts)?;
    let result = asking.run(mounts, deadline);
    asking.end();
    result?;
    let not_reached = || Answer::NotAsked("was not reached within the time limit".to_owned());
    Ok(asking.answers.into_iter().map(|answer| answer.unwrap_or_else(not_reached)).collect())
}

/// One process that asks; it gets its next mount when it has answered.
struct Asker {
    process: Child,
    // Gone when the process has been given up: without further requests it ends by itself.
    requests: Option<PipeWriter>,
    /// The mount it was given last.
    index: usize,
}

impl Asker {
    fn give(&mut self, index: usize, mount: &Mount) -> io::Result<()> {
        self.index = index;
        let requests = self.requests.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        requests.write_all(&request(index, &mount.device, &mount.point))
    }

    fn has_ended(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(Some(_)))
    }
}

struct Asking {
    answers: Vec<Option<Answer>>,
    askers: Vec<Asker>,
    received: Vec<u8>,
    from_askers: PipeReader,
    to_us: PipeWriter,
    ready: bool,
}

impl Asking {
    fn of(mounts: &[&Mount]) -> io::Result<Self> {
        let (from_askers, to_us) = io::pipe()?;
        let still = |process: Option<i32>| process.map(|process| Answer::StillSilent { process });
        let answers = stuck::find(mounts).into_iter().map(still).collect();
        Ok(Self {
            answers,
            askers: Vec::new(),
            received: Vec::new(),
            from_askers,
            to_us,
            ready: false,
        })
    }

    fn run(&mut self, mounts: &[&Mount], deadline: &Deadline) -> io::Result<()> {
        for (index, mount) in mounts.iter().enumerate() {
            if self.is_answered(index) {
                continue;
            }
            if deadline.passed() {
                break;
            }
            if let Some(reason) = self.put(index, mount, deadline)? {
                self.give_up(index, &reason);
                break;
            }
            // Mounts that hang cost the others no more than half of the time, however many they are.
            let share =
                deadline.left() / 2 / u32::try_from(mounts.len() - index).unwrap_or(u32::MAX);
            self.follow(index, &deadline.restarted(share.min(PATIENCE)))?;
        }
        self.wait_for_the_silent(deadline)
    }

    /// Gives the mounts that have not answered yet the rest of the time.
    fn wait_for_the_silent(&mut self, deadline: &Deadline) -> io::Result<()> {
        let open: Vec<usize> = self.askers.iter().map(|asker| asker.index).collect();
        for (asker, index) in open.into_iter().enumerate() {
            self.follow(index, deadline)?;
            let ended = self.askers.get_mut(asker).is_some_and(Asker::has_ended);
            if let Some(answer) = self.answers.get_mut(index) {
                let lost = || Answer::NotAsked("the process that asked it has ended".to_owned());
                answer.get_or_insert_with(|| if ended { lost() } else { Answer::Silent });
            }
        }
        Ok(())
    }

    /// Notes why the mounts from this one on could not be asked.
    fn give_up(&mut self, index: usize, reason: &str) {
        for answer in self.answers.iter_mut().skip(index) {
            answer.get_or_insert_with(|| Answer::NotAsked(reason.to_owned()));
        }
    }

    fn is_answered(&self, index: usize) -> bool {
        self.answers.get(index).is_some_and(Option::is_some)
    }

    /// Gives a mount to the process that is free, or to a new one. Says why, where that is not possible.
    fn put(
        &mut self,
        index: usize,
        mount: &Mount,
        deadline: &Deadline,
    ) -> io::Result<Option<String>> {
        let free = self.askers.last().is_some_and(|asker| self.is_answered(asker.index));
        if !free {
            if let Err(error) = self.start(index) {
                return Ok(Some(format!("no process to ask it can be started: {error}")));
            }
            // Waited for apart, so that a slow start does not pass for a mount that hangs.
            if !self.is_greeted(&deadline.share(2))? {
                return Ok(Some("the process that asks did not begin".to_owned()));
            }
        }
        let given = self.askers.last_mut().map(|asker| asker.give(index, mount));
        let failed = given.and_then(Result::err);
        Ok(failed.map(|error| format!("the process that asks takes no request: {error}")))
    }

    fn start(&mut self, index: usize) -> io::Result<()> {
        if let Some(given_up) = self.askers.last_mut() {
            given_up.requests = None;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "starts this program once more, for mounts that may hang; the module says why"
        )]
        let mut command = Command::new("/proc/self/exe");
        command.arg0(PROGRAM).env_clear().current_dir("/").process_group(0);
        let (stdin, requests) = io::pipe()?;
        command.stdin(stdin).stdout(self.to_us.try_clone()?).stderr(Stdio::null());
        let process = command.spawn()?;
        self.askers.push(Asker { process, requests: Some(requests), index });
        self.ready = false;
        Ok(())
    }

    fn is_greeted(&mut self, deadline: &Deadline) -> io::Result<bool> {
        while !self.ready && !deadline.passed() {
            let came = self.receive(&deadline.restarted(LOOK))?;
            if !came && self.askers.last_mut().is_none_or(Asker::has_ended) {
                break;
            }
        }
        Ok(self.ready)
    }

    /// Waits for the answer of one mount.
    fn follow(&mut self, index: usize, deadline: &Deadline) -> io::Result<()> {
        while !self.is_answered(index) && self.receive(deadline)? {}
        Ok(())
    }

    /// Takes what processes have written, or says that nothing came in time.
    fn receive(&mut self, deadline: &Deadline) -> io::Result<bool> {
        match deadline.wait(self.from_askers.as_fd(), PollFlags::POLLIN) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(false),
            Err(error) => return Err(error),
        }
        let mut buffer = [0; 4096];
        let count = self.from_askers.read(&mut buffer)?;
        self.received.extend_from_slice(buffer.get(..count).unwrap_or_default());
        while let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.received.drain(..=end).collect();
            self.take(String::from_utf8_lossy(&line).trim_end());
        }
        Ok(true)
    }

    fn take(&mut self, line: &str) {
        if line == READY {
            self.ready = true;
        } else if let Some((index, answer)) = parse(line)
            && let Some(place) = self.answers.get_mut(index)
        {
            place.get_or_insert(answer);
        }
    }

    /// Ends all processes. One that hangs stays behind until its file system answers; nobody waits for it.
    fn end(&mut self) {
        for asker in &mut self.askers {
            asker.requests = None;
            // It may have ended by itself.
            let _ = asker.process.kill();
            let _ = asker.process.try_wait();
        }
    }
}

fn parse(line: &str) -> Option<(usize, Answer)> {
    let (index, answer) = line.split_once(' ')?;
    let answer = match answer.split_once(' ')? {
        ("ok", numbers) => Answer::Space(Space::decode(numbers)?),
        ("error", number) => Answer::Failed(Errno::from_raw(number.parse().ok()?)),
        _ => return None,
    };
    Some((index.parse().ok()?, answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_is_an_answer() {
        let space = Space { block: 1, blocks: 2, free: 3, available: 4, inodes: 5, inodes_free: 6 };
        assert_eq!(parse("7 ok 1 2 3 4 5 6"), Some((7, Answer::Space(space))));
        assert_eq!(parse("0 error 13"), Some((0, Answer::Failed(Errno::EACCES))));
        for line in ["", "7", "7 ok", "7 ok 1 2", "x error 13", "7 error", "TCP UNKNOWN - what"] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }
}
