//! `originproof completions` and `originproof man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use originproof::diagnostic::visible::shown;

use super::Outcome;
use super::args::Arguments;
use super::console::Console;
use super::exit::{Exit, Failure};

/// Flags of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell to write completions for
    #[arg(value_enum)]
    shell: Shell,
}

/// Flags of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder to write a page for each subcommand into; by default the main page goes to stdout
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Prints the completions of a shell.
pub(crate) fn completions(args: &CompletionsArgs, console: &mut Console) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Arguments::command(),
        "originproof",
        &mut text,
    );
    console.out(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Conforms)
}

/// Writes the manual pages.
pub(crate) fn man(args: &ManArgs, console: &mut Console) -> Outcome {
    let command = Arguments::command();
    let Some(folder) = &args.folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(command).render(&mut text)?;
        console.out(&String::from_utf8_lossy(&text))?;
        return Ok(Exit::Conforms);
    };
    let wrong = |error| Failure::Usage(format!("can't write into {}: {error}", shown(folder)));
    std::fs::create_dir_all(folder).map_err(wrong)?;
    clap_mangen::generate_to(command, folder).map_err(wrong)?;
    console.say(&format!("wrote the manual pages into {}", shown(folder)));
    Ok(Exit::Conforms)
}
