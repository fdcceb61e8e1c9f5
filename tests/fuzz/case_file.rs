//! The parser of case files: any text must either become cases or be refused with places inside the text.

use originproof::case::Library;
use originproof::diagnostic::SourceFile;

/// Reads a text as a case file.
pub(crate) fn read(text: &str) {
    let source = SourceFile::new("fuzz.yaml", text);
    match Library::from_sources(vec![("fuzz".to_owned(), source)]) {
        Ok(library) => {
            let _ = library.digest();
            for trial in library.trials() {
                let _ = trial.needs();
            }
        }
        Err(error) => {
            let _ = error.text(false);
        }
    }
}
