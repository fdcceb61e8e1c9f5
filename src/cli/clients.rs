//! `originproof clients`: judges a client through its adapter.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use originproof::client::reference::{Reference, mutants};
use originproof::client::scenario::{Scenarios, json_schema};
use originproof::client::{Client, Run, RunConfig, Selection, protocol};
use originproof::diagnostic::did_you_mean;
use originproof::event::{Event, RunHeader, Summary};
use originproof::exchange::shell_word;
use originproof::expected::{Expectations, Tally};
use originproof::transport::parse_duration;

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::expectation;
use super::interruption::Interruptions;
use super::output::OutputArgs;
use super::run::Only;
use super::world::World;

/// Flags of `clients`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ClientsArgs {
    /// The command that starts the adapter of the client under test; write it after `--`
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// Judge originproof's own reference client instead
    #[arg(long, conflicts_with = "command")]
    reference: bool,
    /// Judge the reference client with this fault; `originproof list client-mutants` names them
    #[arg(long, value_name = "NAME", conflicts_with = "command")]
    mutant: Option<String>,
    /// Try each client mutant on the scenarios of its clause, and show which are caught
    #[arg(long, conflicts_with_all = ["command", "reference", "mutant"])]
    mutants: bool,
    /// Print the JSON Schema of the lines between originproof and an adapter
    #[arg(long)]
    protocol_schema: bool,
    /// Print the JSON Schema of scenario files, for editors
    #[arg(long)]
    scenario_schema: bool,
    /// Folder of scenarios to use instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Scenarios whose id matches this regular expression (repeatable: one match is enough)
    #[arg(long, short = 'f', value_name = "REGEX")]
    filter: Vec<String>,
    /// A scenario, or all rows of a file, by id (repeatable)
    #[arg(long = "case", value_name = "ID")]
    case: Vec<String>,
    /// Scenarios that name this clause (repeatable)
    #[arg(long, value_name = "CLAUSE")]
    clause: Vec<String>,
    /// Scenarios with this tag (repeatable)
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Scenarios of this family, which is the folder of the file (repeatable)
    #[arg(long, value_name = "NAME")]
    family: Vec<String>,
    /// Scenarios with operations of this generation
    #[arg(long, value_enum, value_name = "GENERATION")]
    only: Option<Only>,
    /// Number of adapters to run at a time
    #[arg(long, short = 'p', value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    parallel: u16,
    /// Longest time that an adapter may take for one scenario, such as 30s; then it is killed, and the scenario is broken
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = read_time)]
    limit: Duration,
    /// Number that zones and credentials are derived from
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// List of expected failures; by default originproof.expect.yaml, if it exists
    #[arg(long, value_name = "FILE")]
    expect: Option<String>,
    /// Fail for a deviation from a should clause as well
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    output: OutputArgs,
}

fn read_time(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a time, such as 30s".to_owned())
}

impl ClientsArgs {
    fn scenarios(&self, colour: bool) -> Result<Scenarios, Failure> {
        match &self.cases {
            Some(folder) => Scenarios::from_folder(folder),
            None => Scenarios::embedded(),
        }
        .map_err(|error| Failure::Cases(error.text(colour)))
    }

    fn selection(&self) -> Selection {
        Selection {
            filters: self.filter.clone(),
            cases: self.case.clone(),
            clauses: self.clause.clone(),
            tags: self.tag.clone(),
            families: self.family.clone(),
            only: self.only.map(Only::generation),
        }
    }

    fn config(&self) -> RunConfig {
        RunConfig {
            parallel: usize::from(self.parallel),
            limit: self.limit,
            seed: self.seed,
        }
    }

    /// Returns the client under test, with its name in reports.
    fn client(&self) -> Result<(Client, String), Failure> {
        if let Some(name) = &self.mutant {
            let own = mutants().iter().find(|mutant| mutant.name == name);
            let mutant = own.ok_or_else(|| {
                let hint = did_you_mean(name, mutants().iter().map(|mutant| mutant.name));
                let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                Failure::Usage(format!("there is no client mutant `{name}`{hint}"))
            })?;
            let command = format!("originproof adapter --mutant {name}");
            return Ok((Client::Reference(Reference::mutant(mutant)), command));
        }
        if self.reference {
            let client = Client::Reference(Reference::default());
            return Ok((client, "originproof adapter".to_owned()));
        }
        if self.command.is_empty() {
            let message = "name the adapter of the client under test: originproof clients -- COMMAND. docs/clients.md shows how \
                           to write one; `originproof clients --reference` tries the suite on a client of ours";
            return Err(Failure::Usage(message.to_owned()));
        }
        let words = self
            .command
            .iter()
            .map(|word| shell_word(&word.to_string_lossy()));
        let words: Vec<String> = words.collect();
        Ok((Client::Command(self.command.clone()), words.join(" ")))
    }

    /// Returns the settings that differ from their defaults, for the report.
    fn settings(&self) -> BTreeMap<String, String> {
        let mut settings = BTreeMap::new();
        if self.seed != 0 {
            settings.insert("seed".to_owned(), self.seed.to_string());
        }
        settings
    }
}

/// Runs the subcommand.
pub(crate) fn run(args: &ClientsArgs, world: &World, console: &mut Console) -> Outcome {
    for (is_asked, schema) in [
        (
            args.protocol_schema,
            protocol::json_schema as fn() -> serde_json::Value,
        ),
        (args.scenario_schema, json_schema),
    ] {
        if is_asked {
            console.out(&super::json::text(&schema())?)?;
            return Ok(Exit::Conforms);
        }
    }
    let scenarios = args.scenarios(console.colour)?;
    if args.mutants {
        return super::client_mutants::run(&scenarios, &args.config(), console);
    }
    let (client, name) = args.client()?;
    let chosen = args
        .selection()
        .of(&scenarios)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let is_whole = chosen.len() == scenarios.list.len();
    let expected = expectation::load(args.expect.as_deref(), world, console.colour)?;
    let baseline = args.output.baseline()?;
    let mut show = args.output.show(
        format!("originproof clients --case {{case}} -- {name}"),
        console,
    )?;
    let header = RunHeader {
        target: name,
        settings: args.settings(),
        cases: args
            .cases
            .as_ref()
            .map(|folder| folder.display().to_string()),
        ..RunHeader::default()
    };
    let mut judging = Judging::new(expected, &scenarios, is_whole);
    let run = Run::new(client, args.config(), chosen);
    console.begin(scenarios.list.len());
    super::runtime()?.block_on(async {
        let mut interruptions = Interruptions::listen()?;
        let events = run.events(header, |event| {
            if matches!(event, Event::TrialFinished(_)) {
                console.advance();
            }
            if matches!(event, Event::RunFinished(_)) {
                console.end();
            }
            show.event(judging.take(event), console);
        });
        tokio::pin!(events);
        tokio::select! {
            () = &mut events => return Ok::<_, Failure>(()),
            () = interruptions.have_been(1) => run.stop(),
        }
        events.await;
        Ok(())
    })?;
    let run = show.end()?;
    let compared = args.output.write(&run, baseline.as_ref(), world, console)?;
    // A broken scenario is a fault of the adapter, and not of originproof.
    Ok(
        match Exit::of_compared(&run.counts(), args.strict, compared) {
            Exit::Internal => Exit::Inconclusive,
            exit => exit,
        },
    )
}

/// Compares the scenarios of a run with the list of expected failures.
struct Judging {
    tally: Option<Tally>,
    misfits: Vec<String>,
    is_whole: bool,
    counted: Summary,
    causes: originproof::cause::Causes,
}

impl Judging {
    fn new(expected: Option<Expectations>, scenarios: &Scenarios, is_whole: bool) -> Self {
        let suite = scenarios.list.iter().map(|one| {
            let clauses = one.clauses().map(|id| id.to_string());
            (one.id(), clauses.collect::<Vec<String>>())
        });
        let suite: Vec<(String, Vec<String>)> = suite.collect();
        let pairs = suite
            .iter()
            .map(|(id, clauses)| (id.as_str(), clauses.as_slice()));
        Self {
            misfits: expected
                .as_ref()
                .map(|list| list.misfits(&pairs))
                .unwrap_or_default(),
            tally: expected.map(|list| Tally::new(list, jiff::Zoned::now().date())),
            is_whole,
            counted: Summary::default(),
            causes: originproof::cause::Causes::default(),
        }
    }

    fn take(&mut self, mut event: Event) -> Event {
        let Some(tally) = &mut self.tally else {
            return event;
        };
        match &mut event {
            Event::TrialFinished(trial) => {
                tally.judge(trial);
                self.counted.add(trial);
                self.causes.take(trial);
            }
            Event::RunFinished(summary) => {
                let mut counted = std::mem::take(&mut self.counted);
                counted.causes = self.causes.list();
                counted.elapsed_ms = summary.elapsed_ms;
                counted.interrupted = summary.interrupted;
                counted.expectation_faults = tally.faults(self.is_whole);
                counted.expectation_faults.append(&mut self.misfits);
                *summary = counted;
            }
            _ => {}
        }
        event
    }
}
