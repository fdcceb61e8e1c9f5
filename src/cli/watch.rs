//! `originproof run --watch`: waits until case files change or the target comes back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::net::TcpStream;
use url::Url;

use super::interruption::Interruptions;

/// The time between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// The time that the target has to accept a connection.
const CONNECT: Duration = Duration::from_secs(1);

/// The files and the target that are watched.
#[derive(Debug)]
pub(super) struct Watch {
    paths: Vec<PathBuf>,
    target: Option<String>,
    /// When each file was last changed as the watch began.
    before: BTreeMap<PathBuf, SystemTime>,
}

impl Watch {
    /// Begins to watch files, folders with all that is in them, and the target at a base URL. `None` stands for the
    /// embedded mock, which does not go away.
    pub(super) fn begin(paths: Vec<PathBuf>, target: Option<String>) -> Self {
        let before = times(&paths);
        Self {
            paths,
            target,
            before,
        }
    }

    /// Waits for a change, and says which; `None` if a signal ends the waiting. Calls `is_gone` once if the target goes.
    ///
    /// # Errors
    /// Fails if the system refuses to register a signal.
    pub(super) async fn wait(
        &self,
        mut is_gone: impl FnMut(),
    ) -> std::io::Result<Option<&'static str>> {
        let mut interruptions = Interruptions::listen()?;
        let mut was_gone = false;
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = interruptions.have_been(1) => return Ok(None),
            }
            if times(&self.paths) != self.before {
                return Ok(Some("a file changed"));
            }
            let is_there = self.target_accepts().await;
            if is_there && was_gone {
                return Ok(Some("the target is back"));
            }
            if !is_there && !was_gone {
                is_gone();
            }
            was_gone |= !is_there;
        }
    }

    async fn target_accepts(&self) -> bool {
        let url = self.target.as_deref().and_then(|url| Url::parse(url).ok());
        let place =
            url.and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)));
        let Some((host, port)) = place else {
            return true;
        };
        // An IPv6 address stands in brackets in a URL.
        let host = host.trim_matches(['[', ']']).to_owned();
        let connecting = TcpStream::connect((host, port));
        matches!(tokio::time::timeout(CONNECT, connecting).await, Ok(Ok(_)))
    }
}

/// Returns when each file was last changed.
fn times(paths: &[PathBuf]) -> BTreeMap<PathBuf, SystemTime> {
    let mut times = BTreeMap::new();
    for path in paths {
        collect(path, 0, &mut times);
    }
    times
}

/// Adds the times of a file, or of the files in a folder.
fn collect(path: &Path, depth: usize, times: &mut BTreeMap<PathBuf, SystemTime>) {
    let Ok(about) = path.metadata() else {
        return;
    };
    if let Ok(changed) = about.modified() {
        times.insert(path.to_owned(), changed);
    }
    // Links may lead in a circle.
    if !about.is_dir() || depth == 8 {
        return;
    }
    let entries = std::fs::read_dir(path).into_iter().flatten();
    for entry in entries.filter_map(Result::ok) {
        collect(&entry.path(), depth + 1, times);
    }
}
