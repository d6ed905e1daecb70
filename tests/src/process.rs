//! One child process: its output in a file, signals by process id, waits that end. It is killed when dropped, and the
//! end of its output is shown when the test fails. Must not know what the process does.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub use rustix::process::Signal;
use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process, waitid};

/// How many lines of output a failing test shows.
const LOG_TAIL_LINES: usize = 40;

/// How often a condition is looked at while waiting.
pub const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// What went wrong with a child process.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("cannot start {program}")]
    Spawn {
        /// The program's path.
        program: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Its state could not be learned.
    #[error("cannot wait for {name}")]
    Wait {
        /// The process's name in the test.
        name: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It did not end in time.
    #[error("{name} still runs after {waited:?}")]
    StillRunning {
        /// The process's name in the test.
        name: String,
        /// How long was waited.
        waited: Duration,
    },
}

/// A running, or ended, child.
#[derive(Debug)]
pub struct ChildProcess {
    name: String,
    child: Child,
    log: PathBuf,
}

impl ChildProcess {
    /// Starts `command` with its two outputs appended to the file `log`.
    ///
    /// # Errors
    ///
    /// When the log cannot be written or the program cannot be run.
    pub fn spawn(name: &str, command: Command, log: &Path) -> Result<Self, ProcessError> {
        Self::spawn_with(name, command, log, Stdio::null())
    }

    /// Starts `command` as [`ChildProcess::spawn`] does, with an input that [`ChildProcess::type_line`] writes.
    ///
    /// # Errors
    ///
    /// When the log cannot be written or the program cannot be run.
    pub fn spawn_with_input(name: &str, command: Command, log: &Path) -> Result<Self, ProcessError> {
        Self::spawn_with(name, command, log, Stdio::piped())
    }

    fn spawn_with(name: &str, mut command: Command, log: &Path, input: Stdio) -> Result<Self, ProcessError> {
        let program = PathBuf::from(command.get_program());
        let spawned = OpenOptions::new().create(true).append(true).open(log).and_then(|file| {
            let second = file.try_clone()?;
            command.stdin(input).stdout(file).stderr(second).spawn()
        });
        let child = spawned.map_err(|source| ProcessError::Spawn { program, source })?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The file that holds what the process printed.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Writes a line to the input of a process that was started with one.
    ///
    /// # Errors
    ///
    /// When the process does not read any more.
    pub fn type_line(&mut self, line: &str) -> std::io::Result<()> {
        let input = self.child.stdin.as_mut().ok_or(std::io::ErrorKind::NotConnected)?;
        input.write_all(line.as_bytes())?;
        input.write_all(b"\n")
    }

    /// Sends `signal`; a process that has ended gets none.
    pub fn signal(&mut self, signal: Signal) {
        // A child that was waited for has given its id back, and the id may belong to a stranger by now.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(self.raw_id(), signal);
        }
    }

    /// Stops the process where it stands, as a machine that hangs would.
    pub fn pause(&mut self) {
        self.signal(Signal::STOP);
        // Until it stands: a signal that comes now, with a lower number, would be taken first. The end is left to be
        // collected by whoever waits for it.
        let events = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = waitid(WaitId::Pid(self.raw_id()), events);
        }
    }

    /// Lets a paused process go on.
    pub fn resume(&mut self) {
        self.signal(Signal::CONT);
    }

    /// Kills the process with SIGKILL and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks the process to stop with SIGTERM and waits until it has.
    ///
    /// # Errors
    ///
    /// When it still runs after `deadline`.
    pub fn terminate(&mut self, deadline: Duration) -> Result<ExitStatus, ProcessError> {
        self.signal(Signal::TERM);
        self.wait(deadline)
    }

    /// The exit status, if the process has ended.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn status(&mut self) -> Result<Option<ExitStatus>, ProcessError> {
        self.child.try_wait().map_err(|source| ProcessError::Wait { name: self.name.clone(), source })
    }

    /// Waits for the process to end by itself.
    ///
    /// # Errors
    ///
    /// When it still runs after `deadline`.
    pub fn wait(&mut self, deadline: Duration) -> Result<ExitStatus, ProcessError> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.status()? {
                return Ok(status);
            }
            if start.elapsed() >= deadline {
                return Err(ProcessError::StillRunning { name: self.name.clone(), waited: deadline });
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// All that the process printed so far.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The last lines that the process printed.
    #[must_use]
    pub fn output_tail(&self) -> String {
        let output = self.output();
        let lines: Vec<&str> = output.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }

    /// Memory resident now, in bytes; 0 once the process has ended.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.id())).unwrap_or_default();
        let pages: u64 = statm.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        pages * u64::try_from(rustix::param::page_size()).unwrap_or(0)
    }

    /// Processor time used so far by all threads, in user and kernel; zero once the process has ended.
    #[must_use]
    pub fn cpu_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // The name in parentheses may hold spaces; the fields after it are numbered from 3 (state) in proc(5).
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks =
            |number: usize| -> u64 { fields.get(number - 3).and_then(|text| text.parse().ok()).unwrap_or(0) };
        let milliseconds = (ticks(14) + ticks(15)) * 1000 / rustix::param::clock_ticks_per_second();
        Duration::from_millis(milliseconds)
    }

    fn raw_id(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let text = format!("--- the end of {}'s output ---\n{}\n---\n", self.name, self.output_tail());
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::{ChildProcess, Signal};

    fn shell(script: &str, log: &std::path::Path) -> ChildProcess {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        ChildProcess::spawn("shell", command, log).unwrap()
    }

    #[test]
    fn output_and_status_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = shell("echo out; echo err >&2; exit 3", &folder.path().join("log"));
        let status = child.wait(Duration::from_secs(5)).unwrap();
        assert_eq!(status.code(), Some(3));
        assert_eq!(child.output(), "out\nerr\n");
    }

    #[test]
    fn a_paused_process_ends_when_it_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = shell("exec cat /dev/zero >/dev/null", &folder.path().join("log"));
        assert!(child.resident_bytes() > 0);
        child.pause();
        child.signal(Signal::TERM);
        assert!(child.wait(Duration::from_millis(50)).is_err());
        child.resume();
        assert!(child.wait(Duration::from_secs(5)).unwrap().code().is_none());
    }
}
