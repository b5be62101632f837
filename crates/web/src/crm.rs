//! Addresses of HubSpot's own pages.

use model::{Level, PortalId, RecordId};

/// Where HubSpot's application is. Accounts that live elsewhere are led on from here.
///
/// The same address, with the account's number and the object type's id, comes as `url` with every record:
/// <https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide>.
const APPLICATION: &str = "https://app.hubspot.com";

/// The page of a record in HubSpot.
pub(crate) fn record_link(portal: PortalId, level: Level, record: RecordId) -> String {
    let kind = level.object().type_id();
    format!("{APPLICATION}/contacts/{portal}/record/{kind}/{record}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_has_its_object_type() {
        let link = |level| record_link(PortalId(7), level, RecordId(51));
        assert_eq!(
            link(Level::Visitor),
            "https://app.hubspot.com/contacts/7/record/0-1/51"
        );
        assert_eq!(
            link(Level::Account),
            "https://app.hubspot.com/contacts/7/record/0-2/51"
        );
    }
}
