//! Facts about the portal and about the token.

use std::fmt;

use jiff::tz::{Offset, TimeZone};
use model::{ObjectType, PortalId};
use serde_json::Value;

/// What HubSpot says about the account.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AccountDetails {
    /// The hub id.
    pub portal: PortalId,
    /// `STANDARD`, `DEVELOPER_TEST`, `SANDBOX`, `APP_DEVELOPER`; an open set.
    pub account_type: Option<String>,
    /// The account's time zone by name, perhaps a legacy one such as `US/Eastern`.
    pub time_zone: Option<String>,
    /// The same as a zone; UTC if HubSpot gave neither a known name nor an offset.
    pub zone: TimeZone,
    /// Where people sign in, such as `app.hubspot.com`.
    pub ui_domain: Option<String>,
    /// Where the data is kept, such as `na1`.
    pub data_hosting_location: Option<String>,
}

/// What HubSpot says about a token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenFacts {
    /// Whether the token is good; the only fact that HubSpot promises.
    pub active: bool,
    /// The portal it opens.
    pub portal: Option<PortalId>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Whether the app is distributed privately, which decides the quota class.
    pub is_private_distribution: Option<bool>,
    /// Where the portal lives, such as `na1` or `eu1`.
    pub hublet: Option<String>,
    /// The portal's own domain, which is the nearest to a name that HubSpot tells.
    pub domain: Option<String>,
    /// The e-mail address of the user who connected.
    pub user: Option<String>,
    /// The user's id.
    pub user_id: Option<u64>,
}

/// How many records of each object the portal holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordCounts(Vec<(String, u64)>);

impl RecordCounts {
    /// The number of records, archived ones left out; `None` if HubSpot did not name the object.
    pub fn of(&self, object: ObjectType) -> Option<u64> {
        let found = |(id, _): &&(String, u64)| id == object.type_id() || id == object.path();
        self.0.iter().find(found).map(|(_, count)| *count)
    }

    pub(crate) fn read(json: &Value) -> Result<Self, String> {
        let objects = json
            .get("hubspotDefinedObjectTypes")
            .and_then(Value::as_array)
            .ok_or("it holds no list of object types")?;
        let count = |object: &Value| {
            let id = object.get("objectTypeId")?.as_str()?;
            Some((id.to_owned(), number(object.get("usage"))?))
        };
        Ok(Self(objects.iter().filter_map(count).collect()))
    }
}

impl AccountDetails {
    pub(crate) fn read(json: &Value) -> Result<Self, String> {
        let portal = number(json.get("portalId")).ok_or("it holds no portal id")?;
        let time_zone = text(json, "timeZone");
        let offset = json
            .get("utcOffsetMilliseconds")
            .and_then(Value::as_i64)
            .and_then(|ms| i32::try_from(ms / 1_000).ok())
            .and_then(|seconds| Offset::from_seconds(seconds).ok());
        let zone = time_zone
            .as_deref()
            .and_then(|name| TimeZone::get(name).ok())
            .or_else(|| offset.map(TimeZone::fixed))
            .unwrap_or(TimeZone::UTC);
        Ok(Self {
            portal: PortalId(portal),
            account_type: text(json, "accountType"),
            time_zone,
            zone,
            ui_domain: text(json, "uiDomain"),
            data_hosting_location: text(json, "dataHostingLocation"),
        })
    }
}

impl TokenFacts {
    /// Reads both the introspection of an OAuth token and the self-description of a static one.
    pub(crate) fn read(json: &Value) -> Result<Self, String> {
        if !json.is_object() {
            return Err("it is not a JSON object".into());
        }
        let signed = json.get("signed_access_token").unwrap_or(&Value::Null);
        let portal = number(json.get("hub_id"))
            .or_else(|| number(json.get("hubId")))
            .or_else(|| number(signed.get("hubId")));
        let private = json
            .get("is_private_distribution")
            .or_else(|| signed.get("isPrivateDistribution"));
        Ok(Self {
            // A static token's description has no such key: to be described it must be good.
            active: json.get("active").and_then(Value::as_bool).unwrap_or(true),
            portal: portal.map(PortalId),
            scopes: scopes(json.get("scopes")),
            is_private_distribution: private.and_then(Value::as_bool),
            hublet: text(signed, "hublet").or_else(|| text(json, "hublet")),
            domain: text(json, "hub_domain").or_else(|| text(json, "hubDomain")),
            user: text(json, "user"),
            user_id: number(json.get("user_id")).or_else(|| number(json.get("userId"))),
        })
    }
}

/// Leaves the user's address out.
impl fmt::Debug for TokenFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFacts")
            .field("active", &self.active)
            .field("portal", &self.portal)
            .field("scopes", &self.scopes)
            .field("is_private_distribution", &self.is_private_distribution)
            .field("hublet", &self.hublet)
            .field("domain", &self.domain)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// A list of scopes, or one string of them separated by spaces.
pub(crate) fn scopes(json: Option<&Value>) -> Vec<String> {
    match json {
        Some(Value::Array(scopes)) => scopes
            .iter()
            .filter_map(Value::as_str)
            .map(Into::into)
            .collect(),
        Some(Value::String(scopes)) => scopes.split_whitespace().map(Into::into).collect(),
        _ => Vec::new(),
    }
}

/// A non-negative integer, as a number or in a string.
pub(crate) fn number(json: Option<&Value>) -> Option<u64> {
    match json? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

pub(crate) fn text(json: &Value, key: &str) -> Option<String> {
    Some(json.get(key)?.as_str()?.to_owned())
}
