//! What surrounds every page: navigation, alerts, language, theme; and the page that says what went wrong.

use std::sync::Arc;

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use model::Level;
use store::{Subscription, SubscriptionId};

use crate::{
    assets::File,
    error::Error,
    locale::{Language, Locale},
    pages::destination,
    standing::{Alert, Step, standing},
    visit::{Here, Visit, path},
};

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Visitors,
    Accounts,
    Runs,
    Mappings,
    Destination,
    Ids,
    Schedule,
    Subscription,
    App,
    Users,
    Storage,
    Audit,
    Account,
    NewSubscription,
    /// None of them.
    Elsewhere,
}

impl Place {
    /// The pages of the sidebar, in two groups: of the data, and of the settings.
    pub(crate) const DATA: [Self; 4] = [Self::Overview, Self::Visitors, Self::Accounts, Self::Runs];
    pub(crate) const SETTINGS: [Self; 9] = [
        Self::Mappings,
        Self::Destination,
        Self::Ids,
        Self::Schedule,
        Self::Subscription,
        Self::App,
        Self::Users,
        Self::Storage,
        Self::Audit,
    ];

    /// The name of its title's message.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Overview => "nav-overview",
            Self::Visitors => "nav-visitors",
            Self::Accounts => "nav-accounts",
            Self::Runs => "nav-runs",
            Self::Mappings => "nav-mappings",
            Self::Destination => "nav-destination",
            Self::Ids => "nav-ids",
            Self::Schedule => "nav-schedule",
            Self::Subscription => "nav-subscription",
            Self::App => "nav-app",
            Self::Users => "nav-users",
            Self::Storage => "nav-storage",
            Self::Audit => "nav-audit",
            Self::Account => "nav-account",
            Self::NewSubscription => "nav-new-subscription",
            Self::Elsewhere => "product",
        }
    }

    /// Whether only admins see it.
    pub(crate) const fn is_for_admins(self) -> bool {
        matches!(self, Self::App | Self::Users | Self::Audit)
    }

    /// Where it is, for a subscription.
    pub(crate) fn href(self, subscription: SubscriptionId) -> String {
        let rest = match self {
            Self::Overview | Self::Elsewhere => "overview",
            Self::Visitors => "visitors",
            Self::Accounts => "accounts",
            Self::Runs => "runs",
            Self::Mappings => "settings/data-mappings/visitor",
            Self::Destination => destination::PAGE,
            Self::Ids => "settings/ids/visitor",
            Self::Schedule => "settings/schedule",
            Self::Subscription => "settings/subscription",
            Self::App => "settings/hubspot-app",
            Self::Users => "settings/users",
            Self::Storage => "settings/storage",
            Self::Audit => "settings/audit",
            Self::Account => "account",
            Self::NewSubscription => return "/subscriptions/new".into(),
        };
        path(subscription, rest)
    }

    /// The symbol of the sidebar, by its name in the sprite.
    pub(crate) const fn icon(self) -> &'static str {
        match self {
            Self::Overview | Self::Elsewhere => "gauge",
            Self::Visitors => "users",
            Self::Accounts => "building",
            Self::Runs => "history",
            Self::Mappings => "arrows",
            Self::Destination => "send",
            Self::Ids => "upload",
            Self::Schedule => "clock",
            Self::Subscription | Self::NewSubscription => "sliders",
            Self::App => "plug",
            Self::Users | Self::Account => "key",
            Self::Storage => "disk",
            Self::Audit => "list",
        }
    }
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Plain,
    Warning,
    Bad,
}

impl Tone {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Plain => "plain",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    pub(crate) const fn icon(self) -> &'static str {
        match self {
            Self::Good => "check",
            Self::Plain => "info",
            Self::Warning => "warning",
            Self::Bad => "cross",
        }
    }
}

/// What surrounds a page.
#[derive(Debug, Clone)]
pub(crate) struct Chrome {
    pub(crate) t: Arc<Locale>,
    pub(crate) theme: &'static str,
    pub(crate) place: Place,
    pub(crate) title: String,
    /// The address of this very page, to come back to.
    pub(crate) here: String,
    pub(crate) guard: String,
    /// Who is signed in: e-mail address.
    pub(crate) email: Option<String>,
    pub(crate) admin: bool,
    pub(crate) subscription: Option<Subscription>,
    pub(crate) all: Vec<Subscription>,
    pub(crate) zone: TimeZone,
    pub(crate) now: Timestamp,
    pub(crate) alerts: Vec<Alert>,
    /// The steps of getting started, until the first sync is proved.
    pub(crate) steps: Vec<Step>,
    /// What was just done.
    pub(crate) note: Option<String>,
}

/// Messages that a page may be opened with, in its address, after something was done.
const NOTES: [&str; 35] = [
    "note-schedule-saved",
    "note-paused",
    "note-resumed",
    "note-connected",
    "note-disconnected",
    "note-destination-connected",
    "note-destination-works",
    "note-destination-disconnected",
    "note-comparing",
    "note-resent",
    "note-resent-nothing",
    "note-key-saved",
    "note-mapping-saved",
    "note-sync-started",
    "note-switched-on",
    "note-switched-off",
    "note-subscription-saved",
    "note-subscription-made",
    "note-app-saved",
    "note-app-removed",
    "note-member-changed",
    "note-signed-out-everywhere",
    "note-password-changed",
    "note-preferences-saved",
    "note-value-saved",
    "note-erased",
    "note-columns-saved",
    "note-pinned",
    "note-unpinned",
    "note-cancelled",
    "note-import-cancelled",
    "note-outside-cancelled",
    "note-joined",
    "note-signed-out",
    "note-measuring",
];

impl Chrome {
    /// For whoever asks, outside any subscription.
    pub(crate) fn new(visit: &Visit, place: Place) -> Self {
        let t = Arc::clone(&visit.locale);
        let note = visit.uri.query().and_then(|query| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == "note")
                .and_then(|(_, note)| NOTES.into_iter().find(|known| *known == note))
        });
        Self {
            title: t.text(place.title()),
            theme: visit.theme,
            place,
            here: visit
                .uri
                .path_and_query()
                .map_or_else(|| "/".into(), ToString::to_string),
            guard: visit.guard().to_owned(),
            email: visit.member().map(|member| member.email.clone()),
            admin: visit.is_admin(),
            subscription: None,
            all: Vec::new(),
            zone: TimeZone::UTC,
            now: visit.now,
            alerts: Vec::new(),
            steps: Vec::new(),
            note: note.map(|note| t.text(note)),
            t,
        }
    }

    /// For a part of a page of a subscription.
    pub(crate) fn new_here(here: &Here, place: Place) -> Self {
        Self {
            subscription: Some(here.subscription.clone()),
            zone: here.zone.clone(),
            ..Self::new(&here.visit, place)
        }
    }

    /// For a page of a subscription, with what needs attention there.
    pub(crate) async fn here(here: &Here, place: Place) -> Result<Self, Error> {
        let mut chrome = Self::new_here(here, place);
        chrome.all.clone_from(&here.all);
        (chrome.alerts, chrome.steps) = standing(here).await?;
        Ok(chrome)
    }

    /// With another title.
    pub(crate) fn titled(self, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..self
        }
    }

    /// The languages, with whether each is the present one.
    pub(crate) fn languages(&self) -> [(Language, bool); 2] {
        Language::ALL.map(|language| (language, language == self.t.language()))
    }

    /// The address of a page of the present subscription.
    pub(crate) fn path(&self, rest: &str) -> String {
        let id = self
            .subscription
            .as_ref()
            .map_or(SubscriptionId(0), |one| one.id);
        path(id, rest)
    }

    /// The address of a page of the present subscription that a level has of its own.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass references"
    )]
    pub(crate) fn at(&self, page: &str, level: &Level) -> String {
        self.path(&format!("{page}/{}", level.name()))
    }

    /// The address of a page of the navigation.
    pub(crate) fn href(&self, place: Place) -> String {
        let id = self
            .subscription
            .as_ref()
            .map_or(SubscriptionId(0), |one| one.id);
        place.href(id)
    }

    /// The pages of the sidebar that whoever asks may see.
    pub(crate) fn nav(&self, places: impl IntoIterator<Item = Place>) -> Vec<Place> {
        places
            .into_iter()
            .filter(|place| self.admin || !place.is_for_admins())
            .collect()
    }

    /// The subscription's time zone, by its name.
    pub(crate) fn zone_name(&self) -> &str {
        self.subscription
            .as_ref()
            .map_or("UTC", |one| one.time_zone.as_str())
    }

    /// A moment in the subscription's zone.
    pub(crate) fn time(&self, at: &Timestamp) -> String {
        self.t.time(*at, &self.zone)
    }

    /// How long ago.
    pub(crate) fn ago(&self, at: &Timestamp) -> String {
        self.t.ago(*at, self.now)
    }

    /// The address of a file.
    #[expect(clippy::unused_self, reason = "templates reach functions through it")]
    pub(crate) fn file(&self, name: &str) -> String {
        let file = match name {
            "library" => File::Library,
            "style" => File::Style,
            "theme" => File::Theme,
            "htmx" => File::Htmx,
            "events" => File::Events,
            "icon" => File::Icon,
            "icons" => File::Icons,
            _ => File::Script,
        };
        file.url()
    }
}

/// Makes a page of a template.
pub(crate) fn page(template: &impl Template) -> Result<Response, Error> {
    answer(StatusCode::OK, template)
}

/// Makes a page of a template, with a status.
pub(crate) fn answer(status: StatusCode, template: &impl Template) -> Result<Response, Error> {
    match template.render() {
        Ok(text) => Ok((status, Html(text)).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            Err(Error::NotFound)
        }
    }
}

/// Goes to another page after something was done; a script goes there as a browser does.
pub(crate) fn go(visit: &Visit, path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    if visit.partial {
        (StatusCode::NO_CONTENT, [("hx-redirect", location)]).into_response()
    } else {
        (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
    }
}

#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub(crate) c: Chrome,
    pub(crate) problem: Problem,
}

#[derive(Template)]
#[template(path = "problem.html")]
pub(crate) struct ErrorPart {
    pub(crate) c: Chrome,
    pub(crate) problem: Problem,
}

/// What went wrong, in the visitor's language.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) title: String,
    pub(crate) what_to_do: String,
    /// The error's number, if it has one.
    pub(crate) code: Option<String>,
    /// What the program said, in English.
    pub(crate) detail: Option<String>,
}

impl Problem {
    pub(crate) fn of(t: &Locale, error: &Error) -> Self {
        let plain = |key: &str| Self {
            title: t.text(key),
            what_to_do: t.text(&format!("{key}-do")),
            code: None,
            detail: None,
        };
        match error {
            Error::NotFound => plain("error-not-found"),
            Error::Forbidden => plain("error-forbidden"),
            Error::Forged => plain("error-forged"),
            Error::Invalid(key) => Self {
                title: t.text("error-invalid"),
                what_to_do: t.text(key),
                code: None,
                detail: None,
            },
            Error::Failed(explanation) => Self::explained(t, explanation),
        }
    }

    /// A numbered failure. Each number that a page can show has its messages.
    pub(crate) fn explained(t: &Locale, explanation: &sync::Explanation) -> Self {
        let key = explanation.code.to_lowercase();
        let key = if t.has(&key) {
            key
        } else {
            "error-failed".into()
        };
        Self {
            title: t.text(&key),
            what_to_do: t.text(&format!("{key}-do")),
            code: Some(explanation.code.clone()),
            detail: Some(explanation.message.clone()),
        }
    }
}

/// The page, or the part of a page, that says what went wrong.
pub(crate) async fn error(visit: &Visit, error: &Error) -> Response {
    let problem = Problem::of(&visit.locale, error);
    let mut c = Chrome::new(visit, Place::Elsewhere).titled(problem.title.clone());
    let made = if visit.partial {
        answer(error.status(), &ErrorPart { c, problem })
    } else {
        if visit.member().is_some() {
            c.all = visit.app.store().subscriptions().await.unwrap_or_default();
            c.subscription = c.all.first().cloned();
        }
        answer(error.status(), &ErrorPage { c, problem })
    };
    made.unwrap_or_else(|error| error.status().into_response())
}
