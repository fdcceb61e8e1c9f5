//! The exclusive right to work on a zone. Each zone id has one lock in the user's lock folder, whatever the target is
//! called and wherever journals are kept.

use std::fs::{File, TryLockError};

use super::config::CustodyConfig;
use super::journal::{JournalError, failed, is_plain, make_folder, stem};
use crate::private;

/// The lock of a zone. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct ZoneLock {
    _file: File,
}

impl ZoneLock {
    /// Takes the lock of a zone. If the user wants that, waits for another run to end.
    ///
    /// # Errors
    /// [`JournalError::Locked`] if another run has it; [`JournalError::Io`]; [`JournalError::Foreign`].
    pub(super) fn take(config: &CustodyConfig, zone: &str) -> Result<Self, JournalError> {
        make_folder(&config.lock_dir)?;
        let path = config.lock_dir.join(format!("zone-{}.lock", stem(zone)));
        is_plain(&path)?;
        let file = private::open(&path).map_err(failed(&path))?;
        if config.wait_for_lock {
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
        let config = CustodyConfig {
            lock_dir: folder.clone(),
            ..CustodyConfig::default()
        };
        let first = ZoneLock::take(&config, "Z1");
        assert!(first.is_ok());
        let second = ZoneLock::take(&config, "z1");
        assert!(matches!(second, Err(JournalError::Locked { .. })));
        assert!(ZoneLock::take(&config, "z2").is_ok());
        drop(first);
        assert!(ZoneLock::take(&config, "z1").is_ok());
        let _ = std::fs::remove_dir_all(folder);
    }
}
