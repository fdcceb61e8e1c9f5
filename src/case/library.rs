//! All cases, and the trials that they expand into.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::load::load;
use super::model::{Action, CaseFile, Step};
use crate::contract::ClauseId;
use crate::diagnostic::visible::shown;
use crate::diagnostic::{Problem, SourceFile, render};
use crate::exchange::Generation;
use crate::input::{LONGEST_TEXT, read_found_text};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/cases");

/// The loaded cases, in the order of their ids.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// The cases. Those of one file's rows follow each other.
    pub cases: Vec<Arc<CaseFile>>,
    /// The files of the folder that are not case files.
    pub passed_over: Vec<PathBuf>,
}

/// The reason why cases could not be loaded.
#[derive(Debug)]
pub enum LibraryError {
    /// A folder or file could not be read.
    Unreadable(PathBuf, std::io::Error),
    /// Two file names differ only in their extension, so their cases would have the same ids.
    Twins(String, String),
    /// The folder has no case files.
    Empty(PathBuf),
    /// Some files are faulty.
    Faulty(Vec<(SourceFile, Vec<Problem>)>),
}

impl LibraryError {
    /// Returns the error message.
    #[must_use]
    pub fn text(&self, colour: bool) -> String {
        match self {
            Self::Unreadable(path, error) => {
                format!("can't read the cases at {}: {error}", shown(path))
            }
            Self::Twins(one, other) => {
                format!("{one} and {other} would have the same ids: rename one of them")
            }
            Self::Empty(path) => {
                format!(
                    "there are no case files (*.yaml, *.yml) below {}",
                    shown(path)
                )
            }
            Self::Faulty(files) => {
                let texts: Vec<String> = files
                    .iter()
                    .map(|(file, problems)| render(file, problems, colour))
                    .collect();
                let count: usize = files.iter().map(|(_, problems)| problems.len()).sum();
                format!(
                    "{}{count} fault(s) in {} case file(s)",
                    texts.concat(),
                    files.len()
                )
            }
        }
    }
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(false))
    }
}

impl std::error::Error for LibraryError {}

/// The number of mappings from which a filling is worth sharing.
const LARGE: u64 = 3_000;

/// A run of a case for one generation.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The case.
    pub case: Arc<CaseFile>,
    /// The generation; `None` if the case names its operations fully.
    pub generation: Option<Generation>,
    /// How its `holds` and `unchanged` read a zone.
    pub reading: Reading,
    /// Whether rounds of parallel requests are repeated less often, as in a run with a limit.
    pub is_brief: bool,
}

/// How a trial reads a zone back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// By list, singly, and by the list of the other generation.
    EveryWay,
    /// By list alone. Another trial of the same case with the same operations reads in every way.
    List,
}

impl Trial {
    /// Returns the trial's name: the case's id, the generation and the row, separated by slashes.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = self.case.id.clone();
        for part in [
            self.generation.map(Generation::id),
            Some(self.case.row.as_str()),
        ] {
            if let Some(part) = part.filter(|part| !part.is_empty()) {
                id.push('/');
                id.push_str(part);
            }
        }
        id
    }

    /// Returns the clauses that this trial proves.
    pub fn proves(&self) -> impl Iterator<Item = ClauseId> {
        let keys = self.case.proves.iter();
        keys.filter_map(|key| key.clause(self.generation))
    }

    /// Returns the generation that is used to write the trial's `given` and to read its state. This is the trial's own
    /// generation, or else the generation of the operations that the case names.
    #[must_use]
    pub fn home_generation(&self) -> Generation {
        self.generation.unwrap_or_else(|| {
            if self.case.needs.iter().any(|need| need == "v1") {
                Generation::V1
            } else {
                Generation::V2
            }
        })
    }

    /// Returns the trial as a run with a limit makes it: it reads zones by list alone, and repeats rounds of parallel
    /// requests less often. `None` if that makes no difference.
    #[must_use]
    pub fn brief(&self) -> Option<Self> {
        let is_shorter = |step: &Step| match &step.action {
            Action::Holds(..) | Action::Unchanged(_) => self.reading == Reading::EveryWay,
            Action::Repeat { over, steps } => over.brief(steps) != *over,
            _ => false,
        };
        let is_shorter = Step::all(&self.case.steps).into_iter().any(is_shorter);
        (is_shorter && !self.is_brief).then(|| Self {
            reading: Reading::List,
            is_brief: true,
            ..self.clone()
        })
    }

    /// Returns the name of the zone that the trial can take over from another trial: the only one that is not empty at
    /// first, if it begins with a large filling.
    #[must_use]
    pub fn filled_zone(&self) -> Option<&str> {
        let mut given = self.case.given.iter();
        let (Some((name, items)), None) = (given.next(), given.next()) else {
            return None;
        };
        let items = items.as_array()?.iter();
        let fillings = items.filter_map(|item| item.get("fill")?.as_u64());
        (fillings.sum::<u64>() >= LARGE).then_some(name)
    }

    /// Returns the capabilities that this trial needs.
    #[must_use]
    pub fn needs(&self) -> Vec<String> {
        let mut needs = self.case.needs.clone();
        let own = self.home_generation().id();
        if !needs.iter().any(|need| need == own) {
            needs.push(own.to_owned());
        }
        needs
    }
}

impl Library {
    /// Returns a digest of the contract and of all case files.
    #[must_use]
    pub fn digest(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hasher = Sha256::new();
        hasher.update(crate::contract::TEXT);
        for case in self.files().filter_map(<[_]>::first) {
            hasher.update(&case.source.path);
            hasher.update(&case.source.text);
        }
        let mut text = String::new();
        for byte in hasher.finalize().iter().take(8) {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Returns the cases that are part of this crate.
    ///
    /// # Errors
    /// Returns [`LibraryError::Faulty`], which the tests of this crate rule out.
    pub fn embedded() -> Result<Self, LibraryError> {
        let mut files = Vec::new();
        collect_embedded(&EMBEDDED, &mut files);
        files.retain(|(id, _)| !id.starts_with(SCENARIOS));
        Self::load(files)
    }

    /// Loads the cases of a folder or of one file.
    ///
    /// # Errors
    /// Returns any [`LibraryError`].
    pub fn from_folder(folder: &Path) -> Result<Self, LibraryError> {
        let mut found = Found::default();
        if folder.is_file() {
            let root = folder.parent().unwrap_or(Path::new(""));
            found.take(root, folder)?;
        } else {
            found.collect(folder, folder)?;
        }
        let side = Side::of_unclear(&found.cases);
        found
            .cases
            .retain(|file| Side::of(file).unwrap_or(side) == Side::Server);
        if found.cases.is_empty() {
            return Err(LibraryError::Empty(folder.to_owned()));
        }
        let mut library = Self::load(found.cases)?;
        library.passed_over = found.others;
        Ok(library)
    }

    /// Loads cases from texts in memory, each with its id.
    ///
    /// # Errors
    /// Returns [`LibraryError::Twins`] or [`LibraryError::Faulty`].
    pub fn from_sources(files: Vec<(String, SourceFile)>) -> Result<Self, LibraryError> {
        Self::load(files)
    }

    fn load(mut files: Vec<(String, SourceFile)>) -> Result<Self, LibraryError> {
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut pairs = files.windows(2);
        if let Some([(_, one), (_, other)]) =
            pairs.find(|pair| matches!(pair, [(a, _), (b, _)] if a == b))
        {
            return Err(LibraryError::Twins(one.path.clone(), other.path.clone()));
        }
        let (mut cases, mut faulty) = (Vec::new(), Vec::new());
        for (id, source) in files {
            match load(&id, source) {
                Ok(rows) => cases.extend(rows),
                Err(problems) => faulty.push(problems),
            }
        }
        if faulty.is_empty() {
            Ok(Self {
                cases,
                passed_over: Vec::new(),
            })
        } else {
            Err(LibraryError::Faulty(faulty))
        }
    }

    /// Returns the cases of each file.
    pub fn files(&self) -> impl Iterator<Item = &[Arc<CaseFile>]> {
        self.cases.chunk_by(|a, b| a.id == b.id)
    }

    /// Returns all trials, in order.
    #[must_use]
    pub fn trials(&self) -> Vec<Trial> {
        let mut trials = Vec::new();
        for rows in self.files() {
            let mut generations: Vec<Option<Generation>> = Vec::new();
            for generation in rows.iter().flat_map(|case| generations_of(case)) {
                if !generations.contains(&generation) {
                    generations.push(generation);
                }
            }
            for generation in generations {
                let having = rows
                    .iter()
                    .filter(|case| generations_of(case).contains(&generation));
                let mut shapes = BTreeSet::new();
                trials.extend(having.map(|case| Trial {
                    case: Arc::clone(case),
                    generation,
                    is_brief: false,
                    reading: if shapes.insert(shape(case)) {
                        Reading::EveryWay
                    } else {
                        Reading::List
                    },
                }));
            }
        }
        trials
    }
}

/// The folder below the cases that holds the scenarios for clients.
const SCENARIOS: &str = "clients/";

/// The side of the contract that a file tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Cases test servers: they have `steps`.
    Server,
    /// Scenarios test clients: they have `ask`, or are in the folder of scenarios.
    Client,
}

impl Side {
    /// Returns the side of a file; `None` if it has neither `steps` nor `ask`.
    fn of((id, source): &(String, SourceFile)) -> Option<Self> {
        let has = |key: &str| source.text.lines().any(|line| line.starts_with(key));
        if id.starts_with(SCENARIOS) || (has("ask:") && !has("steps:")) {
            Some(Self::Client)
        } else {
            has("steps:").then_some(Self::Server)
        }
    }

    /// Returns the side of the files of which one can't tell: they go with scenarios if there is nothing else.
    fn of_unclear(files: &[(String, SourceFile)]) -> Self {
        let sides: Vec<Self> = files.iter().filter_map(Self::of).collect();
        if sides.is_empty() || sides.contains(&Self::Server) {
            Self::Server
        } else {
            Self::Client
        }
    }
}

/// Returns the files of the scenarios for clients, each with its id: the built-in ones, or those of a folder. A folder of
/// cases holds them in `clients`; elsewhere a file is a scenario if it has the key `ask`.
///
/// # Errors
/// Returns [`LibraryError::Unreadable`] or [`LibraryError::Empty`].
pub fn scenario_sources(folder: Option<&Path>) -> Result<Vec<(String, SourceFile)>, LibraryError> {
    let mut files = match folder {
        None => {
            let mut files = Vec::new();
            collect_embedded(&EMBEDDED, &mut files);
            files.retain(|(id, _)| id.starts_with(SCENARIOS));
            files
        }
        Some(folder) => {
            let mut found = Found::default();
            if folder.is_file() {
                found.take(folder.parent().unwrap_or(Path::new("")), folder)?;
            } else {
                found.collect(folder, folder)?;
            }
            let side = Side::of_unclear(&found.cases);
            found
                .cases
                .retain(|file| Side::of(file).unwrap_or(side) == Side::Client);
            if found.cases.is_empty() {
                return Err(LibraryError::Empty(folder.to_owned()));
            }
            found.cases
        }
    };
    for (id, _) in &mut files {
        if let Some(below) = id.strip_prefix(SCENARIOS) {
            *id = below.to_owned();
        }
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
}

/// Returns the operations and the checks of a case in order, without its data. Rows of a table that differ only in their
/// data have the same shape.
fn shape(case: &CaseFile) -> String {
    let mut text = String::new();
    for step in Step::all(&case.steps) {
        // Writing to a string does not fail.
        let _ = match &step.action {
            Action::Call(spec) => write!(text, "{:?};", spec.operation),
            Action::Holds(..) | Action::Unchanged(_) => write!(text, "holds;"),
            Action::Pages { .. } => write!(text, "pages;"),
            Action::Parallel(_) => write!(text, "parallel;"),
            Action::Repeat { .. } => write!(text, "repeat;"),
            Action::Let(_) => Ok(()),
            Action::Settled(_) => write!(text, "settled;"),
            Action::AtMost(..) => write!(text, "at-most;"),
            Action::OneOf(..) => write!(text, "one-of;"),
        };
    }
    text
}

/// Returns the generations that a case runs for; one `None` if it names its operations fully.
fn generations_of(case: &CaseFile) -> Vec<Option<Generation>> {
    if case.generations.is_empty() {
        vec![None]
    } else {
        case.generations.iter().copied().map(Some).collect()
    }
}

fn collect_embedded(dir: &Dir<'_>, files: &mut Vec<(String, SourceFile)>) {
    for file in dir.files() {
        let path = file.path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = String::from_utf8_lossy(file.contents()).into_owned();
            let id = path.with_extension("").to_string_lossy().replace('\\', "/");
            let path = format!("cases/{id}.yaml");
            files.push((id, SourceFile::new(path, text)));
        }
    }
    for dir in dir.dirs() {
        collect_embedded(dir, files);
    }
}

/// The files that were found in a folder of cases.
#[derive(Default)]
struct Found {
    /// The case files with their ids.
    cases: Vec<(String, SourceFile)>,
    others: Vec<PathBuf>,
    /// The folders that were searched.
    folders: BTreeSet<PathBuf>,
}

impl Found {
    fn collect(&mut self, root: &Path, folder: &Path) -> Result<(), LibraryError> {
        let unreadable = |error| LibraryError::Unreadable(folder.to_owned(), error);
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                // Symbolic links may form a cycle.
                let place = std::fs::canonicalize(&path).map_err(unreadable)?;
                if self.folders.insert(place) {
                    self.collect(root, &path)?;
                }
            } else if is_yaml(&path) {
                self.take(root, &path)?;
            } else {
                self.others.push(path);
            }
        }
        self.others.sort();
        Ok(())
    }

    fn take(&mut self, root: &Path, path: &Path) -> Result<(), LibraryError> {
        let unreadable = |error| LibraryError::Unreadable(path.to_owned(), error);
        let text = read_found_text(path, LONGEST_TEXT).map_err(unreadable)?;
        // An editor may have put a byte order mark before the text.
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let below = path.strip_prefix(root).unwrap_or(path).with_extension("");
        let id = below.to_string_lossy().replace('\\', "/");
        let path = path.to_string_lossy().into_owned();
        self.cases.push((id, SourceFile::new(path, text)));
        Ok(())
    }
}

/// Returns whether a file has a YAML extension, in upper or lower case.
fn is_yaml(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ["yaml", "yml"]
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}
