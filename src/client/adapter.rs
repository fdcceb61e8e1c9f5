//! The adapter of a client under test: a process that reads and writes lines of JSON. Whatever it does, asking it ends.

use std::ffi::OsString;
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use super::protocol::{Answer, Ask, ClientError};
use crate::diagnostic::visible::one_line;

/// The longest line of an adapter, in bytes.
const LONGEST_LINE: u64 = 8 * 1024 * 1024;
/// The number of bytes of stderr that are kept for the message about an adapter that ended.
const KEPT: usize = 2_000;
/// The time that an adapter that closed its stdout has to end and to write its last words, so that both can be told.
const FAREWELL: Duration = Duration::from_secs(1);
/// The variables of the vendor's tools. The client must use the credentials and the base URL that it is given.
const FOREIGN: [&str; 8] = [
    "CLOUDFLARE_API_TOKEN",
    "CLOUDFLARE_API_KEY",
    "CLOUDFLARE_EMAIL",
    "CLOUDFLARE_API_EMAIL",
    "CLOUDFLARE_API_USER_SERVICE_KEY",
    "CLOUDFLARE_BASE_URL",
    "CLOUDFLARE_API_BASE_URL",
    "CLOUDFLARE_ZONE_ID",
];

/// What the client made of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The client succeeded with this result.
    Ok(serde_json::Value),
    /// The client reported an error.
    Error(ClientError),
    /// The client does not have the operation.
    Unsupported,
}

/// The reason why an adapter could not be asked. None of them says anything about the client.
#[derive(Debug, thiserror::Error)]
pub enum AdapterFault {
    /// The command could not be started.
    #[error("the adapter `{0}` can't be started: {1}{hint}", hint = start_hint(.1))]
    Start(String, io::Error),
    /// The adapter ended, or closed a pipe.
    #[error("the adapter ended{0}, and must read lines until its stdin ends; stderr: {1}")]
    Ended(String, String),
    /// The adapter did not answer in time.
    #[error("the adapter did not answer within {0:?}; it was killed")]
    Silent(Duration),
    /// The adapter wrote a line that is not an answer.
    #[error(
        "the adapter wrote a line that is not an answer: {0}. Its stdout is for answers only; it may log to stderr"
    )]
    Rubbish(String),
}

/// Returns what to do about an adapter that can't be started.
fn start_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            " (it may be a folder, or not executable: start a script with its interpreter)"
        }
        io::ErrorKind::NotFound => " (the first word after `--` is the program)",
        _ => "",
    }
}

/// A started adapter.
pub struct Adapter {
    reader: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
    writer: Box<dyn AsyncWrite + Send + Unpin>,
    child: Option<Child>,
    stderr: Arc<Mutex<Vec<u8>>>,
    /// The task that reads stderr.
    listening: Option<tokio::task::JoinHandle<()>>,
    asked: u64,
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Adapter({:?})", self.child)
    }
}

impl Adapter {
    /// Starts a command. It does not get the variables of the vendor's tools, nor a proxy for loopback.
    ///
    /// # Errors
    /// [`AdapterFault::Start`].
    pub fn start(command: &[OsString]) -> Result<Self, AdapterFault> {
        let (program, arguments) = command.split_first().ok_or_else(|| {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "no command is given");
            AdapterFault::Start(String::new(), error)
        })?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("no_proxy", "127.0.0.1,localhost")
            .kill_on_drop(true);
        // A group of its own: an adapter may be a script that starts another program.
        #[cfg(unix)]
        command.process_group(0);
        for name in FOREIGN {
            command.env_remove(name);
        }
        let start = |error| AdapterFault::Start(program.to_string_lossy().into_owned(), error);
        let mut child = command.spawn().map_err(start)?;
        let closed = || start(io::Error::other("it has no pipes"));
        let reader = child.stdout.take().ok_or_else(closed)?;
        let writer = child.stdin.take().ok_or_else(closed)?;
        let mut adapter = Self::over(Box::new(reader), Box::new(writer));
        if let Some(mut stderr) = child.stderr.take() {
            let kept = Arc::clone(&adapter.stderr);
            adapter.listening = Some(tokio::spawn(async move {
                let mut part = [0; 1_024];
                while let Ok(length @ 1..) = stderr.read(&mut part).await {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.extend_from_slice(part.get(..length).unwrap_or_default());
                    let more = kept.len().saturating_sub(KEPT);
                    kept.drain(..more);
                }
            }));
        }
        adapter.child = Some(child);
        Ok(adapter)
    }

    /// Speaks to an adapter through any two streams.
    #[must_use]
    pub fn over(
        reader: Box<dyn AsyncRead + Send + Unpin>,
        writer: Box<dyn AsyncWrite + Send + Unpin>,
    ) -> Self {
        Self {
            reader: BufReader::new(reader),
            writer,
            child: None,
            stderr: Arc::default(),
            listening: None,
            asked: 0,
        }
    }

    /// Asks the client, and returns what it made of it. After an error the adapter can't be used any more.
    ///
    /// # Errors
    /// [`AdapterFault`]; after `limit`, and the time for a farewell, at the latest.
    pub async fn ask(&mut self, ask: &mut Ask, limit: Duration) -> Result<Outcome, AdapterFault> {
        self.asked += 1;
        ask.id = self.asked;
        let asking = tokio::time::timeout(limit, self.exchange(ask));
        match asking.await {
            Ok(Some(result)) => result,
            // The farewell has a time of its own: what an adapter that ended is called must not depend on the limit.
            Ok(None) => Err(self.ended().await),
            Err(_) => Err(AdapterFault::Silent(limit)),
        }
    }

    /// Writes a request and reads the answer to it; `None` if the adapter closed a pipe.
    async fn exchange(&mut self, ask: &Ask) -> Option<Result<Outcome, AdapterFault>> {
        let mut line = serde_json::to_vec(ask).unwrap_or_default();
        line.push(b'\n');
        let written = match self.writer.write_all(&line).await {
            Ok(()) => self.writer.flush().await,
            failed => failed,
        };
        written.ok()?;
        loop {
            let mut line = Vec::new();
            let mut bounded = (&mut self.reader).take(LONGEST_LINE);
            let read = bounded.read_until(b'\n', &mut line).await;
            if !matches!(read, Ok(1..)) {
                return None;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let answer = answer(&line, ask.id);
            if answer.is_ok() && !self.reader.buffer().trim_ascii().is_empty() {
                let why = "expected one line for each that it reads, found a second one";
                return Some(Err(AdapterFault::Rubbish(why.to_owned())));
            }
            return Some(answer);
        }
    }

    /// Returns the fault of an adapter that closed its pipes, with its exit code and the end of its stderr.
    async fn ended(&mut self) -> AdapterFault {
        let until = tokio::time::Instant::now() + FAREWELL;
        let mut how = String::new();
        if let Some(child) = &mut self.child
            && let Ok(Ok(status)) = tokio::time::timeout_at(until, child.wait()).await
        {
            how = format!(" ({status})");
        }
        // What it wrote last may not be read yet. A child of its own may keep stderr open, so the wait is bounded.
        if let Some(listening) = self.listening.take() {
            let _ = tokio::time::timeout_at(until, listening).await;
        }
        let kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let text = text.trim();
        let text = if text.is_empty() { "nothing" } else { text };
        AdapterFault::Ended(how, one_line(text).to_string())
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.child.as_ref().and_then(Child::id)
            && let Some(group) = i32::try_from(id)
                .ok()
                .and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Reads an answer.
fn answer(line: &[u8], id: u64) -> Result<Outcome, AdapterFault> {
    let rubbish = |why: String| Err(AdapterFault::Rubbish(why));
    let value: serde_json::Value = match serde_json::from_slice(line) {
        Ok(value @ serde_json::Value::Object(_)) => value,
        _ => {
            let text = String::from_utf8_lossy(line);
            let start: String = text.trim().chars().take(60).collect();
            return rubbish(format!(
                "expected a JSON object, found `{}`",
                one_line(&start)
            ));
        }
    };
    let answer: Answer = match serde_json::from_value(value) {
        Ok(answer) => answer,
        Err(error) => return rubbish(error.to_string()),
    };
    if answer.id != id {
        return rubbish(format!("expected the id {id}, found {}", answer.id));
    }
    match (answer.ok, answer.error, answer.unsupported.unwrap_or(false)) {
        (Some(result), None, false) => Ok(Outcome::Ok(result)),
        (None, Some(error), false) => Ok(Outcome::Error(error)),
        (None, None, true) => Ok(Outcome::Unsupported),
        _ => rubbish("expected one of `ok`, `error` and `unsupported`".to_owned()),
    }
}
