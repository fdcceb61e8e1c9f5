//! `originproof init`: writes the settings, an empty list of expected failures, and the job of the CI system that the
//! folder uses.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use url::Url;

use originproof::diagnostic::visible::shown;
use originproof::exchange::check_base_url;
use originproof::input::{LONGEST_TEXT, read_text};
use originproof::settings::SETTINGS;

use super::Outcome;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::world::World;

const EXPECTED: &str = include_str!("init/originproof.expect.yaml");
const GITHUB: &str = include_str!("init/github.yml");
const GITLAB: &str = include_str!("init/gitlab.yml");
const JENKINS: &str = include_str!("init/Jenkinsfile");
/// The base URL that the templates name.
const EXAMPLE: &str = "http://127.0.0.1:8080/client/v4";

/// Flags of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Base URL of the target; by default that of the environment or of an existing originproof.toml, or an example
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Folder to write into; by default the working folder
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// A file to write.
struct Template {
    path: PathBuf,
    text: String,
    /// What the user does with it, if it does not work by itself.
    next: Option<&'static str>,
}

/// Runs the subcommand. Files that exist are left as they are.
pub(crate) fn run(args: &InitArgs, world: &World, console: &mut Console) -> Outcome {
    let folder = args.folder.clone().unwrap_or_else(|| world.folder.clone());
    let target = args
        .target
        .clone()
        .filter(|target| !target.is_empty())
        .or_else(|| known_target(&folder, world))
        .unwrap_or_else(|| EXAMPLE.to_owned());
    // The error does not repeat the URL: it may hold a password.
    check_base_url(&target)
        .map_err(|fault| Failure::Usage(format!("the URL of the target {fault}")))?;
    if !is_plain_url(&target) {
        let message =
            "the target must be a plain base URL, such as http://127.0.0.1:8080/client/v4";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut templates = vec![
        Template {
            path: folder.join("originproof.toml"),
            text: settings(&target),
            next: None,
        },
        Template {
            path: folder.join("originproof.expect.yaml"),
            text: EXPECTED.to_owned(),
            next: None,
        },
    ];
    let jobs = jobs(&folder, &target);
    if jobs.is_empty() {
        console.say(
            "no CI system was found (.github, .gitlab-ci.yml, Jenkinsfile): no job was written",
        );
    }
    templates.extend(jobs);
    for template in &templates {
        write(template, console)?;
    }
    let config = args.folder.iter().fold(String::new(), |_, folder| {
        format!(
            "cd {} && ",
            originproof::exchange::shell_word(&folder.to_string_lossy())
        )
    });
    console.say(&format!(
        "next: export CLOUDFLARE_API_TOKEN, start the server, and run `{config}originproof run --config originproof.toml`"
    ));
    Ok(Exit::Conforms)
}

/// Returns the target that the environment names, or the settings file that is there already.
fn known_target(folder: &Path, world: &World) -> Option<String> {
    let url = SETTINGS.iter().find(|setting| setting.key == "url")?;
    let mut named = url.variables.iter();
    let in_environment = named.find_map(|name| world.variables.get(*name));
    if let Some(target) = in_environment.filter(|target| !target.is_empty()) {
        return Some(target.clone());
    }
    let text = read_text(&folder.join("originproof.toml"), LONGEST_TEXT).ok()?;
    let settings: toml::Table = text.parse().ok()?;
    Some(settings.get("url")?.as_str()?.to_owned())
}

/// Returns whether a URL can stand in a shell command of a job as it is.
fn is_plain_url(url: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%".contains(c);
    let is_http = url.starts_with("http://") || url.starts_with("https://");
    let has_host = Url::parse(url).is_ok_and(|url| url.has_host());
    is_http && has_host && url.chars().all(is_plain)
}

fn write(template: &Template, console: &mut Console) -> Result<(), Failure> {
    let path = &template.path;
    let wrong = |error| Failure::Usage(format!("can't write {}: {error}", shown(path)));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(wrong)?;
    }
    let file = File::options().write(true).create_new(true).open(path);
    match file {
        Ok(mut file) => {
            file.write_all(template.text.as_bytes()).map_err(wrong)?;
            console.say(&format!("wrote {}", shown(path)));
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            console.say(&format!("kept {}, which exists", shown(path)));
        }
        Err(error) => return Err(wrong(error)),
    }
    if let Some(next) = template.next {
        console.say(&format!("  {next}"));
    }
    Ok(())
}

/// Returns the jobs of the CI systems that the folder uses.
fn jobs(folder: &Path, target: &str) -> Vec<Template> {
    let template = |path: &str, text: &str, next| Template {
        path: folder.join(path),
        text: text.replace(EXAMPLE, target),
        next,
    };
    let remote = std::fs::read_to_string(folder.join(".git/config")).unwrap_or_default();
    let has = |name: &str| folder.join(name).exists();
    let mut jobs = Vec::new();
    if has(".github") || remote.contains("github.com") {
        jobs.push(template(".github/workflows/conformance.yml", GITHUB, None));
    }
    if has(".gitlab-ci.yml") || remote.contains("gitlab") {
        let next = "add to .gitlab-ci.yml: include: { local: conformance.gitlab-ci.yml }";
        jobs.push(template("conformance.gitlab-ci.yml", GITLAB, Some(next)));
    }
    if has("Jenkinsfile") {
        let next = "load it from your Jenkinsfile, or make a pipeline of it";
        jobs.push(template("Jenkinsfile.conformance", JENKINS, Some(next)));
    }
    jobs
}

/// Returns a default as a value of a settings file: numbers and truth values stand without quotes.
fn as_toml(default: &str) -> String {
    if default.parse::<i64>().is_ok() || default.parse::<bool>().is_ok() {
        default.to_owned()
    } else {
        format!("{default:?}")
    }
}

/// Returns the text of the settings file: the target, and every other setting in a comment.
fn settings(target: &str) -> String {
    let mut text = "# Settings of originproof. `originproof config` shows each with its origin; flags and environment variables\n\
                    # take precedence. Credentials belong into the environment (CLOUDFLARE_API_TOKEN) or into ${VARIABLE}.\n\n"
        .to_owned();
    let _ = writeln!(text, "url = {}\n", serde_json::Value::from(target));
    for setting in SETTINGS.iter().filter(|setting| setting.key != "url") {
        let value = match setting {
            setting if setting.is_secret => format!(
                "\"${{{}}}\"",
                setting.variables.first().copied().unwrap_or_default()
            ),
            setting if setting.is_list => "[]".to_owned(),
            setting => as_toml(setting.default),
        };
        let variables = setting.variables.join(", ");
        let _ = writeln!(
            text,
            "# {} = {value}  # {}; {variables}",
            setting.key, setting.flag
        );
    }
    text
}
