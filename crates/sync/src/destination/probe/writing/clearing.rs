//! How it is said that a value goes.

use serde_json::{Value, json};

use super::{
    super::{Finding, GROUP, Halt, Test, answered, outcome::Effect},
    ALL, BOOLEAN, MOMENT_MS, NUMBER, STRING, TIME, Writing,
};
use crate::destination::formats::Cleared;

impl Writing<'_> {
    /// Whether an empty text takes a value away, from every field.
    pub(super) async fn empty_text(&mut self) -> Result<bool, Halt> {
        const NAME: &str = "empty_text";
        const FOLLOWS: &str = "it is the second choice for saying that a value goes, after null";
        if self.held[STRING].is_none() {
            self.probe.find(Finding::unknown(
                NAME,
                "the text field holds nothing that could go",
                FOLLOWS,
            ));
            return Ok(false);
        }
        let tried = self
            .attempt(STRING, json!(""), "writing an empty text")
            .await?;
        let Some(tried) = tried else { return Ok(false) };
        let mut clears = tried.effect() == Effect::Cleared;
        let mut text = tried.text();
        if clears {
            let others = self
                .clear(
                    &[NUMBER, TIME, BOOLEAN],
                    &json!(""),
                    "writing an empty text into the other fields",
                )
                .await?;
            clears = others.iter().all(|tried| tried.effect() == Effect::Cleared);
            if !clears {
                text.push_str(", but not in fields of every type");
            }
        }
        let value = json!({ "effect": tried.effect().word(), "every_type": clears });
        self.probe.find(Finding::found(NAME, value, text, FOLLOWS));
        Ok(clears)
    }

    /// Whether null takes a value away, and what is to be used for that.
    pub(super) async fn null(&mut self, empty_clears: bool) -> Result<Option<Cleared>, Halt> {
        const NAME: &str = "null";
        let again = [
            json!("Tributary probe"),
            json!(12.5),
            json!(MOMENT_MS),
            json!(true),
        ];
        for (field, sent) in ALL.into_iter().zip(again) {
            if self.held[field].as_ref().is_none_or(|held| held == "") && empty_clears {
                self.attempt(field, sent, "writing values once more")
                    .await?;
            }
        }
        let tried = self.clear(&ALL, &Value::Null, "writing null").await?;
        let Some(first) = tried.first() else {
            let follows = "null is sent, as if nothing had been probed";
            self.probe.find(Finding::unknown(
                NAME,
                "no field holds anything that could go",
                follows,
            ));
            return Ok(None);
        };
        let clears = tried.iter().all(|tried| tried.effect() == Effect::Cleared);
        let odd = tried
            .iter()
            .find(|tried| tried.effect() != Effect::Cleared)
            .unwrap_or(first);
        let cleared = if clears {
            Cleared::Null
        } else if empty_clears {
            Cleared::Empty
        } else {
            Cleared::Keep
        };
        let (effect, text) = if clears && self.null_is_held().await? {
            (
                "stored",
                "the value is gone afterwards, and null in its place".into(),
            )
        } else {
            (odd.effect().word(), odd.text())
        };
        let follows = match cleared {
            Cleared::Null => "a value that goes is cleared by null",
            Cleared::Empty => "a value that goes is cleared by an empty text",
            Cleared::Keep => {
                "a value that goes in HubSpot stays in Pendo: neither null nor an empty text clears it"
            }
        };
        self.probe.find(Finding::found(
            NAME,
            json!({ "effect": effect, "clears": clears }),
            text,
            follows,
        ));
        if cleared == Cleared::Empty {
            self.clear(&ALL, &json!(""), "clearing what was written")
                .await?;
        }
        Ok(Some(cleared))
    }

    /// Whether the whole record still names a field, with null.
    async fn null_is_held(&self) -> Result<bool, Halt> {
        let Test { level, id } = self.test;
        let record = answered(self.probe.client.raw_record(*level, id).await)?;
        let custom = record.ok().flatten().unwrap_or_default();
        let custom = &custom["metadata"][GROUP];
        Ok(ALL
            .into_iter()
            .filter_map(|field| self.key(field))
            .any(|key| custom.get(&key).is_some_and(Value::is_null)))
    }
}
