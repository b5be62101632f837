//! The token endpoints: v1, v3 and dated.

use serde_json::{Value, json};

use super::reply::{Refuser, Reply};
use super::route::{Route, Version, pairs};
use super::{Call, Request};
use crate::config::Distribution;
use crate::oauth::{BadCode, Grant, TOKEN_MS};
use crate::world::World;

struct Form(Vec<(String, String)>);

impl Form {
    fn of(request: &Request) -> Self {
        Self(pairs(&String::from_utf8_lossy(&request.body)))
    }

    fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v.as_str())
    }
}

/// A refusal: the keys of RFC 6749 plus HubSpot's two, or the older body on v1.
fn refuse(refuser: &Refuser, version: Version, error: &str, status: &str, message: &str) -> Reply {
    let body = if version == Version::V1 {
        json!({"status": status, "message": message, "correlationId": refuser.correlation})
    } else {
        json!({"error": error, "error_description": message, "status": status, "message": message})
    };
    Reply::json(400, &body)
}

pub(super) fn token(world: &World, route: &Route, request: &Request, refuser: &Refuser) -> Reply {
    let form = Form::of(request);
    let no = |error: &str, status: &str, message: &str| {
        refuse(refuser, route.version, error, status, message)
    };
    let client_id = form.get("client_id");
    let Some(app) = world.app(client_id) else {
        return no(
            "invalid_client",
            "BAD_CLIENT_ID",
            "missing or unknown client id",
        );
    };
    if form.get("client_secret") != app.client_secret {
        return no(
            "invalid_client",
            "BAD_CLIENT_SECRET",
            "missing or invalid client secret",
        );
    }
    let now = world.clock.now_ms();
    let refresh_token = match form.get("grant_type") {
        "authorization_code" => {
            match world.grants().exchange(
                form.get("code"),
                client_id,
                form.get("redirect_uri"),
                now,
            ) {
                Ok(refresh) => refresh,
                Err(BadCode::Redirect) => {
                    return no(
                        "invalid_grant",
                        "BAD_REDIRECT_URI",
                        "redirect uri does not match the one the code was issued for",
                    );
                }
                Err(BadCode::Invalid) => {
                    return no(
                        "invalid_grant",
                        "BAD_AUTH_CODE",
                        "missing or unknown auth code",
                    );
                }
            }
        }
        "refresh_token" => form.get("refresh_token").to_owned(),
        _ => {
            return no(
                "unsupported_grant_type",
                "BAD_GRANT_TYPE",
                "missing or unknown grant type",
            );
        }
    };
    let bad_refresh = || {
        let message = if route.version == Version::V1 {
            "missing or invalid refresh token"
        } else {
            "refresh token is invalid, expired or revoked"
        };
        no("invalid_grant", "BAD_REFRESH_TOKEN", message)
    };
    let mut grants = world.grants();
    if grants
        .refresh(&refresh_token)
        .is_none_or(|g| g.client_id != client_id)
    {
        return bad_refresh();
    }
    let Some((access_token, grant)) = grants.issue(&refresh_token, now) else {
        return bad_refresh();
    };
    let mut body = json!({
        "token_type": "bearer",
        "refresh_token": refresh_token,
        "access_token": access_token,
        "expires_in": TOKEN_MS / 1_000,
    });
    if route.version != Version::V1 {
        body["hub_id"] = json!(grant.portal);
        body["scopes"] = json!(grant.scopes);
        body["user_id"] = json!(grant.user_id);
        body["token_use"] = json!("access_token");
    }
    Reply::ok(&body)
}

fn facts(world: &World, token: &str) -> Option<(Grant, Option<i64>, bool)> {
    let grants = world.grants();
    if let Some(access) = grants.access(token) {
        return Some((access.grant.clone(), Some(access.expires), true));
    }
    grants
        .refresh(token)
        .map(|grant| (grant.clone(), None, false))
}

pub(super) fn introspect(world: &World, request: &Request) -> Reply {
    let form = Form::of(request);
    let app = world
        .app(form.get("client_id"))
        .filter(|a| a.client_secret == form.get("client_secret"));
    let Some(app) = app else {
        return Reply::json(
            401,
            &json!({
                "error": "invalid_client", "error_description": "unknown client", "status": "BAD_CLIENT_ID", "message": "unknown client",
            }),
        );
    };
    let token = [
        "token",
        form.get("token_type_hint"),
        "access_token",
        "refresh_token",
    ]
    .into_iter()
    .filter(|name| matches!(*name, "token" | "access_token" | "refresh_token"))
    .map(|name| form.get(name))
    .find(|t| !t.is_empty())
    .unwrap_or_default();
    let now = world.clock.now_ms();
    let live = facts(world, token).filter(|(grant, expires, _)| {
        grant.client_id == app.client_id && expires.is_none_or(|at| at > now)
    });
    let Some((grant, expires, is_access)) = live else {
        return Reply::ok(&json!({"active": false}));
    };
    let domain = world
        .portal(grant.portal)
        .map_or_else(String::new, |p| p.config.domain.clone());
    let private = app.distribution == Distribution::Private;
    let mut body = json!({
        "active": true,
        "token": token,
        "hub_id": grant.portal,
        "user_id": grant.user_id,
        "client_id": grant.client_id,
        "app_id": app.app_id,
        "user": grant.user,
        "hub_domain": domain,
        "scopes": grant.scopes,
        "is_private_distribution": private,
        "token_use": if is_access { "access_token" } else { "refresh_token" },
        "token_type": "Bearer",
    });
    if let Some(at) = expires {
        body["expires_in"] = json!((at - now) / 1_000);
        body["signed_access_token"] = json!({
            "expiresAt": at, "hubId": grant.portal, "userId": grant.user_id, "appId": app.app_id, "hublet": "na1",
            "isUserLevel": false, "isPrivateDistribution": private, "scopes": grant.scopes.join(" "), "signature": "c2FuZGJveA==",
        });
    }
    Reply::ok(&body)
}

pub(super) fn revoke(world: &World, route: &Route, request: &Request) -> Reply {
    if let Some(token) = &route.name {
        world.grants().revoke(token);
        return Reply::empty(204);
    }
    let form = Form::of(request);
    if world
        .app(form.get("client_id"))
        .is_none_or(|a| a.client_secret != form.get("client_secret"))
    {
        return Reply::json(
            401,
            &json!({"error": "invalid_client", "status": "BAD_CLIENT_ID", "message": "unknown client"}),
        );
    }
    world.grants().revoke(form.get("token"));
    Reply::ok(&json!({}))
}

pub(super) fn token_info(
    world: &World,
    route: &Route,
    request: &Request,
    refuser: &Refuser,
) -> Reply {
    if let Some(token) = &route.name {
        let Some((grant, expires, is_access)) = facts(world, token) else {
            return Reply::json(
                404,
                &json!({"status": "error", "message": "token not found", "correlationId": refuser.correlation}),
            );
        };
        let app_id = world.app(&grant.client_id).map_or(0, |a| a.app_id);
        let mut body = json!({
            "token": token, "user": grant.user, "user_id": grant.user_id, "hub_id": grant.portal, "app_id": app_id,
            "hub_domain": world.portal(grant.portal).map_or_else(String::new, |p| p.config.domain.clone()),
            "scopes": grant.scopes, "client_id": grant.client_id,
            "token_type": if is_access { "access" } else { "refresh" },
        });
        if let Some(at) = expires {
            body["expires_in"] = json!(((at - world.clock.now_ms()) / 1_000).max(0));
        }
        return Reply::ok(&body);
    }
    let key = serde_json::from_slice::<Value>(&request.body)
        .ok()
        .and_then(|v| v["tokenKey"].as_str().map(str::to_owned));
    for portal in world.portals() {
        let settings = portal.settings();
        if let Some(token) = settings
            .tokens
            .iter()
            .find(|t| Some(&t.token) == key.as_ref())
        {
            let scopes = if token.scopes.is_empty() {
                &settings.scopes
            } else {
                &token.scopes
            };
            return Reply::ok(
                &json!({"userId": 2_000_000, "hubId": portal.config.id, "appId": 7_000_001, "scopes": scopes}),
            );
        }
    }
    refuser.error(404, "OBJECT_NOT_FOUND", "token not found")
}

pub(super) fn uninstall(call: &Call<'_>) -> Reply {
    let refresh = call
        .world
        .grants()
        .access(&call.caller.token)
        .map(|a| a.refresh_token.clone());
    if let Some(refresh) = refresh {
        call.world.grants().revoke(&refresh);
    }
    Reply::empty(204)
}
