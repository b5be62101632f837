//! Routes, and who may take them.
//!
//! A route cannot be added without saying who may take it: its guard is made with it, and the table of all routes is what
//! tests walk.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, any, get, post},
};

use crate::{app::App, error::Error, frame, visit::Visit};

/// Who may take a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever is signed in.
    Viewer,
    /// Admins.
    Admin,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Who may take it.
    pub access: Access,
}

/// Routes being put together.
pub(crate) struct Routes {
    app: App,
    router: Router<App>,
    table: Vec<Route>,
}

impl Routes {
    pub(crate) fn new(app: App) -> Self {
        Self {
            app,
            router: Router::new(),
            table: Vec::new(),
        }
    }

    pub(crate) fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::GET, path, access, get(handler))
    }

    pub(crate) fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, path, access, post(handler))
    }

    /// A route that takes files of any length.
    pub(crate) fn upload<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let unlimited = post(handler).layer(DefaultBodyLimit::disable());
        self.add(Method::POST, path, access, unlimited)
    }

    fn add(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: MethodRouter<App>,
    ) -> Self {
        let state = (self.app.clone(), access);
        let guarded = handler.layer(from_fn_with_state(state, guard));
        self.router = self.router.route(path, guarded);
        self.table.push(Route {
            method,
            path,
            access,
        });
        self
    }

    /// The router and the table of its routes.
    pub(crate) fn finish(self) -> (Router<App>, Vec<Route>) {
        let state = (self.app, Access::Public);
        let missing = any(async || Error::NotFound).layer(from_fn_with_state(state, guard));
        (self.router.fallback(missing), self.table)
    }
}

/// Lets a request through to its handler if whoever asks may, and makes a page of whatever goes wrong.
async fn guard(
    axum::extract::State((app, access)): axum::extract::State<(App, Access)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = match Visit::new(&app, &parts).await {
        Ok(visit) => visit,
        // Without a visit there is no language to say more in.
        Err(error) => return error.status().into_response(),
    };
    let refused = if !parts.method.is_safe() && !is_own(&app, &parts.headers) {
        Some(Error::Forged)
    } else {
        match (access, visit.member()) {
            (Access::Public, _) | (Access::Viewer, Some(_)) => None,
            (Access::Admin, Some(_)) if visit.is_admin() => None,
            (Access::Admin, Some(_)) => Some(Error::Forbidden),
            (_, None) => return to_sign_in(&visit),
        }
    };
    let response = if let Some(error) = refused {
        error.into_response()
    } else {
        parts.extensions.insert(visit.clone());
        next.run(Request::from_parts(parts, body)).await
    };
    let error = response.extensions().get::<Error>().cloned();
    match error.or_else(|| unread(&visit, &response)) {
        Some(error) => frame::error(&visit, &error).await,
        None => response,
    }
}

/// What the framework refuses before a handler sees it, an address or a form that cannot be read, is said on a page too.
fn unread(visit: &Visit, response: &Response) -> Option<Error> {
    (response.status() == StatusCode::BAD_REQUEST).then(|| {
        if visit.method.is_safe() {
            Error::NotFound
        } else {
            Error::Invalid("invalid-form")
        }
    })
}

/// Whether a request that changes something comes from a page of this application.
///
/// Browsers say where a request comes from, and scripts of other sites cannot change that.
fn is_own(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => text("origin").is_some_and(|origin| {
            let own = app.settings().public_url.origin().ascii_serialization();
            origin == own
        }),
    }
}

/// Sends whoever is not signed in to do so, and back again afterwards.
fn to_sign_in(visit: &Visit) -> Response {
    if visit.method != Method::GET || visit.partial {
        // A script follows this header; what was posted cannot be posted again by a redirect.
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        let target = HeaderValue::from_static("/sign-in");
        response.headers_mut().insert("hx-redirect", target);
        return response;
    }
    let path = visit.uri.path_and_query().map_or("/", |path| path.as_str());
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    Redirect::to(&format!("/sign-in?next={next}")).into_response()
}

/// A path within this application, or the first page: what is redirected to must not lead elsewhere.
pub(crate) fn own_path(path: &str) -> &str {
    let inside = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && path.bytes().all(|byte| byte > 0x20 && byte != 0x7f);
    if inside { path } else { "/" }
}

/// What every answer says to the browser about itself.
pub(crate) async fn secure(
    axum::extract::State(app): axum::extract::State<App>,
    request: Request,
    next: Next,
) -> Response {
    // Whoever watches over the process asks by whatever address reaches it, and learns nothing from the answer.
    let watched = request.uri().path() == "/healthz";
    let mut response = if watched || is_known_host(&app, request.headers()) {
        next.run(request).await
    } else {
        (
            StatusCode::MISDIRECTED_REQUEST,
            "This address is not the one that Tributary is configured for (web.public_url).\n",
        )
            .into_response()
    };
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.entry(name).or_insert(value);
        }
    };
    set("content-security-policy", &policy(&app));
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "same-origin");
    set(
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=()",
    );
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("x-frame-options", "DENY");
    set(header::CACHE_CONTROL.as_str(), "no-store");
    if app.is_secure() {
        set("strict-transport-security", "max-age=31536000");
    }
    response
}

/// Everything from here, nothing inline. Signing in at HubSpot is a form that ends there.
fn policy(app: &App) -> String {
    let hubspot = app
        .runner()
        .connector()
        .authorize_origin()
        .unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self' {hubspot}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Whether a request names a host that this application has: otherwise a page of another site, whose name was made to point
/// here, could read what it answers.
fn is_known_host(app: &App, headers: &HeaderMap) -> bool {
    let Some(host) = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
    else {
        return false;
    };
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let public = app.settings().public_url.host_str().unwrap_or_default();
    name.eq_ignore_ascii_case(public) || ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_inside() {
        for inside in ["/", "/s/1/overview", "/s/1/visitors?sort=id"] {
            assert_eq!(own_path(inside), inside);
        }
        for outside in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
        ] {
            assert_eq!(own_path(outside), "/", "{outside:?}");
        }
    }
}
