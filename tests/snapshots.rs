//! The exchanges of each case with the reference implementation, as insta snapshots, one file for each case. Review
//! changes with `cargo insta review`, or write them with `INSTA_UPDATE=always cargo test --test snapshots`.

use originproof::case::Library;
use originproof::mock::{Mock, MockConfig};
use originproof::report::{Run, snapshots};
use originproof::runner::{Keep, Plan, RunConfig, Runner, Selection, Target, TargetConfig};

async fn run(plan: &Plan) -> Run {
    let config = MockConfig::default();
    let access = config.access.clone();
    let running = Mock::new(config)
        .serve(([127, 0, 0, 1], 0).into())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let config = TargetConfig {
        base_url: running.base_url(),
        credentials: access.into(),
        ..TargetConfig::default()
    };
    let target = Target::probe(config, 1)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let config = RunConfig {
        jobs: 4,
        seed: 1,
        keep: Keep::All,
    };
    let runner = Runner::new(target, config)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let mut run = Run::default();
    runner.run(plan, |event| run.event(event)).await;
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exchanges_of_each_case_are_as_reviewed() {
    let library = Library::embedded().unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::select(&library, &Selection::default()).unwrap_or_else(|e| panic!("{e}"));
    let run = run(&plan).await;
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for (name, text) in snapshots(&run) {
            insta::assert_snapshot!(name, text);
        }
    });
}
