//! `tributary config`.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    config::{self, FILE_NAME, Origin},
    failure::{Exit, Failure, Outcome},
    output::{
        Output, Tone,
        table::{Align, Table},
    },
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check every setting, and say what it is and where it comes from.
    Check,
    /// Print the defaults with the documentation of every setting: a good start for tributary.toml.
    ShowDefault,
}

pub(crate) fn run(app: &App, command: &Command) -> Outcome {
    match command {
        Command::Check => check(app),
        Command::ShowDefault => Ok(show_default(app.out)),
    }
}

/// Works without any configuration, as it is what helps with a broken one.
pub(crate) fn show_default(out: Output) -> Exit {
    out.report(
        &json!({ "schema": 1, "default": config::DEFAULT }),
        config::DEFAULT.trim_end(),
    );
    Exit::Done
}

fn check(app: &App) -> Outcome {
    let mut settings = Map::new();
    let mut table = Table::new([
        ("setting", Align::Left),
        ("value", Align::Left),
        ("from", Align::Left),
    ]);
    for (key, shown, origin) in app.config.shown() {
        settings.insert(
            key.into(),
            json!({ "value": shown, "from": origin.to_string() }),
        );
        let origin = match origin {
            Origin::Default => app.out.toned(Tone::Faint, origin),
            _ => origin.to_string(),
        };
        table.row([key.into(), shown.unwrap_or_else(|| "–".into()), origin]);
    }
    let report = json!({
        "schema": 1,
        "data_dir": app.data_dir,
        "data_dir_exists": app.data_dir.exists(),
        "file": app.config.file,
        "settings": Value::Object(settings),
    });
    let file = match &app.config.file {
        Some(file) => file.display().to_string(),
        None => format!("none ({FILE_NAME} in the data directory would be read)"),
    };
    let text = format!(
        "{table}\n\ndata directory      {}\nconfiguration file  {file}",
        app.data_dir.display()
    );
    if let Err(error) = app.config.hubspot.check() {
        app.out.say(text);
        return Err(Failure::of(&error).reporting(report));
    }
    app.out.report(
        &report,
        format_args!(
            "{text}\n\n{}",
            app.out.toned(Tone::Good, "The configuration can be used.")
        ),
    );
    Ok(Exit::Done)
}
