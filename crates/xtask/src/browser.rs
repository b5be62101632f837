//! Chromium with its driver, for the tests that walk the pages.

use crate::debian::{Wanted, not_on_path};

/// The browser, its driver, and letters for Japanese.
pub(crate) const BROWSER: Wanted = Wanted {
    packages: "chromium chromium-driver fonts-noto-cjk",
    missing: || not_on_path(&["chromium", "chromedriver"]),
};
