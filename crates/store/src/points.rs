//! Moments between the steps of the store, at which tests kill or hold up a process. Only builds with debug assertions have
//! them, which releases are not.

/// Told the name of each moment as it comes. The process goes on when it returns.
#[cfg(debug_assertions)]
pub type Watcher = Box<dyn Fn(&str) + Send + Sync>;

#[cfg(debug_assertions)]
static WATCHER: std::sync::OnceLock<Watcher> = std::sync::OnceLock::new();

/// Has this process watched from here on. The first watcher stays.
#[cfg(debug_assertions)]
pub fn watch(watcher: Watcher) {
    drop(WATCHER.set(watcher));
}

/// The moment has come.
pub(crate) fn pass(name: impl FnOnce() -> String) {
    #[cfg(debug_assertions)]
    if let Some(watcher) = WATCHER.get() {
        watcher(&name());
    }
    #[cfg(not(debug_assertions))]
    drop(name);
}
