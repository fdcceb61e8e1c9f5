//! `originproof config`: what is set, and where each value comes from.

use clap::Args;

use originproof::diagnostic::visible::one_line;
use originproof::exchange::Redactor;

use super::Outcome;
use super::console::Console;
use super::exit::Exit;
use super::target::TargetArgs;
use super::world::World;

/// The widest column of values, in characters; longer values go on to its right.
const WIDEST: usize = 60;

/// Flags of `config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Shows the settings; secrets only as being there.
pub(crate) fn run(args: &ConfigArgs, world: &World, console: &mut Console) -> Outcome {
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
    if args.json {
        let rows: Vec<serde_json::Value> = rows
            .iter()
            .map(|(key, value, origin)| serde_json::json!({"key": key, "value": value, "from": origin}))
            .collect();
        let text = serde_json::to_string_pretty(&rows).map_err(std::io::Error::from)?;
        console.out(&format!("{text}\n"))?;
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
