//! What can go wrong on the command line, each with its number, its hint and its exit status: one table.

use std::{io, net::SocketAddr, path::PathBuf};

use model::{Level, MetadataType, RunId, Unimportable};
use sync::{Explain, schedule::BadRhythm};

use crate::{failure::Exit, similar};

/// A failure that the command line itself finds. The cause is the `source`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// What clap, or a check right after it, refuses.
    #[error("{0}")]
    Usage(String),
    #[error("cannot read the configuration file {}", path.display())]
    ConfigFile { path: PathBuf, source: io::Error },
    #[error("the configuration file {} is not TOML: {problem}", path.display())]
    NotToml { path: PathBuf, problem: String },
    #[error("unknown setting {key} ({origin}){}", similar::clause(.nearest.as_deref()))]
    UnknownSetting {
        key: String,
        origin: String,
        nearest: Option<String>,
    },
    #[error("the setting {key} ({origin}) cannot be used: {problem}")]
    BadSetting {
        key: String,
        origin: String,
        problem: String,
    },
    #[error("cannot read the file {}, named by {key}", path.display())]
    SecretFile {
        key: String,
        path: PathBuf,
        source: io::Error,
    },
    #[error("there is no subscription yet")]
    NoSubscription,
    #[error("there are several subscriptions: {}", .0.join(", "))]
    WhichSubscription(Vec<String>),
    #[error("there is no subscription named {name:?}{}", similar::clause(.nearest.as_deref()))]
    UnknownSubscription {
        name: String,
        nearest: Option<String>,
    },
    #[error("{name:?} is no time zone{}", similar::clause(.nearest.as_deref()))]
    UnknownTimeZone {
        name: String,
        nearest: Option<String>,
    },
    #[error("cannot open {}", path.display())]
    InputFile { path: PathBuf, source: io::Error },
    #[error("{unseen} ids that are not in the file were not removed, because nobody confirmed it")]
    MirrorUnconfirmed { unseen: u64 },
    #[error("nothing was removed, because the file has {bad} bad lines, whose ids are not known")]
    MirrorBadLines { bad: u64 },
    #[error("nothing was removed, because the file holds no id at all")]
    MirrorEmpty,
    #[error("there is no {level} {id:?}")]
    UnknownSubject { level: Level, id: String },
    #[error("hubspot.{field} comes from HubSpot and cannot be edited by hand")]
    HubspotField { field: String },
    #[error("auto.{field} is kept by Tributary itself and cannot be edited by hand")]
    AutoField { field: String },
    #[error("{field} is of type {kind}, and the value does not fit")]
    ValueType { field: String, kind: MetadataType },
    #[error("there is no field {name}{}", similar::clause(.nearest.as_deref()))]
    UnknownField {
        name: String,
        nearest: Option<String>,
    },
    #[error("cannot write {}", path.display())]
    OutputFile { path: PathBuf, source: io::Error },
    #[error("cannot read the token file {}", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
    #[error("the token file {} {problem}", path.display())]
    TokenFileContent {
        path: PathBuf,
        problem: &'static str,
    },
    #[error("cannot listen on port {port} for HubSpot's answer")]
    CallbackPort { port: u16, source: io::Error },
    #[error("HubSpot did not grant access: {problem}")]
    NotGranted { problem: String },
    #[error("nobody answered on HubSpot's page within {minutes} minutes")]
    NoAnswer { minutes: u64 },
    #[error("stopped before HubSpot answered")]
    Interrupted,
    #[error("HubSpot's {level} properties have no {name}{}", similar::clause(.nearest.as_deref()))]
    UnknownProperty {
        level: &'static str,
        name: String,
        nearest: Option<String>,
    },
    #[error("{name} cannot be imported")]
    Unimportable { name: String, source: Unimportable },
    #[error("neither level is mapped")]
    NothingMapped,
    #[error("there is no run {0}")]
    UnknownRun(RunId),
    #[error("there is no job {0} that waits or is under way")]
    UnknownJob(i64),
    #[error("the rhythm cannot be used")]
    BadRhythm(#[source] BadRhythm),
    #[error("the demo's portal cannot be started")]
    Demo(#[source] io::Error),
    #[error("the data directory {} holds {what}, which is not the demo's", path.display())]
    DemoData { path: PathBuf, what: String },
    #[error("the demo's portal failed: {0}")]
    DemoPortal(String),
    #[error("the demo's pages do not answer as they should: {0}")]
    DemoPages(String),
    #[error("cannot listen on {address}")]
    AddressTaken {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("nobody signs in as {email}{}", similar::clause(.nearest.as_deref()))]
    UnknownUser {
        email: String,
        nearest: Option<String>,
    },
    #[error("{0} is somebody's e-mail address already")]
    UserTaken(String),
    #[error("{0} was deactivated")]
    Deactivated(String),
    #[error("what is stored in {place} differs from what was copied")]
    CopyDiffers { place: String },
}

impl Trouble {
    /// The exit status that goes with it.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::UnknownTimeZone { .. } => Exit::Usage,
            Self::MirrorBadLines { .. } | Self::Interrupted => Exit::Partial,
            _ => Exit::Failed,
        }
    }

    /// The row of the table: number and hint.
    #[expect(clippy::too_many_lines, reason = "one table, one row for each kind")]
    const fn row(&self) -> (u16, &'static str) {
        match self {
            Self::Usage(_) => (100, "Add --help to any command to see how it is written."),
            Self::ConfigFile { .. } => (101, "Check the path and who may read the file."),
            Self::NotToml { .. } => (102, "See `tributary config show-default` for the form."),
            Self::UnknownSetting { .. } => {
                (103, "`tributary config show-default` lists every setting.")
            }
            Self::BadSetting { .. } => (
                104,
                "Correct the setting; `tributary config show-default` says what each one means.",
            ),
            Self::SecretFile { .. } => (
                105,
                "Check the path and who may read the file, or set the secret itself.",
            ),
            Self::NoSubscription => (
                106,
                "Make one: tributary subscription create --name NAME --timezone ZONE",
            ),
            Self::WhichSubscription(_) => (
                107,
                "Say which one: --subscription NAME, or TRIBUTARY_SUBSCRIPTION.",
            ),
            Self::UnknownSubscription { .. } => {
                (108, "`tributary subscription list` shows those there are.")
            }
            Self::UnknownTimeZone { .. } => (
                109,
                "Write a name of the IANA time zone database, such as Asia/Tokyo or Europe/Berlin.",
            ),
            Self::InputFile { .. } => (
                110,
                "Check the path and who may read the file; `-` reads standard input.",
            ),
            Self::MirrorUnconfirmed { .. } => (
                115,
                "Repeat the command with --yes to remove them, or without --mirror to keep them.",
            ),
            Self::MirrorBadLines { .. } => (116, "Correct the bad lines and repeat the command."),
            Self::MirrorEmpty => (
                117,
                "Check that this is the right file. To remove ids one by one: tributary visitors delete ID",
            ),
            Self::UnknownSubject { .. } => (
                118,
                "Ids are compared byte for byte, upper and lower case included; `list` shows those that are known.",
            ),
            Self::HubspotField { .. } => (
                119,
                "Change the value in HubSpot; the next sync brings it. For a value of your own use the group custom.",
            ),
            Self::AutoField { .. } => (120, "For a value of your own use the group custom."),
            Self::ValueType { .. } => (
                121,
                "A field keeps its type. Write a value that fits, or use another field name.",
            ),
            Self::UnknownField { .. } => (
                122,
                "Write id, accounts, or group.field; `list` and `mapping show` name the fields.",
            ),
            Self::OutputFile { .. } => (
                124,
                "Check the path, who may write there, and that the disk has room.",
            ),
            Self::TokenFile { .. } => (
                131,
                "Check the path and who may read the file; it holds the token and nothing else.",
            ),
            Self::TokenFileContent { .. } => (132, "Put the token into the file as its only line."),
            Self::CallbackPort { .. } => (
                135,
                "Free the port, or set hubspot.callback_port and the app's redirect address to another one.",
            ),
            Self::NotGranted { .. } => (
                136,
                "Repeat the command and grant access; installing an app needs a Super Admin or App Marketplace permission.",
            ),
            Self::NoAnswer { .. } => (
                137,
                "Repeat the command and open the printed address in a browser on this machine.",
            ),
            Self::Interrupted => (138, "Nothing was changed. Repeat the command to connect."),
            Self::UnknownProperty { .. } => (
                141,
                "`tributary hubspot properties --level LEVEL` lists every property by its internal name.",
            ),
            Self::Unimportable { .. } => (
                142,
                "Choose another property; `tributary hubspot properties --level LEVEL` says which can be imported.",
            ),
            Self::NothingMapped => (
                143,
                "Set a mapping first: tributary mapping set --level visitor --key PROPERTY --fields a,b,c",
            ),
            Self::UnknownJob(_) => (
                170,
                "`tributary jobs list` shows the jobs that are not over.",
            ),
            Self::BadRhythm(_) => (
                171,
                "Write nightly, hourly, every 30 minutes, or cron and an expression: tributary schedule set cron '0 3 * * 1-5'",
            ),
            Self::UnknownRun(_) => (
                144,
                "`tributary runs list` shows the runs of the subscription.",
            ),
            Self::Demo(_) => (150, "Leave --port out to take a free port."),
            Self::DemoData { .. } => (
                152,
                "Let the demo have a data directory of its own: leave --data-dir and TRIBUTARY_DATA_DIR out, or name another.",
            ),
            Self::DemoPortal(_) => (
                151,
                "This is a fault in Tributary; please report it with the message above.",
            ),
            Self::DemoPages(_) => (
                153,
                "This is a fault in Tributary; please report it with the message above.",
            ),
            Self::AddressTaken { .. } => (
                160,
                "Another program listens there, perhaps Tributary itself. End it, or name another port: --listen 127.0.0.1:8701 (port 0 takes a free one).",
            ),
            Self::Listen { .. } => (
                161,
                "The address has to be one of this machine, such as 127.0.0.1 or 0.0.0.0, and ports below 1024 need a right of their own: --listen ADDRESS:PORT.",
            ),
            Self::UnknownUser { .. } => (
                162,
                "`tributary users list` shows who may sign in; `tributary users add EMAIL` adds somebody.",
            ),
            Self::UserTaken(_) => (
                163,
                "For a new link: tributary users reset EMAIL. An admin changes roles on the page Users.",
            ),
            Self::Deactivated(_) => (
                164,
                "To let the person sign in again, repeat the command with --activate.",
            ),
            Self::CopyDiffers { .. } => (
                182,
                "Nothing of the copy was kept. Check disk and database for faults, and repeat the command; the original is as it was.",
            ),
        }
    }
}

impl Explain for Trouble {
    fn number(&self) -> u16 {
        self.row().0
    }

    fn hint(&self) -> &'static str {
        self.row().1
    }
}
