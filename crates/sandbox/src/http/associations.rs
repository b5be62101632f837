//! Whose contacts they are.

use serde_json::json;

use super::Call;
use super::records::{BatchRead, company_id};
use super::reply::Reply;
use crate::generate::Life;
use crate::instant::iso;
use crate::object::Object;
use crate::table::View;

pub(super) fn batch_read(call: &Call<'_>) -> Reply {
    let Ok(body) = serde_json::from_slice::<BatchRead>(&call.request.body) else {
        return call.refuser.validation("Invalid input JSON");
    };
    if body.inputs.len() > 1_000 {
        return call
            .refuser
            .validation("The number of inputs must not exceed 1000");
    }
    let table = call.portal().table(Object::Contacts);
    let companies = call.portal().table(Object::Companies);
    let mut results = Vec::new();
    let mut missing = Vec::new();
    for input in &body.inputs {
        let id = input.text();
        let found = id.parse().ok().and_then(|id| table.index(id));
        let company = found
            .filter(|i| table.life(table.record(*i), View::Live) == Life::Live)
            .and_then(|i| companies.index(company_id(&table, i)))
            .map(|c| companies.resolve(c))
            .filter(|c| companies.life(companies.record(*c), View::Live) == Life::Live);
        match company {
            Some(company) => results.push(json!({
                "from": {"id": id},
                "to": [{
                    "toObjectId": companies.generator.ids.id(company),
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
                        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": null},
                    ],
                }],
            })),
            None => missing.push(id),
        }
    }
    let mut answer = json!({
        "status": "COMPLETE", "results": results, "startedAt": iso(call.now), "completedAt": iso(call.now + 40),
    });
    if !missing.is_empty() {
        let errors: Vec<_> = missing
            .iter()
            .map(|id| {
                json!({
                    "status": "error", "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": format!("No company is associated with contact {id}."),
                    "context": {"fromObjectId": [id], "fromObjectType": ["0-1"], "toObjectType": ["0-2"]},
                })
            })
            .collect();
        answer["numErrors"] = json!(errors.len());
        answer["errors"] = json!(errors);
    }
    Reply::json(if missing.is_empty() { 200 } else { 207 }, &answer)
}
