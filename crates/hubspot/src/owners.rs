//! Reads owners: the people whose ids stand in properties such as `hubspot_owner_id`.

use std::fmt;

use serde_json::Value;

use crate::account::{number, text};

/// A user or queue that records can be assigned to.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Owner {
    /// The id that records hold. Not the user id.
    pub id: String,
    /// `PERSON` or `QUEUE`.
    pub kind: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The user behind the owner; archived owners have none.
    pub user_id: Option<u64>,
    /// No longer active; records may still name it.
    pub archived: bool,
}

impl Owner {
    /// What people know the owner by: the name, else the e-mail address, else the id.
    pub fn name(&self) -> String {
        let parts = [&self.first_name, &self.last_name];
        let name = parts
            .map(|part| part.as_deref().unwrap_or("").trim())
            .join(" ");
        match name.trim() {
            "" => self.email.clone().unwrap_or_else(|| self.id.clone()),
            name => name.to_owned(),
        }
    }
}

/// Leaves out who it is.
impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("archived", &self.archived)
            .finish_non_exhaustive()
    }
}

/// One page of owners and the cursor of the next.
pub(crate) fn read(json: &Value) -> Result<(Vec<Owner>, Option<String>), String> {
    let results = json
        .get("results")
        .and_then(Value::as_array)
        .ok_or("it holds no list of results")?;
    let owners = results.iter().filter_map(owner).collect();
    Ok((owners, crate::records::after(json.get("paging"))))
}

fn owner(json: &Value) -> Option<Owner> {
    let id = text(json, "id").or_else(|| number(json.get("id")).map(|id| id.to_string()))?;
    Some(Owner {
        id,
        kind: text(json, "type"),
        first_name: text(json, "firstName"),
        last_name: text(json, "lastName"),
        email: text(json, "email"),
        user_id: number(json.get("userId")),
        archived: json
            .get("archived")
            .and_then(Value::as_bool)
            .unwrap_or(false),
    })
}
