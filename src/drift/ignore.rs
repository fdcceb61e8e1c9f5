//! Differences that are known and left out: one [`super::Difference::key`] a line, `#` before a reason.

use super::difference::Drift;

/// Lines that are left out.
#[derive(Debug, Default)]
pub struct Ignored {
    /// Line number (1-based) and key.
    lines: Vec<(usize, String)>,
}

/// A line that leaves out nothing: the difference is gone, or misspelled.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: no difference is `{key}`")]
pub struct IgnoredFault {
    /// 1-based.
    pub line: usize,
    /// The line.
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

    /// Takes the differences out, and returns how many.
    ///
    /// # Errors
    /// [`IgnoredFault`] for the first line that fits none.
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
