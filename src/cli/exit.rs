//! Exit codes: what each number means, and when a command ends with it.

use std::fmt;
use std::io;
use std::process::ExitCode;

use originproof::case::LibraryError;
use originproof::event::{Summary, Verdict};
use originproof::runner::{PlanError, TargetError};
use originproof::settings::SettingError;

use super::output::Compared;

/// The exit code of a command. The numbers are part of its interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: the command did what it was asked to; a run found no violation.
    Conforms,
    /// 1: a must clause is violated, or with `--strict` a should clause; or the list of expected failures no longer
    /// fits.
    Violates,
    /// 2: the command line, the configuration or a case file is wrong.
    Usage,
    /// 3: the target could not be judged: it is out of reach, it refuses requests, or a case is inconclusive.
    Inconclusive,
    /// 4: no case ran.
    NothingRan,
    /// 70: an internal error of originproof.
    Internal,
    /// 130: the run was interrupted.
    Interrupted,
}

impl Exit {
    /// Returns the number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Conforms => 0,
            Self::Violates => 1,
            Self::Usage => 2,
            Self::Inconclusive => 3,
            Self::NothingRan => 4,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }

    /// Returns the exit code of a run that was compared with a baseline.
    pub(crate) fn of_compared(summary: &Summary, strict: bool, compared: Compared) -> Self {
        match compared {
            Compared::Worse => Self::Violates,
            Compared::NotWorse {
                lets_known_pass: true,
            } => {
                // A case that also failed in the baseline counts as expected.
                let mut known = summary.clone();
                let failed = known.verdicts.remove(&Verdict::Violates).unwrap_or(0)
                    + known.verdicts.remove(&Verdict::Deviates).unwrap_or(0);
                *known.verdicts.entry(Verdict::Expected).or_default() += failed;
                Self::of_run(&known, strict)
            }
            Compared::Without | Compared::NotWorse { .. } => Self::of_run(summary, strict),
        }
    }

    /// Returns the exit code of a run.
    pub(crate) fn of_run(summary: &Summary, strict: bool) -> Self {
        let count = |verdict| summary.count(verdict);
        let is_list_wrong = !summary.expectation_faults.is_empty();
        if count(Verdict::Violates) > 0 || (strict && count(Verdict::Deviates) > 0) || is_list_wrong
        {
            Self::Violates
        } else if summary.interrupted {
            Self::Interrupted
        } else if count(Verdict::Broken) > 0 {
            Self::Internal
        } else if summary.unjudged() > 0 || summary.zones_left > 0 {
            Self::Inconclusive
        } else if summary.judged() == 0 {
            Self::NothingRan
        } else {
            Self::Conforms
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The reason why a subcommand could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line, or a file that it names, is wrong.
    Usage(String),
    /// The case files are faulty; the text shows each fault with its place.
    Cases(String),
    /// The selections match no case, or one of them is wrong.
    Selection(PlanError),
    /// The target cannot be used.
    Target(TargetError),
    /// Nothing could be judged.
    Unjudged(String),
    /// Reading or writing failed.
    Io(io::Error),
    /// The suite itself is faulty.
    Internal(String),
}

impl Failure {
    /// Returns its exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Cases(_) | Self::Selection(_) => Exit::Usage,
            Self::Target(error) => match error {
                TargetError::Url(_)
                | TargetError::NoCredentials(_)
                | TargetError::NoZone { .. }
                | TargetError::OddZone { .. }
                | TargetError::ZoneTwice(_)
                | TargetError::Journal(_)
                | TargetError::ZoneInUse { .. } => Exit::Usage,
                TargetError::Unreachable { .. }
                | TargetError::Unlisted { .. }
                | TargetError::Refused { .. }
                | TargetError::NotServing { .. }
                | TargetError::NotRouted { .. } => Exit::Inconclusive,
            },
            Self::Unjudged(_) => Exit::Inconclusive,
            Self::Io(_) if self.is_closed_pipe() => Exit::Conforms,
            Self::Io(_) => Exit::Usage,
            Self::Internal(_) => Exit::Internal,
        }
    }

    /// Returns whether the reader of our output closed it; the command then counts as successful.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Cases(text) | Self::Unjudged(text) => f.write_str(text),
            Self::Selection(error) => error.fmt(f),
            Self::Target(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Internal(text) => write!(f, "{text} (this is a fault of originproof)"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::Selection(error)
    }
}

impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        Self::Cases(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(verdicts: &[Verdict]) -> Summary {
        let mut summary = Summary::default();
        for verdict in verdicts {
            *summary.verdicts.entry(*verdict).or_default() += 1;
        }
        summary
    }

    #[test]
    fn a_run_ends_with_the_worst_that_it_saw() {
        use Verdict::{Conforms, Deviates, Inconclusive, Skipped, Violates};
        for (verdicts, strict, exit) in [
            (vec![Conforms, Skipped], false, Exit::Conforms),
            (vec![Conforms, Deviates], false, Exit::Conforms),
            (vec![Conforms, Deviates], true, Exit::Violates),
            (vec![Inconclusive, Violates], false, Exit::Violates),
            (vec![Inconclusive, Conforms], false, Exit::Inconclusive),
            (vec![Skipped], false, Exit::NothingRan),
            (vec![], false, Exit::NothingRan),
        ] {
            assert_eq!(
                Exit::of_run(&summary(&verdicts), strict),
                exit,
                "{verdicts:?}"
            );
        }
    }
}
