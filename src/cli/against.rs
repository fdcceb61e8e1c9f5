//! The other target of a run with `--against`.

use originproof::report::Run;
use originproof::runner::{Keep, Plan, RunConfig, Runner, Target};

use super::console::Console;
use super::exit::Failure;
use super::interruption::Interruptions;
use super::settings::Given;
use super::target::{Opened, TargetArgs};
use super::world::World;

/// The settings that belong to one target. Flags for them do not apply to another target that has its own table in the
/// configuration file.
const OWN: [&str; 5] = ["zones", "token", "email", "key", "capabilities"];

/// The other target, after it was reached.
#[derive(Debug)]
pub(super) struct Other {
    target: Target,
    seed: u64,
}

impl Other {
    /// Probes the target with this name or URL.
    ///
    /// # Errors
    /// Fails if a setting is faulty, or if the target cannot be reached or refuses requests.
    pub(super) async fn probe(
        args: &TargetArgs,
        more: Given,
        name: &str,
        world: &World,
        console: &mut Console,
    ) -> Result<Self, Failure> {
        let mut given = args.given();
        given.extend(more);
        if !name.contains("://") {
            given.retain(|key, _| !OWN.contains(key));
        }
        given.insert("url", vec![name.to_owned()]);
        let effective = args.resolve(&given, world)?;
        let opened = args.open(&effective, world).await?;
        TargetArgs::announce(&effective, &opened, console);
        let Opened { config, .. } = opened;
        let seed = originproof::runner::new_seed();
        let target = Target::probe(config, seed).await?;
        Ok(Self { target, seed })
    }

    /// Runs the same cases against it without output. A signal stops this like the run itself.
    ///
    /// # Errors
    /// Fails if a zone cannot be taken over.
    pub(super) async fn run(
        self,
        plan: &Plan,
        jobs: usize,
        interruptions: &mut Interruptions,
    ) -> Result<Run, Failure> {
        let config = RunConfig {
            jobs,
            seed: self.seed,
            keep: Keep::Findings,
        };
        let runner = Runner::new(self.target, config).await?;
        let mut run = Run::default();
        {
            let going = runner.run(plan, |event| run.event(event));
            tokio::pin!(going);
            tokio::select! {
                _ = &mut going => {}
                () = interruptions.have_been(1) => {
                    runner.stop();
                    going.await;
                }
            }
        }
        Ok(run)
    }
}
