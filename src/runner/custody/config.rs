//! Settings for a given zone: what a run may do to its mappings, and where its journal is kept.

use std::path::PathBuf;
use std::time::Duration;

/// Permission to change the mappings of a given zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Permit {
    /// Nothing is written, so no journal is needed.
    ReadOnly,
    /// A zone that holds mappings is refused.
    #[default]
    EmptyOnly,
    /// Cases avoid the addresses that the zone's mappings use.
    WorkAround,
    /// The mappings are taken away for the cases that need an empty zone, and put back at the end.
    TakeAway,
}

/// Returns the folder that all runs of one user share. It is `originproof` in the XDG state folder, which comes from
/// `XDG_STATE_HOME` or from the home folder. Without a home folder, it is `.originproof` in the working folder.
pub fn user_folder(variable: impl Fn(&str) -> Option<String>, home: Option<PathBuf>) -> PathBuf {
    let folder = |name: &str| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    folder("XDG_STATE_HOME")
        .or_else(|| Some(folder("HOME").or(home)?.join(".local").join("state")))
        .map_or_else(
            || PathBuf::from(".originproof"),
            |base| base.join("originproof"),
        )
}

/// Settings for the care of zones.
#[derive(Debug, Clone)]
pub struct CustodyConfig {
    /// The folder of journals.
    pub state_dir: PathBuf,
    /// The folder of locks. Each user has one, wherever journals are kept.
    pub lock_dir: PathBuf,
    /// What a run may do to the mappings.
    pub permit: Permit,
    /// Whether a run only reads the zone, whatever `permit` allows. A plan needs this.
    pub dry_run: bool,
    /// Whether to wait for another run on the zone to end, instead of refusing to start.
    pub wait_for_lock: bool,
    /// How long a target may fail while a zone is put back, measured as the sum of the pauses between consecutive
    /// failed requests.
    pub patience: Duration,
}

impl CustodyConfig {
    /// Returns whether anything may be written to the target or to disk.
    pub(in crate::runner) fn writes(&self) -> bool {
        self.permit != Permit::ReadOnly && !self.dry_run
    }
}

impl Default for CustodyConfig {
    fn default() -> Self {
        Self {
            state_dir: PathBuf::from(".originproof"),
            lock_dir: PathBuf::from(".originproof"),
            permit: Permit::default(),
            dry_run: false,
            wait_for_lock: false,
            patience: Duration::from_secs(30),
        }
    }
}
