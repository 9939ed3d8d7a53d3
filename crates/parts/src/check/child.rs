//! A child process that answers one line with one line, within a deadline.
//!
//! The child leads its own process group, and ends with it: when it is dropped or fails, the whole
//! group is killed and the child is reaped. Its standard error is read all along and its end is part
//! of every failure's reason.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A running child.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    /// Lines for the thread that writes them; dropping it closes the child's standard input.
    input: Option<Sender<String>>,
    lines: Receiver<Line>,
    complaints: Arc<Mutex<Vec<u8>>>,
    /// Disconnects when standard error ends.
    complained: Receiver<()>,
}

/// Why there is no reply.
#[derive(Debug)]
pub struct Failure {
    /// Whether the child ended by itself.
    pub ended: bool,
    /// What happened, with the end of standard error.
    pub reason: String,
}

/// How much of standard error is kept, and how long a line may be, in bytes.
const KEPT: usize = 2_000;
const LONGEST: u64 = 1 << 20;
/// How long a child that was told to end may take, and how long its last words are waited for.
const GRACE: Duration = Duration::from_millis(200);

#[derive(Debug)]
enum Line {
    Text(String),
    TooLong,
    NotText,
}

impl Child {
    /// Starts a program with its arguments in a process group of its own.
    pub fn start(program: &str, arguments: &[String]) -> io::Result<Child> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn()?;
        let (stdin, stdout, stderr) = (process.stdin.take(), process.stdout.take(), process.stderr.take());

        let (input, requests) = channel::<String>();
        thread::spawn(move || write(stdin.expect("standard input is piped"), &requests));
        // A child that talks without end must wait, not fill the memory.
        let (replies, lines) = sync_channel(4);
        thread::spawn(move || read(stdout.expect("standard output is piped"), &replies));
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let (ended, complained) = channel();
        let kept = Arc::clone(&complaints);
        thread::spawn(move || listen(stderr.expect("standard error is piped"), &kept, &ended));
        Ok(Child { process, input: Some(input), lines, complaints, complained })
    }

    /// Sends a line and returns the reply. After a failure the child is dead.
    pub fn ask(&mut self, line: String, limit: Duration) -> Result<String, Failure> {
        if let Ok(Line::Text(unasked)) = self.lines.try_recv() {
            return Err(self.failure(&format!("said {} without being asked", super::excerpt(&unasked))));
        }
        let sent = self.input.as_ref().is_some_and(|input| input.send(line).is_ok());
        match self.lines.recv_timeout(if sent { limit } else { Duration::ZERO }) {
            Ok(Line::Text(reply)) => Ok(reply),
            Ok(Line::TooLong) => {
                Err(self.failure(&format!("replied with a line of more than {LONGEST} bytes")))
            }
            Ok(Line::NotText) => Err(self.failure("replied with a line that is not UTF-8")),
            Err(RecvTimeoutError::Timeout) => {
                Err(self.failure(&format!("gave no reply within its deadline of {} s", limit.as_secs_f64())))
            }
            Err(RecvTimeoutError::Disconnected) => {
                // Its last words and its own exit status come before the kill.
                let _ = self.complained.recv_timeout(GRACE);
                let reason = self.fail("ended without a reply");
                Err(Failure { ended: true, reason })
            }
        }
    }

    fn failure(&mut self, what: &str) -> Failure {
        Failure { ended: false, reason: self.fail(what) }
    }

    /// Kills the group, reaps the child and says what happened.
    pub fn fail(&mut self, what: &str) -> String {
        let status = self.kill();
        let _ = self.complained.recv_timeout(GRACE);
        let mut reason = format!("the checker {what}");
        if let Some(status) = status.filter(|_| what.starts_with("ended")) {
            reason.push_str(&format!(" ({status})"));
        }
        let bytes = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        let complaint = String::from_utf8_lossy(&bytes);
        if !complaint.trim().is_empty() {
            reason.push_str(&format!("; its standard error ends: {}", complaint.trim()));
        }
        reason
    }

    fn kill(&mut self) -> Option<std::process::ExitStatus> {
        self.input = None;
        // The child is not reaped yet, so that its id, and that of its group, is still its own.
        #[cfg(unix)]
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.process.kill();
        self.process.wait().ok()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.input = None;
        // A well-behaved child ends when its input does; the others, and those that talk without end,
        // are not waited for.
        let until = Instant::now() + GRACE;
        while self.lines.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
        self.kill();
    }
}

fn write(mut stdin: impl Write, requests: &Receiver<String>) {
    while let Ok(mut line) = requests.recv() {
        line.push('\n');
        if stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn read(stdout: impl Read, replies: &SyncSender<Line>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let mut bytes = Vec::new();
        match (&mut stdout).take(LONGEST + 1).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line = match bytes.len() as u64 > LONGEST {
            true => Line::TooLong,
            false => {
                String::from_utf8(bytes).map_or(Line::NotText, |text| Line::Text(text.trim().to_owned()))
            }
        };
        let last = matches!(line, Line::TooLong);
        if replies.send(line).is_err() || last {
            return;
        }
    }
}

/// Holds `_ended` until standard error does.
fn listen(mut stderr: impl Read, kept: &Mutex<Vec<u8>>, _ended: &Sender<()>) {
    let mut chunk = [0; 4096];
    while let Ok(n @ 1..) = stderr.read(&mut chunk) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&chunk[..n]);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
}
