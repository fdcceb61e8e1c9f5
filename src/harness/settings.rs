//! The settings of an implementer's test file: which server to test, and how.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use crate::exchange::Generation;
use crate::expected::Expectations;
use crate::runner::custody::user_folder;
use crate::settings::Values;

/// A function that starts a server and returns its base URL.
type Start = dyn Fn() -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync;

/// The server to which the tests send their requests.
#[derive(Clone, Default)]
pub(super) enum Server {
    /// No server is set.
    #[default]
    Missing,
    /// The embedded mock.
    #[cfg(feature = "mock")]
    Mock,
    /// A server that is started once for the whole run.
    Started(Arc<Start>),
    /// The server at a base URL.
    At(String),
}

/// The settings of a test file. Begin with [`Settings::from_vars`], so that environment variables can choose another
/// target and give credentials. Then set the file's own server.
#[derive(Clone, Default)]
pub struct Settings {
    pub(super) values: Values,
    /// The folder of journals and locks.
    pub(super) folder: PathBuf,
    pub(super) server: Server,
    pub(super) cases: Option<PathBuf>,
    pub(super) only: Option<Generation>,
    pub(super) expected: Option<Expectations>,
    /// The formats of reports, with the files to write.
    pub(super) reports: Vec<(String, PathBuf)>,
    /// The seeds to explore from, and the number of requests for each.
    pub(super) explore: (Vec<u64>, usize),
}

impl fmt::Debug for Settings {
    /// Formats the settings without their values, because some of them are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads the same variables as the command does, from those that the caller passes in: `ORIGINPROOF_TARGET`,
    /// `ORIGINPROOF_ZONE` (or `CLOUDFLARE_ZONE_ID`), `CLOUDFLARE_API_TOKEN`, `ORIGINPROOF_TIMEOUT` and the others of
    /// [`crate::settings::SETTINGS`]. Journals are kept in the user's state folder, by `XDG_STATE_HOME` or `HOME`.
    #[must_use]
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let vars: BTreeMap<String, String> = vars.into_iter().collect();
        let folder = user_folder(|name| vars.get(name).cloned(), None);
        let values = Values::from_vars(vars);
        let server = values
            .text("url")
            .map_or(Server::Missing, |url| Server::At(url.to_owned()));
        Self {
            values,
            folder,
            server,
            ..Self::default()
        }
    }

    /// Uses the embedded mock, whatever the environment says (feature `mock`). This is useful for a first try, but
    /// proves nothing about another server.
    #[cfg(feature = "mock")]
    #[must_use]
    pub fn mock() -> Self {
        Self {
            server: Server::Mock,
            ..Self::default()
        }
    }

    /// Sets the server to test, unless a variable names a target. `start` is an async function that starts the server
    /// and returns its base URL, or an error that tells why it cannot. It is called once for the whole run.
    #[must_use]
    pub fn server<F, R>(mut self, start: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<String, String>> + Send + 'static,
    {
        if matches!(self.server, Server::Missing) {
            self.server = Server::Started(Arc::new(move || Box::pin(start())));
        }
        self
    }

    /// Sets the base URL of the target, unless a variable names a target.
    #[must_use]
    pub fn target(mut self, base_url: impl Into<String>) -> Self {
        if matches!(self.server, Server::Missing) {
            self.server = Server::At(base_url.into());
        }
        self
    }

    /// Sets a setting by its key in `originproof.toml`, such as `token`, `timeout` or `rate`, unless a variable sets
    /// it. For a list, each call adds a value. A key that does not exist fails the run.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<String>) -> Self {
        self.values.offer(key, value.into());
        self
    }

    /// Sets the API token, unless a variable sets it.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        self.set("token", token)
    }

    /// Adds a zone to work in, unless a variable names zones.
    #[must_use]
    pub fn zone(self, id: impl Into<String>) -> Self {
        self.set("zones", id)
    }

    /// Adds a capability that the target has (`originproof list capabilities`), unless a variable names capabilities.
    #[must_use]
    pub fn capability(self, name: impl Into<String>) -> Self {
        self.set("capabilities", name)
    }

    /// Uses the case files in this folder instead of the built-in ones.
    #[must_use]
    pub fn cases(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cases = Some(folder.into());
        self
    }

    /// Runs only the cases of this generation.
    #[must_use]
    pub fn only(mut self, generation: Generation) -> Self {
        self.only = Some(generation);
        self
    }

    /// Also explores, with a test for each seed. Each test sends this number of requests in random sequences. The same
    /// seed gives the same sequence.
    #[must_use]
    pub fn explore(mut self, seeds: impl IntoIterator<Item = u64>, requests: usize) -> Self {
        self.explore = (seeds.into_iter().collect(), requests);
        self
    }

    /// Sets the list of expected failures. Expected failures pass, and an entry that no longer fits fails the run.
    #[must_use]
    pub fn expected(mut self, expectations: Expectations) -> Self {
        self.expected = Some(expectations);
        self
    }

    /// Writes a report of all tests at the end, in a format of `originproof report`, such as `html` or `json`. A report
    /// that cannot be written fails the run.
    #[must_use]
    pub fn report(mut self, format: &str, path: impl Into<PathBuf>) -> Self {
        self.reports.push((format.to_owned(), path.into()));
        self
    }
}
