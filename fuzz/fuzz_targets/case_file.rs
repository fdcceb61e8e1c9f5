//! Fuzzes the parser of case files: any text must either become cases or be refused with places inside the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use originproof::case::Library;
use originproof::diagnostic::SourceFile;

fuzz_target!(|text: &str| {
    let source = SourceFile {
        path: "fuzz.yaml".to_owned(),
        text: text.to_owned(),
    };
    match Library::from_sources(vec![("fuzz".to_owned(), source)]) {
        Ok(library) => {
            library.digest();
            for trial in library.trials() {
                trial.needs();
            }
        }
        Err(error) => {
            error.text(false);
        }
    }
});
