//! A client of our own, built on reqwest. It is the lawful reference for the scenarios, each of its habits is another
//! lawful way, and each of its mutants has one fault.

mod fault;
mod habit;
mod read;
mod request;
mod send;

pub use fault::{Mutant, mutants};
pub use habit::{Habit, habits};

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use self::fault::Fault;
use self::read::{Page, batch_answer, failure_of, mappings, one, regions};
use self::request::{Draft, drafts};
use self::send::{Answered, Sender};
use super::adapter::Adapter;
use super::protocol::{Answer, Ask, ClientError};
use crate::exchange::{Kind, Operation};

/// The number of mappings on a page that the client asks for by itself.
const PER_PAGE: u64 = 20;
/// The largest number of pages that the client reads.
const MOST_PAGES: u64 = 200;

/// How a client behaves: honestly but for these habits and faults.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    habits: Vec<Habit>,
    faults: Vec<Fault>,
}

impl Reference {
    /// Returns a client with a mutant's fault.
    #[must_use]
    pub fn mutant(mutant: &Mutant) -> Self {
        Self {
            habits: Vec::new(),
            faults: vec![mutant.fault],
        }
    }

    /// Returns a client with this habit as well.
    #[must_use]
    pub fn with(mut self, habit: Habit) -> Self {
        self.habits.push(habit);
        self
    }

    fn has(&self, habit: Habit) -> bool {
        self.habits.contains(&habit)
    }

    fn is(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// Returns an adapter of this client that runs in this process.
    #[must_use]
    pub fn adapter(self) -> Adapter {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (reader, writer) = tokio::io::split(theirs);
        tokio::spawn(async move {
            // The other end may be gone.
            let _ = self.serve(BufReader::new(reader), writer).await;
        });
        let (reader, writer) = tokio::io::split(ours);
        Adapter::over(Box::new(reader), Box::new(writer))
    }

    /// Answers each line of the protocol until the input ends.
    ///
    /// # Errors
    /// Any error of reading and writing, and a line that is not of the protocol.
    pub async fn serve(
        self,
        reader: impl AsyncBufRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
    ) -> std::io::Result<()> {
        let client = Client {
            sender: Sender::new(&self).map_err(std::io::Error::other)?,
            reference: Arc::new(self),
            known: Mutex::default(),
            listed: Mutex::default(),
        };
        let mut lines = reader.lines();
        while let Some(line) = lines.next_line().await? {
            let ask: Ask = serde_json::from_str(&line)?;
            let mut answer = client.answer(&ask).await;
            answer.id = ask.id;
            let mut line = serde_json::to_vec(&answer)?;
            line.push(b'\n');
            writer.write_all(&line).await?;
            writer.flush().await?;
        }
        Ok(())
    }
}

/// The client.
struct Client {
    reference: Arc<Reference>,
    sender: Sender,
    /// The results of earlier asks, by what was asked; only some faults read them.
    known: Mutex<HashMap<String, Value>>,
    /// The zones whose whole list was read.
    listed: Mutex<HashSet<String>>,
}

/// Returns an answer with an error that no status stands behind.
fn plain_error(kind: &str, message: impl Into<String>) -> ClientError {
    ClientError {
        kind: kind.to_owned(),
        message: message.into(),
        ..ClientError::default()
    }
}

impl Client {
    async fn answer(&self, ask: &Ask) -> Answer {
        let Some(operation) = Operation::from_id(&ask.operation) else {
            return Answer {
                unsupported: Some(true),
                ..Answer::default()
            };
        };
        let remembers = match operation.kind() {
            Kind::Get => self.reference.is(Fault::KeepsAnswers),
            kind => kind.writes() && self.reference.is(Fault::WritesOnce),
        };
        // The id tells two asks for the same apart.
        let asked = Ask {
            id: 0,
            ..ask.clone()
        };
        let asked = serde_json::to_string(&asked).unwrap_or_default();
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&asked).filter(|_| remembers) {
            return Answer {
                ok: Some(known.clone()),
                ..Answer::default()
            };
        }
        let result = match operation.kind() {
            Kind::List if operation.is_paged() && ask.arguments.page.is_none() => {
                self.all_pages(operation, ask).await
            }
            _ => self.simple(operation, ask).await,
        };
        match result {
            Ok(result) => {
                known().insert(asked, result.clone());
                Answer {
                    ok: Some(result),
                    ..Answer::default()
                }
            }
            Err(error) => Answer {
                error: Some(error),
                ..Answer::default()
            },
        }
    }

    /// Carries out an operation that is not a walk over pages.
    async fn simple(&self, operation: Operation, ask: &Ask) -> Result<Value, ClientError> {
        let drafts = drafts(&self.reference, operation, ask)?;
        let mut results = Vec::new();
        for draft in drafts {
            let answered = self
                .sender
                .send(&self.reference, operation, ask, &draft)
                .await?;
            results.push(self.read(operation, &answered)?);
            if self.reference.has(Habit::ReadsAfterWrites) && operation.kind().writes() {
                let draft = Draft::list_of(operation, ask);
                let listed = self
                    .sender
                    .send(&self.reference, operation, ask, &draft)
                    .await?;
                failure_of(&self.reference, &listed)?;
            }
        }
        if let [one] = results.as_slice() {
            return Ok(one.clone());
        }
        // The parts of a split batch.
        let part = |name: &str| -> Vec<Value> {
            let lists = results
                .iter()
                .filter_map(|result| result.get(name)?.as_array());
            lists.flatten().cloned().collect()
        };
        Ok(json!({"succeeded": part("succeeded"), "failed": part("failed")}))
    }

    fn read(&self, operation: Operation, answered: &Answered) -> Result<Value, ClientError> {
        if let Some(instead) = failure_of(&self.reference, answered)? {
            return Ok(instead);
        }
        let result = read::result(&self.reference, answered)?;
        match operation.kind() {
            Kind::SupportedRegions => regions(answered, &result),
            kind if kind.is_batch() => batch_answer(&self.reference, answered, &result),
            Kind::List | Kind::Upsert if operation.shows_all() => {
                mappings(&self.reference, answered, &result).map(Value::from)
            }
            Kind::List => mappings(&self.reference, answered, &result).map(Value::from),
            _ => one(&self.reference, answered, &result),
        }
    }

    /// Notes that a zone is listed, and returns whether it was not before.
    fn is_first_list_of(&self, zone: &str) -> bool {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.insert(zone.to_owned())
    }

    /// Reads all pages of a list.
    async fn all_pages(&self, operation: Operation, ask: &Ask) -> Result<Value, ClientError> {
        let reference = &self.reference;
        let per_page = ask
            .arguments
            .per_page
            .unwrap_or(if reference.is(Fault::PagesOfAThousand) {
                1_000
            } else if reference.has(Habit::LargePages) {
                100
            } else if reference.has(Habit::SmallPages) {
                7
            } else {
                PER_PAGE
            });
        let is_again = !self.is_first_list_of(&ask.zone);
        let first = if reference.is(Fault::GoesOnWhereAListEnded) && is_again {
            2
        } else {
            u64::from(!reference.is(Fault::PagesFromZero))
        };
        let mut all: Vec<Value> = Vec::new();
        for number in first..=MOST_PAGES {
            let draft = Draft::page(reference, ask, number, per_page);
            let answered = self.sender.send(reference, operation, ask, &draft).await?;
            if let Some(instead) = failure_of(reference, &answered)? {
                return Ok(instead);
            }
            let result = read::result(reference, &answered)?;
            let shown = mappings(reference, &answered, &result)?;
            let count = shown.len();
            if count == 0 && number > first && reference.is(Fault::EmptyPageIsAnError) {
                return Err(plain_error("decode", "a page has no entries"));
            }
            all.extend(shown);
            if reference.is(Fault::FirstPageOnly) {
                break;
            }
            let page = Page::of(&answered, count, per_page);
            let mut is_last = if reference.has(Habit::WalksUntilEmpty) {
                page.is_empty()
            } else if reference.has(Habit::WalksUntilShort) {
                page.is_short()
            } else {
                page.is_last(number)
            };
            if reference.is(Fault::AsksAfterTheEmptyPage) {
                is_last = page.is_empty() && number > page.last() + 2;
            }
            if reference.is(Fault::SkipsTheLastPage) {
                is_last |= page.is_last(number + 1);
            }
            if is_last {
                break;
            }
            if reference.is(Fault::ReadsThePageTwice) && number == first {
                let draft = Draft::page(reference, ask, number, per_page);
                self.sender.send(reference, operation, ask, &draft).await?;
            }
        }
        Ok(Value::from(all))
    }
}
