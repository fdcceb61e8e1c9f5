//! The loader: it makes a [`super::CaseFile`] from the text of a file. It collects every fault of the file, with its
//! place and the nearest valid name.

mod action;
mod bounds;
mod captures;
mod expect;
mod file;
pub(crate) mod reader;
pub(crate) mod table;
mod usage;
mod values;

pub(super) use file::load;
