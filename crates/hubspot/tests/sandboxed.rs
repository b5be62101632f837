//! The client against the sandbox: whole portals, quotas that are kept count of, faults in mid-run.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use hubspot::{
    Client, Columns, Credentials, Cursor, Error, Kind, LIST_PAGE, Query, QuotaSettings,
    SEARCH_PAGE, SearchPage, Settings, Walk,
};
use jiff::Timestamp;
use model::{Clock, ObjectType::Contacts, PropertyName, RecordId, Wire};
use sandbox::{
    Action, Command, Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Kind as Call, Object,
    PortalConfig, Quota, Refusal, Rule, Sandbox, VISITOR_KEY,
};

const PORTAL: u64 = 4_711;

/// A sandbox whose clock is also the client's: a wait in one is time in the other.
struct World {
    sandbox: Arc<Sandbox>,
}

#[derive(Debug)]
struct SharedClock(Arc<Sandbox>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.clock().now_ms()).unwrap()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            // Rounded up, or a wait of less than the clock's tick would never end.
            let ms = duration.as_nanos().div_ceil(1_000_000);
            self.0.clock().advance_ms(i64::try_from(ms).unwrap());
            tokio::task::yield_now().await;
        })
    }
}

impl World {
    fn new(portal: PortalConfig) -> Self {
        let sandbox = Sandbox::start(Config::with_portal(portal)).unwrap();
        Self {
            sandbox: Arc::new(sandbox),
        }
    }

    fn small() -> Self {
        Self::new(PortalConfig::small(PORTAL))
    }

    fn settings(&self) -> Settings {
        Settings {
            base_url: self.sandbox.base_url(),
            client_id: Some(DEFAULT_CLIENT_ID.into()),
            client_secret: Some(DEFAULT_CLIENT_SECRET.into()),
            quota: QuotaSettings {
                search_per_second: 0,
                ..QuotaSettings::default()
            },
            ..Settings::default()
        }
    }

    fn client_with(&self, settings: Settings, credentials: Credentials) -> Client {
        Client::builder(settings, credentials)
            .clock(Arc::new(SharedClock(self.sandbox.clone())))
            .seed(7)
            .build()
            .unwrap()
    }

    fn client(&self) -> Client {
        let token = sandbox::static_token(PORTAL);
        self.client_with(self.settings(), Credentials::Static(token.into()))
    }

    fn live(&self) -> BTreeSet<u64> {
        let ids = self.sandbox.live_ids(PORTAL, Object::Contacts);
        ids.into_iter().collect()
    }

    fn calls(&self, kind: Call) -> u64 {
        self.sandbox.tally(kind).calls
    }

    /// What the sandbox holds, as it would be on the wire if set and not empty.
    fn value(&self, id: u64, property: &str) -> Option<String> {
        let value = self.sandbox.value(PORTAL, Object::Contacts, id, property);
        value.filter(|value| !value.is_empty())
    }
}

fn key() -> Columns {
    [VISITOR_KEY].into_iter().collect()
}

fn text(wire: Wire<'_>) -> Option<String> {
    match wire {
        Wire::Text("") | Wire::Null | Wire::Missing => None,
        Wire::Text(text) => Some(text.to_owned()),
    }
}

async fn search(
    client: &Client,
    query: &Query,
    columns: &Columns,
) -> Result<Vec<SearchPage>, Error> {
    let (mut pages, mut next) = (Vec::new(), Some(Walk::Up(None)));
    while let Some(walk) = next {
        let page = client
            .search_page(Contacts, query, columns, walk, SEARCH_PAGE)
            .await?;
        next = page.next;
        pages.push(page);
    }
    Ok(pages)
}

/// The ids of all records that a search for everything delivers, in order of delivery.
async fn all_ids(client: &Client) -> Result<Vec<u64>, Error> {
    let pages = search(client, &Query::default(), &key()).await?;
    let ids = pages.iter().flat_map(|page| page.records.iter());
    Ok(ids.map(|record| record.id().0).collect())
}

#[tokio::test]
async fn every_reader_delivers_the_portal_as_it_is() {
    let world = World::small();
    let client = world.client();
    let live = world.live();
    assert_eq!(client.account_details().await.unwrap().portal.0, PORTAL);
    let counts = client.record_counts().await.unwrap().unwrap();
    assert_eq!(counts.of(Contacts), Some(live.len() as u64));

    // All properties, so that the list needs several parts.
    let properties = client.properties(Contacts).await.unwrap();
    let columns = Columns::new(properties.into_iter().map(|property| property.name));
    let mut expected: BTreeMap<u64, Vec<Option<String>>> = BTreeMap::new();
    for page in search(&client, &Query::default(), &columns).await.unwrap() {
        for record in page.records.iter() {
            expected.insert(record.id().0, record.wires().map(text).collect());
        }
    }
    assert_eq!(expected.keys().copied().collect::<BTreeSet<_>>(), live);
    let first = *live.first().unwrap();
    for (name, value) in columns.names().iter().zip(&expected[&first]) {
        assert_eq!(&world.value(first, name.as_str()), value, "{name}");
    }

    let (mut after, mut listed): (Option<Cursor>, _) = (None, BTreeMap::new());
    loop {
        let page = client
            .list_page(Contacts, &columns, after.as_ref(), LIST_PAGE)
            .await
            .unwrap();
        for record in page.records.iter() {
            listed.insert(record.id().0, record.wires().map(text).collect());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, expected);

    let ids: Vec<_> = live.iter().copied().map(RecordId).collect();
    let batch = client.batch_read(Contacts, &ids, &columns).await.unwrap();
    let batch: BTreeMap<u64, Vec<_>> = batch
        .records
        .iter()
        .map(|record| (record.id().0, record.wires().map(text).collect()))
        .collect();
    assert_eq!(batch, expected);

    let calls = client.calls();
    assert_eq!(calls.search, world.calls(Call::Search));
    assert_eq!(calls.list, world.calls(Call::List));
    assert_eq!(calls.batch_read, world.calls(Call::BatchRead));
    assert_eq!(calls.search, live.len().div_ceil(200) as u64);
    assert_eq!(calls.batch_read, live.len().div_ceil(100) as u64);
    assert_eq!(calls.refused, 0);
}

#[tokio::test]
async fn twelve_hundred_properties_by_list_and_by_search() {
    let mut portal = PortalConfig::small(PORTAL).sized(150, 1);
    portal.extra_properties = 1_000;
    let world = World::new(portal);
    let client = world.client();
    let properties = client.properties(Contacts).await.unwrap();
    assert!(properties.len() > 1_000);
    let columns = Columns::new(properties.into_iter().map(|property| property.name));
    let searched = search(&client, &Query::default(), &columns).await.unwrap();
    let listed = client
        .list_page(Contacts, &columns, None, LIST_PAGE)
        .await
        .unwrap();
    let pairs = listed.records.iter().zip(searched[0].records.iter());
    for (list, search) in pairs {
        assert_eq!(list.id(), search.id());
        assert!(list.wires().eq(search.wires()));
        assert!(list.wires().all(|wire| wire != Wire::Missing));
    }
    let longest = world
        .sandbox
        .journal()
        .iter()
        .map(|call| call.url_length)
        .max();
    assert!(longest < Some(8_000), "{longest:?}");
}

#[tokio::test]
async fn a_portal_with_a_key_is_read_by_the_key_and_counted() {
    let world = World::small();
    let client = world.client();
    let truth = world.sandbox.truth(PORTAL, Object::Contacts);
    let query = Query::having(PropertyName::new(VISITOR_KEY));
    assert_eq!(
        client.total(Contacts, &query).await.unwrap(),
        truth.with_key
    );
    let pages = search(&client, &query, &key()).await.unwrap();
    let read: usize = pages.iter().map(|page| page.records.len()).sum();
    assert_eq!(read as u64, truth.with_key);

    let live: Vec<_> = world.live().into_iter().collect();
    let (first, last) = (live[100], live[199]);
    let range = Query::default().within(RecordId(first), RecordId(last));
    assert_eq!(client.total(Contacts, &range).await.unwrap(), 100);
}

#[tokio::test]
async fn merged_archived_and_erased_records_by_id() {
    let world = World::small();
    let live: Vec<_> = world.live().into_iter().collect();
    let [winner, loser, archived, erased, plain] =
        [live[10], live[20], live[30], live[40], live[50]];
    let object = Object::Contacts;
    for command in [
        Command::Merge {
            object,
            primary: winner,
            loser,
        },
        Command::Archive {
            object,
            id: archived,
        },
        Command::Erase { object, id: erased },
    ] {
        world.sandbox.run(PORTAL, &command).unwrap();
    }
    let asked = [loser, archived, erased, plain, 9_000_000_777].map(RecordId);
    let client = world.client();
    let read = client.batch_read(Contacts, &asked, &key()).await.unwrap();
    let mut found: Vec<_> = read.records.iter().map(|record| record.id().0).collect();
    found.sort_unstable();
    let mut expected = [winner, plain];
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(read.merged, [(RecordId(loser), RecordId(winner))]);
    let mut missing = [archived, erased, 9_000_000_777].map(RecordId);
    missing.sort_unstable();
    assert_eq!(read.missing, missing);
    assert!(read.unanswered.is_empty());
    assert_eq!(client.calls().batch_read, 1);
}

#[tokio::test]
async fn a_token_that_expires_in_mid_run_loses_nothing() {
    let world = World::small();
    let tokens = world
        .sandbox
        .install(PORTAL, DEFAULT_CLIENT_ID, &[])
        .unwrap();
    let credentials = Credentials::OAuth {
        refresh_token: tokens.refresh_token.clone().into(),
        access_token: Some(tokens.access_token.into()),
        expires_at: Some(SharedClock(world.sandbox.clone()).now() + Duration::from_mins(30)),
    };
    let client = world.client_with(world.settings(), credentials);
    let object = Object::Contacts;
    let facts = client.token_facts().await.unwrap();
    assert_eq!(facts.portal.map(|portal| portal.0), Some(PORTAL));
    assert_eq!(facts.is_private_distribution, Some(true));

    // Half an hour passes before the third search, and without warning before the fifth.
    let advance = Command::Advance { ms: 1_800_000 };
    let later = Action::Run {
        portal: None,
        command: advance,
    };
    world
        .sandbox
        .script(Rule::next(Call::Search, later).of_object(object).after(2));
    world
        .sandbox
        .script(Rule::next(Call::Search, Action::Refuse(Refusal::Expired)).after(4));
    let read: BTreeSet<_> = all_ids(&client).await.unwrap().into_iter().collect();
    assert_eq!(read, world.live());

    world.sandbox.revoke(&tokens.refresh_token);
    world.sandbox.clock().advance_ms(3_600_000);
    assert_eq!(
        all_ids(&client).await.unwrap_err().kind(),
        Kind::Reauthorise
    );
}

#[tokio::test]
async fn every_fault_in_mid_run_is_survived() {
    let faults = |status| Action::Respond {
        status,
        body: None,
        headers: BTreeMap::new(),
    };
    let mut actions: Vec<Action> = [423, 500, 502, 503, 504, 521, 522, 523, 524, 525, 526]
        .map(faults)
        .to_vec();
    actions.extend(
        [
            Refusal::TenSecondly,
            Refusal::Secondly,
            Refusal::SecondlyPolicy,
        ]
        .map(Action::Refuse),
    );
    actions.extend([
        Action::CutBody { after: 100 },
        Action::SlowBody {
            piece: 50_000,
            pause_ms: 1,
        },
        Action::Drop,
        Action::DropAnswer,
        Action::ExtraFields,
        Action::RepeatPage,
        Action::WrongTotal { by: 1_000 },
        Action::WrongTotal { by: -1_000 },
    ]);
    let world = World::small();
    let live: Vec<_> = world.live().into_iter().collect();
    for action in actions {
        world.sandbox.clear_script();
        world
            .sandbox
            .script(Rule::next(Call::Search, action.clone()).after(2));
        let read = all_ids(&world.client()).await;
        assert_eq!(
            read.as_ref().ok(),
            Some(&live),
            "{action:?}: {:?}",
            read.as_ref().err()
        );
        assert_eq!(world.sandbox.rules_left(), 0, "{action:?}");
    }
}

#[tokio::test]
async fn a_record_left_out_is_not_noticed_here() {
    let world = World::small();
    let live = world.live();
    let id = *live.iter().nth(250).unwrap();
    let lie = Action::OmitRecord { id: Some(id) };
    world.sandbox.script(Rule::next(Call::Search, lie).after(1));
    let client = world.client();
    let read: BTreeSet<_> = all_ids(&client).await.unwrap().into_iter().collect();
    assert_eq!(live.difference(&read).collect::<Vec<_>>(), [&id]);
    // A count of the range shows it.
    let range = Query::default().within(RecordId(id), RecordId(id));
    assert_eq!(client.total(Contacts, &range).await.unwrap(), 1);
}

#[tokio::test]
async fn terminal_refusals_end_the_run_at_once() {
    for (refusal, expected) in [
        (Refusal::Unauthenticated, Kind::Unauthenticated),
        (Refusal::MissingScopes, Kind::MissingScopes),
        (Refusal::EchoToken, Kind::MissingScopes),
        (Refusal::Daily, Kind::Daily),
        (Refusal::Moving { retry_after: 60 }, Kind::Moving),
    ] {
        let world = World::small();
        let rule = Rule::next(Call::Search, Action::Refuse(refusal)).after(1);
        world.sandbox.script(rule);
        let client = world.client();
        let error = all_ids(&client).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        assert_eq!(client.calls().search, 2, "{error}");
        let printed = format!("{error} {error:?}");
        assert!(
            !printed.contains(&sandbox::static_token(PORTAL)),
            "{printed}"
        );
    }
}

#[tokio::test]
async fn a_property_archived_between_two_pages_is_missing_from_then_on() {
    let world = World::small();
    let command = Command::ArchiveProperty {
        object: Object::Contacts,
        name: "plan_tier".into(),
    };
    let action = Action::Run {
        portal: None,
        command,
    };
    world
        .sandbox
        .script(Rule::next(Call::Search, action).after(1));
    let columns: Columns = ["plan_tier"].into_iter().collect();
    let client = world.client();
    let pages = search(&client, &Query::default(), &columns).await.unwrap();
    let missing = |page: &SearchPage| page.records.iter().all(|r| r.wire(0) == Wire::Missing);
    assert!(!missing(&pages[0]));
    assert!(pages[1..].iter().all(missing));

    // In a filter it is an error of its own.
    let query = Query::having(PropertyName::new("plan_tier"));
    let error = client.total(Contacts, &query).await.unwrap_err();
    assert_eq!(error.kind(), Kind::UnknownProperty, "{error}");
}

#[tokio::test]
async fn an_unknown_category_leaves_ids_unanswered() {
    let world = World::small();
    world
        .sandbox
        .script(Rule::next(Call::BatchRead, Action::UnknownCategory).times(0));
    let ids: Vec<_> = world.live().into_iter().take(20).map(RecordId).collect();
    let read = world
        .client()
        .batch_read(Contacts, &ids, &key())
        .await
        .unwrap();
    assert_eq!(read.records.len() + read.unanswered.len(), ids.len());
    assert!(read.missing.is_empty() && read.merged.is_empty());
}

#[tokio::test]
async fn the_quota_of_a_portal_is_kept_to_without_a_refusal() {
    let world = World::new(PortalConfig::small(PORTAL).limited(Quota::FREE));
    let settings = Settings {
        quota: QuotaSettings::default(),
        ..world.settings()
    };
    let token = sandbox::static_token(PORTAL);
    let client = world.client_with(settings, Credentials::Static(token.into()));
    let started = world.sandbox.clock().now_ms();
    for _ in 0..250 {
        let ids = [RecordId(1)];
        client.batch_read(Contacts, &ids, &key()).await.unwrap();
    }
    let took = world.sandbox.clock().now_ms() - started;
    assert!((20_000..=30_000).contains(&took), "{took} ms");
    let started = world.sandbox.clock().now_ms();
    for _ in 0..41 {
        client.total(Contacts, &Query::default()).await.unwrap();
    }
    let took = world.sandbox.clock().now_ms() - started;
    assert!((9_900..=11_000).contains(&took), "{took} ms");
    assert_eq!(client.calls().refused, 0);
    assert_eq!(client.quota().daily_limit, Some(250_000));
}

#[tokio::test]
async fn a_quota_used_by_others_costs_time_but_no_record() {
    let quota = Quota {
        search_per_second: 2,
        ..Quota::FREE
    };
    let world = World::new(PortalConfig::small(PORTAL).limited(quota));
    let settings = Settings {
        quota: QuotaSettings::default(),
        ..world.settings()
    };
    let token = sandbox::static_token(PORTAL);
    let client = world.client_with(settings, Credentials::Static(token.into()));
    let read: BTreeSet<_> = all_ids(&client).await.unwrap().into_iter().collect();
    assert_eq!(read, world.live());
    assert!(client.calls().refused > 0);
    assert_eq!(
        client.calls().refused,
        world.sandbox.tally(Call::Search).refused
    );
}

#[tokio::test]
async fn habits_of_search_lose_nothing() {
    let world = World::small();
    world.sandbox.knobs(PORTAL, |knobs| {
        knobs.search_order = sandbox::SearchOrder::ShuffledPages;
        knobs.omit_unset = true;
        knobs.truncate_ms = true;
        knobs.extra_fields = true;
        knobs.newer_values = 0.5;
    });
    let read = all_ids(&world.client()).await.unwrap();
    assert_eq!(read, world.live().into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn owners_come_with_the_archived_ones() {
    let world = World::small();
    let owners = world.client().owners().await.unwrap();
    assert_eq!(owners.len(), 12);
    assert!(owners.iter().any(|owner| owner.archived));
}
