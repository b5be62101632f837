//! What can only be found out by writing: to one id, into fields of the probe's own.

mod clearing;
mod sending;

use serde_json::{Value, json};

use self::sending::Looks;
use super::{
    Fields, Finding, Halt, Probe, Test,
    fields::{self, Made, PROBE_FIELDS, UNKNOWN_FIELD},
    outcome::{Effect, Taken, Tried},
    reading::form,
};
use crate::destination::formats::{Choice, Integers, Times, moment_held};

/// The fields, by their places in [`PROBE_FIELDS`].
const STRING: usize = 0;
const NUMBER: usize = 1;
const TIME: usize = 2;
const BOOLEAN: usize = 3;
const ALL: [usize; 4] = [STRING, NUMBER, TIME, BOOLEAN];

/// Two moments, the one sent as milliseconds and the other as text.
const MOMENT_MS: i64 = 1_730_133_540_846;
const MOMENT_ISO: (&str, i64) = ("2024-10-29T16:39:00.500Z", 1_730_219_940_500);

/// Makes the fields, tries what there is to be tried, and deletes the fields, whatever happened.
pub(super) async fn write(
    probe: &Probe<'_>,
    test: &Test,
    found: &mut Choice,
    fields: &mut Option<Fields>,
) -> Result<(), Halt> {
    probe.step("making the probe's fields")?;
    let mut writing = Writing {
        probe,
        test,
        made: [const { None }; 4],
        unasked: None,
        held: [const { None }; 4],
        members: None,
        waited: false,
        looks: Looks::default(),
    };
    let done = writing.experiments(found).await;
    writing.looks.report(probe);
    (probe.tell)("deleting the probe's fields");
    let made = writing.made.iter().flatten().chain(&writing.unasked);
    let known: Vec<String> = made.map(|made| made.key.clone()).collect();
    *fields = Some(fields::delete(&probe.client, test.level, &known).await);
    done
}

struct Writing<'a> {
    probe: &'a Probe<'a>,
    test: &'a Test,
    /// The fields as Pendo has made them.
    made: [Option<Made>; 4],
    /// A field that came into being for a value.
    unasked: Option<Made>,
    /// What the fields held when it was last looked.
    held: [Option<Value>; 4],
    /// The members of the first answer that was good.
    members: Option<Vec<String>>,
    /// It was waited in vain for something of the last write to be seen.
    waited: bool,
    looks: Looks,
}

impl Writing<'_> {
    async fn experiments(&mut self, found: &mut Choice) -> Result<(), Halt> {
        self.made = fields::make(&self.probe.client, self.test.level).await?;
        self.names();
        self.answer_shape().await?;
        found.integers = self.numbers().await?;
        self.attempt(BOOLEAN, json!(true), "writing a truth value")
            .await?;
        found.times = self.times().await?;
        self.wrong_type().await?;
        self.unknown_field().await?;
        let empty = self.empty_text().await?;
        found.cleared = self.null(empty).await?;
        Ok(())
    }

    fn names(&self) {
        const NAME: &str = "names";
        let names = || {
            let made = self.made.iter().zip(PROBE_FIELDS);
            made.filter_map(|(made, field)| Some((field.name, made.as_ref()?.key.as_str())))
        };
        if names().next().is_none() {
            let why = "Pendo was asked to make the fields, and has none of them";
            let finding =
                Finding::unknown(NAME, why, "no value of ours would arrive: please report it");
            return self.probe.find(finding);
        }
        let all = |rule: fn(&str) -> String| names().all(|(name, key)| rule(name) == key);
        let how = if all(str::to_owned) {
            "kept"
        } else if all(str::to_lowercase) {
            "lowercased"
        } else if all(|name| name.replace('_', "").to_lowercase()) {
            "stripped"
        } else {
            "changed"
        };
        let keys: serde_json::Map<String, Value> = names()
            .map(|(name, key)| (name.into(), key.into()))
            .collect();
        let (name, key) = names().next().unwrap_or_default();
        self.probe.find(Finding::found(
            NAME,
            json!({ "how": how, "keys": keys }),
            format!("{how}: {name} is {key}"),
            "our fields are found under the names that they got",
        ));
    }

    /// The first write, and what its answer looks like.
    async fn answer_shape(&mut self) -> Result<(), Halt> {
        const NAME: &str = "answer_shape";
        let tried = self
            .attempt(STRING, json!("Tributary probe"), "writing a text")
            .await?;
        let follows = "none of these members has to be there";
        self.probe.find(match (&self.members, tried) {
            (Some(members), _) => {
                let has = |name: &str| {
                    members
                        .iter()
                        .any(|member| member.eq_ignore_ascii_case(name))
                };
                Finding::found(
                    NAME,
                    json!({
                        "members": members,
                        "kind": has("kind"),
                        "missing_when_empty": has("missing"),
                        "errors_when_empty": has("errors"),
                    }),
                    format!("it has {}", members.join(", ")),
                    follows,
                )
            }
            (None, Some(tried)) => Finding::unknown(NAME, tried.text(), follows),
            (None, None) => Finding::unknown(NAME, NOT_MADE, follows),
        });
        Ok(())
    }

    async fn numbers(&mut self) -> Result<Option<Integers>, Halt> {
        let Some(kind) = self.made[NUMBER].as_ref().map(|made| made.kind.clone()) else {
            let follows = "decimals would not be sent";
            self.probe
                .find(Finding::unknown("number_type", NOT_MADE, follows));
            return Ok(None);
        };
        let is_integer = kind == "integer";
        let follows = if is_integer {
            "decimals are sent to such a field only if their digits stay"
        } else {
            "decimals fit"
        };
        let text = format!("a field made as number is {kind}");
        self.probe
            .find(Finding::found("number_type", kind, text, follows));
        let tried = self
            .attempt(NUMBER, json!(12.5), "writing a decimal")
            .await?;
        let Some(tried) = tried else { return Ok(None) };
        let survives = tried.effect() == Effect::Stored;
        let text = match &tried.held {
            Some(held) if tried.taken == Taken::Yes && !survives => {
                format!("12.5 came back as a {}, {held}", form(Some(held)))
            }
            _ if survives => "12.5 came back as it was sent".into(),
            _ => format!("12.5 was sent: {}", tried.text()),
        };
        let follows = match (is_integer, survives) {
            (false, true) => "decimals keep their digits",
            (false, false) => "decimals do not arrive: please report it",
            (true, true) => "decimals are sent to fields of whole numbers too",
            (true, false) => "fields of whole numbers are held, so that no digit is lost",
        };
        let value =
            json!({ "survives": survives, "effect": tried.effect().word(), "held": tried.held });
        self.probe
            .find(Finding::found("decimals", value, text, follows));
        let integers = if survives {
            Integers::Send
        } else {
            Integers::Hold
        };
        Ok(is_integer.then_some(integers))
    }

    async fn times(&mut self) -> Result<Option<Times>, Halt> {
        let (iso, iso_ms) = MOMENT_ISO;
        let epoch = self
            .time(
                "times_epoch_ms",
                json!(MOMENT_MS),
                MOMENT_MS,
                "milliseconds since 1970",
            )
            .await?;
        let text = self
            .time("times_iso8601", json!(iso), iso_ms, "ISO 8601")
            .await?;
        Ok(match (epoch, text) {
            (true, _) => Some(Times::EpochMs),
            (false, true) => Some(Times::Iso8601),
            (false, false) => None,
        })
    }

    /// Whether a moment may be written in a form.
    async fn time(
        &mut self,
        name: &'static str,
        sent: Value,
        ms: i64,
        words: &str,
    ) -> Result<bool, Halt> {
        let tried = self
            .attempt(TIME, sent, &format!("writing a time as {words}"))
            .await?;
        let Some(tried) = tried else {
            let follows = "times would not be sent";
            self.probe.find(Finding::unknown(name, NOT_MADE, follows));
            return Ok(false);
        };
        let read = tried
            .held
            .as_ref()
            .and_then(|held| moment_held(&held.to_string()));
        let taken = tried.taken == Taken::Yes && read == Some(ms);
        let reads = form(tried.held.as_ref());
        let text = match &tried.taken {
            Taken::Yes if taken => format!("{words}: taken, and reads as a {reads}"),
            Taken::Yes => format!("{words}: taken, and reads as another moment ({reads})"),
            _ => format!("{words}: {}", tried.text()),
        };
        let follows = if taken {
            "times can be sent so"
        } else {
            "times are not sent so, if the other form works"
        };
        let value = json!({ "taken": taken, "reads": reads, "effect": tried.effect().word() });
        self.probe.find(Finding::found(name, value, text, follows));
        Ok(taken)
    }

    async fn wrong_type(&mut self) -> Result<(), Halt> {
        const NAME: &str = "wrong_type";
        let (Some(number), Some(boolean)) = (self.key(NUMBER), self.key(BOOLEAN)) else {
            self.probe.find(Finding::unknown(NAME, NOT_MADE, CHECKED));
            return Ok(());
        };
        self.probe
            .step("writing a text into the number, beside a good value")?;
        let (text, truth) = (json!("many"), json!(false));
        let taken = self.put(&[(&number, &text), (&boolean, &truth)]).await?;
        let tried = self.look(NUMBER, text, &taken).await?;
        let beside = self.look(BOOLEAN, truth, &taken).await?;
        self.probe.find(with_beside(
            NAME,
            &tried,
            &beside,
            tried.effect().word(),
            &tried.text(),
            CHECKED,
        ));
        Ok(())
    }

    async fn unknown_field(&mut self) -> Result<(), Halt> {
        const NAME: &str = "unknown_field";
        const FOLLOWS: &str = "fields are made, with their types, before any value is sent";
        let Some(string) = self.key(STRING) else {
            self.probe.find(Finding::unknown(NAME, NOT_MADE, FOLLOWS));
            return Ok(());
        };
        self.probe
            .step("sending a value for a field that is not made")?;
        let (text, beside) = (
            json!("Tributary probe"),
            json!("Tributary probe, beside an unknown field"),
        );
        let taken = self
            .put(&[(UNKNOWN_FIELD, &text), (&string, &beside)])
            .await?;
        let beside = self.look(STRING, beside, &taken).await?;
        self.unasked = fields::unasked(&self.probe.client, self.test.level).await?;
        let (word, text) = match (&self.unasked, &taken) {
            (Some(made), _) => {
                let text = format!("the field comes into being, as {}", made.kind);
                (format!("created_as_{}", made.kind.replace(' ', "_")), text)
            }
            (None, Taken::Yes) => ("ignored".into(), "its value is passed over".into()),
            (None, _) => (beside.effect().word().into(), beside.text()),
        };
        self.probe
            .find(with_beside(NAME, &beside, &beside, &word, &text, FOLLOWS));
        Ok(())
    }
}

/// A finding about a value that was sent beside a good one.
fn with_beside(
    name: &'static str,
    tried: &Tried,
    beside: &Tried,
    word: &str,
    text: &str,
    follows: &str,
) -> Finding {
    let arrives = beside.effect() == Effect::Stored;
    let rest = if arrives {
        "the value beside it arrives"
    } else {
        "the value beside it does not arrive"
    };
    let value = json!({ "effect": word, "beside_arrives": arrives, "held": tried.held });
    Finding::found(name, value, format!("{text}; {rest}"), follows)
}

/// Why there is nothing to say about a field.
const NOT_MADE: &str = "Pendo did not make the field";

/// What is done about values of a wrong type.
const CHECKED: &str =
    "values are checked against their types before they are sent, so this is not met";
