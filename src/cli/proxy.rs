//! `originproof proxy`: checks traffic while it passes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::sync::mpsc;

use originproof::audit::{Auditor, Judged, Side};
use originproof::diagnostic::visible::one_line;
use originproof::diagnostic::visible::shown;
use originproof::event::{Summary, Verdict};
use originproof::exchange::shell_word;
use originproof::private;
use originproof::proxy::{
    Annotations, Ended, Proxy, ProxyConfig, ProxyError, RecordTo, RunningProxy, Upstream,
};
use originproof::report::{Run, Style, Terminal, Verbosity, format};
use originproof::transport::parse_duration;

use super::Outcome;
use super::check::Judge;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::interruption::Interruptions;
use super::output::cant_write;
use super::world::World;

/// The maximum number of lines that wait to be printed. If it is reached, checking waits, but traffic does not.
const LINES: usize = 1_024;
/// The maximum length of an expected or found value in a line, in characters.
const SHOWN: usize = 160;

/// Flags of `proxy`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct ProxyArgs {
    /// Server to forward requests to; its path is put before the path of each request
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// Address to listen on; port 0 takes any free port
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Use HTTP/2 with the upstream from the first request, even without TLS; with TLS the server chooses anyway
    #[arg(long)]
    http2: bool,
    /// Record the traffic as HAR 1.2, without credentials; `originproof check` reads it
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Which side to judge: the server's answers, the client's requests, or both
    #[arg(long, value_enum, value_name = "SIDE", default_value_t = Judge::Server)]
    judge: Judge,
    /// Write a run document at the end, for `originproof report`
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// End with exit code 1 if a must clause was broken
    #[arg(long)]
    fail: bool,
    /// Fail for a deviation from a should clause as well
    #[arg(long, requires = "fail")]
    strict: bool,
    /// Name the broken clauses in the response header `originproof-findings`; answers of this API then wait for the
    /// check
    #[arg(long)]
    annotate: bool,
    /// Largest body to check and record, in MiB; larger bodies pass unchecked
    #[arg(long, value_name = "MIB", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    body_limit: u16,
    /// Longest wait for an answer of the upstream to begin, such as 30s; after that, the client gets a 504
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = read_time)]
    first_byte_timeout: Duration,
    /// Show only the last lines
    #[arg(long, short = 'q')]
    quiet: bool,
    /// The mock behind the proxy, if there is one.
    #[arg(skip)]
    mock: Option<BehindIt>,
}

/// What a proxy shows differently if originproof's own mock is behind it.
#[derive(Debug, Clone)]
pub(super) struct BehindIt {
    /// The path of the mock, which belongs to the base URL for clients.
    pub(super) path: &'static str,
    /// The command that starts it.
    pub(super) command: &'static str,
}

fn read_time(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a time, such as 30s or 5m".to_owned())
}

impl ProxyArgs {
    /// Returns the arguments of a proxy that judges clients in front of a mock.
    pub(super) fn before_a_mock(
        upstream: String,
        listen: SocketAddr,
        (save, fail): (Option<PathBuf>, bool),
        mock: BehindIt,
    ) -> Self {
        Self {
            upstream,
            listen,
            http2: false,
            record: None,
            judge: Judge::Client,
            save,
            fail,
            strict: false,
            annotate: false,
            body_limit: 8,
            first_byte_timeout: Duration::from_mins(5),
            quiet: false,
            mock: Some(mock),
        }
    }

    /// Returns the upstream. It is parsed here and not by clap, because clap's errors would show a secret in the URL.
    fn upstream(&self) -> Result<Upstream, Failure> {
        let mut upstream = Upstream::parse(&self.upstream)
            .map_err(|error| Failure::Usage(format!("--upstream: {error}")))?;
        upstream.speaks_http2 = self.http2;
        Ok(upstream)
    }

    fn config(&self, upstream: Upstream) -> ProxyConfig {
        let mut config = ProxyConfig::new(upstream);
        config.patience = self.first_byte_timeout;
        config.body_limit = usize::from(self.body_limit) * 1024 * 1024;
        config.budget = config.budget.max(2 * config.body_limit);
        config.annotations = if self.annotate {
            Annotations::On
        } else {
            Annotations::Off
        };
        config
    }

    /// Returns the command that checks the recording, or starts the proxy again.
    fn again(&self) -> String {
        if let Some(mock) = &self.mock {
            return mock.command.to_owned();
        }
        match &self.record {
            Some(path) => format!(
                "originproof check {}",
                shell_word(&path.display().to_string())
            ),
            None => format!("originproof proxy --upstream {}", self.upstream),
        }
    }

    fn exit(&self, summary: &Summary) -> Exit {
        let count = |verdict| summary.count(verdict);
        let is_broken = count(Verdict::Violates) > 0;
        let is_strictly_broken = self.strict && count(Verdict::Deviates) > 0;
        if self.fail && (is_broken || is_strictly_broken) {
            Exit::Violates
        } else {
            Exit::Conforms
        }
    }
}

/// Forwards traffic until Ctrl-C.
pub(crate) fn run(args: &ProxyArgs, world: &World, console: &mut Console) -> Outcome {
    let upstream = args.upstream()?;
    let recording = match &args.record {
        Some(path) => {
            let file = private::create(path).map_err(|error| cant_write(path, &error))?;
            Some(RecordTo::File(file))
        }
        None => None,
    };
    let auditor =
        Auditor::new(&upstream.url(), super::check::redactor(world)).judging(args.judge.into());
    let runtime = super::runtime()?;
    let ended = runtime.block_on(async {
        let interruptions = Interruptions::listen()?;
        let (sender, lines) = mpsc::channel(LINES);
        let redactor = super::check::redactor(world);
        let on = move |judged: Judged| {
            // Once the proxy has been interrupted twice, nobody reads the lines any more.
            let _ = sender.blocking_send(redactor.text(&lines_of(&judged)));
        };
        let running = Proxy::new(args.config(upstream))
            .serve(args.listen, auditor, recording, on)
            .await?;
        if !args.listen.ip().is_loopback() {
            console.say("warning: the proxy listens beyond this machine; whoever reaches it reaches the upstream");
        }
        let path = args.mock.as_ref().map_or("", |mock| mock.path);
        let address = format!("{}{path}", running.url().trim_end_matches('/'));
        console.out(&format!("listening on {address}\n"))?;
        watch(args, running, lines, interruptions, console).await
    })?;
    let Some(ended) = ended else {
        return Ok(Exit::Interrupted);
    };
    finish(args, ended, console)
}

/// Prints findings until the proxy has ended. Returns `None` if a second signal ended the wait.
async fn watch(
    args: &ProxyArgs,
    running: RunningProxy,
    mut lines: mpsc::Receiver<String>,
    mut interruptions: Interruptions,
    console: &mut Console,
) -> Result<Option<Ended>, Failure> {
    let mut print = |line: String| {
        if !args.quiet {
            // If stdout is closed, the traffic still goes on.
            let _ = console.out(&line);
        }
    };
    loop {
        tokio::select! {
            Some(line) = lines.recv() => print(line),
            () = interruptions.have_been(1) => break,
        }
    }
    let printed = async {
        while let Some(line) = lines.recv().await {
            print(line);
        }
    };
    tokio::select! {
        (ended, ()) = async { tokio::join!(running.stop(), printed) } => {
            let ended = ended.map_err(|error| Failure::Internal(error.to_string()))?;
            Ok(Some(ended))
        }
        () = interruptions.have_been(2) => Ok(None),
    }
}

/// Prints the summary, writes the files, and returns the exit code.
fn finish(args: &ProxyArgs, ended: Ended, console: &mut Console) -> Outcome {
    let mut run = Run::default();
    for event in ended.events {
        run.event(event);
    }
    let verbosity = Verbosity::of(args.quiet, 0);
    let mut terminal = Terminal::new(Style::new(console.colour), args.again(), verbosity);
    let mut text = Vec::new();
    for event in run.events() {
        terminal.event(&event, &mut text)?;
    }
    console.out(&String::from_utf8_lossy(&text))?;
    if ended.missed > 0 {
        console.say(&format!(
            "warning: {} exchanges went unchecked, since the traffic was faster than the checking",
            ended.missed
        ));
    }
    if let (Some(path), Some(json)) = (&args.save, format("json")) {
        super::report::save(&run, json, path, console)?;
    }
    if let (Some(path), Err(error)) = (&args.record, ended.recording) {
        console.say(&format!(
            "warning: {} exchanges are missing in {}; those before them are there",
            ended.dropped,
            shown(path)
        ));
        return Err(cant_write(path, &error));
    }
    Ok(args.exit(&run.counts()))
}

impl From<ProxyError> for Failure {
    fn from(error: ProxyError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Returns one line per finding.
fn lines_of(judged: &Judged) -> String {
    let mut text = String::new();
    for finding in &judged.findings {
        let side = match judged.side {
            Side::Server => "",
            Side::Client => "client: ",
        };
        let line = format!(
            "{side}{} {} {} {} {} {}: expected {}, found {}",
            finding.clause,
            finding.level,
            judged.operation,
            judged.method,
            judged.path,
            judged.status,
            shortened(&finding.what.expected()),
            shortened(&finding.what.found())
        );
        text.push_str(&one_line(&line));
        text.push('\n');
    }
    text
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
