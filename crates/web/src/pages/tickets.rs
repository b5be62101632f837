//! Links that are good once: to set up the installation, to join, to choose a new password.
//!
//! Their secret stands behind the `#` of the address, so that it reaches no server, no log and no other site. A script puts it
//! into the form; without scripts it is copied there by hand.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{
    Store,
    member::{Member, MemberId, Role, normal},
    session::{Purpose, Ticket},
};

use crate::{
    app::{self, App},
    error::Error,
    frame::{Chrome, Place, answer, page},
    pages::sign_in,
    password::weakness,
    posted::Posted,
    visit::Visit,
};

/// A link to set up is good while the process that printed it is likely to be watched.
const SET_UP: SignedDuration = SignedDuration::from_hours(24);

/// A link that was sent to somebody.
const SENT: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Template)]
#[template(path = "set_up.html")]
pub(crate) struct SetUpPage {
    pub(crate) c: Chrome,
    pub(crate) email: String,
    pub(crate) ticket: String,
    /// There are members already.
    pub(crate) done: bool,
    /// The name of a message.
    pub(crate) problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "password.html")]
pub(crate) struct PasswordPage {
    pub(crate) c: Chrome,
    pub(crate) ticket: String,
    /// `join` or `reset`.
    pub(crate) purpose: &'static str,
    /// The name of a message.
    pub(crate) problem: Option<&'static str>,
}

impl App {
    /// Makes a link that is good once and returns its address, in place of those made before for the same.
    ///
    /// # Errors
    /// [`store::Error`].
    pub async fn make_link(
        &self,
        purpose: Purpose,
        member: Option<MemberId>,
    ) -> Result<String, store::Error> {
        let secret = self.secret();
        let (page, lifetime) = match purpose {
            Purpose::SetUp => ("set-up", SET_UP),
            Purpose::Join => ("join", SENT),
            Purpose::Reset => ("reset", SENT),
        };
        let ticket = Ticket { purpose, member };
        self.store()
            .put_ticket(&app::hash(&secret), ticket, self.now() + lifetime)
            .await?;
        Ok(self.address(&format!("/{page}#{secret}")))
    }

    /// Sets a member's password. Sessions that were opened with the one before end.
    ///
    /// # Errors
    /// [`store::Error`].
    pub async fn set_password(
        &self,
        member: MemberId,
        password: String,
    ) -> Result<(), store::Error> {
        let hash = self.passwords().hash(password, self.salt()).await;
        self.store().set_password(member, &hash).await
    }
}

/// `GET /set-up`.
pub(crate) async fn show_set_up(visit: Visit) -> Result<Response, Error> {
    page(&SetUpPage {
        done: visit.app.store().has_members().await?,
        ..set_up_page(&visit, &Posted::default())
    })
}

fn set_up_page(visit: &Visit, posted: &Posted) -> SetUpPage {
    SetUpPage {
        c: Chrome::new(visit, Place::Elsewhere).titled(visit.locale.text("set-up-title")),
        email: posted.text("email").to_owned(),
        ticket: posted.text("ticket").to_owned(),
        done: false,
        problem: None,
    }
}

/// `POST /set-up`.
pub(crate) async fn set_up(visit: Visit, posted: Posted) -> Result<Response, Error> {
    let refuse = |problem| {
        let page = SetUpPage {
            problem: Some(problem),
            ..set_up_page(&visit, &posted)
        };
        answer(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    let (store, now) = (visit.app.store(), visit.now);
    let email = normal(posted.text("email"));
    if let Some(problem) = email_problem(&email).or_else(|| password_problem(&posted, &email)) {
        return refuse(problem);
    }
    let good = take(store, &posted, &[Purpose::SetUp], now).await?;
    if good.is_none() || store.has_members().await? {
        return refuse("ticket-bad");
    }
    let member = match store.add_member(&email, Role::Admin, now).await? {
        Ok(member) => member,
        // A first attempt that stopped half way.
        Err(_) => match store.member_to_sign_in(&email).await? {
            Some((member, None)) => member,
            _ => return refuse("ticket-bad"),
        },
    };
    choose(&visit, &member, &posted).await?;
    let visitless = store::audit::Change {
        who: &member.email,
        subscription: None,
        action: "member.set-up",
        details: json!({}),
    };
    store.note_change(&visitless, now).await?;
    sign_in::open(&visit, &member, "/").await
}

/// `GET /join`.
pub(crate) async fn show_join(visit: Visit) -> Result<Response, Error> {
    page(&password_page(&visit, "join", &Posted::default()))
}

/// `GET /reset`.
pub(crate) async fn show_reset(visit: Visit) -> Result<Response, Error> {
    page(&password_page(&visit, "reset", &Posted::default()))
}

fn password_page(visit: &Visit, purpose: &'static str, posted: &Posted) -> PasswordPage {
    let title = if purpose == "join" {
        "join-title"
    } else {
        "reset-title"
    };
    PasswordPage {
        c: Chrome::new(visit, Place::Elsewhere).titled(visit.locale.text(title)),
        ticket: posted.text("ticket").to_owned(),
        purpose,
        problem: None,
    }
}

/// `POST /join`.
pub(crate) async fn join(visit: Visit, posted: Posted) -> Result<Response, Error> {
    use_link(visit, posted, "join", "member.joined").await
}

/// `POST /reset`.
pub(crate) async fn reset(visit: Visit, posted: Posted) -> Result<Response, Error> {
    use_link(visit, posted, "reset", "member.password-reset").await
}

async fn use_link(
    visit: Visit,
    posted: Posted,
    purpose: &'static str,
    action: &str,
) -> Result<Response, Error> {
    let refuse = |problem| {
        let page = PasswordPage {
            problem: Some(problem),
            ..password_page(&visit, purpose, &posted)
        };
        answer(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    let (store, now) = (visit.app.store(), visit.now);
    let wanted = [Purpose::Join, Purpose::Reset];
    // Looked at first, so that a weak password does not use the link up.
    let ticket = store
        .ticket(&app::hash(posted.text("ticket")), now)
        .await?
        .filter(|ticket| wanted.contains(&ticket.purpose));
    let member = match ticket.and_then(|ticket| ticket.member) {
        Some(member) => store.member(member).await?,
        None => None,
    };
    let Some(member) = member.filter(|member| member.active) else {
        return refuse("ticket-bad");
    };
    if let Some(problem) = password_problem(&posted, &member.email) {
        return refuse(problem);
    }
    if take(store, &posted, &wanted, now).await?.is_none() {
        return refuse("ticket-bad");
    }
    choose(&visit, &member, &posted).await?;
    let change = store::audit::Change {
        who: &member.email,
        subscription: None,
        action,
        details: json!({}),
    };
    store.note_change(&change, now).await?;
    sign_in::open(&visit, &member, "/?note=note-joined").await
}

/// Uses a link up, if it is one of these and still good.
async fn take(
    store: &Store,
    posted: &Posted,
    wanted: &[Purpose],
    now: Timestamp,
) -> Result<Option<Ticket>, store::Error> {
    let hash = app::hash(posted.text("ticket"));
    let fits = |ticket: &Ticket| wanted.contains(&ticket.purpose);
    // Looked at first, so that a link for something else is not used up.
    if !store.ticket(&hash, now).await?.as_ref().is_some_and(fits) {
        return Ok(None);
    }
    Ok(store.take_ticket(&hash, now).await?.filter(fits))
}

/// Sets the password that was chosen.
pub(crate) async fn choose(
    visit: &Visit,
    member: &Member,
    posted: &Posted,
) -> Result<(), store::Error> {
    let password = posted.raw("password").to_owned();
    visit.app.set_password(member.id, password).await
}

/// Whether a text, in the form of [`normal`], can be an e-mail address. Whether it is one only a letter to it would tell.
pub fn is_email(text: &str) -> bool {
    text.len() <= 254
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text
            .chars()
            .any(|one| one.is_whitespace() || one.is_control())
}

/// Why an address cannot be used: the name of a message.
pub(crate) fn email_problem(email: &str) -> Option<&'static str> {
    (!is_email(email)).then_some("email-bad")
}

/// Why a chosen password cannot be used: the name of a message.
pub(crate) fn password_problem(posted: &Posted, email: &str) -> Option<&'static str> {
    let password = posted.raw("password");
    weakness(password, email)
        .or_else(|| (password != posted.raw("again")).then_some("password-differs"))
}
