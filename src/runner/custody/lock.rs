//! The exclusive right to work on a zone: one lock for each zone id, in one folder for each user, whatever the target is
//! called and wherever journals are kept.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::journal::{JournalError, failed, is_plain, make_folder, stem};
use crate::private;

/// The lock of a zone. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct ZoneLock {
    _file: File,
}

/// What to do about another run that has the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Busy {
    /// Refuse.
    Refuse,
    /// Wait for its end.
    Wait,
}

impl ZoneLock {
    /// Takes the lock of a zone.
    ///
    /// # Errors
    /// [`JournalError::Locked`] if another run has it; [`JournalError::Io`]; [`JournalError::Foreign`].
    pub(super) fn take(folder: &Path, zone: &str, busy: Busy) -> Result<Self, JournalError> {
        make_folder(folder)?;
        let path = folder.join(format!("zone-{}.lock", stem(zone)));
        is_plain(&path)?;
        let file = private::open(&path).map_err(failed(&path))?;
        if busy == Busy::Wait {
            file.lock().map_err(failed(&path))?;
            return Ok(Self { _file: file });
        }
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Locked {
                zone: zone.to_owned(),
                path,
            }),
            Err(TryLockError::Error(source)) => Err(failed(&path)(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_never_hold_one_zone() {
        let name = format!("originproof-lock-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let first = ZoneLock::take(&folder, "Z1", Busy::Refuse);
        assert!(first.is_ok());
        let second = ZoneLock::take(&folder, "z1", Busy::Refuse);
        assert!(matches!(second, Err(JournalError::Locked { .. })));
        assert!(ZoneLock::take(&folder, "z2", Busy::Refuse).is_ok());
        drop(first);
        assert!(ZoneLock::take(&folder, "z1", Busy::Refuse).is_ok());
        let _ = std::fs::remove_dir_all(folder);
    }
}
