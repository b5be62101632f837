//! `tributary schedule`.

use clap::Subcommand;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use store::{Store, Subscription, audit::Change, schedule::Missed};
use sync::{
    planner::{Idle, Outlook},
    schedule::{Rhythm, Window},
};

use crate::{
    app::App,
    failure::{Exit, Failure, Outcome},
    output::{
        number::counted,
        table::{Align, Table},
        time::exact,
    },
    trouble::Trouble,
};

/// Who made a change, as the audit trail shows it.
const WHO: &str = "tributary schedule";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show when the subscription is synced by itself: its rhythm, the next runs, and windows that were missed.
    Show {
        /// How many of the next runs.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1_000), value_name = "COUNT")]
        next: u16,
    },
    /// Set the rhythm: nightly, hourly, every 30 minutes, or cron '0 3 * * 1-5'.
    ///
    /// Nightly is between midnight and six o'clock of the subscription's time zone, at a moment that is its own; cron
    /// expressions are read in that zone too.
    Set {
        /// The rhythm, in one word or several.
        #[arg(required = true, value_name = "RHYTHM")]
        rhythm: Vec<String>,
    },
    /// Let nothing start by itself until `resume`.
    Pause,
    /// Let it start by itself again, from the next window on.
    Resume,
}

pub(crate) async fn run(app: &App, command: Command) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?;
    let shown = match command {
        Command::Show { next } => next,
        Command::Set { rhythm } => {
            let rhythm: Rhythm = rhythm.join(" ").parse().map_err(Trouble::BadRhythm)?;
            change(app, &store, &subscription, Some(rhythm), None).await?;
            1
        }
        Command::Pause => {
            change(app, &store, &subscription, None, Some(true)).await?;
            1
        }
        Command::Resume => {
            change(app, &store, &subscription, None, Some(false)).await?;
            1
        }
    };
    let now = app.clock.now();
    let outlook = Outlook::of(&store, subscription.id, shown.into(), now).await?;
    // It was there a moment ago, and subscriptions are not deleted.
    let outlook = outlook.ok_or(Trouble::NoSubscription)?;
    app.out.report(
        &json!({ "schema": 1, "schedule": described(&subscription, &outlook) }),
        text(&subscription, &outlook),
    );
    Ok(Exit::Done)
}

/// Changes the rhythm or the pause, and leaves the other as it is.
async fn change(
    app: &App,
    store: &Store,
    subscription: &Subscription,
    rhythm: Option<Rhythm>,
    paused: Option<bool>,
) -> Result<(), Failure> {
    let now = app.clock.now();
    let rhythm = rhythm.map(|rhythm| rhythm.to_string());
    let changed = store
        .change_schedule(subscription.id, rhythm.as_deref(), paused, now)
        .await?
        .ok_or(Trouble::NoSubscription)?;
    let change = Change {
        who: WHO,
        subscription: Some(subscription.id),
        action: "schedule.changed",
        details: json!({ "rhythm": changed.rhythm, "paused": changed.paused }),
    };
    store.note_change(&change, now).await?;
    Ok(())
}

fn described(subscription: &Subscription, outlook: &Outlook) -> Value {
    let window = |window: &Window| {
        json!({
            "opens": exact(window.opens),
            "starts": exact(window.starts),
            "closes": exact(window.closes),
        })
    };
    let missed = |missed: &Missed| {
        json!({
            "opens": exact(missed.opens),
            "closes": exact(missed.closes),
            "windows": missed.windows,
        })
    };
    json!({
        "subscription": subscription.name,
        "timezone": subscription.time_zone,
        "rhythm": outlook.schedule.rhythm,
        "paused": outlook.schedule.paused,
        "idle": outlook.idle.map(reason),
        "next": outlook.next.iter().map(window).collect::<Vec<_>>(),
        "missed": outlook.missed.iter().map(missed).collect::<Vec<_>>(),
    })
}

/// Why nothing starts, for programs.
const fn reason(idle: Idle) -> &'static str {
    match idle {
        Idle::Paused => "paused",
        Idle::SwitchedOff => "switched_off",
        Idle::NotMapped => "not_mapped",
    }
}

fn text(subscription: &Subscription, outlook: &Outlook) -> String {
    let zone = TimeZone::get(&subscription.time_zone).unwrap_or(TimeZone::UTC);
    let local = |at: Timestamp| {
        let at = at.to_zoned_datetime(zone.clone());
        at.strftime("%a %F %R %Z").to_string()
    };
    let mut lines = Table::new([("", Align::Left), ("", Align::Left)]);
    lines.row(["rhythm".into(), outlook.schedule.rhythm.clone()]);
    lines.row(["time zone".into(), subscription.time_zone.clone()]);
    let idle = match outlook.idle {
        None => None,
        Some(Idle::Paused) => Some("nothing starts: it is paused (tributary schedule resume)"),
        Some(Idle::SwitchedOff) => Some("nothing starts: the HubSpot integration is switched off"),
        Some(Idle::NotMapped) => {
            Some("nothing starts: no level is mapped under a HubSpot connection")
        }
    };
    if let Some(idle) = idle {
        lines.row(["state".into(), idle.into()]);
    }
    if outlook.idle != Some(Idle::Paused) {
        for (number, window) in outlook.next.iter().enumerate() {
            let name = if number == 0 { "next" } else { "" };
            lines.row([name.into(), local(window.starts)]);
        }
    }
    for (number, missed) in outlook.missed.iter().enumerate() {
        let name = if number == 0 { "missed" } else { "" };
        let windows = counted(missed.windows.into(), "window");
        let span = format!(
            "{} to {}, {windows}",
            local(missed.opens),
            local(missed.closes)
        );
        lines.row([name.into(), span]);
    }
    lines.to_string()
}
