//! `originproof restore`: puts back the zones that interrupted runs left changed, or shows or removes their journals.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use originproof::diagnostic::visible::shown;
use originproof::exchange::{Generation, write_back_curl};
use originproof::runner::custody::{
    Closed, JournalError, Row, Waiting, WriteBack, restore, waiting,
};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::settings::Effective;
use super::target::TargetArgs;
use super::world::World;

/// Flags of `restore`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Only list the zones that wait to be put back; send nothing
    #[arg(long, conflicts_with_all = ["print", "discard"])]
    list: bool,
    /// Show what the journals hold, as curl lines and as JSON; send nothing
    #[arg(long, conflicts_with = "discard")]
    print: bool,
    /// Show and remove the journals of the zones given by --zone; send nothing
    #[arg(long, requires = "zone")]
    discard: bool,
    /// Also write back mappings that the run did not remove: the target lost them, or somebody deleted them
    #[arg(long, conflicts_with_all = ["print", "discard", "list"])]
    missing: bool,
    /// Put back the zone of this journal
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

/// Puts back every zone that has a journal; with `--zone` only those zones, with `--target` only zones of that target.
pub(crate) fn run(args: &RestoreArgs, world: &World, console: &mut Console) -> Outcome {
    let effective = args.target.effective(world)?;
    let folder = TargetArgs::state_dir(&effective, world);
    let (selected, mut exit) = select(args, &effective, &folder, console)?;
    if selected.is_empty() {
        if exit == Exit::Conforms {
            console.out(&format!(
                "no zone waits to be put back (journals are kept in {})\n",
                shown(&folder)
            ))?;
        }
        return Ok(exit);
    }
    for waiting in selected {
        if args.list {
            console.out(&listed(&waiting))?;
        } else if args.print {
            console.out(&printed(&waiting)?)?;
        } else if args.discard {
            console.out(&printed(&waiting)?)?;
            let path = waiting.path.display().to_string();
            waiting
                .discard()
                .map_err(|error| Failure::Usage(error.to_string()))?;
            console.out(&format!("removed {path}: nothing was put back\n"))?;
        } else {
            let ended = put_back(args, &effective, world, &waiting, console);
            let ended = ended.unwrap_or_else(|failure| {
                let (zone, url) = (&waiting.zone, &waiting.target);
                console.error(&format!("zone {zone} of {url} is not put back: {failure}"));
                failure.exit()
            });
            if ended != Exit::Conforms {
                exit = ended;
            }
        }
    }
    Ok(exit)
}

/// Returns the selected journals. A journal that cannot be read is reported, and does not stop the others.
fn select(
    args: &RestoreArgs,
    effective: &Effective,
    folder: &Path,
    console: &mut Console,
) -> Result<(Vec<Waiting>, Exit), Failure> {
    let usage = |error: JournalError| Failure::Usage(error.to_string());
    let all = match &args.journal {
        Some(path) => vec![Waiting::read(path)],
        None => waiting(folder).map_err(usage)?,
    };
    let (zones, url) = (effective.list("zones"), effective.text("url"));
    let url = url.map(|url| url.trim_end_matches('/'));
    let is_meant = |waiting: &Waiting| {
        let is_zone = |zone: &String| zone.eq_ignore_ascii_case(&waiting.zone);
        let is_target = waiting.target.is_empty() || url.is_none_or(|url| url == waiting.target);
        (zones.is_empty() || zones.iter().any(is_zone)) && is_target
    };
    let (mut selected, mut exit) = (Vec::new(), Exit::Conforms);
    for waiting in all {
        match waiting {
            Ok(waiting) if is_meant(&waiting) => selected.push(waiting),
            Ok(waiting) if args.journal.is_some() => {
                console.error(&format!(
                    "passed over: {} is of zone {} of {}, which --zone and --target do not name",
                    shown(&waiting.path),
                    waiting.zone,
                    waiting.target
                ));
                exit = Exit::Usage;
            }
            Ok(_) => {}
            Err(error) => {
                let is_named = zones.iter().any(|zone| error.is_of(zone));
                if args.discard && is_named {
                    error
                        .discard()
                        .map_err(|error| Failure::Usage(error.to_string()))?;
                    console.out(&format!("removed what can't be read: {error}\n"))?;
                    continue;
                }
                console.error(&format!("passed over: {error}"));
                // If other zones are named, this journal does not matter.
                if zones.is_empty() || is_named {
                    exit = Exit::Usage;
                }
            }
        }
    }
    Ok((selected, exit))
}

fn put_back(
    args: &RestoreArgs,
    effective: &Effective,
    world: &World,
    waiting: &Waiting,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let url = match effective.text("url") {
        Some(url) if waiting.target.is_empty() => url.trim_end_matches('/').to_owned(),
        _ if waiting.target.is_empty() => {
            return Err(Failure::Usage(
                "the beginning of its journal is damaged, so the target is not known: give it with --target".to_owned(),
            ));
        }
        _ => waiting.target.clone(),
    };
    let mut config = args.target.config(effective, world, &url)?;
    config.zones = vec![waiting.zone.clone()];
    let is_named = effective.text("url").is_some() || args.journal.is_some();
    if !is_named && !waiting.is_sealed_by(&config.credentials) {
        return Err(Failure::Usage(format!(
            "its journal was not written with these credentials, so they are not sent to {} unasked; if they belong there: \
             originproof restore --target {} --zone {}",
            waiting.target, waiting.target, waiting.zone
        )));
    }
    effective.check_destination(&url)?;
    if let Some(line) = effective.credentials_line(&url) {
        console.say(&line);
    }
    let runtime = super::runtime()?;
    let what = if args.missing {
        WriteBack::AllMissing
    } else {
        WriteBack::Taken
    };
    let closed = runtime.block_on(restore(config, waiting, what))?;
    match closed {
        Closed::PutBack(done) => {
            let (zone, mappings) = (&done.zone, done.mappings);
            let how = if done.as_it_was {
                "is as it was"
            } else {
                "is put back, but for this"
            };
            console.out(&format!(
                "zone {zone} {how}: {mappings} mapping(s), {} deleted, {} written again, verified by reading\n",
                done.deleted, done.written
            ))?;
            for detail in done.details() {
                console.out(&format!("  {detail}\n"))?;
            }
            Ok(Exit::Conforms)
        }
        Closed::Left(left) => {
            console.error(&left.to_string());
            Ok(Exit::Inconclusive)
        }
    }
}

/// Describes a journal in one line.
fn listed(waiting: &Waiting) -> String {
    let (zone, target) = (&waiting.zone, &waiting.target);
    let path = shown(&waiting.path);
    let what = if waiting.is_released {
        "only test mappings are left, which the target does not delete"
    } else {
        "waits to be put back"
    };
    format!(
        "zone {zone} of {target}, {}: {what}; {path}\n",
        waiting.started
    )
}

/// Appends a curl line for each mapping.
fn curl_lines(
    text: &mut String,
    waiting: &Waiting,
    what: &str,
    generation: Generation,
    rows: &[Row],
) {
    if rows.is_empty() {
        return;
    }
    let (count, id) = (rows.len(), generation.id());
    let _ = writeln!(text, "# {count} mapping(s) {what} through {id}:");
    for row in rows {
        let (zone, mapping) = (&waiting.zone, (&row.ip, &*row.vendor, &*row.region));
        text.push_str(&write_back_curl(generation, &waiting.target, zone, mapping));
        text.push('\n');
    }
}

/// Returns what a journal holds as curl lines and JSON, for a person who restores the zone by hand.
fn printed(waiting: &Waiting) -> Result<String, Failure> {
    let mut text = listed(waiting);
    let stake: Vec<(Generation, Vec<Row>)> = waiting.at_stake();
    let held = waiting.held();
    for (generation, rows) in &stake {
        let what = "that the run deleted or overwrote, or was about to,";
        curl_lines(&mut text, waiting, what, *generation, rows);
    }
    for (generation, rows) in &held {
        let taken = stake.iter().filter(|(of, _)| of == generation);
        let taken: BTreeSet<&Row> = taken.flat_map(|(_, rows)| rows).collect();
        let others: Vec<Row> = rows
            .iter()
            .filter(|row| !taken.contains(row))
            .cloned()
            .collect();
        let what = "that the zone held and the run left alone; write those that are gone,";
        curl_lines(&mut text, waiting, what, *generation, &others);
    }
    if waiting.may_be_left() > 0 {
        let count = waiting.may_be_left();
        let _ = writeln!(text, "# {count} test mapping(s) of the run may be left");
    }
    let rows = |all: &[(Generation, Vec<Row>)]| {
        let all = all.iter().map(|(generation, rows)| (generation.id(), rows));
        json!(all.collect::<std::collections::BTreeMap<_, _>>())
    };
    let whole = json!({
        "zone": waiting.zone,
        "target": waiting.target,
        "started": waiting.started,
        "held": rows(&held),
        "at_stake": rows(&stake),
    });
    let whole = serde_json::to_string_pretty(&whole).map_err(std::io::Error::from)?;
    text.push_str(&whole);
    text.push('\n');
    Ok(text)
}
