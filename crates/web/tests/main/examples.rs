//! An example of every route: what to ask for, and what whoever may take it gets.

use axum::http::Method;
use web::Route;

use crate::bench::{ADMIN, Bench, PASSWORD, bench};

/// A request that a route answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Example {
    pub(crate) method: &'static str,
    /// The route, as the table of routes has it.
    pub(crate) route: &'static str,
    /// The path, with example parameters in place.
    pub(crate) path: &'static str,
    /// The form, for a post.
    pub(crate) form: &'static [(&'static str, &'static str)],
    /// The status of the answer, for whoever may take it, of a [`walked`] bench.
    pub(crate) status: u16,
}

const fn get(route: &'static str, path: &'static str, status: u16) -> Example {
    Example {
        method: "GET",
        route,
        path,
        form: &[],
        status,
    }
}

const fn post(
    route: &'static str,
    path: &'static str,
    form: &'static [(&'static str, &'static str)],
    status: u16,
) -> Example {
    Example {
        method: "POST",
        route,
        path,
        form,
        status,
    }
}

/// In the order in which they are walked: what ends something stands last.
#[rustfmt::skip]
pub(crate) const EXAMPLES: &[Example] = &[
    // Who may come in.
    get("/", "/", 303),
    get("/healthz", "/healthz", 200),
    get("/assets/{name}", "/assets/none.css", 404),
    get("/sign-in", "/sign-in", 303),
    get("/set-up", "/set-up", 200),
    get("/join", "/join", 200),
    get("/reset", "/reset", 200),
    get("/waiting", "/waiting", 200),
    post("/language", "/language", &[("language", "en")], 303),
    post("/preferences", "/preferences", &[("theme", "dark")], 303),
    post("/set-up", "/set-up", &[("ticket", "none")], 422),
    post("/join", "/join", &[("ticket", "none")], 422),
    post("/reset", "/reset", &[("ticket", "none")], 422),
    get("/subscriptions/new", "/subscriptions/new", 200),
    post("/subscriptions/new", "/subscriptions/new", &[("name", "")], 422),
    get("/s/{subscription}/account", "/s/1/account", 200),
    post("/s/{subscription}/account/password", "/s/1/account/password", &[("present", "wrong")], 422),

    // What the data says.
    get("/s/{subscription}/overview", "/s/1/overview", 200),
    get("/s/{subscription}/runs", "/s/1/runs", 200),
    get("/s/{subscription}/runs.csv", "/s/1/runs.csv", 200),
    get("/s/{subscription}/runs/{run}", "/s/1/runs/1", 200),
    post("/s/{subscription}/runs/{run}/cancel", "/s/1/runs/1/cancel", &[], 303),
    get("/s/{subscription}/runs/{run}/records/{what}", "/s/1/runs/1/records/missed", 200),
    post("/s/{subscription}/runs/{run}/records/{what}", "/s/1/runs/1/records/missed", &[("id", "u-1")], 200),
    get("/s/{subscription}/runs/{run}/records/{what}/csv", "/s/1/runs/1/records/missed/csv", 200),
    get("/s/{subscription}/visitors", "/s/1/visitors", 200),
    get("/s/{subscription}/visitors/csv", "/s/1/visitors/csv", 200),
    post("/s/{subscription}/visitors/view", "/s/1/visitors/view", &[("change", "search"), ("starts_with", "u-")], 303),
    post("/s/{subscription}/visitors/filter", "/s/1/visitors/filter", &[], 200),
    post("/s/{subscription}/visitors/columns", "/s/1/visitors/columns", &[], 303),
    post("/s/{subscription}/visitors/pins", "/s/1/visitors/pins", &[("pin", "hubspot.none")], 404),
    get("/s/{subscription}/visitors/{number}", "/s/1/visitors/1", 200),
    post("/s/{subscription}/visitors/{number}/value", "/s/1/visitors/1/value", &[("group", "hubspot")], 422),
    post("/s/{subscription}/visitors/{number}/erase", "/s/1/visitors/1/erase", &[("id", "")], 422),
    get("/s/{subscription}/accounts", "/s/1/accounts", 200),
    get("/s/{subscription}/accounts/csv", "/s/1/accounts/csv", 200),
    post("/s/{subscription}/accounts/view", "/s/1/accounts/view", &[("change", "search"), ("starts_with", "u-")], 303),
    post("/s/{subscription}/accounts/filter", "/s/1/accounts/filter", &[], 200),
    post("/s/{subscription}/accounts/columns", "/s/1/accounts/columns", &[], 303),
    post("/s/{subscription}/accounts/pins", "/s/1/accounts/pins", &[("pin", "hubspot.none")], 404),
    get("/s/{subscription}/accounts/{number}", "/s/1/accounts/900", 200),
    post("/s/{subscription}/accounts/{number}/value", "/s/1/accounts/900/value", &[("group", "hubspot")], 422),
    post("/s/{subscription}/accounts/{number}/erase", "/s/1/accounts/900/erase", &[("id", "")], 422),

    // Settings.
    get("/s/{subscription}/settings/ids", "/s/1/settings/ids", 303),
    get("/s/{subscription}/settings/ids/{level}", "/s/1/settings/ids/visitor", 200),
    post("/s/{subscription}/settings/ids/{level}/file", "/s/1/settings/ids/visitor/file", &[], 422),
    post("/s/{subscription}/settings/ids/{level}/load", "/s/1/settings/ids/visitor/load", &[], 409),
    post("/s/{subscription}/settings/ids/{level}/settle", "/s/1/settings/ids/visitor/settle", &[], 409),
    post("/s/{subscription}/settings/ids/{level}/done", "/s/1/settings/ids/visitor/done", &[], 303),
    post("/s/{subscription}/settings/ids/{level}/cancel", "/s/1/settings/ids/visitor/cancel", &[], 303),
    get("/s/{subscription}/settings/ids/{level}/progress", "/s/1/settings/ids/visitor/progress", 200),
    get("/s/{subscription}/settings/ids/{level}/bad.csv", "/s/1/settings/ids/visitor/bad.csv", 404),
    get("/s/{subscription}/settings/schedule", "/s/1/settings/schedule", 200),
    post("/s/{subscription}/settings/schedule", "/s/1/settings/schedule", &[("rhythm", "weekly")], 422),
    post("/s/{subscription}/settings/schedule/pause", "/s/1/settings/schedule/pause", &[("paused", "no")], 303),
    post("/s/{subscription}/settings/schedule/jobs/{job}/cancel", "/s/1/settings/schedule/jobs/1/cancel", &[], 303),
    get("/s/{subscription}/settings/subscription", "/s/1/settings/subscription", 200),
    post("/s/{subscription}/settings/subscription", "/s/1/settings/subscription", &[("name", "")], 422),
    get("/s/{subscription}/settings/hubspot-app", "/s/1/settings/hubspot-app", 200),
    post("/s/{subscription}/settings/hubspot-app", "/s/1/settings/hubspot-app", &[("client_id", "")], 422),
    get("/s/{subscription}/settings/users", "/s/1/settings/users", 200),
    post("/s/{subscription}/settings/users", "/s/1/settings/users", &[("email", "nobody")], 422),
    post("/s/{subscription}/settings/users/{member}", "/s/1/settings/users/2", &[("role", "viewer")], 303),
    post("/s/{subscription}/settings/users/{member}/link", "/s/1/settings/users/2/link", &[], 200),
    get("/s/{subscription}/settings/storage", "/s/1/settings/storage", 200),
    get("/s/{subscription}/settings/storage/counts", "/s/1/settings/storage/counts", 200),
    get("/s/{subscription}/settings/destination", "/s/1/settings/destination", 200),
    post("/s/{subscription}/settings/destination", "/s/1/settings/destination", &[("region", "us"), ("key", "")], 422),
    post("/s/{subscription}/settings/destination/check", "/s/1/settings/destination/check", &[], 422),
    post("/s/{subscription}/settings/destination/{level}/compare", "/s/1/settings/destination/visitor/compare", &[], 422),
    post("/s/{subscription}/settings/destination/{level}/resend", "/s/1/settings/destination/visitor/resend", &[("all", "yes")], 422),
    get("/s/{subscription}/settings/destination/{level}/differences", "/s/1/settings/destination/visitor/differences", 200),
    get("/s/{subscription}/settings/destination/{level}/differences/csv", "/s/1/settings/destination/visitor/differences/csv", 200),
    post("/s/{subscription}/settings/destination/disconnect", "/s/1/settings/destination/disconnect", &[], 303),
    get("/s/{subscription}/settings/audit", "/s/1/settings/audit", 200),

    // Data Mappings.
    get("/s/{subscription}/settings/data-mappings", "/s/1/settings/data-mappings", 303),
    get("/s/{subscription}/settings/data-mappings/{level}", "/s/1/settings/data-mappings/visitor", 200),
    get("/s/{subscription}/settings/data-mappings/{level}/metadata", "/s/1/settings/data-mappings/visitor/metadata", 200),
    post("/s/{subscription}/settings/integration", "/s/1/settings/integration", &[("on", "yes")], 303),
    get("/oauth/callback", "/oauth/callback?code=1&state=2", 422),
    post("/s/{subscription}/settings/data-mappings/{level}/authenticate", "/s/1/settings/data-mappings/visitor/authenticate", &[], 303),
    post("/s/{subscription}/settings/data-mappings/{level}/token", "/s/1/settings/data-mappings/visitor/token", &[("token", "")], 422),
    get("/s/{subscription}/settings/data-mappings/{level}/key", "/s/1/settings/data-mappings/visitor/key", 200),
    post("/s/{subscription}/settings/data-mappings/{level}/key", "/s/1/settings/data-mappings/visitor/key", &[("property", "")], 422),
    get("/s/{subscription}/settings/data-mappings/{level}/key/sample", "/s/1/settings/data-mappings/account/key/sample", 200),
    post("/s/{subscription}/settings/data-mappings/{level}/key/sample", "/s/1/settings/data-mappings/visitor/key/sample", &[("size", "100")], 303),
    get("/s/{subscription}/settings/data-mappings/{level}/key/{property}/cost", "/s/1/settings/data-mappings/visitor/key/email/cost", 200),
    post("/s/{subscription}/settings/data-mappings/{level}/fields", "/s/1/settings/data-mappings/visitor/fields", &[("field", "lifecyclestage")], 200),
    post("/s/{subscription}/settings/data-mappings/{level}/fields/menu", "/s/1/settings/data-mappings/visitor/fields/menu", &[], 200),
    post("/s/{subscription}/settings/data-mappings/{level}/save", "/s/1/settings/data-mappings/visitor/save", &[("field", "lifecyclestage"), ("base", "old")], 409),
    get("/s/{subscription}/settings/data-mappings/{level}/progress", "/s/1/settings/data-mappings/account/progress", 200),
    post("/s/{subscription}/settings/data-mappings/{level}/key/measure", "/s/1/settings/data-mappings/visitor/key/measure", &[("property", "email")], 303),
    post("/s/{subscription}/settings/data-mappings/{level}/sync", "/s/1/settings/data-mappings/visitor/sync", &[], 303),
    post("/s/{subscription}/settings/data-mappings/{level}/cancel", "/s/1/settings/data-mappings/visitor/cancel", &[], 303),

    // What ends something.
    post("/s/{subscription}/settings/data-mappings/{level}/disconnect", "/s/1/settings/data-mappings/visitor/disconnect", &[], 303),
    post("/s/{subscription}/settings/hubspot-app/remove", "/s/1/settings/hubspot-app/remove", &[], 303),
    post("/s/{subscription}/account/sign-out-everywhere", "/s/1/account/sign-out-everywhere", &[], 303),
    post("/sign-out", "/sign-out", &[], 303),
    post("/sign-in", "/sign-in", &[("email", ADMIN), ("password", PASSWORD)], 303),
];

/// An installation in which every example has something to show: connected, mapped and synced, with a viewer (member 2),
/// visitors 1 to 811 and accounts 812 to 967.
pub(crate) async fn walked() -> Bench {
    let mut bench = bench().await.synced(&["lifecyclestage", "plan_tier"]).await;
    bench.viewer().await;
    bench
}

/// Every example with its route, in order.
///
/// # Panics
/// When a route has no example, or an example no route.
#[track_caller]
pub(crate) fn examples(bench: &Bench) -> Vec<(Example, Route)> {
    let mut routes = web::routes(&bench.app);
    let pairs = EXAMPLES
        .iter()
        .map(|example| {
            let is_its = |route: &Route| {
                route.method.as_str() == example.method && route.path == example.route
            };
            let at = routes.iter().position(is_its);
            let at = at.unwrap_or_else(|| {
                panic!(
                    "there is no route {} {}, or no second one: take it out of EXAMPLES in tests/main/examples.rs",
                    example.method, example.route
                )
            });
            (*example, routes.swap_remove(at))
        })
        .collect();
    let missing: Vec<String> = routes
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert!(
        missing.is_empty(),
        "add these routes to EXAMPLES in tests/main/examples.rs, so that they are tested without sign-in and as a viewer:\n{}",
        missing.join("\n")
    );
    pairs
}

/// The examples of posts.
pub(crate) fn posts() -> impl Iterator<Item = &'static Example> {
    EXAMPLES
        .iter()
        .filter(|example| example.method == Method::POST.as_str())
}

/// The examples of pages that are there.
pub(crate) fn pages() -> impl Iterator<Item = &'static Example> {
    EXAMPLES
        .iter()
        .filter(|example| example.method == Method::GET.as_str())
}
