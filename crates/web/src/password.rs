//! Passwords: hashed with argon2id, and never many at once.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::{PasswordHash, Salt},
};
use tokio::sync::{Mutex, MutexGuard, Semaphore};

/// Shortest password, in characters. Length is what makes it hard to guess.
pub(crate) const SHORTEST: usize = 10;

/// Longest password, in characters; anything longer is no password.
pub(crate) const LONGEST: usize = 256;

/// Passwords hashed at the same time. Each takes 19 MiB.
const AT_ONCE: usize = 2;

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    attempts: Arc<Mutex<()>>,
}

/// The parameters that OWASP recommends.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("parameters within the limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Nobody's password, to take as long over a stranger as over a member.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$Y0WkDKRQzDlS0lk5nWJrWbWvkP8RmaT8SpkAMjCFXT4";

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            attempts: Arc::default(),
        }
    }

    /// The turn of one attempt to sign in. Until it is counted no other one begins: many at the same moment would otherwise all
    /// be tried before the first of them has failed.
    pub(crate) async fn attempt(&self) -> MutexGuard<'_, ()> {
        self.attempts.lock().await
    }

    /// The hash of a password as a PHC string.
    pub(crate) async fn hash(&self, password: String, salt: [u8; 16]) -> String {
        let _turn = self.turns.acquire().await;
        let hashed = tokio::task::spawn_blocking(move || {
            let salt = Salt::new(&salt).expect("a salt of 16 bytes");
            let hash = argon2()
                .hash_password_with_salt(password.as_bytes(), &salt)
                .expect("a password of this length can be hashed");
            hash.to_string()
        });
        hashed.await.expect("hashing does not panic")
    }

    /// Whether a password is the one of a hash; without a hash it is not, after as long a while.
    pub(crate) async fn matches(&self, password: String, hash: Option<String>) -> bool {
        let _turn = self.turns.acquire().await;
        let checked = tokio::task::spawn_blocking(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let matches = PasswordHash::new(&hash)
                .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
            matches && known
        });
        checked.await.unwrap_or(false)
    }
}

/// Why a password cannot be used: the name of a message.
pub(crate) fn weakness(password: &str, email: &str) -> Option<&'static str> {
    let folded = password.to_lowercase();
    let name = email.split('@').next().unwrap_or_default();
    if password.chars().count() < SHORTEST {
        Some("password-short")
    } else if password.chars().count() > LONGEST {
        Some("password-long")
    } else if folded == email || (name.len() >= 4 && folded.contains(name)) {
        Some("password-is-name")
    } else if folded
        .chars()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
        < 4
    {
        Some("password-same-letters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".into(), [7; 16]).await;
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(
            passwords
                .matches("correct horse".into(), Some(hash.clone()))
                .await
        );
        assert!(!passwords.matches("correct hors".into(), Some(hash)).await);
        assert!(!passwords.matches("correct horse".into(), None).await);
        assert!(!passwords.matches("x".into(), Some("no hash".into())).await);
        assert!(PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn weak_passwords_are_named() {
        for (password, weakness_is) in [
            ("short", Some("password-short")),
            ("yui.sato@example.com", Some("password-is-name")),
            ("yui.sato-2026", Some("password-is-name")),
            ("aaaaaaaaaaaa", Some("password-same-letters")),
            ("tributary river", None),
        ] {
            assert_eq!(
                weakness(password, "yui.sato@example.com"),
                weakness_is,
                "{password}"
            );
        }
        assert_eq!(weakness(&"ab".repeat(200), "a@b"), Some("password-long"));
    }
}
