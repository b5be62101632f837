//! The web application with as many visitors as there are: each page, and the building of an index.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use super::{
    NAME, ZONE,
    browser::{Browser, between},
    measure::Process,
    page::{Limit, Page},
    product::{Database, Product},
    proof::Expected,
    report::{self, FULL_SIZE, Found, Row, Target},
    sandbox::{Known, Sandbox},
    told, visitors,
};
use crate::workspace::Workspace;

/// Of so many contacts one has a visitor that is not known, so that a run has misses to show.
const MISSES: u64 = 100;

/// Fields to pin: one of each kind, and a choice.
const PINNED: [&str; 5] = [
    "lastname",
    "plan_tier",
    "mrr",
    "is_champion",
    "last_login_at",
];

/// A field that nobody pinned, with as many values as there are visitors.
const UNPINNED: &str = "address";

/// How long a page waits until it asks for an order again that is being prepared.
const AGAIN: Duration = Duration::from_millis(300);

/// Longer than any index may take.
const PATIENCE: Duration = Duration::from_mins(4);

/// Pages of the one subscription.
const HERE: &str = "/s/1";

/// What was measured.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) rows: Vec<Row>,
    pub(super) pages: Vec<Page>,
}

/// What stands in the way of reading a list while an index is built.
#[derive(Debug, Default)]
struct Meanwhile {
    /// Until the list was there.
    whole: Duration,
    /// The slowest answer of that list.
    list: Duration,
    /// The slowest answer of a list in another order.
    other: Duration,
    /// The slowest form that changes something.
    change: Duration,
}

/// Fills a data directory with `contacts` visitors, serves it, and asks for each page.
pub(super) fn measure(
    workspace: &Workspace,
    contacts: u64,
    database: Database,
) -> anyhow::Result<Measured> {
    println!("\nweb: {} visitors", report::thousands(contacts));
    let sandbox = Sandbox::start(workspace, contacts + contacts / MISSES)?;
    let product = Product::new(workspace, sandbox.url(), database)?;
    fill(&sandbox, &product, contacts)?;

    let (process, site) = product.serve()?;
    let mut browser = Browser::new(&site);
    browser.join(&product.add_admin("bench@example.com", &site.public_url)?)?;
    // Whoever is signed in already is sent on from there.
    let mut nobody = Browser::new(&site);
    let sign_in = Page::measure((&mut nobody, &process), "sign-in", "/sign-in", Limit::Page)?;
    let mut pages = vec![sign_in];

    // The first look at the fields makes the server count them.
    let started = Instant::now();
    wait_until(
        &browser,
        &format!("{HERE}/settings/data-mappings/visitor"),
        |page| !page.contains("class=\"loading\""),
    )?;
    let counting = started.elapsed();
    println!("    counting of fields: {:.2} s", counting.as_secs_f64());

    let started = Instant::now();
    for field in PINNED {
        let pin = format!("hubspot.{field}");
        browser.post(&format!("{HERE}/visitors/pins"), &[("pin", &pin)])?;
    }
    let mut sorted = Vec::new();
    for field in PINNED {
        let path = look(
            &browser,
            "sort",
            &[("sort", &format!("asc hubspot.{field}"))],
        )?;
        wait_until(&browser, &path, is_listed)?;
        sorted.push((field, path));
    }
    let pinned = started.elapsed();
    println!(
        "    indexes of five pinned columns: {:.2} s",
        pinned.as_secs_f64()
    );

    ask((&mut browser, &process), contacts, &sorted, &mut pages)?;

    let before = process.cpu()?;
    let meanwhile = build(&browser)?;
    let cpu = process.cpu()?.saturating_sub(before);
    let peak = process.peak()?;
    println!(
        "    {meanwhile:?}, {:.2} CPU s, peak {} MB",
        cpu.as_secs_f64(),
        peak / report::MEGABYTE
    );
    let full = contacts == FULL_SIZE;
    let waited = |what: &str, wall, most: Option<u64>| Row {
        what: what.to_owned(),
        contacts,
        found: Found::Wall { cpu: None, wall },
        target: most.filter(|_| full).map(|most| Target::within(wall, most)),
    };
    let rows = vec![
        waited("web, count of agent and custom fields", counting, None),
        waited("web, indexes of five pinned columns", pinned, None),
        Row {
            found: Found::Wall {
                cpu: Some(cpu),
                wall: meanwhile.whole,
            },
            ..waited("web, index of one other column", meanwhile.whole, Some(20))
        },
        waited(
            "- meanwhile, slowest answer of its list",
            meanwhile.list,
            Some(1),
        ),
        waited(
            "- meanwhile, slowest answer of another list",
            meanwhile.other,
            Some(1),
        ),
        waited(
            "- meanwhile, slowest form that changes something",
            meanwhile.change,
            None,
        ),
        Row {
            what: "web, serve after all pages and indexes".to_owned(),
            contacts,
            found: Found::Peak(peak),
            target: None,
        },
    ];
    Ok(Measured { rows, pages })
}

/// Visitors with their metadata and accounts, and a first sync.
fn fill(sandbox: &Sandbox, product: &Product<'_>, contacts: u64) -> anyhow::Result<()> {
    let portal = sandbox.portal();
    let file = visitors(sandbox, product, portal, Known::Everything, contacts)?;
    let subscription = product.subscribe(NAME, ZONE)?;
    told("import", subscription.import_visitors(&file)?);
    subscription.connect(portal)?;
    let expected = Expected {
        contacts: contacts + contacts / MISSES,
        unknown: contacts / MISSES,
        fields: portal.fields.len() as u64,
    };
    let ended = told("first sync", subscription.sync()?);
    expected.first_run(&ended.output)?;
    Ok(())
}

/// Asks for all pages but those that need an index which is not there.
fn ask(
    (browser, server): (&mut Browser, &Process),
    contacts: u64,
    sorted: &[(&str, String)],
    pages: &mut Vec<Page>,
) -> anyhow::Result<()> {
    let settings = format!("{HERE}/settings");
    let list = format!("{HERE}/visitors");
    // The import numbers visitors by the hundred thousand, each sorted by id: in the middle of the fifth of ten.
    let middle = format!("{list}?after={}", contacts * 9 / 20);
    let listed = browser.read(&middle)?;
    let (number, id) = a_row(&listed)?;
    let beginning: String = id.chars().take(4).collect();
    let run = format!(
        "{HERE}/runs/{}",
        a_run(&browser.read(&format!("{HERE}/runs"))?)?
    );
    let search = look(browser, "search", &[("starts_with", &beginning)])?;
    let last_sync = look(browser, "sort", &[("sort", "desc last-sync")])?;
    let filter = |field: &str, test: &str, value: &str| {
        let field = format!("hubspot.{field}");
        let form = [("field", field.as_str()), ("test", test), ("value", value)];
        look(browser, "add", &form)
    };
    let common = filter("plan_tier", "is", "growth")?;
    let few = filter("mrr", "at-least", "4799")?;
    let none = filter("lastname", "is", "Nobody is called this")?;
    let unpinned = filter(UNPINNED, "contains", "nobody lives here")?;

    let mut list_of: Vec<(String, String, Limit)> = Vec::new();
    let mut add = |what: &str, path: String, limit| list_of.push((what.to_owned(), path, limit));
    add("overview", format!("{HERE}/overview"), Limit::Page);
    for level in ["visitor", "account"] {
        add(
            &format!("Data Mappings, {level} tab"),
            format!("{settings}/data-mappings/{level}"),
            Limit::Page,
        );
    }
    add("visitors by id", list.clone(), Limit::Page);
    add("visitors by id, a page in the middle", middle, Limit::Page);
    add("visitors whose id begins with …", search, Limit::Page);
    add("visitors by last sync", last_sync.clone(), Limit::Page);
    add(
        "visitors by last sync, in the middle",
        format!("{last_sync}&after={number}"),
        Limit::Page,
    );
    for (field, path) in sorted {
        add(
            &format!("visitors by pinned {field}"),
            path.clone(),
            Limit::Page,
        );
        add(
            &format!("visitors by pinned {field}, in the middle"),
            format!("{path}&after={number}"),
            Limit::Page,
        );
    }
    add("filter on a pinned column, many fit", common, Limit::Page);
    add("filter on a pinned column, few fit", few, Limit::Page);
    add("filter on a pinned column, none fits", none, Limit::Page);
    add(
        "filter on another column, none fits",
        unpinned,
        Limit::Search,
    );
    add("visitor", format!("{list}/{number}"), Limit::Page);
    add("runs", format!("{HERE}/runs"), Limit::Page);
    add("run", run.clone(), Limit::Page);
    add(
        "records missed",
        format!("{run}/records/missed"),
        Limit::Page,
    );
    add(
        "records changed",
        format!("{run}/records/changed"),
        Limit::Page,
    );
    add(
        "key picker",
        format!("{settings}/data-mappings/visitor/key"),
        Limit::Page,
    );
    add("ids", format!("{settings}/ids/visitor"), Limit::Page);
    add("storage", format!("{settings}/storage"), Limit::Page);
    add(
        "storage, its counts (asked for by the page)",
        format!("{settings}/storage/counts"),
        Limit::None,
    );
    add("audit", format!("{settings}/audit"), Limit::Page);
    for (what, path, limit) in list_of {
        pages.push(Page::measure((&mut *browser, server), &what, &path, limit)?);
    }
    Ok(())
}

/// Looks for something in the list of visitors; returns its address.
fn look(browser: &Browser, change: &str, form: &[(&str, &str)]) -> anyhow::Result<String> {
    let mut fields = vec![("change", change)];
    fields.extend_from_slice(form);
    browser.post(&format!("{HERE}/visitors/view"), &fields)
}

/// Whether a page has its list, and not how far its order is.
fn is_listed(page: &str) -> bool {
    page.contains("<tbody>")
}

/// Asks for a page until it is as it should be.
fn wait_until(
    browser: &Browser,
    path: &str,
    is_there: impl Fn(&str) -> bool,
) -> anyhow::Result<()> {
    let started = Instant::now();
    while !is_there(&browser.read(path)?) {
        if started.elapsed() > PATIENCE {
            bail!("GET {path} is not what it should be after {PATIENCE:?}");
        }
        thread::sleep(AGAIN);
    }
    Ok(())
}

/// Sorts by a column that nobody pinned, and does other things while its index is built.
fn build(browser: &Browser) -> anyhow::Result<Meanwhile> {
    let started = Instant::now();
    let sort = format!("asc hubspot.{UNPINNED}");
    let path = look(browser, "sort", &[("sort", &sort)])?;
    let mut meanwhile = Meanwhile::default();
    loop {
        let asked = Instant::now();
        let listed = is_listed(&browser.read(&path)?);
        meanwhile.list = meanwhile.list.max(asked.elapsed());
        meanwhile.whole = started.elapsed();
        if listed {
            return Ok(meanwhile);
        }
        if meanwhile.whole > PATIENCE {
            bail!("GET {path} shows no list after {PATIENCE:?}");
        }
        let other = browser.ask(&format!("{HERE}/visitors"))?.took;
        meanwhile.other = meanwhile.other.max(other);
        let asked = Instant::now();
        let column = [("column", "hubspot.lastname")];
        browser.post(&format!("{HERE}/visitors/columns"), &column)?;
        meanwhile.change = meanwhile.change.max(asked.elapsed());
        thread::sleep(AGAIN);
    }
}

/// The internal number and the id of a visitor in a list.
fn a_row(page: &str) -> anyhow::Result<(&str, &str)> {
    let row = between(page, "<a class=\"row-link clip\" href=\"", "</a>").next();
    let row = row.context("a list without visitors")?;
    let (path, _) = row.split_once('"').context("a row without a link")?;
    let number = path.rsplit('/').next().unwrap_or_default();
    let id = row.rsplit('>').next().unwrap_or_default();
    Ok((number, id))
}

/// A run in a list, as it stands in addresses.
fn a_run(page: &str) -> anyhow::Result<&str> {
    between(page, "/runs/", "\"")
        .find(|run| !run.contains('/'))
        .context("a list without runs")
}
