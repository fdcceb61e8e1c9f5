//! Known differences to ignore: one [`super::Difference::key`] per line, and `#` before a reason.

use super::difference::Drift;

/// The lines of a list of differences to ignore.
#[derive(Debug, Default)]
pub struct Ignored {
    /// The line numbers, counted from 1, and the keys.
    lines: Vec<(usize, String)>,
}

/// A line that matches no difference: the difference is gone, or the key is misspelled.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: no difference is `{key}`")]
pub struct IgnoredFault {
    /// The line number, counted from 1.
    pub line: usize,
    /// The key in the line.
    pub key: String,
}

impl Ignored {
    /// Reads the lines of a file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().enumerate().filter_map(|(index, line)| {
            let line = line.trim();
            let is_key = !line.is_empty() && !line.starts_with('#');
            let words: Vec<&str> = line.split_whitespace().collect();
            is_key.then(|| (index + 1, words.join(" ")))
        });
        Self {
            lines: lines.collect(),
        }
    }

    /// Removes the listed differences and returns how many were removed.
    ///
    /// # Errors
    /// [`IgnoredFault`] for the first line that matches no difference.
    pub fn take_out(&self, drift: &mut Drift) -> Result<usize, IgnoredFault> {
        let before = drift.differences.len();
        for (line, key) in &self.lines {
            if !drift
                .differences
                .iter()
                .any(|difference| difference.key() == *key)
            {
                return Err(IgnoredFault {
                    line: *line,
                    key: key.clone(),
                });
            }
        }
        drift
            .differences
            .retain(|difference| !self.lines.iter().any(|(_, key)| *key == difference.key()));
        Ok(before - drift.differences.len())
    }
}
