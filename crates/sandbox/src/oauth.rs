//! Codes, grants and tokens of OAuth apps.

use std::collections::HashMap;

use crate::hash::mix;

/// Access tokens live this long.
pub(crate) const TOKEN_MS: i64 = 1_800_000;

/// Codes live this long.
const CODE_MS: i64 = 60_000;

/// What a user agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) portal: u64,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) user_id: u64,
    pub(crate) user: String,
}

#[derive(Debug)]
struct Code {
    grant: Grant,
    redirect_uri: String,
    expires: i64,
}

/// An access token's owner and end.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) grant: Grant,
    pub(crate) expires: i64,
    pub(crate) refresh_token: String,
}

/// Why a code was not exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadCode {
    /// Unknown, used or too old.
    Invalid,
    /// Issued for another address.
    Redirect,
}

/// All grants of a sandbox.
#[derive(Debug)]
pub(crate) struct Grants {
    seed: u64,
    next: u64,
    codes: HashMap<String, Code>,
    refresh: HashMap<String, Grant>,
    access: HashMap<String, Access>,
}

impl Grants {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed: mix(seed ^ 0x0a07),
            next: 0,
            codes: HashMap::new(),
            refresh: HashMap::new(),
            access: HashMap::new(),
        }
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        mix(self.seed ^ self.next)
    }

    fn uuid_like(&mut self) -> String {
        let mut id = Vec::new();
        crate::generate::keys::write_uuid(self.fresh(), &mut id);
        format!("na1-{}", String::from_utf8_lossy(&id))
    }

    /// A code for what was agreed to.
    pub(crate) fn code(&mut self, grant: Grant, redirect_uri: &str, now: i64) -> String {
        let code = self.uuid_like();
        let redirect_uri = redirect_uri.to_owned();
        self.codes.insert(
            code.clone(),
            Code {
                grant,
                redirect_uri,
                expires: now + CODE_MS,
            },
        );
        code
    }

    /// Exchanges a code, which is gone afterwards, whatever came of it.
    pub(crate) fn exchange(
        &mut self,
        code: &str,
        client_id: &str,
        redirect_uri: &str,
        now: i64,
    ) -> Result<String, BadCode> {
        let found = self.codes.remove(code).ok_or(BadCode::Invalid)?;
        if found.grant.client_id != client_id || found.expires <= now {
            return Err(BadCode::Invalid);
        }
        if found.redirect_uri != redirect_uri {
            return Err(BadCode::Redirect);
        }
        Ok(self.install(found.grant))
    }

    /// Installs an app: a refresh token that stays the same until it is revoked.
    pub(crate) fn install(&mut self, grant: Grant) -> String {
        let refresh = self.uuid_like();
        self.refresh.insert(refresh.clone(), grant);
        refresh
    }

    /// A new access token under a refresh token.
    pub(crate) fn issue(&mut self, refresh_token: &str, now: i64) -> Option<(String, Grant)> {
        let grant = self.refresh.get(refresh_token)?.clone();
        // The real ones are long, and their length is not promised.
        let digits: Vec<String> = (0..12).map(|_| format!("{:016x}", self.fresh())).collect();
        let token = format!("CK{}", digits.concat());
        let access = Access {
            grant: grant.clone(),
            expires: now + TOKEN_MS,
            refresh_token: refresh_token.to_owned(),
        };
        self.access.insert(token.clone(), access);
        Some((token, grant))
    }

    pub(crate) fn access(&self, token: &str) -> Option<&Access> {
        self.access.get(token)
    }

    pub(crate) fn refresh(&self, token: &str) -> Option<&Grant> {
        self.refresh.get(token)
    }

    /// Ends a token; a refresh token takes its access tokens along.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.access.remove(token);
        if self.refresh.remove(token).is_some() {
            self.access.retain(|_, a| a.refresh_token != token);
        }
    }

    /// Ends every access token now, as if its half hour were over.
    pub(crate) fn expire_all(&mut self, now: i64) {
        for access in self.access.values_mut() {
            access.expires = access.expires.min(now - 1_000);
        }
    }
}
