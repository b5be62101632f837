//! Facts about the account: owners, record counts, details, usage.

use serde_json::{Value, json};

use super::Call;
use super::reply::Reply;
use crate::instant::iso;
use crate::journal::Kind;
use crate::object::Object;
use crate::owners::{Owner, owner};
use crate::quota::{day_in, offset_seconds};
use crate::search::{self, parse::parse};

fn json_of(owner: &Owner) -> Value {
    let mut value = json!({
        "id": owner.id.to_string(),
        "email": owner.email,
        "type": if owner.queue { "QUEUE" } else { "PERSON" },
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": if owner.archived { Value::Null } else { json!(owner.user_id) },
        "userIdIncludingInactive": owner.user_id,
        "createdAt": owner.created,
        "updatedAt": owner.created,
        "archived": owner.archived,
    });
    if !owner.archived {
        value["teams"] = json!([{"id": "4410021", "name": "営業", "primary": true}]);
    }
    value
}

pub(super) fn owners(call: &Call<'_>) -> Reply {
    let config = &call.portal().config;
    let all =
        (0..config.owners).map(|n| owner(config.seed, n, &config.domain, call.portal().start_ms));
    let archived = call.flag("archived");
    if let Some(id) = &call.route.name {
        return match all
            .into_iter()
            .find(|o| o.id.to_string() == *id && o.archived == archived)
        {
            Some(owner) => Reply::ok(&json_of(&owner)),
            None => call.refuser.not_found(),
        };
    }
    let limit = call
        .param("limit")
        .map_or(Some(100), |l| l.parse().ok())
        .filter(|l| (1..=500).contains(l));
    let Some(limit) = limit else {
        return call.refuser.validation("limit must be between 1 and 500");
    };
    let after = call
        .param("after")
        .and_then(|a| a.parse::<u64>().ok())
        .unwrap_or(0);
    let email = call.param("email").filter(|e| !e.is_empty());
    let mut found = all.filter(|o| {
        o.archived == archived && o.id >= after && email.as_ref().is_none_or(|e| o.email == *e)
    });
    let results: Vec<Value> = found.by_ref().take(limit).map(|o| json_of(&o)).collect();
    let mut answer = json!({"results": results});
    if let Some(next) = found.next() {
        answer["paging"] = json!({"next": {
            "after": next.id.to_string(),
            "link": format!("https://api.hubapi.com/crm/v3/owners/?limit={limit}&after={}", next.id),
        }});
    }
    Reply::ok(&answer)
}

pub(super) fn limits(call: &Call<'_>) -> Reply {
    let rows: Vec<Value> = Object::ALL
        .into_iter()
        .map(|object| {
            let table = call.portal().table(object);
            // The count of live records is that of a search for everything.
            let everything = parse(b"{\"limit\":0}", &table.catalogue, &call.knobs);
            let usage = everything.map_or(0, |query| search::run(&table, &query, &call.knobs, call.now).total);
            let limit = 15_000_000_u64;
            json!({
                "objectTypeId": object.type_id(), "singularLabel": object.singular(), "usage": usage, "limit": limit,
                "percentage": (usage as f64 * 10_000.0 / limit as f64).round() / 100.0,
            })
        })
        .collect();
    Reply::ok(&json!({"hubspotDefinedObjectTypes": rows, "customObjectTypes": []}))
}

pub(super) fn details(call: &Call<'_>) -> Reply {
    let config = &call.portal().config;
    let seconds = offset_seconds(&config.time_zone, call.now);
    let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    Reply::ok(&json!({
        "portalId": config.id,
        "accountType": config.account_type,
        "timeZone": config.time_zone,
        "companyCurrency": config.currency,
        "additionalCurrencies": ["USD"],
        "utcOffset": format!("{sign}{:02}:{:02}", size / 3_600, size / 60 % 60),
        "utcOffsetMilliseconds": seconds * 1_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }))
}

pub(super) fn usage(call: &Call<'_>) -> Reply {
    let quota = call.portal().settings().quota;
    let left = day_in(&call.portal().config.time_zone, call.now).1;
    debug_assert_eq!(
        call.route.kind,
        Kind::Usage,
        "only the usage path leads here"
    );
    Reply::ok(&json!({"results": [{
        "name": "private-apps-api-calls-daily",
        "usageLimit": quota.daily,
        "currentUsage": call.portal().meter().today + quota.daily_used_elsewhere,
        "collectedAt": iso(call.now),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(call.now + left),
    }]}))
}
