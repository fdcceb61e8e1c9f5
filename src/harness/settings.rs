//! What an implementer's test file says: which server, and how to treat it.

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

/// Starts a server and says its base URL.
type Start = dyn Fn() -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync;

/// Where the tests send their requests.
#[derive(Clone, Default)]
pub(super) enum Server {
    /// Nobody said so.
    #[default]
    Missing,
    /// To the embedded mock.
    Mock,
    /// To a server that is started for the whole run.
    Started(Arc<Start>),
    /// To a base URL.
    At(String),
}

/// The settings of a test file. Begin with [`Settings::from_vars`], so that variables can choose another target and
/// bring credentials; then say what the file's own server is.
#[derive(Clone, Default)]
pub struct Settings {
    pub(super) values: Values,
    /// For journals and locks.
    pub(super) folder: PathBuf,
    pub(super) server: Server,
    pub(super) cases: Option<PathBuf>,
    pub(super) only: Option<Generation>,
    pub(super) expected: Option<Expectations>,
    /// Formats of reports with the files to write.
    pub(super) reports: Vec<(String, PathBuf)>,
    /// Seeds to explore from, and the requests of each.
    pub(super) explore: (Vec<u64>, usize),
}

impl fmt::Debug for Settings {
    /// Without the values, among which are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads the same variables as the command does, from those that the caller hands in: `ORIGINPROOF_TARGET`,
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

    /// The embedded mock, whatever the environment says: what a first try needs, and never a proof of anything else.
    #[must_use]
    pub fn mock() -> Self {
        Self {
            server: Server::Mock,
            ..Self::default()
        }
    }

    /// The server that the tests are for, where no variable names another: an async function that starts it and returns
    /// its base URL, or says why it can't. It is called once for the whole run.
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

    /// The target's base URL, where no variable names another.
    #[must_use]
    pub fn target(mut self, base_url: impl Into<String>) -> Self {
        if matches!(self.server, Server::Missing) {
            self.server = Server::At(base_url.into());
        }
        self
    }

    /// Sets a setting by its key in `originproof.toml`, such as `token`, `timeout` or `rate`, where no variable does. Of a
    /// list, each call adds one. A key that does not exist fails the run.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<String>) -> Self {
        self.values.offer(key, value.into());
        self
    }

    /// The API token, where no variable brings one.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        self.set("token", token)
    }

    /// A zone to work in, where no variable names any.
    #[must_use]
    pub fn zone(self, id: impl Into<String>) -> Self {
        self.set("zones", id)
    }

    /// Something that the target has (`originproof list capabilities`), where no variable names any.
    #[must_use]
    pub fn capability(self, name: impl Into<String>) -> Self {
        self.set("capabilities", name)
    }

    /// Case files of one's own in place of the built-in ones.
    #[must_use]
    pub fn cases(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cases = Some(folder.into());
        self
    }

    /// Only the cases of one generation.
    #[must_use]
    pub fn only(mut self, generation: Generation) -> Self {
        self.only = Some(generation);
        self
    }

    /// Explores as well: a test for each seed, which sends this number of requests in sequences that nobody wrote. The same seed
    /// sends the same sequence.
    #[must_use]
    pub fn explore(mut self, seeds: impl IntoIterator<Item = u64>, requests: usize) -> Self {
        self.explore = (seeds.into_iter().collect(), requests);
        self
    }

    /// The list of expected failures: those pass, and an entry that no longer fits fails.
    #[must_use]
    pub fn expected(mut self, expectations: Expectations) -> Self {
        self.expected = Some(expectations);
        self
    }

    /// Writes a report of all tests at the end, in a format of `originproof report`, such as `html` or `json`. One that
    /// can't be written fails the run.
    #[must_use]
    pub fn report(mut self, format: &str, path: impl Into<PathBuf>) -> Self {
        self.reports.push((format.to_owned(), path.into()));
        self
    }
}
