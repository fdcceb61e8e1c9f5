//! All scenarios.

use std::path::Path;

use super::load::load;
use super::model::Scenario;
use crate::case::{LibraryError, scenario_sources};

/// The scenarios of a folder, in the order of their ids.
#[derive(Debug, Clone)]
pub struct Scenarios {
    /// The scenarios.
    pub list: Vec<Scenario>,
    /// The number of files.
    pub files: usize,
}

impl Scenarios {
    /// Returns the scenarios that are part of this crate.
    ///
    /// # Errors
    /// Returns [`LibraryError::Faulty`], which the tests of this crate rule out.
    pub fn embedded() -> Result<Self, LibraryError> {
        Self::read(None)
    }

    /// Loads the scenarios of a folder or of one file.
    ///
    /// # Errors
    /// Returns any [`LibraryError`].
    pub fn from_folder(folder: &Path) -> Result<Self, LibraryError> {
        Self::read(Some(folder))
    }

    fn read(folder: Option<&Path>) -> Result<Self, LibraryError> {
        let sources = scenario_sources(folder)?;
        let files = sources.len();
        let (mut list, mut faulty) = (Vec::new(), Vec::new());
        for (id, source) in sources {
            match load(&id, source) {
                Ok(rows) => list.extend(rows),
                Err(problems) => faulty.push(problems),
            }
        }
        if faulty.is_empty() {
            Ok(Self { list, files })
        } else {
            Err(LibraryError::Faulty(faulty))
        }
    }
}
