//! Files and folders that only their owner can read, since recordings and journals contain somebody's data.
//!
//! On Unix, new files have mode 0600 and new folders 0700, whatever the umask allows. On other systems, the system's
//! own rules apply.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a file that must not exist yet.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if anything exists at the path, including a symbolic link. Other errors come from
/// the system.
pub fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    system::restrict(&mut options);
    options.open(path)
}

/// Creates a file. An existing file is emptied and made private. Pipes and devices are opened as they are.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if the path is a symbolic link, whose target may belong to somebody else. Other
/// errors come from the system.
pub fn create(path: &Path) -> io::Result<File> {
    let is_link = |path: &Path| {
        path.symlink_metadata()
            .is_ok_and(|found| found.is_symlink())
    };
    if is_link(path) {
        return Err(link());
    }
    let mut options = OpenOptions::new();
    // The file is truncated only after a check of what was opened.
    options.write(true).create(true).truncate(false);
    system::restrict(&mut options);
    let file = options.open(path).map_err(|error| {
        // A link may have been created since the check above.
        if is_link(path) { link() } else { error }
    })?;
    if file.metadata()?.is_file() {
        system::make_private(&file)?;
        file.set_len(0)?;
    }
    Ok(file)
}

/// Opens a file for writing without emptying it, and creates it if it does not exist. On Unix, symbolic links are
/// refused.
///
/// # Errors
/// Any error of the system.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    system::restrict(&mut options);
    options.open(path)
}

/// Opens an existing file to write at its end. On Unix, symbolic links are refused.
///
/// # Errors
/// Any error of the system.
pub fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true);
    system::restrict(&mut options);
    options.open(path)
}

/// Creates a folder and its parent folders if they do not exist yet.
///
/// # Errors
/// Any error of the system.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    system::restrict_folder(&mut builder);
    builder.create(path)
}

fn link() -> io::Error {
    let why = "it is a symbolic link, which is not followed: give the path of the file itself";
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[cfg(unix)]
mod system {
    use std::fs::{DirBuilder, File, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};

    use rustix::fs::OFlags;

    const FILE: u32 = 0o600;
    const FOLDER: u32 = 0o700;

    pub(super) fn restrict(options: &mut OpenOptions) {
        // The bits always fit, since they are a C `int` of the system.
        let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
        options.mode(FILE).custom_flags(no_link);
    }

    pub(super) fn restrict_folder(builder: &mut DirBuilder) {
        builder.mode(FOLDER);
    }

    /// Makes an existing file private, since opening it does not change its mode. Refuses a file of another user.
    pub(super) fn make_private(file: &File) -> io::Result<()> {
        let found = file.metadata()?;
        if found.uid() != rustix::process::geteuid().as_raw() {
            let why = format!("it belongs to another user (uid {})", found.uid());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        if found.permissions().mode() & 0o777 == FILE {
            return Ok(());
        }
        file.set_permissions(Permissions::from_mode(FILE))
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::{DirBuilder, File, OpenOptions};
    use std::io;

    pub(super) fn restrict(_: &mut OpenOptions) {}

    pub(super) fn restrict_folder(_: &mut DirBuilder) {}

    pub(super) fn make_private(_: &File) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;

    /// A temporary folder that is removed when the test ends.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("originproof-private-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&path).unwrap_or_else(|error| panic!("{error}"));
            Self(path)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn mode(path: &Path) -> u32 {
        let found = std::fs::metadata(path).unwrap_or_else(|error| panic!("{error}"));
        found.permissions().mode() & 0o777
    }

    fn write(path: &Path, text: &str) {
        std::fs::write(path, text).unwrap_or_else(|error| panic!("{error}"));
    }

    #[test]
    fn a_new_file_and_one_that_was_readable_are_private() {
        let folder = Folder::new("files");
        let (new, old) = (folder.path("new"), folder.path("old"));
        write(&old, "what was there, and longer");
        let readable = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&old, readable).unwrap_or_else(|error| panic!("{error}"));
        for path in [&new, &old] {
            let mut file = create(path).unwrap_or_else(|error| panic!("{error}"));
            let written = file.write_all(b"secret");
            written.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(mode(path), 0o600);
            let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(text, "secret");
        }
    }

    #[test]
    fn a_symbolic_link_is_refused_and_what_it_leads_to_stays() {
        let folder = Folder::new("links");
        let (target, link) = (folder.path("target"), folder.path("link"));
        write(&target, "kept");
        symlink(&target, &link).unwrap_or_else(|error| panic!("{error}"));
        for created in [create(&link), create_new(&link)] {
            assert!(created.is_err(), "{created:?}");
        }
        let why = create(&link).map_or_else(|error| error.to_string(), |_| String::new());
        assert!(why.contains("symbolic link"), "{why}");
        let text = std::fs::read_to_string(&target).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(text, "kept");
        let dangling = folder.path("dangling");
        symlink(folder.path("nothing"), &dangling).unwrap_or_else(|error| panic!("{error}"));
        assert!(create(&dangling).is_err() && !folder.path("nothing").exists());
    }

    #[test]
    fn a_file_that_must_be_new_is_private_and_does_not_replace_another() {
        let folder = Folder::new("new");
        let path = folder.path("file");
        create_new(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(mode(&path), 0o600);
        let again = create_new(&path).map_err(|error| error.kind());
        assert_eq!(again.err(), Some(io::ErrorKind::AlreadyExists));
    }

    #[test]
    fn new_folders_are_private_and_one_that_is_there_is_kept() {
        let folder = Folder::new("folders");
        let path = folder.path("a/b");
        for _ in 0..2 {
            create_folder(&path).unwrap_or_else(|error| panic!("{error}"));
        }
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&folder.path("a")), 0o700);
    }
}
