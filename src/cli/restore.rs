//! `originproof restore`: finishes what interrupted runs left.

use clap::Args;

use originproof::runner::custody::{journal_target, pending, restore};
use originproof::runner::{Target, new_seed};

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::target::TargetArgs;
use super::world::World;

/// Flags of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Only say which zones wait
    #[arg(long)]
    list: bool,
}

/// Puts every zone back that has a journal; with `--zone` only those, with `--target` only its own.
pub(crate) fn run(args: &RestoreArgs, world: &World, console: &mut Console) -> Outcome {
    let effective = args.target.effective(world)?;
    let folder = TargetArgs::state_dir(&effective, world);
    let mut waiting = Vec::new();
    for path in pending(&folder).map_err(|error| Failure::Usage(error.to_string()))? {
        let (target, zone) =
            journal_target(&path).map_err(|error| Failure::Usage(error.to_string()))?;
        let zones = effective.list("zones");
        let is_named = zones.is_empty() || zones.contains(&zone);
        let url = effective.text("url").map(|url| url.trim_end_matches('/'));
        if is_named && url.is_none_or(|url| url == target) {
            waiting.push((path, target, zone));
        }
    }
    if waiting.is_empty() {
        console.out(&format!(
            "no zone waits to be put back (journals are kept in {})\n",
            folder.display()
        ))?;
        return Ok(Exit::Conforms);
    }
    if args.list {
        for (path, target, zone) in waiting {
            console.out(&format!("zone {zone} of {target}: {}\n", path.display()))?;
        }
        return Ok(Exit::Conforms);
    }
    let runtime = super::runtime()?;
    let mut exit = Exit::Conforms;
    for (path, url, zone) in waiting {
        let result = runtime.block_on(async {
            let mut config = args.target.config(&effective, world, &url)?;
            config.zones = vec![zone.clone()];
            let custody = config.custody.clone();
            let target = Target::probe(config, new_seed()).await?;
            restore(&target, &path, &custody)
                .await
                .map_err(Failure::from)
        });
        match result {
            Ok(done) => {
                console.out(&format!(
                    "zone {zone} is as it was: {} mapping(s), {} deleted, {} written again\n",
                    done.mappings, done.deleted, done.written
                ))?;
                for kept in done.kept {
                    console.out(&format!("  left as it is: {kept}\n"))?;
                }
            }
            Err(failure) => {
                console.error(&format!("zone {zone} of {url} is not put back: {failure}"));
                exit = failure.exit();
            }
        }
    }
    Ok(exit)
}
