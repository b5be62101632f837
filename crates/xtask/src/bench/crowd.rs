//! Many subscriptions in one installation, each with a portal and visitors of its own.

use std::time::Instant;

use super::{
    product::{Product, Subscription},
    proof::Expected,
    report,
    sandbox::{Known, Sandbox},
    visitors,
};

/// How many there are, and how large each is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) subscriptions: u64,
    /// Contacts of each.
    pub(super) contacts: u64,
}

impl Size {
    /// Contacts of all together.
    pub(super) const fn contacts_in_all(self) -> u64 {
        self.subscriptions * self.contacts
    }

    /// What a run of one subscription has to report.
    pub(super) fn expected(self, sandbox: &Sandbox) -> Expected {
        Expected {
            contacts: self.contacts,
            unknown: 0,
            fields: sandbox.portal().fields.len() as u64,
        }
    }
}

/// Makes a subscription for each portal, whose nights are those of a time zone, and imports, connects and maps.
pub(super) fn subscribe<'a>(
    sandbox: &Sandbox,
    product: &'a Product<'_>,
    size: Size,
    zone: &str,
) -> anyhow::Result<Vec<Subscription<'a>>> {
    let started = Instant::now();
    let made: Vec<_> = sandbox
        .portals()
        .iter()
        .enumerate()
        .map(|(place, portal)| {
            let subscription = product.subscribe(&format!("Product {}", place + 1), zone)?;
            let known = Known::Everything;
            let file = visitors(sandbox, product, portal, known, size.contacts)?;
            subscription.import_visitors(&file)?;
            subscription.connect(portal)?;
            Ok(subscription)
        })
        .collect::<anyhow::Result<_>>()?;
    println!(
        "    set up in {:.0} s; the database takes {} MB",
        started.elapsed().as_secs_f64(),
        product.database_bytes()? / report::MEGABYTE
    );
    Ok(made)
}
