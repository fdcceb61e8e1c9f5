//! The built command in a world of its own: no variable and no file of the machine leaks in, and none of
//! its runs outlives the bound.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// The token of all targets here.
pub(crate) const TOKEN: &str = "t0ken-of-the-tests";
/// The zone that runs work in.
pub(crate) const ZONE: &str = "0123456789abcdef0123456789abcdef";
/// Within this every run ends; far more than any needs, and less than its limits would let a hang take.
const BOUND: Duration = Duration::from_mins(1);

/// A fresh folder for journals and whatever else a run writes, which is also its working folder.
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

    /// How many zones wait in it to be put back.
    pub(crate) fn journals(&self) -> usize {
        let entries = std::fs::read_dir(&self.path).unwrap_or_else(|e| panic!("{e}"));
        entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_some_and(|end| end == "journal"))
            .count()
    }

    /// The command in this folder.
    pub(crate) fn originproof(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_originproof"));
        command
            .args(arguments)
            .env_clear()
            .env("CLOUDFLARE_API_TOKEN", TOKEN)
            .env("ORIGINPROOF_STATE_DIR", &self.path)
            // Locks meet in the user's home, and each test is a user of its own.
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

/// How a run ended and all that it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) said: String,
}

impl Ended {
    /// Asserts the exit code and each part of the message.
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

/// Starts a command whose output is kept.
pub(crate) fn spawn(mut command: Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{e}"))
}

/// Waits for the end of a command, which has to come within the bound.
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

/// Sends a signal; it is on its way when this returns.
pub(crate) fn signal(name: &str, id: u32) {
    // The process may have ended just before.
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &id.to_string()])
        .stderr(Stdio::null())
        .status();
}
