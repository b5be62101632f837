//! NDJSON: `{"id":"…","accounts":["…"],"agent":{…}}` per line.
//!
//! Lines are read without building a document of them: a million of them shall cost seconds.

use std::{borrow::Cow, fmt, io::Read};

use model::Level;
use serde::{
    Deserialize, Deserializer as _,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use store::import::NewSubject;

use super::{
    Error, Outbox, Reason, Stop, ids,
    json::{self, Agent},
    source::{Line, Source},
    types::Types,
};

/// Reads a whole file.
pub(super) fn read(
    mut source: Source<impl Read>,
    level: Level,
    types: &mut Types,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    let mut parser = Parser::new(level);
    let mut buffer = Vec::new();
    let mut line = 0;
    loop {
        let found = source
            .line(&mut buffer)
            .map_err(|source| Error::Read { line, source })?;
        line += 1;
        let outcome = match found {
            Line::End => return Ok(()),
            Line::TooLong => Err(Reason::TooLong),
            Line::Read if buffer.iter().all(u8::is_ascii_whitespace) => continue,
            Line::Read => match std::str::from_utf8(&buffer) {
                Ok(text) => parser.line(text, types),
                Err(_) => Err(Reason::NotUtf8),
            },
        };
        outbox.put(line, source.bytes_read(), outcome, types)?;
    }
}

/// Reads lines of one level, keeping its buffers.
#[derive(Debug)]
pub(super) struct Parser {
    level: Level,
    agent: Agent,
}

impl Parser {
    pub(super) fn new(level: Level) -> Self {
        Self {
            level,
            agent: Agent::default(),
        }
    }

    /// Reads one line.
    pub(super) fn line(&mut self, text: &str, types: &mut Types) -> Result<NewSubject, Reason> {
        types.start_line();
        self.agent.start();
        let mut reading = Reading {
            level: self.level,
            agent: &mut self.agent,
            types,
            reason: None,
            at: At::Object,
            id: None,
            accounts: None,
        };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = reading
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end());
        if let Err(error) = read {
            return Err(reading
                .reason
                .take()
                .unwrap_or_else(|| wrong(&error, reading.at)));
        }
        let Reading { id, accounts, .. } = reading;
        let id = id.ok_or(Reason::NoId)?;
        types.keep_line();
        Ok(NewSubject {
            id: id.into_owned(),
            accounts,
            agent: self.agent.finish(),
        })
    }
}

/// One line being read.
struct Reading<'p, 'de> {
    level: Level,
    agent: &'p mut Agent,
    types: &'p mut Types,
    /// What is wrong with the line, where it is more than a matter of syntax.
    reason: Option<Reason>,
    at: At,
    id: Option<Cow<'de, str>>,
    accounts: Option<String>,
}

/// Which value is being read.
#[derive(Debug, Clone, Copy)]
enum At {
    Object,
    Id,
    Accounts,
    Agent,
}

/// The reason behind an error of serde's: a wrong type by where it stands, else the syntax.
fn wrong(error: &serde_json::Error, at: At) -> Reason {
    match (error.classify(), at) {
        (serde_json::error::Category::Data, At::Id) => Reason::IdNotText,
        (serde_json::error::Category::Data, At::Accounts) => Reason::AccountsNotTexts,
        (serde_json::error::Category::Data, At::Agent) => Reason::AgentNotObject,
        (serde_json::error::Category::Data, At::Object) => Reason::NotJson {
            problem: "another JSON value".into(),
            column: 1,
        },
        _ => {
            let message = error.to_string();
            let problem = message.split(" at line ").next().unwrap_or_default();
            Reason::NotJson {
                problem: problem.into(),
                column: error.column(),
            }
        }
    }
}

impl<'de> Reading<'_, 'de> {
    fn refuse<E: serde::de::Error>(&mut self, reason: Reason) -> E {
        self.reason = Some(reason);
        E::custom("refused")
    }

    fn deserialize(
        &mut self,
        deserializer: &mut serde_json::Deserializer<serde_json::de::StrRead<'de>>,
    ) -> Result<(), serde_json::Error> {
        deserializer.deserialize_map(Object(self))
    }

    fn unknown(&self, key: &str) -> Reason {
        match key {
            "hubspot" => Reason::Group { group: "hubspot" },
            "custom" => Reason::Group { group: "custom" },
            "auto" => Reason::Group { group: "auto" },
            "metadata" => Reason::ExportLine,
            _ => Reason::UnknownKey {
                key: key.into(),
                level: self.level,
            },
        }
    }
}

/// The object of the line.
struct Object<'r, 'p, 'de>(&'r mut Reading<'p, 'de>);

impl<'de> Visitor<'de> for Object<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let reading = self.0;
        let mut agent_seen = false;
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            let twice = match key.as_ref() {
                "id" => reading.id.is_some(),
                "accounts" => reading.accounts.is_some(),
                "agent" => std::mem::replace(&mut agent_seen, true),
                _ => {
                    let reason = reading.unknown(&key);
                    return Err(reading.refuse(reason));
                }
            };
            if twice {
                let key = key.into_owned();
                return Err(reading.refuse(Reason::Twice { key }));
            }
            match key.as_ref() {
                "id" => {
                    reading.at = At::Id;
                    let Text(id) = map.next_value()?;
                    if let Err(reason) = ids::check(&id) {
                        return Err(reading.refuse(reason));
                    }
                    reading.id = Some(id);
                }
                "accounts" if reading.level == Level::Account => {
                    return Err(reading.refuse(Reason::AccountsOfAccount));
                }
                "accounts" => {
                    reading.at = At::Accounts;
                    map.next_value_seed(Accounts(reading))?;
                }
                _ => {
                    reading.at = At::Agent;
                    map.next_value_seed(AgentObject(reading))?;
                }
            }
            reading.at = At::Object;
        }
        Ok(())
    }
}

/// `null`, which says nothing, or the list of account ids.
struct Accounts<'r, 'p, 'de>(&'r mut Reading<'p, 'de>);

impl<'de> DeserializeSeed<'de> for Accounts<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Accounts<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        let mut accounts = Vec::new();
        while let Some(Text(id)) = seq.next_element::<Text<'de>>()? {
            if let Err(reason) = ids::add_account(&mut accounts, id) {
                return Err(self.0.refuse(reason));
            }
        }
        self.0.accounts = Some(json::array(&accounts));
        Ok(())
    }
}

/// `null`, which says nothing, or the agent metadata.
struct AgentObject<'r, 'p, 'de>(&'r mut Reading<'p, 'de>);

impl<'de> DeserializeSeed<'de> for AgentObject<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AgentObject<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            let token: &RawValue = map.next_value()?;
            let put = self.0.agent.put_token(self.0.types, &name, token.get());
            if let Err(reason) = put {
                return Err(self.0.refuse(reason));
            }
        }
        Ok(())
    }
}

/// A JSON string, borrowed where it has no escapes.
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}
