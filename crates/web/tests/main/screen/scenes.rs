//! The registry of page states, and what is held against each of them.
//!
//! A state stands in [`SCENES`] with the templates that make it; a template in none of them fails
//! [`every_template_is_part_of_a_scene`]. The tests of [`super::states`] bring an installation into each state and show it: in
//! both languages, light and dark, wide and narrow. Each look is held against axe, the console must be silent, no page is wider
//! than its window, and what assistive technology is told is kept as a snapshot for each language.
//!
//! With `TRIBUTARY_SCREENSHOTS` set to a directory, each look is kept there as a picture.

use std::{
    collections::BTreeSet,
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use super::{Look, Rules, Screen};

/// The variable that names a directory for pictures.
const PICTURES: &str = "TRIBUTARY_SCREENSHOTS";

/// A state of a page: its name, and the templates that make it (what they include is found by itself).
type Scene = (&'static str, &'static [&'static str]);

/// All of them, by topic.
pub(super) const SCENES: &[Scene] = &[
    ("people/set-up", &["set_up.html"]),
    ("people/set-up-refused", &["set_up.html"]),
    ("people/set-up-over", &["set_up.html"]),
    ("people/sign-in", &["sign_in.html"]),
    ("people/sign-in-wrong", &["sign_in.html"]),
    ("people/join", &["password.html"]),
    ("people/reset-refused", &["password.html"]),
    ("people/waiting", &["waiting.html"]),
    ("people/users", &["users.html"]),
    ("people/users-link", &["users.html"]),
    ("people/users-refused", &["users.html"]),
    ("people/account", &["account.html"]),
    ("people/account-refused", &["account.html"]),
    ("people/not-found", &["error.html"]),
    ("people/forbidden", &["error.html"]),
    ("settings/subscription-new", &["subscription.html"]),
    ("settings/subscription-refused", &["subscription.html"]),
    ("settings/subscription", &["subscription.html"]),
    ("settings/subscription-viewer", &["subscription.html"]),
    ("settings/app-empty", &["app.html"]),
    ("settings/app-refused", &["app.html"]),
    ("settings/app", &["app.html"]),
    (
        "settings/storage",
        &["storage.html", "_storage_counts.html"],
    ),
    ("settings/audit", &["audit.html"]),
    ("schedule/not-mapped", &["schedule.html"]),
    ("schedule/nightly", &["schedule.html"]),
    ("schedule/refused", &["schedule.html"]),
    ("schedule/paused", &["schedule.html"]),
    ("schedule/missed", &["schedule.html"]),
    ("schedule/viewer", &["schedule.html"]),
    ("destination/none", &["destination.html"]),
    ("destination/none-viewer", &["destination.html"]),
    ("destination/wrong-key", &["destination.html"]),
    ("destination/read-only", &["destination.html"]),
    ("destination/bad-prefix", &["destination.html"]),
    ("destination/unreachable", &["destination.html"]),
    ("destination/connected", &["destination.html"]),
    ("destination/start", &["overview.html"]),
    ("destination/ids", &["ids.html"]),
    ("destination/delivering", &["run.html", "_delivery.html"]),
    ("destination/waiting", &["destination.html"]),
    ("destination/waiting-long", &["overview.html"]),
    ("destination/partly", &["run.html", "_delivery.html"]),
    ("destination/missing", &["records.html"]),
    ("destination/refused", &["records.html"]),
    ("destination/attention", &["overview.html"]),
    ("destination/delivered", &["run.html", "_delivery.html"]),
    ("destination/differing", &["destination.html"]),
    ("destination/differences", &["differences.html"]),
    ("destination/no-differences", &["differences.html"]),
    ("destination/comparing", &["destination.html"]),
    ("destination/viewer", &["destination.html"]),
    ("destination/broken", &["destination.html"]),
    ("destination/broken-elsewhere", &["overview.html"]),
    ("start/overview", &["overview.html"]),
    ("start/visitors", &["subjects.html"]),
    ("start/accounts", &["subjects.html"]),
    ("start/runs", &["runs.html"]),
    ("start/mappings-no-app", &["mappings.html"]),
    ("start/mappings-viewer", &["mappings.html"]),
    ("ids/empty", &["ids.html"]),
    ("ids/viewer", &["ids.html"]),
    ("ids/preview", &["ids.html"]),
    ("ids/unreadable", &["ids.html"]),
    ("ids/waiting", &["ids.html"]),
    ("ids/loading", &["ids.html", "_import_progress.html"]),
    ("ids/asking", &["ids.html"]),
    ("ids/removing", &["ids.html", "_import_progress.html"]),
    ("ids/cancelled", &["ids.html"]),
    ("ids/loaded", &["ids.html"]),
    ("connect/authenticate", &["mappings.html"]),
    ("connect/denied", &["mappings.html"]),
    ("connect/other-account", &["mappings.html"]),
    ("connect/connected", &["mappings.html"]),
    ("connect/second-tab", &["mappings.html"]),
    ("connect/broken", &["mappings.html"]),
    ("map/key", &["key.html"]),
    ("map/key-sampling", &["key.html", "_sample_progress.html"]),
    ("map/key-sampled", &["key.html"]),
    ("map/key-cost", &["key.html", "_cost.html"]),
    ("map/key-none-picked", &["key.html"]),
    ("map/key-change", &["key.html"]),
    ("map/fields-empty", &["mappings.html"]),
    ("map/menu", &["mappings.html", "_menu.html"]),
    ("map/menu-page", &["fields_menu.html"]),
    ("map/fields-chosen", &["mappings.html"]),
    ("map/fields-stopped", &["mappings.html"]),
    ("map/fields-conflict", &["mappings.html"]),
    ("map/switched-off", &["mappings.html"]),
    ("sync/live", &["mappings.html", "_live.html"]),
    ("sync/live-run", &["run.html", "_live.html"]),
    ("sync/proved", &["mappings.html"]),
    ("sync/proved-viewer", &["mappings.html"]),
    ("sync/overview", &["overview.html"]),
    ("sync/runs", &["runs.html"]),
    ("sync/run", &["run.html"]),
    ("sync/run-failed", &["run.html"]),
    ("sync/missed", &["records.html"]),
    ("sync/missed-one-reason", &["records.html"]),
    ("sync/matched", &["records.html"]),
    ("sync/changed", &["records.html"]),
    ("sync/quarantined", &["records.html"]),
    ("sync/ended", &["records.html"]),
    ("sync/search-none", &["records.html"]),
    ("subjects/visitors", &["subjects.html"]),
    ("subjects/none-found", &["subjects.html"]),
    ("subjects/sorted", &["subjects.html"]),
    ("subjects/accounts", &["subjects.html"]),
    ("subjects/visitor", &["subject.html"]),
    ("subjects/visitor-viewer", &["subject.html"]),
    ("subjects/account", &["subject.html"]),
];

/// The languages in which each scene is opened.
const LANGUAGES: [&str; 2] = ["en", "ja"];

/// How wide a narrow window is, in pixels.
const NARROW: u32 = 375;

/// Cuts long lists: the hundredth row is made as the fifth, and axe takes minutes over hundreds of them.
const SHORTEN: &str = "
    const long = ['tbody tr', '.options > li', '.options > .option', '.rows > li', '.chosen > li']
      .map(one => one + ':nth-child(n+13)').join(', ');
    for (const one of document.querySelectorAll(long)) one.remove();
    for (const one of document.querySelectorAll('#menu-options > fieldset:nth-of-type(n+4):not(:last-of-type)')) one.remove();";

/// What is done on a page before it is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act<'a> {
    /// A field is filled in.
    Fill(&'a str, &'a str),
    /// Something is clicked on.
    Click(&'a str),
    /// Something has appeared.
    See(&'a str),
    /// Something happens that nobody does by hand.
    Run(&'a str),
}

/// Shows the scenes of a topic.
pub(super) struct Gallery {
    screen: Screen,
    topic: &'static str,
    shown: BTreeSet<&'static str>,
    faults: Vec<String>,
}

impl Gallery {
    pub(super) async fn open(topic: &'static str) -> Self {
        Self {
            screen: Screen::open(Look::WIDE).await,
            topic,
            shown: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// Whoever looks from now on: the secret of a session, or nobody.
    pub(super) async fn signed_in(&self, address: &str, secret: Option<&str>) {
        self.screen.become_nobody().await;
        if let Some(secret) = secret {
            self.screen.become_session(address, secret).await;
        }
    }

    /// Shows a scene in every look.
    pub(super) async fn show(&mut self, name: &'static str, address: &str, acts: &[Act<'_>]) {
        let known = SCENES.iter().any(|(scene, _)| *scene == name);
        assert!(known, "{name} does not stand in SCENES");
        assert!(name.starts_with(self.topic), "{name} is of another topic");
        assert!(self.shown.insert(name), "{name} is shown twice");
        for language in LANGUAGES {
            let light = Look {
                language,
                ..Look::WIDE
            };
            self.screen.look(light).await;
            self.screen.goto(address).await;
            for act in acts {
                match act {
                    Act::Fill(css, text) => self.screen.fill(css, text).await,
                    Act::Click(css) => self.screen.click(css).await,
                    Act::See(css) => drop(self.screen.find(css).await),
                    Act::Run(script) => self.screen.run(script).await,
                }
            }
            self.screen.run(SHORTEN).await;
            self.inspect(name, light, Rules::All).await;
            self.hear(name, language).await;
            // The page follows the theme and the width of the window by itself.
            let (dark, width) = (true, NARROW);
            self.inspect(name, Look { dark, ..light }, Rules::Colours)
                .await;
            self.inspect(name, Look { width, ..light }, Rules::Sizes)
                .await;
            if env::var_os(PICTURES).is_some() {
                let look = Look {
                    dark,
                    width,
                    ..light
                };
                self.screen.look(look).await;
                self.keep_picture(name, look).await;
            }
        }
    }

    /// Holds a look against the rules.
    async fn inspect(&mut self, name: &'static str, look: Look, rules: Rules) {
        self.screen.look(look).await;
        let mut wrong = self.screen.violations(rules).await;
        wrong.extend(self.screen.complaints().await);
        if self.screen.overflows().await {
            wrong.push("the page is wider than the window".into());
        }
        let place = format!("{name} ({})", look.name());
        self.faults
            .extend(wrong.into_iter().map(|fault| format!("{place}: {fault}")));
        self.keep_picture(name, look).await;
    }

    /// Holds what assistive technology is told against what it was told before.
    async fn hear(&mut self, name: &'static str, language: &str) {
        let tree = stable(&self.screen.tree().await);
        let file = format!("{}.{language}", name.replace('/', "-"));
        let kept = catch_unwind(AssertUnwindSafe(|| {
            insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(file, tree);
            });
        }));
        if kept.is_err() {
            self.faults.push(format!(
                "{name} ({language}): assistive technology is told something else than before"
            ));
        }
    }

    async fn keep_picture(&self, name: &str, look: Look) {
        if let Some(folder) = env::var_os(PICTURES) {
            let file = format!("{}.{}.png", name.replace('/', "-"), look.name());
            fs::write(Path::new(&folder).join(file), self.screen.picture().await).unwrap();
        }
    }

    /// Every scene of the topic was shown, and nothing was wrong with any.
    pub(super) fn close(self) {
        let missing: Vec<_> = SCENES
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| name.split('/').next() == Some(self.topic))
            .filter(|name| !self.shown.contains(name))
            .collect();
        assert!(missing.is_empty(), "nobody shows {missing:?}");
        assert!(
            self.faults.is_empty(),
            "{} faults:\n{}",
            self.faults.len(),
            self.faults.join("\n")
        );
    }
}

/// A tree without what differs from run to run: ports, secrets, sizes, durations.
fn stable(tree: &str) -> String {
    let mut text = String::with_capacity(tree.len());
    for line in tree.lines() {
        let words: Vec<String> = line.split(' ').map(stable_word).collect();
        let mut line = words.join(" ");
        for unit in ["B", "kB", "MB", "GB", "s", "秒"] {
            line = without_number_before(&line, unit);
        }
        // What is about as long as a unit is sometimes longer.
        for size in ["N B", "N kB", "N MB", "N GB"] {
            line = line.replace(size, "N bytes");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn stable_word(word: &str) -> String {
    for host in ["localhost:", "127.0.0.1:"] {
        if let Some((before, after)) = word.split_once(host) {
            let rest = after.trim_start_matches(|one: char| one.is_ascii_digit());
            let rest = rest
                .split_once('#')
                .map_or(rest.to_owned(), |(page, secret)| {
                    let end = secret.trim_start_matches(|one: char| {
                        one.is_ascii_alphanumeric() || one == '-' || one == '_'
                    });
                    format!("{page}#SECRET{end}")
                });
            return format!("{before}{host}PORT{rest}");
        }
    }
    word.to_owned()
}

/// Replaces `12.3 unit` by `N unit`.
fn without_number_before(line: &str, unit: &str) -> String {
    let joint = if unit.is_ascii() { " " } else { "" };
    let mut parts: Vec<String> = line
        .split(&format!("{joint}{unit}"))
        .map(str::to_owned)
        .collect();
    let last = parts.len() - 1;
    let follows_word = |next: &str| next.starts_with(|one: char| one.is_ascii_alphanumeric());
    for at in 0..last {
        if unit.is_ascii() && follows_word(&parts[at + 1]) {
            continue;
        }
        let trimmed = parts[at]
            .trim_end_matches(|one: char| one.is_ascii_digit() || one == '.' || one == ',')
            .len();
        if trimmed < parts[at].len() {
            parts[at].truncate(trimmed);
            parts[at].push('N');
        }
    }
    parts.join(&format!("{joint}{unit}"))
}

#[test]
fn what_differs_from_run_to_run_is_masked() {
    for (line, kept) in [
        (
            "code \"http://localhost:41233/oauth/callback\"",
            "code \"http://localhost:PORT/oauth/callback\"",
        ),
        (
            "code \"http://localhost:1/join#aB-_9\"",
            "code \"http://localhost:PORT/join#SECRET\"",
        ),
        ("definition \"12.3 MB\"", "definition \"N bytes\""),
        ("cell \"0.4 s\"", "cell \"N s\""),
        ("text \"12 syncs\"", "text \"12 syncs\""),
        ("text \"0.4秒\"", "text \"N秒\""),
    ] {
        assert_eq!(stable(line).trim_end(), kept);
    }
}

/// A template that no scene shows is one that nobody has looked at.
#[test]
fn every_template_is_part_of_a_scene() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = SCENES
        .iter()
        .flat_map(|(_, templates)| templates.iter().map(|name| (*name).to_owned()))
        .collect();
    while let Some(name) = open.pop() {
        if !reached.insert(name.clone()) {
            continue;
        }
        let text = fs::read_to_string(folder.join(&name))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        for word in ["include \"", "extends \"", "import \""] {
            let named = text.split(word).skip(1);
            open.extend(named.filter_map(|rest| Some(rest.split('"').next()?.to_owned())));
        }
    }
    let all: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let unseen: Vec<_> = all.difference(&reached).collect();
    assert!(
        unseen.is_empty(),
        "no scene shows {unseen:?}: add one to SCENES"
    );
}
