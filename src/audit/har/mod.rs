//! Reads HAR 1.2 entry by entry; memory use does not grow with the file.

mod attached;
mod entry;
mod lenient;
mod split;

use std::io::BufRead;

pub(super) use attached::{Archive, Attached, Folder, Nothing};

use self::split::{Element, End, split};
use super::read::Extent;
use super::recorded::Recorded;

/// Reads the entries and passes each to `each`.
///
/// # Errors
/// Returns where the file is not a HAR, in words with line and column.
pub(super) fn read(
    reader: impl BufRead,
    attached: &mut dyn Attached,
    mut each: impl FnMut(Recorded),
) -> Result<Extent, String> {
    let mut count = 0;
    let end = split(reader, |element| {
        count += 1;
        each(match element {
            Element::Whole(bytes) => entry::read(bytes, attached),
            Element::TooLong => Recorded::unreadable("it is too long".to_owned()),
            Element::Cut => Recorded::unreadable("the file ends in the middle of it".to_owned()),
        });
    })?;
    Ok(Extent {
        exchanges: count,
        is_whole: end != End::Early,
        has_more: end == End::More,
    })
}
