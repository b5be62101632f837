//! Paths of both families, v3 and dated, resolved to what is asked for.

use crate::journal::Kind;
use crate::object::Object;

/// Which family a path belongs to; the older OAuth endpoints answer differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
    V3,
    V4,
    Dated,
}

impl Version {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "v1" => Self::V1,
            "v2" => Self::V2,
            "v3" => Self::V3,
            "v4" => Self::V4,
            "2025-09" | "2026-03" | "2026-09" => Self::Dated,
            _ => return None,
        })
    }
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) kind: Kind,
    pub(crate) version: Version,
    pub(crate) object: Option<Object>,
    /// Record id, property name, owner id or token, decoded.
    pub(crate) name: Option<String>,
}

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    NotFound,
    WrongMethod,
    UnknownObject(String),
}

impl Route {
    /// Resolves a method and a path.
    pub(crate) fn parse(method: &str, path: &str) -> Result<Self, Lost> {
        let segments: Vec<String> = path
            .split('/')
            .filter(|s| !s.is_empty())
            .map(decode)
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["crm", a, b, rest @ ..] => {
                let (version, area) = Version::named(a)
                    .map(|v| (v, *b))
                    .or_else(|| Version::named(b).map(|v| (v, *a)))
                    .ok_or(Lost::NotFound)?;
                crm(method, version, area, rest)
            }
            ["account-info", version, rest @ ..] => {
                let version = Version::named(version).ok_or(Lost::NotFound)?;
                let kind = match rest {
                    ["details"] => Kind::Account,
                    ["api-usage", "daily", ..] => Kind::Usage,
                    _ => return Err(Lost::NotFound),
                };
                plain(method, "GET", kind, version)
            }
            ["oauth", version, rest @ ..] => {
                oauth(method, Version::named(version).ok_or(Lost::NotFound)?, rest)
            }
            ["appinstalls", "v3", "external-install"] => {
                plain(method, "DELETE", Kind::Uninstall, Version::V3)
            }
            _ => Err(Lost::NotFound),
        }
    }
}

fn plain(method: &str, wanted: &str, kind: Kind, version: Version) -> Result<Route, Lost> {
    if method == wanted {
        Ok(Route {
            kind,
            version,
            object: None,
            name: None,
        })
    } else {
        Err(Lost::WrongMethod)
    }
}

fn oauth(method: &str, version: Version, rest: &[&str]) -> Result<Route, Lost> {
    match rest {
        ["token"] => plain(method, "POST", Kind::Token, version),
        ["token", "introspect"] => plain(method, "POST", Kind::Introspect, version),
        ["token", "revoke"] => plain(method, "POST", Kind::Revoke, version),
        ["access-tokens" | "refresh-tokens", token] if version == Version::V1 => {
            let refresh = rest[0] == "refresh-tokens";
            let kind = match (refresh, method) {
                (_, "GET") => Kind::TokenInfo,
                (true, "DELETE") => Kind::Revoke,
                _ => return Err(Lost::WrongMethod),
            };
            Ok(Route {
                kind,
                version,
                object: None,
                name: Some((*token).to_owned()),
            })
        }
        ["private-apps", "get", "access-token-info"] => {
            plain(method, "POST", Kind::TokenInfo, version)
        }
        _ => Err(Lost::NotFound),
    }
}

fn crm(method: &str, version: Version, area: &str, rest: &[&str]) -> Result<Route, Lost> {
    let object =
        |name: &str| Object::named(name).ok_or_else(|| Lost::UnknownObject(name.to_owned()));
    let of = |kind, name: &str| -> Result<Route, Lost> {
        Ok(Route {
            kind,
            version,
            object: Some(object(name)?),
            name: None,
        })
    };
    let named = |kind, of: &str, name: &str| -> Result<Route, Lost> {
        Ok(Route {
            kind,
            version,
            object: Some(object(of)?),
            name: Some(name.to_owned()),
        })
    };
    match (area, rest, method) {
        ("objects", [kind], "GET") => of(Kind::List, kind),
        ("objects", [kind], "POST") => of(Kind::Create, kind),
        ("objects", [kind, "search"], "POST") => of(Kind::Search, kind),
        ("objects", [kind, "batch", "read"], "POST") => of(Kind::BatchRead, kind),
        ("objects", [kind, "batch", "update"], "POST") => of(Kind::BatchUpdate, kind),
        ("objects", [kind, "batch", "archive"], "POST") => of(Kind::BatchArchive, kind),
        ("objects", [kind, "merge"], "POST") => of(Kind::Merge, kind),
        ("objects", [kind, "gdpr-delete"], "POST") => of(Kind::Erase, kind),
        ("objects", [_, "search" | "merge" | "gdpr-delete"] | [_, "batch", _], _) => {
            Err(Lost::WrongMethod)
        }
        ("objects", [kind, id], "GET") => named(Kind::Get, kind, id),
        ("objects", [kind, id], "PATCH") => named(Kind::Update, kind, id),
        ("objects", [kind, id], "DELETE") => named(Kind::Archive, kind, id),
        ("properties", [kind], "GET") => of(Kind::Properties, kind),
        ("properties", [kind, "groups"], "GET") => of(Kind::PropertyGroups, kind),
        ("properties", [kind, "batch", "read"], "POST") => of(Kind::PropertyBatchRead, kind),
        ("properties", [kind, name], "GET") => named(Kind::Property, kind, name),
        ("objects" | "properties", [_] | [_, _], _) | ("properties", [_, "batch", "read"], _) => {
            Err(Lost::WrongMethod)
        }
        ("owners", [], _) => plain(method, "GET", Kind::Owners, version),
        ("owners", [id], "GET") => Ok(Route {
            kind: Kind::Owners,
            version,
            object: None,
            name: Some((*id).to_owned()),
        }),
        ("limits", ["records"], _) => plain(method, "GET", Kind::Limits, version),
        ("associations", [from, to, "batch", "read"], "POST") => {
            let (from, to) = (object(from)?, object(to)?);
            if (from, to) == (Object::Contacts, Object::Companies) {
                Ok(Route {
                    kind: Kind::Associations,
                    version,
                    object: Some(from),
                    name: None,
                })
            } else {
                Err(Lost::NotFound)
            }
        }
        _ => Err(Lost::NotFound),
    }
}

/// Percent-decoding for a path segment or a form value (`+` is left alone).
pub(crate) fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let hex = |b: u8| char::from(b).to_digit(16);
        if bytes[at] == b'%'
            && let (Some(Some(high)), Some(Some(low))) = (
                bytes.get(at + 1).map(|b| hex(*b)),
                bytes.get(at + 2).map(|b| hex(*b)),
            )
        {
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The pairs of a query or a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|p| !p.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decode(&name.replace('+', " ")),
                decode(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Percent-encodes a value for a query.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(b));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(HEX[usize::from(b >> 4)]));
            out.push(char::from(HEX[usize::from(b & 0xf)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_lead_to_the_same_place() {
        for path in [
            "/crm/v3/objects/contacts/search",
            "/crm/objects/2026-09/0-1/search",
            "/crm/objects/2025-09/contact/search",
        ] {
            let route = Route::parse("POST", path).unwrap();
            assert_eq!(
                (route.kind, route.object),
                (Kind::Search, Some(Object::Contacts))
            );
        }
        assert_eq!(
            Route::parse("GET", "/crm/objects/2026-09/contacts/search"),
            Err(Lost::WrongMethod)
        );
        assert_eq!(
            Route::parse("GET", "/crm/objects/2027-03/contacts"),
            Err(Lost::NotFound)
        );
        assert_eq!(
            Route::parse("GET", "/crm/v3/objects/deals"),
            Err(Lost::UnknownObject("deals".to_owned()))
        );
    }

    #[test]
    fn forms_are_decoded() {
        assert_eq!(
            pairs("a=b+c%2C&d"),
            [
                ("a".to_owned(), "b c,".to_owned()),
                ("d".to_owned(), String::new())
            ]
        );
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode(&encode("é &=/")), "é &=/");
    }
}
