//! Runs walks over a target, one after the other, until the requests or the time are used up. Each new fault is reduced
//! and reported as a case of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::coverage::Coverage;
use super::generate::{Offer, Walk, walk};
use super::script::Script;
use super::shrink::{Probe, shrink};
use super::story::{Key, Story, loaded, only_first, title, verdict};
use crate::case::Trial;
use crate::contract::{ClauseId, Level};
use crate::event::{Event, ReportedFinding, Summary, TrialReport};
use crate::exchange::{Generation, Operation};
use crate::runner::{Planned, Runner};

/// The maximum number of requests to reduce one fault.
const SHRINKING: usize = 2_000;
/// The maximum number of faults that are reduced.
const STORIES: usize = 12;
/// The number of repeats of the reduced script, to measure how often the fault comes back.
const REPEATS: usize = 5;
/// The same number for scripts with requests at the same time.
const RACE_REPEATS: usize = 20;
/// The number of tries in which a script with requests at the same time may show its fault. The first attempt gets
/// twice this number.
const RACE_TRIES: usize = 6;
/// The minimum number of requests that must be left to begin a walk around the limit of a zone.
const FULL_COST: usize = 400;

/// The limits of exploring.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The maximum number of requests, not counting those that reduce a fault.
    pub requests: usize,
    /// The maximum time. A walk that is running when it ends is finished.
    pub time: Option<Duration>,
    /// The number of concurrent clients. With 1, requests never overlap.
    pub clients: usize,
    /// The only generation to use; `None` for both.
    pub only: Option<Generation>,
    /// The level of faults that end the exploring: it ends with the first fault of this level or a higher one.
    pub stop_at: Option<Level>,
    /// The folder for the case files; `None` if they are not saved.
    pub cases: Option<PathBuf>,
    /// The number from which trials count their zones.
    pub zones_from: usize,
}

/// The results of exploring.
#[derive(Debug, Clone, Default)]
pub struct Explored {
    /// The summary of the run.
    pub summary: Summary,
    /// The reported faults.
    pub stories: Vec<Story>,
    /// The number of walks.
    pub walks: usize,
    /// The number of requests in these walks.
    pub requests: usize,
    /// The coverage of the walks.
    pub coverage: Coverage,
    /// The generations that the walks used.
    pub generations: Vec<Generation>,
}

/// The explorer of a target.
#[derive(Debug)]
pub struct Explorer<'r> {
    runner: &'r Runner,
    limits: Limits,
    offer: Offer,
    seed: u64,
    known: BTreeSet<Key>,
    /// The number of trials so far. Each has a zone of its own.
    trials: usize,
    explored: Explored,
}

impl<'r> Explorer<'r> {
    /// Creates an explorer for a target. Walks are derived from this seed, and zones from the runner's seed.
    #[must_use]
    pub fn new(runner: &'r Runner, seed: u64, limits: Limits) -> Self {
        let target = runner.target();
        let mut generations: Vec<Generation> = Generation::ALL
            .into_iter()
            .filter(|generation| target.has(generation.id()))
            .collect();
        if let Some(only) = limits.only {
            generations.retain(|generation| *generation == only);
        }
        let offer = Offer {
            generations: generations.clone(),
            pairs: target.pairs().min(8),
            has_foreign: target.has_foreign_pair(),
            clients: limits.clients.max(1),
            can_fill: runner.has_fresh_zones(),
        };
        Self {
            seed,
            runner,
            trials: limits.zones_from,
            limits,
            offer,
            known: BTreeSet::new(),
            explored: Explored {
                generations,
                ..Explored::default()
            },
        }
    }

    /// Runs the walks, sends every event, and returns the results.
    pub async fn run(mut self, on_event: impl FnMut(Event)) -> Explored {
        let runner = self.runner;
        let planned = Planned {
            walks_from: Some(self.seed),
            ..Planned::default()
        };
        let walks = |events| async {
            self.walks(events).await;
            self.explored
        };
        let (summary, mut explored) = runner.reporting(planned, walks, on_event).await;
        explored.summary = summary;
        explored
    }

    /// Runs the walks and returns the results with the report of each trial. Zones in care are not restored.
    pub async fn reports(mut self) -> (Explored, Vec<TrialReport>) {
        let (events, mut received) = unbounded_channel();
        self.walks(events).await;
        let mut reports = Vec::new();
        while let Some(event) = received.recv().await {
            if let Event::TrialFinished(report) = event {
                reports.push(*report);
            }
        }
        (self.explored, reports)
    }

    async fn walks(&mut self, events: UnboundedSender<Event>) {
        let begun = Instant::now();
        let is_over = |limits: &Limits| limits.time.is_some_and(|time| begun.elapsed() >= time);
        if self.offer.generations.is_empty() {
            return;
        }
        let both = self.offer.generations.clone();
        for number in 0.. {
            let left = self.limits.requests.saturating_sub(self.explored.requests);
            if left == 0 || is_over(&self.limits) || self.runner.is_halted() {
                return;
            }
            let mut offer = self.offer.clone();
            offer.can_fill &= left >= FULL_COST;
            // If the generations do not show each other's writes, each walk uses only one of them.
            if self.known.iter().any(|key| key.clause == "X-1") {
                offer.generations = vec![both[number % both.len()]];
            }
            let mut walk = walk(self.seed, number, &offer, &mut self.explored.coverage);
            shorten(&mut walk.script, left);
            let id = format!("explore/seed-{}/walk-{}", self.seed, number + 1);
            let title = "a walk that was drawn from the seed";
            let trial = walk.script.trial(&id, title);
            // The receiver lives as long as the work. A failed send means that nobody listens.
            let _ = events.send(Event::TrialStarted { id: trial.id() });
            let before = self.explored.requests;
            let report = self.trial(&trial).await;
            self.explored.walks += 1;
            self.explored.requests += walk.script.requests();
            self.cover(&walk, &report);
            let new = self.tell(&walk, report, before, &events).await;
            if self.limits.stop_at.is_some_and(|level| new >= Some(level)) {
                return;
            }
        }
    }

    /// Runs a trial on zones of its own.
    async fn trial(&mut self, trial: &Trial) -> TrialReport {
        self.trials += 1;
        self.runner.trial(self.trials, trial).await
    }

    /// Reports a walk and reduces its first new fault. Returns the level of that fault.
    async fn tell(
        &mut self,
        walk: &Walk,
        report: TrialReport,
        before: usize,
        events: &UnboundedSender<Event>,
    ) -> Option<Level> {
        let new = report.findings.iter().find_map(|reported| {
            let key = Key::of(&report, reported);
            (!self.known.contains(&key)).then(|| (key, reported.place.number()))
        });
        let Some((key, turn)) = new.filter(|_| self.explored.stories.len() < STORIES) else {
            let _ = events.send(Event::TrialFinished(Box::new(only_first(report))));
            return None;
        };
        self.known.insert(key.clone());
        let found_after = before
            + walk
                .script
                .0
                .iter()
                .take(turn)
                .map(|turn| turn.asks().len())
                .sum::<usize>();
        let mut script = walk.script.clone();
        script.0.truncate(turn);
        match self.story(&key, script, found_after, true).await {
            Outcome::Told(both) => {
                let (story, told) = *both;
                let _ = events.send(Event::TrialFinished(Box::new(told)));
                self.explored.stories.push(story);
            }
            Outcome::Known(better) => {
                let mut report = only_first(report);
                for reported in &mut report.findings {
                    reported.finding.clause = ClauseId::from(better.clause.as_str());
                    reported.finding.level = better.level;
                }
                let _ = events.send(Event::TrialFinished(Box::new(report)));
            }
            // The fault did not come back, so the walk itself is the evidence.
            Outcome::Gone => {
                let mut script = walk.script.clone();
                script.0.truncate(turn);
                let clause = ClauseId::from(key.clause.as_str());
                let about = format!(
                    "Found by exploring with seed {}; it did not come back.",
                    self.seed
                );
                self.explored.stories.push(Story {
                    name: key.name(),
                    level: key.level,
                    operation: key.operation.clone(),
                    text: script.text(&title(Some(&report), &key), &about, &clause),
                    clause,
                    requests: script.requests(),
                    found_after,
                    came_back: (0, RACE_TRIES),
                });
                let mut report = only_first(report);
                report.reason = Some(format!(
                    "the same requests on other zones did not show it again in {RACE_TRIES} tries"
                ));
                let _ = events.send(Event::TrialFinished(Box::new(report)));
            }
        }
        Some(key.level)
    }

    /// Reduces a failing script, and runs it as the case that is saved.
    async fn story(
        &mut self,
        key: &Key,
        mut script: Script,
        found_after: usize,
        may_retell: bool,
    ) -> Outcome {
        let mut attempts = Attempts {
            explorer: self,
            key,
            left: SHRINKING,
            other: None,
        };
        let Some(turn) = attempts.fails(&script).await else {
            // A fault that depends on timing may show differently. The different finding is reported instead.
            let Some((key, turn)) = attempts.other.take() else {
                return Outcome::Gone;
            };
            if !self.known.insert(key.clone()) {
                return Outcome::Gone;
            }
            script.0.truncate(turn);
            return Box::pin(self.story(&key, script, found_after, may_retell)).await;
        };
        script.0.truncate(turn);
        let script = shrink(script, &mut attempts).await;
        let repeats = if is_race(&script) {
            RACE_REPEATS
        } else {
            REPEATS
        };
        let name = key.name();
        let path = match &self.limits.cases {
            Some(folder) => folder.join(format!("{name}.yaml")),
            None => PathBuf::from(format!("{name}.yaml")),
        };
        let clause = ClauseId::from(key.clause.as_str());
        let mut told: Option<TrialReport> = None;
        let mut came_back = 0;
        let mut text = String::new();
        for round in 0..repeats {
            if self.runner.is_halted() {
                break;
            }
            if told.is_none() || round == repeats - 1 {
                let title = title(told.as_ref(), key);
                let about = format!(
                    "Found by exploring with seed {}, and made small; it came back in {came_back} of {round} repeats.",
                    self.seed
                );
                text = script.text(&title, &about, &clause);
            }
            let trial = loaded(&name, &path, &text)
                .unwrap_or_else(|| script.trial(&name, "a walk, made small"));
            let report = self.trial(&trial).await;
            let is_same = report
                .findings
                .iter()
                .any(|reported| Key::of(&report, reported) == *key);
            if is_same {
                came_back += 1;
                told = Some(report);
            }
        }
        let Some(mut told) = told else {
            return Outcome::Gone;
        };
        // A better telling must not lead back to the first one.
        let retold = if may_retell {
            self.retold(key, &script, &told).await
        } else {
            None
        };
        if let Some((key, script)) = retold {
            if !self.known.insert(key.clone()) {
                return Outcome::Known(key);
            }
            match Box::pin(self.story(&key, script, found_after, false)).await {
                Outcome::Gone => {}
                better => return better,
            }
        }
        told.title = title(Some(&told.clone()), key);
        told.findings.retain({
            let report = told.clone();
            move |reported| Key::of(&report, reported) == *key
        });
        told.verdict = verdict(key.level);
        let story = Story {
            name,
            clause,
            level: key.level,
            operation: key.operation.clone(),
            text,
            requests: script.requests(),
            found_after,
            came_back: (came_back, repeats),
        };
        Outcome::Told(Box::new((story, told)))
    }

    /// Looks for a script that shows the same by another clause, and that is not longer.
    async fn retold(
        &mut self,
        key: &Key,
        script: &Script,
        told: &TrialReport,
    ) -> Option<(Key, Script)> {
        let is_told = |reported: &&ReportedFinding| Key::of(told, reported) == *key;
        let first = told.findings.iter().find(is_told)?;
        let found = first.finding.what.found();
        for mut candidate in script.retellings() {
            if self.runner.is_halted() {
                break;
            }
            let report = self
                .trial(&candidate.trial("explore/retold", "a walk, told in another way"))
                .await;
            let mut same = report.findings.iter().filter(|reported| {
                let finding = &reported.finding;
                finding.level == Level::Must && finding.what.found() == found
            });
            let other = same.find_map(|reported| {
                let other = Key::of(&report, reported);
                (other.clause != key.clause).then(|| (other, reported.place.number()))
            });
            if let Some((other, turn)) = other {
                candidate.0.truncate(turn.max(1));
                return Some((other, candidate));
            }
        }
        None
    }

    /// Records the outcomes of a walk.
    fn cover(&mut self, walk: &Walk, report: &TrialReport) {
        let mut nth = vec![0_usize; walk.held.len()];
        for step in &report.steps {
            let turn = step.place.number() - 1;
            let (Some(held), Some(nth)) = (walk.held.get(turn), nth.get_mut(turn)) else {
                continue;
            };
            if let (Some(held), Some(operation)) =
                (held.get(*nth), Operation::from_id(&step.operation))
            {
                self.explored
                    .coverage
                    .answered(operation, *held, step.status);
            }
            *nth += 1;
        }
    }
}

/// What came of a failing script.
enum Outcome {
    /// It is told as a story.
    Told(Box<(Story, TrialReport)>),
    /// A better clause explains it, by which a fault was told before.
    Known(Key),
    /// It did not come back.
    Gone,
}

/// Attempts to reproduce a fault.
struct Attempts<'e, 'r> {
    explorer: &'e mut Explorer<'r>,
    key: &'e Key,
    /// The number of requests that may still be sent.
    left: usize,
    /// Another broken must that an attempt showed, and the number of its turn.
    other: Option<(Key, usize)>,
}

impl Probe for Attempts<'_, '_> {
    async fn fails(&mut self, script: &Script) -> Option<usize> {
        let is_first = self.left == SHRINKING;
        let tries = match (is_race(script), is_first) {
            (true, true) => 2 * RACE_TRIES,
            (true, false) => RACE_TRIES,
            (false, true) => REPEATS,
            (false, false) => 1,
        };
        for _ in 0..tries {
            if !self.can_go_on() {
                return None;
            }
            self.left = self.left.saturating_sub(script.requests());
            let trial = script.trial("explore/again", "a walk, made smaller");
            let report = self.explorer.trial(&trial).await;
            let same = report
                .findings
                .iter()
                .find(|reported| Key::of(&report, reported) == *self.key);
            if let Some(same) = same {
                return Some(same.place.number());
            }
            let must = report
                .findings
                .iter()
                .find(|reported| reported.finding.level == Level::Must);
            if let Some(must) = must {
                let other = (Key::of(&report, must), must.place.number());
                self.other.get_or_insert(other);
            }
        }
        None
    }

    fn can_go_on(&self) -> bool {
        self.left > 0 && !self.explorer.runner.is_halted()
    }
}

fn is_race(script: &Script) -> bool {
    script.0.iter().any(|turn| turn.asks().len() > 1)
}

/// Cuts a script to at most this number of requests.
fn shorten(script: &mut Script, requests: usize) {
    let mut left = requests;
    script.0.retain(|turn| {
        let fits = turn.asks().len() <= left;
        left = if fits { left - turn.asks().len() } else { 0 };
        fits
    });
}
