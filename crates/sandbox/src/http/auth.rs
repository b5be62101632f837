//! Who calls, and what they may do.

use std::sync::Arc;

use axum::http::HeaderMap;

use crate::catalogue::Sensitivity;
use crate::config::Distribution;
use crate::journal::Kind;
use crate::object::Object;
use crate::portal::Portal;
use crate::quota::Class;
use crate::world::World;

use super::route::Route;

/// A caller with a valid token.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) portal: Arc<Portal>,
    pub(crate) scopes: Vec<String>,
    pub(crate) class: Class,
    /// Whose 10-second window its calls count in.
    pub(crate) app: String,
    pub(crate) token: String,
}

impl Caller {
    pub(crate) fn has_any(&self, scopes: &[String]) -> bool {
        scopes.iter().any(|s| self.scopes.contains(s))
    }

    /// Whether values of this sensitivity may be read.
    pub(crate) fn may_read(&self, object: Object, sensitivity: Sensitivity) -> bool {
        let word = match sensitivity {
            Sensitivity::No => return true,
            Sensitivity::Sensitive => "sensitive",
            Sensitivity::HighlySensitive => "highly_sensitive",
        };
        let scope = format!("crm.objects.{}.{word}.read", object.name());
        self.scopes.iter().any(|s| {
            s.strip_prefix(&scope)
                .is_some_and(|rest| rest.is_empty() || rest == ".v2")
        })
    }
}

/// What a request's `Authorization` header says.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    Missing,
    /// Not a token of this sandbox.
    Garbage(String),
    Expired {
        at: i64,
        portal: Option<Arc<Portal>>,
        token: String,
    },
    Known(Caller),
}

impl Identity {
    pub(crate) fn portal(&self) -> Option<Arc<Portal>> {
        match self {
            Self::Known(caller) => Some(Arc::clone(&caller.portal)),
            Self::Expired { portal, .. } => portal.clone(),
            _ => None,
        }
    }

    pub(crate) fn token(&self) -> &str {
        match self {
            Self::Missing => "",
            Self::Garbage(token) | Self::Expired { token, .. } => token,
            Self::Known(caller) => &caller.token,
        }
    }
}

/// Reads the bearer token and finds its owner.
pub(crate) fn identify(world: &World, headers: &HeaderMap, now: i64) -> Identity {
    let bearer = headers
        .get("authorization")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| {
            let (scheme, token) = v.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then(|| token.trim().to_owned())
        });
    let Some(token) = bearer.filter(|t| !t.is_empty()) else {
        return Identity::Missing;
    };
    if let Some(access) = world.grants().access(&token).cloned() {
        let portal = world.portal(access.grant.portal);
        let Some(portal) = portal.filter(|_| access.expires > now) else {
            return Identity::Expired {
                at: access.expires,
                portal: world.portal(access.grant.portal),
                token,
            };
        };
        let class = match world.app(&access.grant.client_id).map(|a| a.distribution) {
            Some(Distribution::Marketplace) => Class::Marketplace,
            _ => Class::Private,
        };
        let scopes = access.grant.scopes;
        return Identity::Known(Caller {
            portal,
            scopes,
            class,
            app: access.grant.client_id,
            token,
        });
    }
    for portal in world.portals() {
        let scopes = {
            let settings = portal.settings();
            settings.tokens.iter().find(|t| t.token == token).map(|t| {
                if t.scopes.is_empty() {
                    settings.scopes.clone()
                } else {
                    t.scopes.clone()
                }
            })
        };
        if let Some(scopes) = scopes {
            let app = format!("static {token}");
            return Identity::Known(Caller {
                portal,
                scopes,
                class: Class::Private,
                app,
                token,
            });
        }
    }
    Identity::Garbage(token)
}

/// Scopes of which one must be there.
pub(crate) fn required_scopes(route: &Route) -> Option<Vec<String>> {
    let object = route.object.map_or("contacts", Object::name);
    let read = format!("crm.objects.{object}.read");
    Some(match route.kind {
        Kind::Search | Kind::List | Kind::BatchRead | Kind::Get | Kind::Associations => vec![read],
        Kind::Create
        | Kind::Update
        | Kind::BatchUpdate
        | Kind::Archive
        | Kind::BatchArchive
        | Kind::Merge
        | Kind::Erase => vec![format!("crm.objects.{object}.write")],
        Kind::Properties | Kind::Property | Kind::PropertyBatchRead | Kind::PropertyGroups => {
            vec![
                read,
                format!("crm.schemas.{object}.read"),
                format!("crm.objects.{object}.write"),
            ]
        }
        Kind::Owners => vec!["crm.objects.owners.read".to_owned()],
        _ => return None,
    })
}

/// Whether a body calls itself JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get("content-type")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.contains("json"))
}
