//! The types of agent fields: the first value makes them, later ones have to fit.

use std::collections::HashMap;

use model::MetadataType;

/// Longest name of a field, in bytes.
pub(super) const MAX_NAME_BYTES: usize = 255;

/// The agent fields of a level.
#[derive(Debug, Default)]
pub(super) struct Types {
    known: HashMap<String, Known>,
    /// Said beforehand, not used yet.
    said: HashMap<String, MetadataType>,
    /// Found since [`Types::take_new`].
    new: Vec<(String, MetadataType)>,
    /// Named on the line at hand, which may yet turn out to be bad; without a type where the value is null.
    fresh: Vec<(String, Option<MetadataType>)>,
    line: u64,
}

#[derive(Debug)]
struct Known {
    kind: MetadataType,
    /// The last line that named the field, to notice one that names it twice.
    line: u64,
}

/// The line names a field twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Twice;

impl Types {
    /// Takes in a field that is there already.
    pub(super) fn know(&mut self, name: String, kind: MetadataType) {
        self.known.insert(name, Known { kind, line: 0 });
    }

    /// Takes in the type that is said for a field; fails with the type it has, if that is another.
    pub(super) fn say(&mut self, name: &str, kind: MetadataType) -> Result<(), MetadataType> {
        match self.known.get(name) {
            Some(known) if known.kind != kind => Err(known.kind),
            Some(_) => Ok(()),
            None => {
                self.said.insert(name.to_owned(), kind);
                Ok(())
            }
        }
    }

    /// A field whose type is said and that is none of `names`.
    pub(super) fn said_but_not_among(&self, names: &[String]) -> Option<&str> {
        self.said
            .keys()
            .map(String::as_str)
            .filter(|said| !names.iter().any(|name| name == said))
            .min()
    }

    /// Begins a line.
    pub(super) fn start_line(&mut self) {
        self.line += 1;
        self.fresh.clear();
    }

    /// The type of a field that the line names with a value of type `found`, or with null: the one it has, else the one
    /// that is said, else the one found.
    pub(super) fn field(
        &mut self,
        name: &str,
        found: Option<MetadataType>,
    ) -> Result<Option<MetadataType>, Twice> {
        if let Some(known) = self.known.get_mut(name) {
            return if std::mem::replace(&mut known.line, self.line) == self.line {
                Err(Twice)
            } else {
                Ok(Some(known.kind))
            };
        }
        if self.fresh.iter().any(|(fresh, _)| fresh == name) {
            return Err(Twice);
        }
        let kind = found.map(|found| self.said.get(name).copied().unwrap_or(found));
        self.fresh.push((name.to_owned(), kind));
        Ok(kind)
    }

    /// Ends a line that is good: what it found is known from now on.
    pub(super) fn keep_line(&mut self) {
        for (name, kind) in self.fresh.drain(..) {
            let Some(kind) = kind else { continue };
            let line = self.line;
            self.known.insert(name.clone(), Known { kind, line });
            self.new.push((name, kind));
        }
    }

    /// The fields found since the last call.
    pub(super) fn take_new(&mut self) -> Vec<(String, MetadataType)> {
        std::mem::take(&mut self.new)
    }
}
