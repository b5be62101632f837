//! What a sandbox is started with: its clock, its OAuth apps, its portals.

use serde::{Deserialize, Serialize};

use crate::dirt::Dirt;
use crate::knobs::{Knobs, Quota};

/// The instant a sandbox starts at unless told otherwise: 2026-11-20T01:00:00Z.
pub const DEFAULT_START_MS: i64 = 1_795_136_400_000;

/// The client id of the app every sandbox knows from the start.
pub const DEFAULT_CLIENT_ID: &str = "5a9d0b0c-1111-4222-8333-444455556666";

/// The client secret of the app every sandbox knows from the start.
pub const DEFAULT_CLIENT_SECRET: &str = "sandbox-client-secret";

/// A sandbox: one HTTP server with any number of portals.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub listen: String,
    /// Where the clock starts, in milliseconds since the epoch.
    pub start_ms: i64,
    /// Whether real time moves the clock. Off by default: tests move it themselves.
    pub flowing: bool,
    /// Seeds everything that belongs to no portal: tokens, codes, correlation ids.
    pub seed: u64,
    /// The OAuth apps that may ask for access.
    pub apps: Vec<App>,
    /// The portals.
    pub portals: Vec<PortalConfig>,
    /// How many calls the journal keeps; its counters never forget.
    pub journal_capacity: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            start_ms: DEFAULT_START_MS,
            flowing: false,
            seed: 1,
            apps: vec![App::default()],
            portals: Vec::new(),
            journal_capacity: 10_000,
        }
    }
}

impl Config {
    /// A sandbox that holds one portal.
    pub fn with_portal(portal: PortalConfig) -> Self {
        Self {
            portals: vec![portal],
            ..Self::default()
        }
    }
}

/// An OAuth app as registered in a developer project.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: String,
    /// The app's number, shown by introspection.
    pub app_id: u64,
    /// The app's name on the consent screen.
    pub name: String,
    /// Exact redirect addresses. An entry that ends in `*` accepts any rest (a sandbox convenience
    /// for tests with a random port; the real thing has none).
    pub redirect_uris: Vec<String>,
    /// Required scopes: an authorize link must ask for exactly these.
    pub scopes: Vec<String>,
    /// Which limits class its calls fall into.
    pub distribution: Distribution,
}

impl Default for App {
    fn default() -> Self {
        Self {
            client_id: DEFAULT_CLIENT_ID.to_owned(),
            client_secret: DEFAULT_CLIENT_SECRET.to_owned(),
            app_id: 1_234_444,
            name: "Tributary (sandbox)".to_owned(),
            redirect_uris: vec!["http://localhost:*".to_owned()],
            scopes: [
                "oauth",
                "crm.objects.contacts.read",
                "crm.objects.companies.read",
            ]
            .map(str::to_owned)
            .to_vec(),
            distribution: Distribution::Private,
        }
    }
}

/// How an OAuth app is handed out, which decides the limits class of its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// 110 calls per 10 seconds, no daily limit, no daily headers.
    Marketplace,
    /// The class of private apps: 10-second and daily limits.
    Private,
}

/// A static bearer token: a service key or an old private-app token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaticToken {
    /// The token itself.
    pub token: String,
    /// Its scopes; empty means all scopes of the portal.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// What the key values of a portal look like: the ids of the product's visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitorIds {
    /// UUIDs, numbers and e-mail addresses side by side.
    Mixed,
    /// UUIDs only.
    Uuid,
    /// Numbers only. They have no letters, so a key that would differ by case differs by space.
    Numeric,
    /// E-mail addresses only.
    Email,
}

/// A ready-made kind of portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// About 20,000 contacts and 3,000 companies with every kind of dirt.
    Demo,
    /// 1,000 contacts and 200 companies with every kind of dirt.
    Small,
    /// Every record carries the key and is known; no dirt; the fields of [`crate::BENCH_FIELDS`] well filled.
    Bench,
}

/// A portal: one HubSpot account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortalConfig {
    /// Hub id.
    pub id: u64,
    /// Account name on the picker and consent screens.
    pub name: String,
    /// The kind of portal; the fields below start from it.
    pub profile: Profile,
    /// Seeds every record.
    pub seed: u64,
    /// How many contact records were ever made, archived and merged ones included.
    pub contacts: u64,
    /// How many company records were ever made, archived and merged ones included.
    pub companies: u64,
    /// Known ids that no record carries, as a share of the records.
    pub extra_known: f64,
    /// What key values look like.
    pub visitor_ids: VisitorIds,
    /// How dirty the data is.
    pub dirt: Dirt,
    /// Makes the key properties unique in HubSpot's sense; leaves duplicates out.
    pub unique_key: bool,
    /// Custom properties per object on top of the catalogue.
    pub extra_properties: u32,
    /// How many owners the portal has (some of them archived).
    pub owners: u32,
    /// Static bearer tokens.
    pub tokens: Vec<StaticToken>,
    /// Scopes this account can grant.
    pub scopes: Vec<String>,
    /// Limits.
    pub quota: Quota,
    /// Behaviour switches.
    pub knobs: Knobs,
    /// Hub domain.
    pub domain: String,
    /// Account time zone; daily limits reset at its midnight.
    pub time_zone: String,
    /// Company currency.
    pub currency: String,
    /// `STANDARD`, `DEVELOPER_TEST`, `SANDBOX` or `APP_DEVELOPER`.
    pub account_type: String,
}

/// Every scope a portal grants unless told otherwise. Sensitive scopes are left out on purpose.
pub const DEFAULT_SCOPES: [&str; 9] = [
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.owners.read",
    "crm.schemas.contacts.read",
    "crm.schemas.companies.read",
    "crm.lists.read",
];

impl Default for PortalConfig {
    fn default() -> Self {
        Self::small(1)
    }
}

impl PortalConfig {
    /// A portal of 1,000 contacts and 200 companies with full dirt and no limits.
    ///
    /// Its static token is [`static_token(id)`](static_token).
    pub fn small(id: u64) -> Self {
        Self {
            id,
            name: format!("Portal {id}"),
            profile: Profile::Small,
            seed: id,
            contacts: 1_000,
            companies: 200,
            extra_known: 0.05,
            visitor_ids: VisitorIds::Mixed,
            dirt: Dirt::full(),
            unique_key: false,
            extra_properties: 0,
            owners: 12,
            tokens: vec![StaticToken {
                token: static_token(id),
                scopes: Vec::new(),
            }],
            scopes: DEFAULT_SCOPES.map(str::to_owned).to_vec(),
            quota: Quota::UNLIMITED,
            knobs: Knobs::default(),
            domain: format!("portal-{id}.example"),
            time_zone: "Asia/Tokyo".to_owned(),
            currency: "JPY".to_owned(),
            account_type: "STANDARD".to_owned(),
        }
    }

    /// About 20,000 contacts and 3,000 companies with full dirt and the limits of a Professional account.
    pub fn demo(id: u64) -> Self {
        Self {
            name: "Aozora Cloud K.K.".to_owned(),
            profile: Profile::Demo,
            contacts: 20_000,
            companies: 3_000,
            owners: 24,
            quota: Quota::PROFESSIONAL,
            domain: "aozora-cloud.example".to_owned(),
            ..Self::small(id)
        }
    }

    /// A clean portal for benchmarks: every record carries a key that is a known id.
    pub fn bench(id: u64, contacts: u64) -> Self {
        Self {
            profile: Profile::Bench,
            contacts,
            companies: (contacts / 10).max(1),
            extra_known: 0.0,
            dirt: Dirt::NONE,
            ..Self::small(id)
        }
    }

    /// The portal a profile stands for.
    pub fn of_profile(profile: Profile, id: u64) -> Self {
        match profile {
            Profile::Demo => Self::demo(id),
            Profile::Small => Self::small(id),
            Profile::Bench => Self::bench(id, 100_000),
        }
    }

    /// Sets how many contacts and companies were ever made.
    #[must_use]
    pub fn sized(self, contacts: u64, companies: u64) -> Self {
        Self {
            contacts,
            companies,
            ..self
        }
    }

    /// Sets the data's dirt.
    #[must_use]
    pub fn dirty(self, dirt: Dirt) -> Self {
        Self { dirt, ..self }
    }

    /// Sets the limits.
    #[must_use]
    pub fn limited(self, quota: Quota) -> Self {
        Self { quota, ..self }
    }
}

/// The static token a portal accepts unless told otherwise: `pat-na1-sandbox-{id}`.
pub fn static_token(portal: u64) -> String {
    format!("pat-na1-sandbox-{portal}")
}
