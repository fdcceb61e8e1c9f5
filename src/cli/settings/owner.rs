//! Checks who owns a configuration file. A file that is found automatically can say where credentials go, so it must
//! belong to the user.

use std::path::Path;

use super::super::exit::Failure;

use originproof::diagnostic::visible::shown;

/// Checks that the file, its folder and, where it is a symbolic link, the link belong to the user.
///
/// # Errors
/// Fails if it belongs to another user; the message tells how to use the file on purpose.
#[cfg(unix)]
pub(super) fn check_owner(path: &Path, user: Option<u32>) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;

    let Some(user) = user else {
        return Ok(());
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let places = [
        (path, std::fs::metadata(path)),
        (path, std::fs::symlink_metadata(path)),
        (folder, std::fs::metadata(folder)),
    ];
    for (place, found) in places {
        let found = found.map_err(|error| {
            Failure::Usage(format!("can't tell whose {} is: {error}", shown(place)))
        })?;
        if found.uid() != user {
            return Err(Failure::Usage(format!(
                "the configuration {} is not used: {} belongs to another user (uid {}, and you are {user}). To use it on purpose, name it: --config {}",
                shown(path),
                shown(place),
                found.uid(),
                shown(path),
            )));
        }
    }
    Ok(())
}

/// Does nothing: other systems identify owners in another way.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
pub(super) fn check_owner(_: &Path, _: Option<u32>) -> Result<(), Failure> {
    Ok(())
}
