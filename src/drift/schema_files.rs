//! The text of our schema files, by their path in this repository.

use include_dir::{Dir, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas");

/// Returns the text of a file such as `schemas/result/v1-list.json`.
#[must_use]
pub(super) fn text(path: &str) -> Option<&'static str> {
    FILES
        .get_file(path.strip_prefix("schemas/")?)?
        .contents_utf8()
}
