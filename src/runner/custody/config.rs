//! What may be done to a given zone, and where its journal is kept.

use std::path::PathBuf;
use std::time::Duration;

/// What may be done to the mappings of a given zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Permit {
    /// Nothing is written at all: no journal is needed.
    ReadOnly,
    /// A zone that holds mappings is refused.
    #[default]
    EmptyOnly,
    /// Cases work around what the zone holds.
    WorkAround,
    /// The mappings are taken away for the cases that need an empty zone, and put back at the end.
    TakeAway,
}

/// The folder in which the runs of one user meet: the XDG base folder for state, by the variables of the environment or
/// else the user's home; the working folder where nobody has a home.
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

/// How zones are treated.
#[derive(Debug, Clone)]
pub struct CustodyConfig {
    /// The folder of journals.
    pub state_dir: PathBuf,
    /// The folder of locks: one for each user, wherever journals are kept.
    pub lock_dir: PathBuf,
    /// What may be done to the mappings.
    pub permit: Permit,
    /// Only look at the zone, whatever may be done to it: for a plan.
    pub dry_run: bool,
    /// Wait for another run on the zone to end, instead of refusing.
    pub wait_for_lock: bool,
    /// How long a target may fail while a zone is put back: the sum of the pauses between requests that fail in a row.
    pub patience: Duration,
}

impl CustodyConfig {
    /// Whether anything may be written, to the target or to disk.
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
