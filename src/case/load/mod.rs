//! From the text of a file to a [`super::CaseFile`]: every fault of the file is collected, with its
//! place and the nearest right name.

mod action;
mod bounds;
mod captures;
mod expect;
mod file;
mod reader;
mod table;
mod usage;
mod values;

pub(super) use file::load;
