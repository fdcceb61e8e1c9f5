//! Runs against a mock of their own.

use originproof::case::Library;
use originproof::mock::{Change, Mock, MockConfig, mutant, variation};
use originproof::report::Run;
use originproof::runner::{
    Credentials, Keep, Label, Plan, RunConfig, Runner, Selection, Shard, Target, TargetConfig,
};

/// A run against a mock of its own.
pub(crate) struct Wanted<'w> {
    filter: &'w str,
    changes: &'w [Change],
    shard: Option<Shard>,
    jobs: usize,
}

impl<'w> Wanted<'w> {
    pub(crate) fn of(filter: &'w str) -> Self {
        Self {
            filter,
            changes: &[],
            shard: None,
            jobs: 4,
        }
    }

    pub(crate) fn on(self, changes: &'w [Change]) -> Self {
        Self { changes, ..self }
    }

    pub(crate) fn part(self, number: u32, of: u32) -> Self {
        Self {
            shard: Some(Shard { number, of }),
            ..self
        }
    }

    pub(crate) fn jobs(self, jobs: usize) -> Self {
        Self { jobs, ..self }
    }

    pub(crate) async fn run(self) -> Run {
        let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
        let selection = Selection {
            filters: vec![self.filter.to_owned()],
            shard: self.shard,
            ..Selection::default()
        };
        let plan = Plan::select(&library, &selection).unwrap_or_else(|error| panic!("{error}"));
        let config = MockConfig {
            changes: self.changes.to_vec(),
            ..MockConfig::default()
        };
        let access = config.access.clone();
        let running = Mock::new(config)
            .serve(([127, 0, 0, 1], 0).into())
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let config = TargetConfig {
            base_url: running.base_url(),
            credentials: Credentials {
                token: Some(access.token),
                email: Some(access.email),
                key: Some(access.key),
            },
            ..TargetConfig::default()
        };
        let target = Target::probe(config, 1)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let config = RunConfig {
            jobs: self.jobs,
            seed: 1,
            keep: Keep::Findings,
        };
        let runner = Runner::new(target, config)
            .await
            .unwrap_or_else(|error| panic!("{error}"))
            .labelled(Label {
                shard: self.shard.map(|shard| shard.to_string()),
                ..Label::default()
            });
        let mut run = Run::default();
        runner.run(&plan, |event| run.event(event)).await;
        running.stop().await;
        run
    }
}

pub(crate) fn changes_of(name: &str) -> &'static [Change] {
    let mutant = mutant::by_name(name).map(|mutant| mutant.changes.as_slice());
    mutant
        .or_else(|| variation::by_name(name).map(|variation| variation.changes))
        .unwrap_or_else(|| panic!("there is neither a mutant nor a variation {name}"))
}
