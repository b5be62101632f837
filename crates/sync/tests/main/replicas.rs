//! Several processes on one database, killed and started again at random through a night, or cut off from their server: it
//! ends as if one had worked undisturbed.

use std::process::Child;

use store::{
    job::{Only, State},
    run,
};

use crate::{
    chaos,
    installation::{Installation, kill},
};

const SUBSCRIPTIONS: usize = 50;

/// Shortly before the window closes in Tokyo.
const CLOSES: &str = "2026-11-23T20:59:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_night_of_disturbed_replicas_ends_as_an_undisturbed_one() {
    let mut dice = chaos::Dice(chaos::seed());
    let undisturbed = Installation::new(1).await;
    let mut alone = undisturbed.start();
    undisturbed.go("2026-11-23T20:40:00Z", async || ()).await;
    undisturbed.settle(CLOSES).await;
    kill(&mut alone);
    let expected = undisturbed.stored(undisturbed.subscriptions[0]).await;
    assert!(expected.values().any(|(record, _)| record.is_some()));

    let installation = Installation::new(SUBSCRIPTIONS).await;
    let mut replicas: Vec<Child> = (0..3).map(|_| installation.start()).collect();
    let mut killed = 0;
    let on_server = installation.scratch.url().is_some();
    let disturb = async || match dice.roll(18) {
        0..6 => {
            let victim = dice.roll(replicas.len());
            kill(&mut replicas[victim]);
            replicas[victim] = installation.start();
            killed += 1;
        }
        6 if on_server => installation.scratch.end_sessions().await,
        _ => {}
    };
    installation.go("2026-11-23T20:40:00Z", disturb).await;
    installation.settle(CLOSES).await;
    assert!(killed > 5, "only {killed} were killed");
    for replica in &mut replicas {
        kill(replica);
    }

    let jobs = installation.store.jobs(Only::default(), 1_000).await;
    let jobs = jobs.unwrap();
    assert_eq!(jobs.len(), SUBSCRIPTIONS);
    for job in jobs {
        assert_eq!(job.state, State::Done, "{job:?}");
    }
    for id in &installation.subscriptions {
        let runs = installation.store.runs(*id, None, 100).await.unwrap();
        let proved = runs.iter().filter(|one| one.state == run::State::Success);
        assert_eq!(proved.count(), 1, "{runs:#?}");
        assert!(
            runs.iter().all(|one| one.finished_at.is_some()),
            "{runs:#?}"
        );
        assert_eq!(installation.stored(*id).await, expected);
        let missed = installation.store.missed_windows(*id, 10).await;
        assert_eq!(missed.unwrap(), []);
    }
}
