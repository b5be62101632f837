//! Laying the file over the defaults and the environment over both, remembering where each setting comes from.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use toml::{Table, Value};

use super::{DEFAULT, Origin, SETTINGS, settings::Form};
use crate::{similar, trouble::Trouble};

/// What environment variables of Tributary begin with.
const PREFIX: &str = "TRIBUTARY_";

/// One setting as it holds.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) key: &'static str,
    pub(super) form: Form,
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// All settings.
#[derive(Debug, Clone)]
pub(super) struct Layers {
    settings: BTreeMap<&'static str, Setting>,
}

impl Layers {
    /// The documented defaults.
    pub(super) fn defaults() -> Self {
        let table: Table = DEFAULT.parse().expect("the defaults are TOML");
        let texts: BTreeMap<String, String> = flatten(&table)
            .into_iter()
            .filter_map(|(key, value)| {
                let text = text(&key, value)?;
                Some((key, text))
            })
            .collect();
        let settings = SETTINGS.map(|(key, form)| {
            let setting = Setting {
                key,
                form,
                text: texts[key].clone(),
                origin: Origin::Default,
            };
            (key, setting)
        });
        Self {
            settings: settings.into(),
        }
    }

    /// The setting of this name, which exists.
    pub(super) fn get(&self, key: &str) -> &Setting {
        &self.settings[key]
    }

    /// Lays a file over what there is.
    pub(super) fn read_file(&mut self, path: &Path, text: &str) -> Result<(), Trouble> {
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| Trouble::NotToml {
                path: path.to_owned(),
                problem: error.message().to_owned(),
            })?;
        let origin = Origin::File(path.to_owned());
        let mut layer = Vec::new();
        for (key, value) in flatten(&table) {
            let text = self::text(&key, value).ok_or_else(|| Trouble::BadSetting {
                key: key.clone(),
                origin: origin.to_string(),
                problem: if form(&key) == Some(Form::List) {
                    "it is neither a text nor a list of texts".into()
                } else {
                    "it is neither a text nor a number".into()
                },
            })?;
            layer.push((key, text, origin.clone()));
        }
        self.lay(&layer)
    }

    /// Lays the environment over what there is.
    pub(super) fn read_environment(
        &mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), Trouble> {
        let mut layer = Vec::new();
        for (name, value) in environment {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let key = name[PREFIX.len()..].to_lowercase().replace("__", ".");
            // Orchestrators add variables of their own, such as TRIBUTARY_SERVICE_HOST: only a section makes a setting.
            if !key.contains('.') && !self.settings.contains_key(key.as_str()) {
                continue;
            }
            let origin = Origin::Environment(name.to_owned());
            let text = value.into_string().map_err(|_| Trouble::BadSetting {
                key: key.clone(),
                origin: origin.to_string(),
                problem: "it is not UTF-8".into(),
            })?;
            layer.push((key, text, origin));
        }
        layer.sort_by(|one, other| one.0.cmp(&other.0));
        self.lay(&layer)
    }

    fn lay(&mut self, layer: &[(String, String, Origin)]) -> Result<(), Trouble> {
        for (key, text, origin) in layer {
            let Some((&key, form)) = self
                .settings
                .get_key_value(key.as_str())
                .map(|(k, s)| (k, s.form))
            else {
                return Err(Trouble::UnknownSetting {
                    key: key.clone(),
                    origin: origin.to_string(),
                    nearest: similar::nearest(key, self.settings.keys().copied()),
                });
            };
            if let Some(other) = twin(key)
                && !text.is_empty()
            {
                let both =
                    |(key, text, _): &(String, String, Origin)| key == other && !text.is_empty();
                if layer.iter().any(both) {
                    return Err(Trouble::BadSetting {
                        key: key.into(),
                        origin: origin.to_string(),
                        problem: format!("{other} is set as well; set one of the two"),
                    });
                }
                // A secret given here hides the file named in a lower layer, and the other way round.
                if let Some(hidden) = self.settings.get_mut(other) {
                    hidden.text.clear();
                    hidden.origin = Origin::Default;
                }
            }
            let setting = Setting {
                key,
                form,
                text: text.clone(),
                origin: origin.clone(),
            };
            self.settings.insert(key, setting);
        }
        Ok(())
    }
}

/// A secret and the file that holds it: one stands for the other.
fn twin(key: &str) -> Option<&'static str> {
    let other = match key.strip_suffix("_file") {
        Some(secret) => secret.to_owned(),
        None => format!("{key}_file"),
    };
    let is_secret = [key, &other]
        .into_iter()
        .any(|key| form(key).is_some_and(Form::is_secret));
    let known = SETTINGS.iter().find(|(known, _)| *known == other);
    known.filter(|_| is_secret).map(|(other, _)| *other)
}

/// The form of the setting of this name, if there is one.
fn form(key: &str) -> Option<Form> {
    let found = SETTINGS.iter().find(|(known, _)| *known == key);
    found.map(|(_, form)| *form)
}

/// Every leaf with its path, joined with dots.
fn flatten(table: &Table) -> Vec<(String, &Value)> {
    let mut leaves = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => leaves.extend(
                flatten(inner)
                    .into_iter()
                    .map(|(rest, value)| (format!("{key}.{rest}"), value)),
            ),
            value => leaves.push((key.clone(), value)),
        }
    }
    leaves
}

/// The value of a setting as a text; `None` when it is of a kind that the setting cannot have.
fn text(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Array(texts) if form(key) == Some(Form::List) => {
            let texts: Option<Vec<&str>> = texts.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join(" "))
        }
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        _ => None,
    }
}
