//! What can be the id of a visitor or account.

use store::import::MAX_ID_BYTES;

use super::Reason;

/// Any text can, byte for byte, unless people could not see it: an empty one, control characters.
pub(super) fn check(id: &str) -> Result<(), Reason> {
    if id.is_empty() {
        Err(Reason::EmptyId)
    } else if id.len() > MAX_ID_BYTES {
        Err(Reason::LongId)
    } else if id.chars().any(char::is_control) {
        Err(Reason::ControlCharacterInId)
    } else {
        Ok(())
    }
}

/// Adds an account id to the ids of a visitor, once each.
pub(super) fn add_account<'a>(
    accounts: &mut Vec<std::borrow::Cow<'a, str>>,
    id: std::borrow::Cow<'a, str>,
) -> Result<(), Reason> {
    check(&id).map_err(|reason| Reason::Account(Box::new(reason)))?;
    if !accounts.contains(&id) {
        accounts.push(id);
    }
    Ok(())
}
