//! Encryption of secrets at rest: XChaCha20-Poly1305 under named keys.
//!
//! The keyring is a JSON file `{"active":"k1","keys":{"k1":"<base64 of 32 bytes>"}}`. A sealed secret carries the name of
//! its key, so that a new key can be made active while older secrets stay readable.

use std::{
    collections::BTreeMap,
    fmt,
    io::Write as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate as _, Payload},
};
use secrecy::{ExposeSecret as _, SecretString};

const NONCE_BYTES: usize = 24;

/// The keys of an installation.
pub struct Keyring {
    active: String,
    keys: BTreeMap<String, XChaCha20Poly1305>,
}

/// The keyring, or something sealed with it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read or written.
    #[error("cannot use the keyring file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not a keyring.
    #[error("{} is not a keyring file: {why}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, without its content.
        why: &'static str,
    },
    /// Another keyring stands where one is to be put.
    #[error("{} holds another keyring", path.display())]
    Different {
        /// Where.
        path: PathBuf,
    },
    /// The secret was sealed with a key this keyring lacks.
    #[error("the secret was sealed with key {0:?}, which is not in the keyring; connect again")]
    UnknownKey(String),
    /// The sealed bytes were changed, or belong somewhere else.
    #[error("the sealed secret cannot be opened; connect again")]
    Damaged,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct File {
    active: String,
    keys: BTreeMap<String, String>,
}

impl Keyring {
    /// Reads the keyring at `path`, or makes one with a fresh key, readable by its owner only.
    pub fn read_or_make(path: &Path) -> Result<Self, Error> {
        match Self::make(path) {
            Err(Error::File { source, .. })
                if source.kind() == std::io::ErrorKind::AlreadyExists =>
            {
                Self::read(path)
            }
            made => made,
        }
    }

    /// Reads an existing keyring.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::File {
            path: path.into(),
            source,
        })?;
        let wrong = |why| Error::Format {
            path: path.into(),
            why,
        };
        let file: File = serde_json::from_str(&text)
            .map_err(|_| wrong("it is not JSON with `active` and `keys`"))?;
        let mut keys = BTreeMap::new();
        for (name, key) in file.keys {
            let bytes = BASE64
                .decode(key)
                .map_err(|_| wrong("a key is not base64"))?;
            let key =
                Key::try_from(bytes.as_slice()).map_err(|_| wrong("a key is not 32 bytes long"))?;
            keys.insert(name, XChaCha20Poly1305::new(&key));
        }
        if keys.contains_key(&file.active) {
            Ok(Self {
                active: file.active,
                keys,
            })
        } else {
            Err(wrong("the active key is not among the keys"))
        }
    }

    /// Writes a new keyring beside `path` and moves it there whole, so that a process starting at the same moment finds
    /// either none or all of it.
    fn make(path: &Path) -> Result<Self, Error> {
        let at = |source| Error::File {
            path: path.into(),
            source,
        };
        if path.exists() {
            return Err(at(std::io::ErrorKind::AlreadyExists.into()));
        }
        let key = Key::generate();
        let active = "k1".to_owned();
        let keys = BTreeMap::from([(active.clone(), BASE64.encode(key))]);
        let text = serde_json::to_string(&File { active, keys }).expect("strings serialise");
        put(path, &text, false).map_err(at)?;
        Self::read(path)
    }

    /// Seals `secret` for one `place`; it opens nowhere else.
    pub fn seal(&self, place: &str, secret: &SecretString) -> Vec<u8> {
        let nonce = XNonce::generate();
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = self.keys[&self.active]
            .encrypt(&nonce, payload)
            .expect("memory for a token");
        let name = u8::try_from(self.active.len()).expect("key names are short");
        [&[name][..], self.active.as_bytes(), &nonce, &sealed].concat()
    }

    /// Opens what [`Keyring::seal`] made for the same place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<SecretString, Error> {
        let (&length, rest) = sealed.split_first().ok_or(Error::Damaged)?;
        let (name, rest) = rest.split_at_checked(length.into()).ok_or(Error::Damaged)?;
        let name = std::str::from_utf8(name).map_err(|_| Error::Damaged)?;
        let key = self
            .keys
            .get(name)
            .ok_or_else(|| Error::UnknownKey(name.into()))?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES).ok_or(Error::Damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| Error::Damaged)?;
        let opened = key
            .decrypt(
                &nonce,
                Payload {
                    msg: sealed,
                    aad: place.as_bytes(),
                },
            )
            .map_err(|_| Error::Damaged)?;
        String::from_utf8(opened)
            .map(SecretString::from)
            .map_err(|_| Error::Damaged)
    }
}

/// Copies a keyring to another place. One that is there is replaced only if that is wanted.
///
/// # Errors
/// [`Error::Different`] when another one is there.
pub fn copy(from: &Path, to: &Path, replace: bool) -> Result<(), Error> {
    Keyring::read(from)?;
    let at = |path: &Path, source| Error::File {
        path: path.into(),
        source,
    };
    let text = std::fs::read_to_string(from).map_err(|source| at(from, source))?;
    match put(to, &text, replace) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let there = std::fs::read_to_string(to).map_err(|source| at(to, source))?;
            if there == text {
                Ok(())
            } else {
                Err(Error::Different { path: to.into() })
            }
        }
        put => put.map_err(|source| at(to, source)),
    }
}

/// Writes a file beside its place, readable by its owner only, and moves it there whole.
fn put(path: &Path, text: &str, replace: bool) -> std::io::Result<()> {
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    if replace {
        return std::fs::rename(&draft, path);
    }
    // A hard link, unlike a rename, does not replace what another process has put there meanwhile.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    linked
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_in_its_place_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keyring");
        let sealed = Keyring::read_or_make(&path)
            .unwrap()
            .seal("connection/1", &"pat-na1-x".into());
        let ring = Keyring::read_or_make(&path).unwrap();
        assert_eq!(
            ring.open("connection/1", &sealed).unwrap().expose_secret(),
            "pat-na1-x"
        );
        assert!(matches!(
            ring.open("connection/2", &sealed),
            Err(Error::Damaged)
        ));
        for end in 0..sealed.len() {
            assert!(
                ring.open("connection/1", &sealed[..end]).is_err(),
                "opened {end} bytes"
            );
        }
    }

    #[test]
    fn another_keyring_says_to_connect_again() {
        let dir = tempfile::tempdir().unwrap();
        let sealed = Keyring::read_or_make(&dir.path().join("a"))
            .unwrap()
            .seal("c", &"secret".into());
        let other = Keyring::read_or_make(&dir.path().join("b")).unwrap();
        assert!(matches!(other.open("c", &sealed), Err(Error::Damaged)));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_keyring() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keyring");
        Keyring::read_or_make(&path).unwrap();
        assert_eq!(
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
