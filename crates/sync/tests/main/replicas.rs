//! Several processes on one database, killed and started again at random through a night: it ends as if one had worked
//! undisturbed.

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

#[tokio::test(flavor = "multi_thread")]
async fn a_night_of_killed_replicas_ends_as_an_undisturbed_one() {
    let mut dice = chaos::Dice(chaos::seed());
    let undisturbed = Installation::new(1).await;
    let mut alone = undisturbed.start();
    undisturbed.go("2026-11-23T21:00:00Z", || ()).await;
    undisturbed.settle().await;
    kill(&mut alone);
    let expected = undisturbed.stored(undisturbed.subscriptions[0]).await;
    assert!(expected.values().any(|(record, _)| record.is_some()));

    let installation = Installation::new(SUBSCRIPTIONS).await;
    let mut replicas: Vec<Child> = (0..3).map(|_| installation.start()).collect();
    let mut killed = 0;
    let disturb = || {
        if dice.roll(3) == 0 {
            let victim = dice.roll(replicas.len());
            kill(&mut replicas[victim]);
            replicas[victim] = installation.start();
            killed += 1;
        }
    };
    installation.go("2026-11-23T20:50:00Z", disturb).await;
    installation.settle().await;
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
