//! Pendo as a destination, from the first key to one that ended.

use std::time::Duration;

use model::Level;
use sandbox::pendo::{
    Action as Fault, Command, Group, Kind as Population, Operation, READ_KEY, Rule as Script,
    WRITE_KEY,
};

use super::{FIELDS, Served, served};
use crate::{
    bench::{DESTINATION, MAPPINGS, PORTAL, mappings, plan, save},
    screen::scenes::{
        Act::{Click, Fill, See},
        Gallery,
    },
};

/// A run whose values went to Pendo.
const RUN: &str = "/s/1/runs/1";

#[tokio::test(flavor = "multi_thread")]
async fn destination() {
    let mut gallery = Gallery::open("destination").await;
    let mut served = served(plan().pendo().build().await.connected().await).await;
    destination_refused(&mut gallery, &mut served).await;
    destination_waiting(&mut gallery, &mut served).await;
    destination_partly(&mut gallery, &mut served).await;
    destination_differing(&mut gallery, &mut served).await;
    destination_broken(&mut gallery, &mut served).await;
    gallery.close();
}

/// Nothing is connected, and keys are not taken.
async fn destination_refused(gallery: &mut Gallery, served: &mut Served) {
    let page = served.at(DESTINATION);
    served.as_viewer(gallery).await;
    gallery.show("destination/none-viewer", &page, &[]).await;
    served.as_admin(gallery).await;
    gallery.show("destination/none", &page, &[]).await;
    for (scene, key, prefix) in [
        ("destination/wrong-key", "nobody-has-this-one", "hubspot_"),
        ("destination/read-only", READ_KEY, "hubspot_"),
        ("destination/bad-prefix", WRITE_KEY, "9 crm"),
    ] {
        let refused = [
            Fill("#key", key),
            Fill("#prefix", prefix),
            Click("#connect"),
            See("main .notice[data-tone=bad]"),
        ];
        gallery.show(scene, &page, &refused).await;
    }
    served.bench.pendo().outage(true);
    let away = [
        Fill("#key", WRITE_KEY),
        Click("#connect"),
        See("main .notice[data-tone=bad]"),
    ];
    gallery.show("destination/unreachable", &page, &away).await;
    served.bench.pendo().outage(false);
}

/// Connected, with nothing mapped; then a run of which Pendo answers nothing.
async fn destination_waiting(gallery: &mut Gallery, served: &mut Served) {
    let page = served.at(DESTINATION);
    let form = [("key", WRITE_KEY), ("region", "us"), ("prefix", "hubspot_")];
    let connected = served.admin.post(DESTINATION, &form).await;
    connected.leads_to(DESTINATION);
    gallery.show("destination/connected", &page, &[]).await;
    gallery
        .show("destination/start", &served.at("/s/1/overview"), &[])
        .await;
    let ids = served.at("/s/1/settings/ids/visitor");
    gallery.show("destination/ids", &ids, &[]).await;
    let known = served
        .bench
        .sandbox
        .known(PORTAL, sandbox::Object::Contacts);
    let ids: Vec<String> = known.map(|known| known.id).collect();
    let known = ids.iter().enumerate().filter(|(at, _)| at % 10 != 0);
    served
        .bench
        .pendo_knows_visitors(known.map(|(_, id)| id.clone()));
    let pendo = served.bench.pendo();
    let silent = Script::next(Operation::SetMany, Fault::Drop);
    pendo.script(Script { count: 0, ..silent });
    let key = [("property", sandbox::VISITOR_KEY)];
    let saved = served.admin.post(&mappings("key"), &key).await;
    saved.leads_to(MAPPINGS);
    save(&mut served.admin, &FIELDS).await;
    served.bench.settled(Level::Visitor).await;
    served.bench.sent(Level::Visitor).await;
    let run = served.at(RUN);
    gallery
        .show("destination/delivering", &run, &[See("#delivery-poll")])
        .await;
    gallery.show("destination/waiting", &page, &[]).await;
    served.bench.pass(Duration::from_hours(49));
    gallery
        .show("destination/waiting-long", &served.at("/s/1/overview"), &[])
        .await;
}

/// Pendo answers: some ids it does not know, some values it does not take. Then all is well.
async fn destination_partly(gallery: &mut Gallery, served: &mut Served) {
    let run = served.at(RUN);
    let known = served
        .bench
        .sandbox
        .known(PORTAL, sandbox::Object::Contacts);
    let ids: Vec<String> = known.map(|known| known.id).collect();
    // Nothing is due while the clock stands still: what Pendo does can be changed in between.
    served.bench.sent(Level::Visitor).await;
    served.bench.pendo().clear_script();
    let fail = Fault::FailRecords {
        ids: ids[1..9].to_vec(),
        every: 0,
        text: "value for field hubspotplantier is too long".into(),
    };
    let refuses = Script::next(Operation::SetMany, fail);
    let pendo = served.bench.pendo();
    pendo.script(Script {
        count: 0,
        ..refuses
    });
    served.bench.pass(Duration::from_hours(2));
    served.bench.all_sent(Level::Visitor).await;
    served.bench.pendo().clear_script();
    gallery.show("destination/partly", &run, &[]).await;
    for (scene, list) in [
        ("destination/missing", "missing"),
        ("destination/refused", "refused"),
    ] {
        let list = format!("{run}/records/{list}");
        gallery.show(scene, &list, &[]).await;
    }
    gallery
        .show("destination/attention", &served.at("/s/1/overview"), &[])
        .await;

    served.bench.pendo_knows_visitors(ids.clone());
    served.admin.post(&mappings("sync"), &[]).await;
    served.bench.settled(Level::Visitor).await;
    served.bench.all_sent(Level::Visitor).await;
    gallery
        .show("destination/delivered", &served.at("/s/1/runs/2"), &[])
        .await;
}

/// Somebody changes something there.
async fn destination_differing(gallery: &mut Gallery, served: &mut Served) {
    let page = served.at(DESTINATION);
    let differences = served.at("/s/1/settings/destination/visitor/differences");
    let compare = "/s/1/settings/destination/visitor/compare";
    served.admin.post(compare, &[("all", "yes")]).await;
    served.bench.sent(Level::Visitor).await;
    gallery
        .show("destination/no-differences", &differences, &[])
        .await;
    let pendo = served.bench.pendo();
    let held = pendo.values("main", Population::Visitor, Group::Custom);
    for (id, _) in held.iter().take(3) {
        let field = "hubspotplantier";
        pendo.set(
            "main",
            Population::Visitor,
            Group::Custom,
            id,
            field,
            "Gold ",
        );
    }
    served.admin.post(compare, &[("all", "yes")]).await;
    served.bench.sent(Level::Visitor).await;
    gallery.show("destination/differing", &page, &[]).await;
    gallery
        .show("destination/differences", &differences, &[])
        .await;
    served.as_viewer(gallery).await;
    gallery.show("destination/viewer", &page, &[]).await;
    served.as_admin(gallery).await;
    let slow = Fault::Delay { ms: 120_000 };
    let slow = Script::next(Operation::Aggregation, slow);
    served.bench.pendo().script(Script { count: 0, ..slow });
    served.admin.post(compare, &[]).await;
    gallery
        .show("destination/comparing", &page, &[See("#levels-poll")])
        .await;
}

/// The key ends.
async fn destination_broken(gallery: &mut Gallery, served: &mut Served) {
    let page = served.at(DESTINATION);
    served.bench.pendo().clear_script();
    let key = WRITE_KEY.to_owned();
    let ended = Command::RevokeKey { key };
    served.bench.pendo().run("main", &ended).unwrap();
    served
        .admin
        .post(&format!("{DESTINATION}/check"), &[])
        .await
        .is(422);
    gallery.show("destination/broken", &page, &[]).await;
    gallery
        .show(
            "destination/broken-elsewhere",
            &served.at("/s/1/overview"),
            &[],
        )
        .await;
}
