//! The settings there are.

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Path,
    /// Never shown.
    Secret,
    /// A secret too, of which all but the password is shown.
    DatabaseUrl,
    Count,
    /// A count, or `auto`.
    CountOrAuto,
    Port,
    Share,
    /// Texts without spaces. In a file a list, or as everywhere one text, separated by spaces.
    List,
}

impl Form {
    /// Whether it may stand in a file of its own instead, named by a setting of the same name with `_file`.
    pub(super) const fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::DatabaseUrl)
    }

    /// For a message: "… is not …".
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Text | Self::Secret | Self::DatabaseUrl | Self::List => "a text",
            Self::Path => "a path",
            Self::Count => "a whole number from 0 to 4,294,967,295",
            Self::CountOrAuto => "a whole number from 0 to 4,294,967,295, nor \"auto\"",
            Self::Port => "a port from 0 to 65,535",
            Self::Share => "a number",
        }
    }
}

/// Every setting, in the order of `default.toml`.
pub(crate) const SETTINGS: [(&str, Form); 33] = [
    ("keyring_file", Form::Path),
    ("database.url", Form::DatabaseUrl),
    ("database.url_file", Form::Path),
    ("database.connections", Form::Count),
    ("web.listen", Form::Text),
    ("web.public_url", Form::Text),
    ("web.trusted_proxies", Form::List),
    ("hubspot.base_url", Form::Text),
    ("hubspot.authorize_url", Form::Text),
    ("hubspot.api_version", Form::Text),
    ("hubspot.client_id", Form::Text),
    ("hubspot.client_secret", Form::Secret),
    ("hubspot.client_secret_file", Form::Path),
    ("hubspot.scopes", Form::List),
    ("hubspot.optional_scopes", Form::List),
    ("hubspot.callback_port", Form::Port),
    ("hubspot.url_budget", Form::Count),
    ("hubspot.quota.search_per_second", Form::Count),
    ("hubspot.quota.ten_secondly", Form::CountOrAuto),
    ("hubspot.quota.daily", Form::CountOrAuto),
    ("hubspot.quota.in_flight", Form::Count),
    ("hubspot.quota.daily_reserve", Form::Share),
    ("pendo.base_url", Form::Text),
    ("pendo.in_flight", Form::Count),
    ("pendo.batch", Form::Count),
    ("pendo.create", Form::Text),
    ("pendo.times", Form::Text),
    ("pendo.cleared", Form::Text),
    ("pendo.integers", Form::Text),
    ("worker.at_once", Form::Count),
    ("worker.schedule", Form::Text),
    ("retention.days", Form::Count),
    ("sync.reader", Form::Text),
];
