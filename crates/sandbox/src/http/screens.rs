//! The screens of an OAuth installation. Signing in is skipped: the user is always the portal's administrator.

use super::Request;
use super::reply::Reply;
use super::route::{encode, pairs};
use crate::config::App;
use crate::oauth::Grant;
use crate::portal::Portal;
use crate::world::World;

const USER: u64 = 222_222;

/// An authorize link, checked.
struct Link {
    app: App,
    redirect_uri: String,
    state: Option<String>,
    optional: Vec<String>,
    portal: Option<u64>,
    raw: Vec<(String, String)>,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn page(status: u16, title: &str, body: &str) -> Reply {
    Reply::html(
        status,
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>body{{font:16px/1.5 \
             system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}}button,a.account{{font:inherit;padding:.5rem 1rem;\
             margin:.25rem 0;display:inline-block}}li{{margin:.25rem 0}}</style></head><body><h1>{title}</h1>{body}</body></html>"
        ),
    )
}

fn refuse(why: &str) -> Reply {
    page(
        400,
        "Authorization failed",
        &format!("<p role=\"alert\">{}</p>", escape(why)),
    )
}

fn words(text: &str) -> Vec<String> {
    text.split([' ', ','])
        .filter(|s| !s.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether the address was registered, and may be at all: no raw IP addresses, https except on localhost.
fn check_redirect(app: &App, uri: &str) -> Result<(), String> {
    let host = uri
        .split_once("://")
        .map(|(_, rest)| rest.split(['/', ':', '?']).next().unwrap_or_default());
    let Some(host) = host else {
        return Err("redirect_uri is not an address".to_owned());
    };
    if host.starts_with('[') || host.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Err("redirect_uri must not be a raw IP address".to_owned());
    }
    if !uri.starts_with("https://") && host != "localhost" {
        return Err("redirect_uri must use https".to_owned());
    }
    let registered = app
        .redirect_uris
        .iter()
        .any(|known| match known.strip_suffix('*') {
            Some(start) => uri.starts_with(start),
            None => known == uri,
        });
    if registered {
        Ok(())
    } else {
        Err("redirect_uri does not match the app's registered addresses".to_owned())
    }
}

impl Link {
    fn parse(world: &World, raw: Vec<(String, String)>) -> Result<Self, String> {
        let get = |name: &str| raw.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let client_id = get("client_id").unwrap_or_default();
        let app = world
            .app(&client_id)
            .ok_or_else(|| format!("Unknown client_id {client_id}"))?;
        let redirect_uri = get("redirect_uri").unwrap_or_default();
        check_redirect(&app, &redirect_uri)?;
        if get("response_type").is_some_and(|t| t != "code") {
            return Err("response_type must be code".to_owned());
        }
        let mut asked = words(&get("scope").unwrap_or_default());
        let mut required = app.scopes.clone();
        // `oauth` is part of every grant whether it is asked for or not.
        for list in [&mut asked, &mut required] {
            list.retain(|s| s != "oauth");
            list.sort();
            list.dedup();
        }
        if asked != required {
            return Err(format!(
                "The scopes asked for do not match the app's required scopes: {}",
                required.join(" ")
            ));
        }
        Ok(Self {
            redirect_uri,
            state: get("state"),
            optional: words(&get("optional_scope").unwrap_or_default()),
            portal: get("portalId").and_then(|p| p.parse().ok()),
            app,
            raw,
        })
    }

    /// What this account would grant: everything required, and of the optional scopes those it has.
    fn scopes(&self, portal: &Portal) -> Result<Vec<String>, String> {
        let available = portal.settings().scopes.clone();
        let mut scopes = vec!["oauth".to_owned()];
        for scope in &self.app.scopes {
            if !available.contains(scope) && scope != "oauth" {
                return Err(format!(
                    "This account cannot grant the required scope {scope}"
                ));
            }
            scopes.push(scope.clone());
        }
        scopes.extend(
            self.optional
                .iter()
                .filter(|s| available.contains(s))
                .cloned(),
        );
        let mut seen = Vec::new();
        scopes.retain(|s| {
            !seen.contains(s) && {
                seen.push(s.clone());
                true
            }
        });
        Ok(scopes)
    }

    fn back(&self, answer: &str) -> Reply {
        let joint = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        let state = self
            .state
            .as_ref()
            .map_or_else(String::new, |s| format!("&state={}", encode(s)));
        Reply::empty(302).header(
            "Location",
            format!("{}{joint}{answer}{state}", self.redirect_uri),
        )
    }
}

/// Agrees to an app on behalf of the portal's administrator, without screens.
pub(crate) fn grant(portal: &Portal, app: &App, optional: &[String]) -> Result<Grant, String> {
    let link = Link {
        app: app.clone(),
        redirect_uri: String::new(),
        state: None,
        optional: optional.to_vec(),
        portal: None,
        raw: Vec::new(),
    };
    Ok(Grant {
        portal: portal.config.id,
        client_id: app.client_id.clone(),
        scopes: link.scopes(portal)?,
        user_id: USER,
        user: format!("admin@{}", portal.config.domain),
    })
}

/// `GET` shows the picker or the consent screen; `POST` is the click on it.
pub(crate) fn authorize(world: &World, request: &Request) -> Reply {
    let mut raw = pairs(&request.query);
    let form = pairs(&String::from_utf8_lossy(&request.body));
    let decision = form
        .iter()
        .find(|(n, _)| n == "decision")
        .map(|(_, v)| v.clone());
    raw.extend(form.into_iter().filter(|(n, _)| n != "decision"));
    let link = match Link::parse(world, raw) {
        Ok(link) => link,
        Err(why) => return refuse(&why),
    };
    let portals = world.portals();
    let chosen = match (link.portal, portals.as_slice()) {
        (Some(id), _) => match world.portal(id) {
            Some(portal) => portal,
            None => return refuse("Unknown account"),
        },
        (None, [only]) => std::sync::Arc::clone(only),
        (None, []) => return refuse("There is no account to choose"),
        (None, several) => {
            return picker(
                &link,
                several
                    .iter()
                    .map(|p| (p.config.id, p.config.name.as_str())),
            );
        }
    };
    let scopes = match link.scopes(&chosen) {
        Ok(scopes) => scopes,
        Err(why) => return refuse(&why),
    };
    match decision.as_deref() {
        Some("grant") => {
            let optional = link.optional.clone();
            match grant(&chosen, &link.app, &optional) {
                Ok(agreed) => {
                    let code =
                        world
                            .grants()
                            .code(agreed, &link.redirect_uri, world.clock.now_ms());
                    link.back(&format!("code={code}"))
                }
                Err(why) => refuse(&why),
            }
        }
        Some(_) => link.back("error=access_denied&error_description=The%20user%20denied%20access"),
        None => consent(&link, &chosen, &scopes),
    }
}

fn picker<'a>(link: &Link, portals: impl Iterator<Item = (u64, &'a str)>) -> Reply {
    let query: String = link.raw.iter().fold(String::new(), |all, (n, v)| {
        all + &format!("{}={}&amp;", encode(n), encode(v))
    });
    let items: String = portals.fold(String::new(), |all, (id, name)| {
        all + &format!(
            "<li><a class=\"account\" href=\"/oauth/authorize?{query}portalId={id}\">{} <small>{id}</small></a></li>",
            escape(name)
        )
    });
    page(
        200,
        "Choose an account",
        &format!(
            "<p>Connect {} to which account?</p><ul>{items}</ul>",
            escape(&link.app.name)
        ),
    )
}

fn consent(link: &Link, portal: &Portal, scopes: &[String]) -> Reply {
    let hidden: String = link
        .raw
        .iter()
        .filter(|(n, _)| n != "portalId")
        .cloned()
        .chain(std::iter::once((
            "portalId".to_owned(),
            portal.config.id.to_string(),
        )))
        .fold(String::new(), |all, (n, v)| {
            all + &format!(
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape(&n),
                escape(&v)
            )
        });
    let list: String = scopes.iter().fold(String::new(), |all, s| {
        all + &format!("<li><code>{}</code></li>", escape(s))
    });
    page(
        200,
        &format!("Connect {}", escape(&link.app.name)),
        &format!(
            "<p>{} (<code>{}</code>) will let the app use:</p><ul>{list}</ul><form method=\"post\" action=\"/oauth/authorize\">\
             {hidden}<button name=\"decision\" value=\"grant\">Connect app</button> <button name=\"decision\" value=\"deny\">\
             Cancel</button></form>",
            escape(&portal.config.name),
            portal.config.id
        ),
    )
}
