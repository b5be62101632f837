//! All routes.

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use tower_http::compression::{CompressionLayer, predicate::Predicate as _};

use crate::{
    app::App,
    assets,
    pages::{
        account, app as hubspot_app, audit, destination, health, ids, mappings, overview, runs,
        schedule, sign_in, storage, subjects, subscription, tickets, users,
    },
    routes::{
        Access::{Admin, Public, Viewer},
        Route, Routes, secure,
    },
};

/// Longest form, in bytes. Files of ids have no limit: they are kept part by part.
const FORM: usize = 1 << 20;

/// The application as a service.
pub fn site(app: &App) -> Router {
    let (router, _) = all(app).finish();
    // What is streamed must reach the browser as it comes, and assets are compressed already.
    let compressed = tower_http::compression::DefaultPredicate::new()
        .and(tower_http::compression::predicate::NotForContentType::SSE);
    router
        .layer(DefaultBodyLimit::max(FORM))
        .layer(CompressionLayer::new().gzip(true).compress_when(compressed))
        .layer(from_fn_with_state(app.clone(), secure))
        .with_state(app.clone())
}

/// The table of all routes, with who may take each.
pub fn routes(app: &App) -> Vec<Route> {
    all(app).finish().1
}

fn all(app: &App) -> Routes {
    let routes = people(Routes::new(app.clone()));
    let routes = data(routes);
    let routes = outside(settings(routes));
    data_mappings(routes)
}

/// Who may come in.
fn people(routes: Routes) -> Routes {
    routes
        .get("/", Viewer, subscription::home)
        .get("/healthz", Public, health::check)
        .get("/assets/{name}", Public, assets::serve)
        .get("/sign-in", Public, sign_in::show)
        .post("/sign-in", Public, sign_in::enter)
        .post("/sign-out", Viewer, sign_in::leave)
        .post("/language", Public, sign_in::language)
        .post("/preferences", Viewer, account::preferences)
        .get("/set-up", Public, tickets::show_set_up)
        .post("/set-up", Public, tickets::set_up)
        .get("/join", Public, tickets::show_join)
        .post("/join", Public, tickets::join)
        .get("/reset", Public, tickets::show_reset)
        .post("/reset", Public, tickets::reset)
        .get("/waiting", Viewer, subscription::waiting)
        .get("/subscriptions/new", Admin, subscription::show_new)
        .post("/subscriptions/new", Admin, subscription::create)
        .get("/s/{subscription}/account", Viewer, account::show)
        .post(
            "/s/{subscription}/account/password",
            Viewer,
            account::password,
        )
        .post(
            "/s/{subscription}/account/sign-out-everywhere",
            Viewer,
            account::sign_out_everywhere,
        )
}

/// What the data says.
fn data(routes: Routes) -> Routes {
    use runs::{cells, detail, list, records};
    let routes = routes
        .get("/s/{subscription}/overview", Viewer, overview::show)
        .get("/s/{subscription}/runs", Viewer, list::show)
        .get("/s/{subscription}/runs.csv", Viewer, list::csv)
        .get("/s/{subscription}/runs/{run}", Viewer, detail::show)
        .post("/s/{subscription}/runs/{run}/cancel", Admin, detail::cancel)
        .get(
            "/s/{subscription}/runs/{run}/records/{what}",
            Viewer,
            records::show,
        )
        .post(
            "/s/{subscription}/runs/{run}/records/{what}",
            Viewer,
            records::search,
        )
        .get(
            "/s/{subscription}/runs/{run}/records/{what}/csv",
            Viewer,
            cells::csv,
        );
    // Both levels have the same pages.
    macro_rules! level {
        ($routes:expr, $page:literal) => {
            $routes
                .get(concat!("/s/{subscription}/", $page), Viewer, subjects::show)
                .get(
                    concat!("/s/{subscription}/", $page, "/csv"),
                    Viewer,
                    subjects::download,
                )
                .post(
                    concat!("/s/{subscription}/", $page, "/view"),
                    Viewer,
                    subjects::look,
                )
                .post(
                    concat!("/s/{subscription}/", $page, "/filter"),
                    Viewer,
                    subjects::draft,
                )
                .post(
                    concat!("/s/{subscription}/", $page, "/columns"),
                    Viewer,
                    subjects::save_columns,
                )
                .post(
                    concat!("/s/{subscription}/", $page, "/pins"),
                    Admin,
                    subjects::pin,
                )
                .get(
                    concat!("/s/{subscription}/", $page, "/{number}"),
                    Viewer,
                    subjects::show_one,
                )
                .post(
                    concat!("/s/{subscription}/", $page, "/{number}/value"),
                    Admin,
                    subjects::set_value,
                )
                .post(
                    concat!("/s/{subscription}/", $page, "/{number}/erase"),
                    Admin,
                    subjects::erase,
                )
        };
    }
    let routes = level!(routes, "visitors");
    level!(routes, "accounts")
}

fn settings(routes: Routes) -> Routes {
    routes
        .get("/s/{subscription}/settings/ids", Viewer, ids::start)
        .get("/s/{subscription}/settings/ids/{level}", Viewer, ids::show)
        .upload(
            "/s/{subscription}/settings/ids/{level}/file",
            Admin,
            ids::receive,
        )
        .post(
            "/s/{subscription}/settings/ids/{level}/load",
            Admin,
            ids::load,
        )
        .post(
            "/s/{subscription}/settings/ids/{level}/settle",
            Admin,
            ids::settle,
        )
        .post(
            "/s/{subscription}/settings/ids/{level}/done",
            Admin,
            ids::done,
        )
        .post(
            "/s/{subscription}/settings/ids/{level}/cancel",
            Admin,
            ids::cancel,
        )
        .get(
            "/s/{subscription}/settings/ids/{level}/progress",
            Viewer,
            ids::progress,
        )
        .get(
            "/s/{subscription}/settings/ids/{level}/bad.csv",
            Viewer,
            ids::bad_lines,
        )
        .get(
            "/s/{subscription}/settings/subscription",
            Viewer,
            subscription::show,
        )
        .post(
            "/s/{subscription}/settings/subscription",
            Admin,
            subscription::save,
        )
        .get(
            "/s/{subscription}/settings/hubspot-app",
            Admin,
            hubspot_app::show,
        )
        .post(
            "/s/{subscription}/settings/hubspot-app",
            Admin,
            hubspot_app::save,
        )
        .post(
            "/s/{subscription}/settings/hubspot-app/remove",
            Admin,
            hubspot_app::remove,
        )
        .get("/s/{subscription}/settings/users", Admin, users::show)
        .post("/s/{subscription}/settings/users", Admin, users::invite)
        .post(
            "/s/{subscription}/settings/users/{member}",
            Admin,
            users::change,
        )
        .post(
            "/s/{subscription}/settings/users/{member}/link",
            Admin,
            users::link,
        )
        .get(
            "/s/{subscription}/settings/schedule",
            Viewer,
            schedule::show,
        )
        .post("/s/{subscription}/settings/schedule", Admin, schedule::save)
        .post(
            "/s/{subscription}/settings/schedule/pause",
            Admin,
            schedule::pause,
        )
        .post(
            "/s/{subscription}/settings/schedule/jobs/{job}/cancel",
            Admin,
            schedule::cancel,
        )
        .get("/s/{subscription}/settings/storage", Viewer, storage::show)
        .get(
            "/s/{subscription}/settings/storage/counts",
            Viewer,
            storage::counts,
        )
        .get("/s/{subscription}/settings/audit", Admin, audit::show)
}

/// The destination besides the built-in subscription.
fn outside(routes: Routes) -> Routes {
    routes
        .get(
            "/s/{subscription}/settings/destination",
            Viewer,
            destination::show,
        )
        .post(
            "/s/{subscription}/settings/destination",
            Admin,
            destination::connect,
        )
        .post(
            "/s/{subscription}/settings/destination/check",
            Admin,
            destination::check,
        )
        .post(
            "/s/{subscription}/settings/destination/disconnect",
            Admin,
            destination::disconnect,
        )
        .post(
            "/s/{subscription}/settings/destination/{level}/compare",
            Admin,
            destination::compare,
        )
        .post(
            "/s/{subscription}/settings/destination/{level}/resend",
            Admin,
            destination::resend,
        )
        .get(
            "/s/{subscription}/settings/destination/{level}/differences",
            Viewer,
            destination::differences,
        )
        .get(
            "/s/{subscription}/settings/destination/{level}/differences/csv",
            Viewer,
            destination::csv,
        )
}

fn data_mappings(routes: Routes) -> Routes {
    use mappings::{connect, fields, key, live};
    routes
        .get(
            "/s/{subscription}/settings/data-mappings",
            Viewer,
            mappings::start,
        )
        .get(
            "/s/{subscription}/settings/data-mappings/{level}",
            Viewer,
            mappings::show,
        )
        .get(
            "/s/{subscription}/settings/data-mappings/{level}/metadata",
            Viewer,
            mappings::metadata,
        )
        .post(
            "/s/{subscription}/settings/integration",
            Admin,
            mappings::switch,
        )
        .get("/oauth/callback", Admin, connect::callback)
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/authenticate",
            Admin,
            connect::authenticate,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/token",
            Admin,
            connect::token,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/disconnect",
            Admin,
            connect::disconnect,
        )
        .get(
            "/s/{subscription}/settings/data-mappings/{level}/key",
            Admin,
            key::show,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/key",
            Admin,
            key::save,
        )
        .get(
            "/s/{subscription}/settings/data-mappings/{level}/key/sample",
            Admin,
            key::sample_progress,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/key/sample",
            Admin,
            key::sample,
        )
        .get(
            "/s/{subscription}/settings/data-mappings/{level}/key/{property}/cost",
            Admin,
            key::cost,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/key/measure",
            Admin,
            key::measure,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/fields",
            Admin,
            fields::choose,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/fields/menu",
            Admin,
            fields::menu,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/save",
            Admin,
            fields::save,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/sync",
            Admin,
            live::sync_now,
        )
        .post(
            "/s/{subscription}/settings/data-mappings/{level}/cancel",
            Admin,
            live::cancel,
        )
        .get(
            "/s/{subscription}/settings/data-mappings/{level}/progress",
            Viewer,
            live::progress,
        )
}
