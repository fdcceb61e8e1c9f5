//! Messages about a folder of case files.

use originproof::case::Library;

use super::console::Console;

/// The maximum number of files that are named.
const NAMED: usize = 5;

/// Tells which files of the folder are ignored because they are not case files.
pub(super) fn name_passed_over(library: &Library, console: &mut Console) {
    let others = &library.passed_over;
    let named = others.iter().take(NAMED);
    let named: Vec<String> = named.map(|path| path.display().to_string()).collect();
    if named.is_empty() {
        return;
    }
    let more = match others.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    console.say(&format!(
        "note: passed over, since they are not case files (*.yaml, *.yml): {}{more}",
        named.join(", ")
    ));
}
