//! Bodies stored beside a HAR: in its folder, or in the archive that holds both, as Playwright writes them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

/// The largest body that is read, in bytes.
const LARGEST: u64 = 32 * 1024 * 1024;

/// A place where bodies are stored.
pub(in crate::audit) trait Attached {
    /// Reads a body by the name that the entry gives.
    ///
    /// # Errors
    /// Returns in words why there is no such body.
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String>;
}

/// No place: the recording has no files beside it.
pub(in crate::audit) struct Nothing;

impl Attached for Nothing {
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        Err(format!(
            "its body is said to be in {name:?}, which is not there"
        ))
    }
}

/// The folder of the HAR.
pub(in crate::audit) struct Folder(pub(in crate::audit) PathBuf);

impl Attached for Folder {
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let wrong = |why: &str| format!("its body in {name:?} can't be read: {why}");
        if !is_plain(name) {
            return Err(wrong("it is not the name of a file beside the recording"));
        }
        let path = self.0.join(name);
        let about = std::fs::symlink_metadata(&path).map_err(|error| wrong(&error.to_string()))?;
        if !about.is_file() {
            return Err(wrong("it is not a file"));
        }
        let file = File::open(path).map_err(|error| wrong(&error.to_string()))?;
        bounded(file).map_err(|why| wrong(&why))
    }
}

/// The archive that holds the HAR.
pub(in crate::audit) struct Archive(
    pub(in crate::audit) ZipArchive<BufReader<File>>,
    /// The folder of the HAR that is read.
    String,
);

impl Archive {
    /// Opens an archive.
    ///
    /// # Errors
    /// Returns in words why it can't be opened.
    pub(in crate::audit) fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let archive = ZipArchive::new(BufReader::new(file));
        archive
            .map(|archive| Self(archive, String::new()))
            .map_err(|error| error.to_string())
    }

    /// Selects the HAR whose bodies are read from now on.
    pub(in crate::audit) fn turn_to(&mut self, recording: &str) {
        let folder = recording.rsplit_once('/');
        self.1 = folder.map_or_else(String::new, |(folder, _)| format!("{folder}/"));
    }

    /// Returns the names of the HARs in the archive.
    pub(in crate::audit) fn recordings(&self) -> Vec<String> {
        let names = self.0.file_names().flatten();
        names
            .filter(|name| {
                // macOS puts a file of its own beside each file.
                let file = name.rsplit('/').next().unwrap_or_default();
                !file.starts_with("._") && file.to_ascii_lowercase().ends_with(".har")
            })
            .map(std::borrow::Cow::into_owned)
            .collect()
    }
}

impl Attached for Archive {
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let wrong = |why: &str| format!("its body in {name:?} can't be read: {why}");
        // Traces keep bodies in a separate folder.
        let folder = &self.1;
        let inner = [
            format!("{folder}{name}"),
            format!("{folder}resources/{name}"),
        ]
        .into_iter()
        .find(|name| self.0.index_for_name(name).is_some())
        .ok_or_else(|| wrong("it is not in the archive"))?;
        let file = self
            .0
            .by_name(&inner)
            .map_err(|error| wrong(&error.to_string()))?;
        bounded(file).map_err(|why| wrong(&why))
    }
}

/// Returns whether the name is a plain file name, which can't lead to another folder.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0', ':'])
}

fn bounded(reader: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    reader
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is longer than {LARGEST} bytes"));
    }
    Ok(bytes)
}
