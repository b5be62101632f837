//! HubSpot's OAuth endpoints. Everything goes in the body, nothing in the query:
//! <https://developers.hubspot.com/docs/api-reference/legacy/authentication/manage-oauth-tokens>.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use model::PortalId;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    CallCounter, Error, Operation, Settings, TokenFacts, Tokens, auth::expiry, call::Caller,
};
use outbound::{Body, Request, address};

/// How long a token lives when the answer does not say: HubSpot's usual half hour.
const USUAL_LIFETIME: u64 = 1_800;

/// An OAuth app, as HubSpot knows it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OAuth {
    caller: Arc<Caller>,
    authorize_url: String,
    client_id: String,
    client_secret: SecretString,
    scopes: Vec<String>,
    optional_scopes: Vec<String>,
}

impl OAuth {
    /// # Errors
    /// [`Error::Settings`] without a client id and secret.
    pub(crate) fn new(settings: &Settings, caller: Arc<Caller>) -> Result<Self, Error> {
        let (Some(client_id), Some(client_secret)) = (&settings.client_id, &settings.client_secret)
        else {
            return Err(Error::settings(
                "an OAuth connection needs client_id and client_secret",
            ));
        };
        Ok(Self {
            caller,
            authorize_url: settings.authorize_url.clone(),
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            scopes: settings.scopes.clone(),
            optional_scopes: settings.optional_scopes.clone(),
        })
    }

    /// The address to send an administrator's browser to.
    ///
    /// HubSpot comes back to `redirect_uri`, which must be registered with the app to the letter, with `code` and
    /// with `state`, which must be compared.
    ///
    /// # Errors
    /// [`Error::Settings`] if the authorize URL is none.
    pub fn authorize_url(&self, redirect_uri: &str, state: &str) -> Result<String, Error> {
        let mut url = address::parse("authorize_url", &self.authorize_url)?;
        // HubSpot's guide shows scopes separated by %20, which a form encoder would write as `+`.
        let encode = |text: &str| {
            form_urlencoded::byte_serialize(text.as_bytes())
                .collect::<String>()
                .replace('+', "%20")
        };
        let mut query = format!(
            "client_id={}&redirect_uri={}&scope={}",
            encode(&self.client_id),
            encode(redirect_uri),
            encode(&self.scopes.join(" "))
        );
        if !self.optional_scopes.is_empty() {
            query.push_str("&optional_scope=");
            query.push_str(&encode(&self.optional_scopes.join(" ")));
        }
        query.push_str("&state=");
        query.push_str(&encode(state));
        url.set_query(Some(&query));
        Ok(url.into())
    }

    /// Exchanges the single-use code that came back to `redirect_uri`. With this the app counts as installed.
    ///
    /// # Errors
    /// A refusal of kind [`App`](crate::Kind::App) for a used or foreign code, another redirect address, or wrong
    /// client credentials.
    pub async fn exchange_code(&self, code: &str, redirect_uri: &str) -> Result<Tokens, Error> {
        let form = self.form(&[
            ("grant_type", "authorization_code"),
            ("redirect_uri", redirect_uri),
            ("code", code),
        ]);
        self.tokens(Operation::ExchangeCode, form, None, &CallCounter::default())
            .await
    }

    /// A new access token.
    ///
    /// # Errors
    /// [`Error::Reauthorise`] once the grant is gone; it stays so.
    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<Tokens, Error> {
        self.refresh_counted(refresh_token, &CallCounter::default())
            .await
    }

    pub(crate) async fn refresh_counted(
        &self,
        refresh_token: &SecretString,
        calls: &CallCounter,
    ) -> Result<Tokens, Error> {
        let form = self.form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose_secret()),
        ]);
        self.tokens(Operation::Refresh, form, Some(refresh_token), calls)
            .await
    }

    /// Ends the grant behind a refresh token, if it has not ended already.
    pub async fn revoke(&self, refresh_token: &SecretString) -> Result<(), Error> {
        let form = self.form(&[
            ("token", refresh_token.expose_secret()),
            ("token_type_hint", "refresh_token"),
        ]);
        let request = Request::post(self.caller.paths.revoke(), Body::Form(form));
        let secrets = [refresh_token, &self.client_secret];
        let calls = CallCounter::default();
        let revoked = self
            .caller
            .open_call(Operation::Revoke, &request, &secrets, &calls, |_| Ok(()))
            .await;
        match revoked {
            Err(Error::Reauthorise { .. }) => Ok(()),
            other => other,
        }
    }

    /// What HubSpot knows about an access token.
    pub async fn introspect(&self, access_token: &SecretString) -> Result<TokenFacts, Error> {
        self.introspect_counted(access_token, &CallCounter::default())
            .await
    }

    pub(crate) async fn introspect_counted(
        &self,
        access_token: &SecretString,
        calls: &CallCounter,
    ) -> Result<TokenFacts, Error> {
        let token = access_token.expose_secret();
        let form = self.form(&[
            ("token_type_hint", "access_token"),
            // The specification names the field `token`, the guide `access_token`.
            ("token", token),
            ("access_token", token),
        ]);
        let request = Request::post(self.caller.paths.introspect(), Body::Form(form));
        self.caller
            .open_call(
                Operation::Introspect,
                &request,
                &[access_token, &self.client_secret],
                calls,
                |body| TokenFacts::read(&json(body)?),
            )
            .await
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.client_secret
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.caller.clock.now()
    }

    async fn tokens(
        &self,
        operation: Operation,
        form: SecretString,
        former: Option<&SecretString>,
        calls: &CallCounter,
    ) -> Result<Tokens, Error> {
        let request = Request::post(self.caller.paths.token(), Body::Form(form));
        let mut secrets = vec![&self.client_secret];
        secrets.extend(former);
        let asked_at = self.now();
        self.caller
            .open_call(operation, &request, &secrets, calls, |body| {
                read_tokens(&json(body)?, former, asked_at)
            })
            .await
    }

    fn form(&self, fields: &[(&str, &str)]) -> SecretString {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose_secret())
            .finish()
            .into()
    }
}

/// Any JSON; what is wrong with it is told without its content.
pub(crate) fn json(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|_| "it is not JSON".to_owned())
}

/// `asked_at` rather than the moment of the answer: a token is never taken to live longer than it does.
pub(crate) fn read_tokens(
    json: &Value,
    former: Option<&SecretString>,
    asked_at: Timestamp,
) -> Result<Tokens, String> {
    let text = |key: &str| {
        let text = json.get(key).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let access_token = text("access_token").ok_or("it holds no access token")?;
    let refresh_token = text("refresh_token")
        .map(SecretString::from)
        .or_else(|| former.cloned())
        .ok_or("it holds no refresh token")?;
    let lifetime = Duration::from_secs(
        json.get("expires_in")
            .and_then(Value::as_u64)
            .unwrap_or(USUAL_LIFETIME),
    );
    Ok(Tokens {
        access_token: access_token.into(),
        refresh_token,
        expires_at: expiry(asked_at, lifetime),
        lifetime,
        portal: json.get("hub_id").and_then(Value::as_u64).map(PortalId),
        scopes: crate::account::scopes(json.get("scopes")),
    })
}
