//! `originproof drift`: compares the vendor's description with our contract.

use std::path::{Path, PathBuf};

use clap::Args;

use originproof::diagnostic::visible::shown;
use originproof::drift::report::{ALL, Format, Shown};
use originproof::drift::{Description, DriftError, Ignored, compare, fetch, proposal};
use originproof::input::{self, LONGEST_FILE};

use originproof::exchange::{Redactor, check_no_user};
use originproof::settings::Values;

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::world::World;

/// Flags of `drift`.
#[derive(Debug, Args)]
pub(crate) struct DriftArgs {
    /// The vendor's description, version 3.0 or 3.1, JSON or YAML; a URL is fetched without credentials
    #[arg(long, value_name = "FILE|URL")]
    openapi: String,
    /// How to show the differences: text, markdown or json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = read_format)]
    format: &'static Format,
    /// Write a patch that makes our schema files follow the description
    #[arg(long, value_name = "PATCH")]
    write: Option<PathBuf>,
    /// List of known differences to leave out, one per line (the `key` of the JSON format)
    #[arg(long, value_name = "FILE")]
    ignore: Option<PathBuf>,
}

fn read_format(name: &str) -> Result<&'static Format, String> {
    let names: Vec<&str> = ALL.iter().map(|format| format.name).collect();
    ALL.iter()
        .find(|format| format.name == name)
        .ok_or_else(|| format!("the formats are {}", names.join(", ")))
}

/// Runs the subcommand.
pub(crate) fn run(args: &DriftArgs, world: &World, console: &mut Console) -> Outcome {
    if is_url(&args.openapi) {
        check_no_user(&args.openapi)
            .map_err(|fault| Failure::Usage(format!("--openapi: {fault}")))?;
    }
    // Hide a key in the query of a URL.
    let source = &if is_url(&args.openapi) {
        Redactor::default().url(&args.openapi)
    } else {
        args.openapi.clone()
    };
    let wrong = |error: DriftError| {
        let text = format!("{source}: {error}");
        if error.is_faulty_document() {
            Failure::Usage(text)
        } else {
            Failure::Unjudged(text)
        }
    };
    let proxies = Values::from_vars(world.variables.clone())
        .proxies()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let bytes = if is_url(&args.openapi) {
        super::runtime()?
            .block_on(fetch(&args.openapi, proxies))
            .map_err(wrong)?
    } else {
        read(Path::new(&args.openapi))?.into()
    };
    let description = Description::read(&bytes).map_err(wrong)?;
    drop(bytes);
    let mut drift = compare(&description).map_err(wrong)?;
    let ignored = match &args.ignore {
        Some(path) => {
            let text = String::from_utf8_lossy(&read(path)?).into_owned();
            let lines = Ignored::parse(&text);
            lines
                .take_out(&mut drift)
                .map_err(|fault| Failure::Usage(format!("{}: {fault}", shown(path))))?
        }
        None => 0,
    };
    let mut text = Vec::new();
    let view = Shown {
        source,
        drift: &drift.grouped(),
        ignored,
    };
    (args.format.write)(&view, &mut text)?;
    console.out(&String::from_utf8_lossy(&text))?;
    if let Some(path) = &args.write {
        let proposal = proposal(&drift);
        std::fs::write(path, &proposal.patch)
            .map_err(|error| Failure::Usage(format!("can't write {}: {error}", shown(path))))?;
        let (path, followed, left) = (shown(path), proposal.followed, proposal.left);
        console.say(&format!(
            "{path}: follows {followed} of the differences; {left} left to do by hand"
        ));
    }
    if drift.is_breaking() {
        Ok(Exit::Violates)
    } else {
        Ok(Exit::Conforms)
    }
}

fn is_url(source: &str) -> bool {
    ["http:", "https:"].iter().any(|scheme| {
        source
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    input::read(path, LONGEST_FILE)
        .map_err(|error| Failure::Usage(format!("can't read {}: {error}", shown(path))))
}
