//! Numbered explanations of what can go wrong: for each kind, what the operator can do. One page per number in
//! `docs/errors`.

use std::{error::Error as StdError, fmt::Write as _};

use hubspot::Kind;
use serde::{Deserialize, Serialize};
use store::{
    Place,
    job::{Job, State},
};

/// A failure as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// `TRB` and four digits; the name of a page in `docs/errors`.
    pub code: String,
    /// What happened, with its causes.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Explanation {
    /// Why a job failed or waits again, if it does. Of one that is under way the note says where it stands.
    pub fn of_job(job: &Job) -> Option<Self> {
        let note = job.note.as_deref().filter(|_| job.state != State::Running);
        serde_json::from_str(note?).ok()
    }
}

/// Errors that can be shown to an operator.
pub trait Explain: StdError + Sized {
    /// The number, without the prefix.
    fn number(&self) -> u16;

    /// What to do.
    fn hint(&self) -> &'static str;

    /// The error as it is shown.
    fn explain(&self) -> Explanation {
        Explanation {
            code: format!("TRB{:04}", self.number()),
            message: chain(self),
            hint: self.hint().to_owned(),
        }
    }
}

/// An error's message with the messages of its causes.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, ": {error}").expect("writing to a String cannot fail");
        cause = error.source();
    }
    text
}

impl Explain for crate::Error {
    fn number(&self) -> u16 {
        match self {
            Self::NotMapped { .. } => 1,
            Self::KeyGone { .. } => 2,
            Self::SwitchedOff => 12,
            Self::Store(error) => error.number(),
            Self::Hubspot(error) => error.number(),
            Self::Ids { source, .. } => source.number(),
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::NotMapped { .. } => {
                "Set the key property and the fields first: tributary mapping set --level … --key … --fields …"
            }
            Self::SwitchedOff => {
                "An admin can switch it on again on the page Data Mappings. Grant, mapping and values are all there."
            }
            Self::KeyGone { .. } => {
                "Restore the property in HubSpot, or choose another key: tributary mapping set --level … --key …. \
                 All values stay as they are meanwhile."
            }
            Self::Store(error) => error.hint(),
            Self::Hubspot(error) => Explain::hint(error),
            Self::Ids { source, .. } => source.hint(),
        }
    }
}

impl Explain for crate::destination::Error {
    fn number(&self) -> u16 {
        use pendo::Kind;
        match self {
            Self::NotConnected => 50,
            Self::ReadOnly => 52,
            Self::Prefix(_) => 60,
            Self::UnknownId { .. } => 61,
            Self::Stored => 9,
            Self::RefusesAll { source, .. } => source.number(),
            Self::Store(error) => error.number(),
            Self::Pendo(error) => match error.kind() {
                Kind::Key => 51,
                Kind::Settings => 53,
                Kind::Busy | Kind::Limited => 55,
                Kind::Slow | Kind::Server => 56,
                Kind::Network => 57,
                Kind::Unreadable => 58,
                _ => 54,
            },
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::NotConnected => {
                "Connect first: tributary pendo connect --key-file FILE --region REGION, or on the page Destination."
            }
            Self::ReadOnly => {
                "Make a key with \"Allow Write Access\" in Pendo under Settings > Integrations > Integration Keys, and connect with that."
            }
            Self::Prefix(_) => "Choose another prefix, such as hubspot_.",
            Self::UnknownId { .. } => {
                "Name the id of a visitor or account that Pendo shows, upper and lower case included; nothing was written."
            }
            Self::Stored => {
                "Connect again: tributary pendo connect --key-file FILE --region REGION."
            }
            Self::RefusesAll { source, .. } => source.hint(),
            Self::Store(error) => error.hint(),
            Self::Pendo(error) => error.hint(),
        }
    }
}

impl Explain for crate::connect::Error {
    fn number(&self) -> u16 {
        match self {
            Self::NotConnected => 130,
            Self::OtherPortal { .. } => 133,
            Self::NoOAuthApp { .. } => 134,
            Self::LacksScopes(_) => 139,
            Self::Credentials => 140,
            Self::Hubspot(error) => error.number(),
            Self::Store(error) => error.number(),
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::NotConnected => {
                "Connect first: tributary hubspot connect --token-file FILE, or --oauth"
            }
            Self::OtherPortal { .. } => {
                "If that is what you want, repeat the command with --replace-portal: the links to the old portal's records end, values stay."
            }
            Self::NoOAuthApp { .. } => {
                "Set TRIBUTARY_HUBSPOT__CLIENT_ID and TRIBUTARY_HUBSPOT__CLIENT_SECRET_FILE (or [hubspot] client_id and client_secret_file) from your OAuth app, or connect with --token-file."
            }
            Self::LacksScopes(_) => {
                "Grant them: add them to the service key or private app, or connect with --oauth again."
            }
            Self::Credentials => "Connect again: tributary hubspot connect",
            Self::Hubspot(error) => Explain::hint(error),
            Self::Store(error) => error.hint(),
        }
    }
}

impl Explain for crate::mapping::Error {
    fn number(&self) -> u16 {
        match self {
            Self::UnknownProperty { .. } => 141,
            Self::Unimportable { .. } => 142,
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::UnknownProperty { .. } => {
                "`tributary hubspot properties --level LEVEL` lists every property by its internal name."
            }
            Self::Unimportable { .. } => {
                "Choose another property; `tributary hubspot properties --level LEVEL` says which can be imported."
            }
        }
    }
}

impl Explain for crate::import::Error {
    fn number(&self) -> u16 {
        match self {
            Self::Utf16 => 111,
            Self::Header(_) => 112,
            Self::Type { .. } => 113,
            Self::Store(error) => error.number(),
            _ => 114,
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Utf16 => "Save the file as UTF-8 and import it again.",
            Self::Header(_) => {
                "The first row names the columns: id, for visitors accounts, and agent fields."
            }
            Self::Type { .. } => {
                "A field keeps its type. Leave the type out, or give the values another field name."
            }
            Self::Store(error) => error.hint(),
            _ => {
                "What was read before is loaded. Once the cause is gone, import the file again: nothing is counted twice."
            }
        }
    }
}

impl Explain for crate::export::Error {
    fn number(&self) -> u16 {
        match self {
            Self::Store(error) => error.number(),
            Self::Malformed { .. } => 123,
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Store(error) => error.hint(),
            Self::Malformed { .. } => {
                "The database was changed by something else or is damaged; restore a backup."
            }
        }
    }
}

impl Explain for crate::sample::Error {
    fn number(&self) -> u16 {
        match self {
            Self::Hubspot(error) => error.number(),
            Self::Store(error) => error.number(),
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Hubspot(error) => Explain::hint(error),
            Self::Store(error) => error.hint(),
        }
    }
}

impl Explain for crate::runner::Error {
    fn number(&self) -> u16 {
        match self {
            Self::Connect(error) => error.number(),
            Self::Destination(error) => error.number(),
            Self::Run(error) => error.number(),
            Self::Store(error) => error.number(),
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Connect(error) => error.hint(),
            Self::Destination(error) => error.hint(),
            Self::Run(error) => error.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}

impl Explain for store::Error {
    fn number(&self) -> u16 {
        match self {
            Self::TakenOver { .. } | Self::JobLost(_) | Self::JobDone(_) => 15,
            Self::Busy { .. } => 3,
            Self::DataDir { .. } => 4,
            Self::Open { .. } => 5,
            Self::Migrate { .. } => 6,
            Self::Query { .. } => 7,
            Self::Keyring(store::keyring::Error::Different { .. }) => 189,
            Self::Keyring(_) => 8,
            Self::NoDatabase { .. } => 180,
            Self::NotEmpty { .. } => 181,
            Self::Unfinished { .. } => 183,
            Self::UnderWay { .. } => 184,
            Self::Newer { .. } => 185,
            Self::FileExists { .. } => 186,
            Self::File { .. } => 187,
            Self::Sealed { .. } => 188,
            Self::Corrupt { .. } => 9,
            Self::NameTaken(_) => 10,
            Self::TooOld { .. } => 13,
            Self::Encoding { .. } => 14,
            _ => 11,
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "Wait for that run to end, or cancel it; then try again.",
            Self::TakenOver { .. } | Self::JobLost(_) | Self::JobDone(_) => {
                "Nothing has to be done: the other process ends the run. If this happens often, the connection to the database is bad."
            }
            Self::DataDir { .. } => {
                "Check that the data directory exists, is writable and has room, or name another with --data-dir."
            }
            Self::Open {
                place: Place::Server(_),
                ..
            } => {
                "Check that the server runs, that the database is there, and that database.url names them, the user and the password."
            }
            Self::Open { .. } => {
                "Check that the file is a Tributary database and can be read and written; restore a backup if it is damaged."
            }
            Self::Migrate { .. } => {
                "Make sure that there is room and start again: a migration happens whole or not at all. Otherwise restore a backup."
            }
            Self::Query { .. } => {
                "Check that the disk has room and no other program locks the database; nothing half-written is kept. Then try again."
            }
            Self::Keyring(store::keyring::Error::Different { .. }) => {
                "Move the keyring that is there away if nothing was sealed with it, and repeat the command; or leave --with-keyring out."
            }
            Self::NoDatabase { .. } => {
                "Name the data directory, database or backup that holds something: --data-dir, database.url."
            }
            Self::NotEmpty { .. } => {
                "Name a data directory that is not there yet, or an empty database; what is there is never overwritten."
            }
            Self::Unfinished { .. } => {
                "Repeat the copy or the restore: it begins anew. If one is under way, wait for it."
            }
            Self::UnderWay { .. } => {
                "Wait until it ends, or end `tributary serve` there; then repeat the command."
            }
            Self::Newer { .. } => {
                "Run the newer release, or restore the backup that was made before the upgrade."
            }
            Self::FileExists { .. } => "Name another file, or replace this one with --force.",
            Self::File { .. } => {
                "Check the path, who may read and write there, and that the disk has room."
            }
            Self::Sealed { .. } => {
                "Put the right keyring file in place, or enter it again: tributary hubspot connect, and the app's secret on its page."
            }
            Self::Keyring(_) => {
                "Put the right keyring file in place, or connect to HubSpot again to store new credentials."
            }
            Self::Corrupt { .. } => {
                "The database was changed by something else or is damaged; restore a backup."
            }
            Self::NameTaken(_) => "Choose another name, or use the subscription that has it.",
            Self::TooOld { .. } => {
                "Bring the server to PostgreSQL 15 or newer, or name another in database.url."
            }
            Self::Encoding { .. } => {
                "Make a database with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and name it in database.url."
            }
            _ => "Try again; if it stays, report it with the message above.",
        }
    }
}

impl Explain for hubspot::Error {
    fn number(&self) -> u16 {
        match self.kind() {
            Kind::Settings => 20,
            Kind::Invalid => 21,
            Kind::UnknownProperty => 22,
            Kind::App => 23,
            Kind::Expired | Kind::Unauthenticated => 24,
            Kind::Reauthorise => 25,
            Kind::MissingScopes => 26,
            Kind::Forbidden => 27,
            Kind::NotFound => 28,
            Kind::Misuse | Kind::Conflict | Kind::TooLong => 29,
            Kind::Locked => 30,
            Kind::Burst | Kind::SearchBurst => 31,
            Kind::Daily => 32,
            Kind::Moving => 33,
            Kind::Server | Kind::Overloaded | Kind::Slow | Kind::Edge => 34,
            Kind::Network => 35,
            Kind::Unreadable => 36,
            Kind::Stalled | Kind::Torn => 37,
            Kind::Keep => 38,
            _ => 39,
        }
    }

    fn hint(&self) -> &'static str {
        self.hint()
    }
}
