//! `tributary hubspot status`.

use serde_json::json;
use store::connection::Kind;

use crate::{
    app::App,
    failure::{Exit, Failure, Outcome},
    output::{
        Tone,
        number::grouped,
        table::{Align, Table},
        time,
    },
};

pub(super) async fn run(app: &App) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let Some(connection) = store.connection_info(subscription).await? else {
        app.out.report(
            &json!({ "schema": 1, "connected": false }),
            "Not connected to HubSpot. Connect: tributary hubspot connect --token-file FILE, or --oauth",
        );
        return Ok(Exit::Done);
    };
    let client = app.client(&store, subscription).await?;
    let tried = client.account_details().await;
    let quota = client.quota();
    let kind = match connection.kind {
        Kind::Static => "static token",
        Kind::OAuth => "OAuth",
    };
    let report = json!({
        "schema": 1,
        "connected": true,
        "portal": connection.portal.id.0,
        "kind": match connection.kind { Kind::Static => "static", Kind::OAuth => "oauth" },
        "time_zone": connection.portal.time_zone,
        "scopes": connection.scopes,
        "connected_at": time::exact(connection.connected_at),
        "works": tried.is_ok(),
        "quota": { "daily_limit": quota.daily_limit, "daily_left": quota.daily_left },
    });
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut row = |name: &str, value: String| table.row([name.into(), value]);
    row("portal", connection.portal.id.to_string());
    row("signs in by", kind.into());
    row("time zone", connection.portal.time_zone.clone());
    row("connected", time::minute(connection.connected_at));
    if !connection.scopes.is_empty() {
        row("scopes", connection.scopes.join(" "));
    }
    if let Some(left) = quota.daily_left {
        let limit = quota
            .daily_limit
            .map_or_else(String::new, |limit| format!(" of {}", grouped(limit)));
        row("calls left today", format!("{}{limit}", grouped(left)));
    }
    match tried {
        Ok(_) => {
            if connection.broken.is_some() {
                store.set_connection_broken(subscription, None).await?;
            }
            let works = app.out.toned(Tone::Good, "The connection works.");
            app.out.report(&report, format_args!("{table}\n\n{works}"));
            Ok(Exit::Done)
        }
        Err(error) => {
            app.out.say(table);
            Err(Failure::of(&error).reporting(report))
        }
    }
}
