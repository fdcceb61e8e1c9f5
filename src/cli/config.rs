//! `originproof config`: shows the settings, and where each value comes from.

use clap::Args;

use originproof::diagnostic::visible::one_line;
use originproof::exchange::Redactor;

use super::Outcome;
use super::console::Console;
use super::exit::Exit;
use super::json::{self, Format};
use super::target::TargetArgs;
use super::world::World;

/// The maximum width of the column of values, in characters; longer values run over it.
const WIDEST: usize = 60;

/// Flags of `config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// The format of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Print JSON; the same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// Shows the settings; a secret is shown as `***`.
pub(crate) fn run(args: &ConfigArgs, world: &World, console: &mut Console) -> Outcome {
    if args.format == Format::Schema {
        console.out(&json::schema::<Vec<json::Setting>>()?)?;
        return Ok(Exit::Conforms);
    }
    let effective = args.target.effective(world)?;
    let mut rows = Vec::new();
    for (setting, values, origin) in effective.rows() {
        let shown = match values {
            [] => "(none)".to_owned(),
            _ if setting.is_secret => "***".to_owned(),
            values if setting.key == "url" || setting.key.ends_with("proxy") => {
                let redactor = Redactor::default();
                let urls: Vec<String> = values.iter().map(|url| redactor.url(url)).collect();
                urls.join(", ")
            }
            values => values.join(", "),
        };
        rows.push((
            setting.key,
            one_line(&shown).into_owned(),
            origin.to_string(),
        ));
    }
    if args.json || args.format == Format::Json {
        let rows = rows.into_iter();
        let rows: Vec<json::Setting> = rows
            .map(|(key, value, from)| json::Setting { key, value, from })
            .collect();
        console.out(&json::text(&rows)?)?;
        return Ok(Exit::Conforms);
    }
    let width = rows
        .iter()
        .map(|(_, value, _)| value.chars().count())
        .max()
        .unwrap_or(0)
        .min(WIDEST);
    for (key, value, origin) in rows {
        console.out(&format!("{key:<20} {value:<width$}  {origin}\n"))?;
    }
    Ok(Exit::Conforms)
}
