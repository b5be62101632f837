//! What a form sends.

use axum::{
    RequestExt as _,
    extract::{FromRequest, Request},
};

use crate::{error::Error, visit::Visit};

/// The name under which forms carry what protects them against forgery.
pub(crate) const GUARD: &str = "guard";

/// The fields of a form that was sent from a page of this session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Posted(Vec<(String, String)>);

impl Posted {
    /// A field's text, without space around it.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field's text to the letter.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// All texts under a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a box is checked.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// Reads a query or a form.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(
            url::form_urlencoded::parse(text)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let visit = request
            .extensions()
            .get::<Visit>()
            .cloned()
            .ok_or(Error::NotFound)?;
        let body: axum::body::Bytes = request
            .extract()
            .await
            .map_err(|_| Error::Invalid("invalid-form"))?;
        let posted = Self::parse(&body);
        // Whoever is not signed in has nothing that could be done in their name.
        if visit.session.is_some() && posted.raw(GUARD) != visit.guard() {
            return Err(Error::Forged);
        }
        Ok(posted)
    }
}
