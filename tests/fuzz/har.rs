//! The reader of recorded traffic (HAR or JSON Lines): any bytes must be either judged or refused, and the events of judged
//! traffic must add up to a run.

use originproof::audit::{Auditor, read_plain};
use originproof::exchange::Redactor;
use originproof::report::{Run, format};

/// Reads bytes as recorded traffic, and writes the report.
pub(crate) fn read(bytes: &[u8]) {
    let mut auditor = Auditor::new("fuzz.har", Redactor::default());
    let read = read_plain(bytes, |recorded| {
        auditor.take(recorded);
    });
    if read.is_err() {
        return;
    }
    let mut run = Run::default();
    auditor
        .events()
        .into_iter()
        .for_each(|event| run.event(event));
    if let Some(terminal) = format("terminal") {
        // A sink takes everything.
        let _ = (terminal.write)(&run, &mut std::io::sink());
    }
}
