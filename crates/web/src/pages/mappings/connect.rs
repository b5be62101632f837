//! The first step: a grant of HubSpot's, by agreement in the browser or by a token.

use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use hubspot::Credentials;
use jiff::SignedDuration;
use serde_json::json;
use store::session::OAuthAttempt;
use sync::{
    Explain as _,
    connect::{self, Granted},
};

use super::{Widget, mappings, widget_address};
use crate::{
    app,
    error::Error,
    frame::{Problem, go},
    pages::app::CALLBACK,
    posted::Posted,
    visit::{AtLevel, Here, Visit, path},
};

/// How long somebody may take to agree.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// `POST …/settings/data-mappings/{level}/authenticate`: sends the browser to HubSpot, or comes back at once where a grant is
/// there already, for one covers both levels.
pub(crate) async fn authenticate(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let visit = &here.visit;
    let store = visit.app.store();
    let again = posted.has("again");
    let present = store.connection_info(here.subscription.id).await?;
    if !again && present.is_some_and(|info| info.broken.is_none()) {
        return Ok(go(visit, &widget_address(&here, level, "note-connected")));
    }
    let session = visit.session.as_ref().ok_or(Error::Forged)?;
    let oauth = visit.app.runner().connector().oauth().await?;
    let state = visit.app.secret();
    let attempt = OAuthAttempt {
        subscription: here.subscription.id,
        level,
        replace_portal: posted.has("replace_portal"),
    };
    store
        .put_oauth_attempt(&app::hash(&state), &session.hash, attempt, visit.now)
        .await?;
    let address = oauth.authorize_url(&visit.app.address(CALLBACK), &state)?;
    Ok(go(visit, &address))
}

/// What HubSpot comes back with.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Returned {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
}

/// `GET /oauth/callback`.
pub(crate) async fn callback(
    visit: Visit,
    Query(returned): Query<Returned>,
) -> Result<Response, Error> {
    let session = visit.session.as_ref().ok_or(Error::Forged)?;
    let state = app::hash(&returned.state);
    let since = visit.now - PATIENCE;
    let attempt = visit
        .app
        .store()
        .take_oauth_attempt(&state, &session.hash, since)
        .await?
        .ok_or(Error::Invalid("invalid-state"))?;
    let back = |said: &str| {
        let page = format!(
            "settings/data-mappings/{}?{said}#hubspot",
            attempt.level.name()
        );
        Redirect::to(&path(attempt.subscription, &page)).into_response()
    };
    if !returned.error.is_empty() {
        return Ok(back("problem=connect-denied"));
    }
    if returned.code.is_empty() {
        return Ok(back("problem=connect-unanswered"));
    }
    let connector = visit.app.runner().connector();
    let granted = async {
        let oauth = connector.oauth().await?;
        let tokens = oauth
            .exchange_code(&returned.code, &visit.app.address(CALLBACK))
            .await?;
        let granted = connector.examine(tokens.credentials()).await?;
        connector
            .accept(attempt.subscription, &granted, attempt.replace_portal)
            .await?;
        Ok(granted)
    };
    match granted.await {
        Ok(granted) => {
            connected(&visit, attempt.subscription, &granted).await?;
            Ok(back("note=note-connected"))
        }
        Err(connect::Error::OtherPortal { .. }) => Ok(back("problem=connect-other-portal")),
        Err(error) => {
            // Said on the page by its number, with what to do; the log has the rest.
            tracing::warn!(error = sync::chain(&error), "a grant could not be used");
            Ok(back(&format!("problem=TRB{:04}", error.number())))
        }
    }
}

/// After a grant was taken: what was known of the portal before is forgotten, and the change is noted.
async fn connected(
    visit: &Visit,
    subscription: store::SubscriptionId,
    granted: &Granted,
) -> Result<(), Error> {
    visit.app.catalogues().forget(subscription);
    visit.app.samples().forget(subscription);
    let details = json!({ "portal": granted.portal.id.to_string(), "scopes": granted.scopes });
    visit
        .note(Some(subscription), "hubspot.connected", details)
        .await
}

/// `POST …/settings/data-mappings/{level}/token`: connects by a service key or private-app token.
pub(crate) async fn token(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let visit = &here.visit;
    let connector = visit.app.runner().connector();
    let token = posted.text("token");
    let unusable =
        token.is_empty() || token.len() > 4_096 || token.chars().any(char::is_whitespace);
    let failed = if unusable {
        Some(Problem::of(
            &visit.locale,
            &Error::Invalid("token-unusable"),
        ))
    } else {
        let granted = async {
            let credentials = Credentials::Static(token.into());
            let granted = connector.examine(credentials).await?;
            let replace = posted.has("replace_portal");
            connector
                .accept(here.subscription.id, &granted, replace)
                .await?;
            Ok::<_, connect::Error>(granted)
        };
        match granted.await {
            Ok(granted) => {
                connected(visit, here.subscription.id, &granted).await?;
                None
            }
            Err(error) => Some(Problem::explained(&visit.locale, &error.explain())),
        }
    };
    match failed {
        None => Ok(go(visit, &widget_address(&here, level, "note-connected"))),
        Some(problem) => {
            let mut widget = Widget::of(&here, level).await?;
            widget.problem = Some(problem);
            let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            mappings(&here, level, status, widget).await
        }
    }
}

/// `POST …/settings/data-mappings/{level}/disconnect`.
pub(crate) async fn disconnect(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let visit = &here.visit;
    let subscription = here.subscription.id;
    let connector = visit.app.runner().connector();
    let revoke = posted.has("revoke");
    if revoke {
        connector.revoke(subscription).await?;
    }
    connector.disconnect(subscription).await?;
    visit.app.catalogues().forget(subscription);
    visit.app.samples().forget(subscription);
    here.note("hubspot.disconnected", json!({ "revoked": revoke }))
        .await?;
    Ok(go(
        visit,
        &widget_address(&here, level, "note-disconnected"),
    ))
}
