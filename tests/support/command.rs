//! The built command in isolation: no environment variable and no file of the machine affects it, and every run ends
//! within a time limit.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// The token of all targets in these tests.
pub(crate) const TOKEN: &str = "t0ken-of-the-tests";
/// The zone that the runs use.
pub(crate) const ZONE: &str = "0123456789abcdef0123456789abcdef";
/// The time limit of a run: far more than any run needs, and less than the run's own limits allow for a hang.
const BOUND: Duration = Duration::from_mins(1);

/// A new folder for journals and everything else that a run writes; also its working directory.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "run-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap_or_else(|e| panic!("{e}"));
        Self { path }
    }

    /// Returns the number of journals, which is the number of zones that wait to be restored.
    pub(crate) fn journals(&self) -> usize {
        let entries = std::fs::read_dir(&self.path).unwrap_or_else(|e| panic!("{e}"));
        entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_some_and(|end| end == "journal"))
            .count()
    }

    /// Returns the command, set up to run in this folder.
    pub(crate) fn originproof(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_originproof"));
        command
            .args(arguments)
            .env_clear()
            .env("CLOUDFLARE_API_TOKEN", TOKEN)
            .env("ORIGINPROOF_STATE_DIR", &self.path)
            // Locks are kept in the user's home folder, so each test gets its own.
            .env("HOME", &self.path)
            .env("ORIGINPROOF_PATIENCE", "2s")
            .current_dir(&self.path);
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// The exit status and the whole output of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) said: String,
}

impl Ended {
    /// Checks the exit code and that the output contains each part.
    #[track_caller]
    pub(crate) fn with(&self, code: i32, parts: &[&str]) {
        let said = &self.said;
        assert_eq!(self.status.code(), Some(code), "{said}");
        for part in parts {
            assert!(said.contains(part), "{part:?} is not in:\n{said}");
        }
        assert!(
            !said.contains("panicked") && !said.contains(TOKEN),
            "{said}"
        );
    }
}

/// Starts a command and captures its output.
pub(crate) fn spawn(mut command: Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{e}"))
}

/// Waits for a command to end, and fails if it does not end within the time limit.
#[track_caller]
pub(crate) fn end(child: Child) -> Ended {
    let id = child.id();
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match ended.recv_timeout(BOUND) {
        Ok(Ok(Output {
            status,
            stdout,
            stderr,
        })) => Ended {
            status,
            said: String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned(),
        },
        Ok(Err(error)) => panic!("{error}"),
        Err(_) => {
            signal("KILL", id);
            panic!("it did not end within {BOUND:?}");
        }
    }
}

/// Sends a signal to a process; the signal has been sent when this returns.
pub(crate) fn signal(name: &str, id: u32) {
    // An error is ignored: the process may have ended just before.
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &id.to_string()])
        .stderr(Stdio::null())
        .status();
}
