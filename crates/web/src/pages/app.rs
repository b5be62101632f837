//! The OAuth app through which this installation asks HubSpot for access.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use hubspot::Kind;
use secrecy::SecretString;
use serde_json::json;
use store::app::HubspotApp;

use crate::{
    error::Error,
    frame::{Chrome, Place, Problem, answer, go},
    posted::Posted,
    visit::Here,
};

/// Where HubSpot sends the browser back.
pub(crate) const CALLBACK: &str = "/oauth/callback";

#[derive(Template)]
#[template(path = "app.html")]
pub(crate) struct AppPage {
    pub(crate) c: Chrome,
    /// The app's client id, if there is one.
    pub(crate) client_id: Option<String>,
    /// It stands in the configuration, and cannot be changed here.
    pub(crate) configured: bool,
    pub(crate) redirect: String,
    pub(crate) required: Vec<String>,
    pub(crate) optional: Vec<String>,
    pub(crate) entered: String,
    pub(crate) problem: Option<Problem>,
}

/// `GET …/settings/hubspot-app`.
pub(crate) async fn show(here: Here) -> Result<Response, Error> {
    let site = &here.visit.app;
    let problem = if site.runner().connector().is_app_configured() {
        None
    } else {
        // After a restore without its keyring, the secret is entered again here.
        let sealed = site.store().hubspot_app().await.err();
        sealed.map(|error| Problem::of(&here.visit.locale, &error.into()))
    };
    app(&here, StatusCode::OK, String::new(), problem).await
}

async fn app(
    here: &Here,
    status: StatusCode,
    entered: String,
    problem: Option<Problem>,
) -> Result<Response, Error> {
    let app = &here.visit.app;
    let connector = app.runner().connector();
    let settings = connector.settings().await?;
    let page = AppPage {
        c: Chrome::here(here, Place::App).await?,
        client_id: settings.client_id,
        configured: connector.is_app_configured(),
        redirect: app.address(CALLBACK),
        required: settings.scopes,
        optional: settings.optional_scopes,
        entered,
        problem,
    };
    answer(status, &page)
}

/// `POST …/settings/hubspot-app`: tries id and secret at HubSpot, and keeps them when they are right.
pub(crate) async fn save(here: Here, posted: Posted) -> Result<Response, Error> {
    let visit = &here.visit;
    let connector = visit.app.runner().connector();
    if connector.is_app_configured() {
        return Err(Error::Invalid("app-configured"));
    }
    let entered = posted.text("client_id").to_owned();
    let secret: SecretString = posted.text("client_secret").into();
    let unusable = |text: &str| text.is_empty() || text.chars().any(char::is_whitespace);
    let missing = unusable(&entered) || unusable(posted.text("client_secret"));
    let problem = if missing {
        Some(Problem::of(
            &visit.locale,
            &Error::Invalid("app-incomplete"),
        ))
    } else {
        let mut settings = connector.settings().await?;
        settings.client_id = Some(entered.clone());
        settings.client_secret = Some(secret.clone());
        // No grant is that: an app that is known is told so, one that is not is told that instead.
        let tried = connector.app(settings)?.refresh(&"none".into()).await;
        match tried {
            Ok(_) => None,
            Err(error) if error.kind() == Kind::Reauthorise => None,
            Err(error) => Some(Problem::of(&visit.locale, &error.into())),
        }
    };
    if problem.is_some() {
        return app(&here, StatusCode::UNPROCESSABLE_ENTITY, entered, problem).await;
    }
    let details = json!({ "client_id": entered });
    let kept = HubspotApp {
        client_id: entered,
        client_secret: secret,
    };
    visit.app.store().set_hubspot_app(&kept).await?;
    connector.forget_all();
    here.note("hubspot-app.saved", details).await?;
    let target = here.path("settings/hubspot-app?note=note-app-saved");
    Ok(go(visit, &target))
}

/// `POST …/settings/hubspot-app/remove`.
pub(crate) async fn remove(here: Here, _: Posted) -> Result<Response, Error> {
    let visit = &here.visit;
    visit.app.store().remove_hubspot_app().await?;
    visit.app.runner().connector().forget_all();
    here.note("hubspot-app.removed", json!({})).await?;
    let target = here.path("settings/hubspot-app?note=note-app-removed");
    Ok(go(visit, &target))
}
