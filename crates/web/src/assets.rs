//! The files that pages load: part of the program, compressed once, named after their content so that browsers keep them.

use std::{io::Write as _, sync::LazyLock};

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use xxhash_rust::xxh3::xxh3_64;

/// A file.
struct Asset {
    /// Its name with a hash of its content.
    name: String,
    kind: &'static str,
    plain: &'static [u8],
    gzipped: Vec<u8>,
}

macro_rules! assets {
    ($($constant:ident $file:literal $kind:literal;)*) => {
        /// Which file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum File { $($constant),* }

        static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
            vec![$(Asset::new($file, $kind, include_bytes!(concat!("../assets/", $file)))),*]
        });
    };
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

assets! {
    Library "vendor/basecoat-nova.min.css" "css";
    Htmx "vendor/htmx.min.js" "js";
    Events "vendor/hx-sse.min.js" "js";
    Style "app.css" "css";
    Theme "theme.js" "js";
    Script "app.js" "js";
    Icon "icon.svg" "svg";
    Icons "icons.svg" "svg";
}

impl Asset {
    fn new(file: &str, kind: &str, plain: &'static [u8]) -> Self {
        let base = file.rsplit('/').next().unwrap_or(file);
        let (stem, ending) = base.rsplit_once('.').unwrap_or((base, ""));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let gzipped = encoder
            .write_all(plain)
            .and_then(|()| encoder.finish())
            .expect("compressing in memory does not fail");
        Self {
            name: format!("{stem}-{:016x}.{ending}", xxh3_64(plain)),
            kind: match kind {
                "css" => CSS,
                "js" => JS,
                _ => "image/svg+xml",
            },
            plain,
            gzipped,
        }
    }
}

impl File {
    /// Its address.
    pub(crate) fn url(self) -> String {
        format!("/assets/{}", ASSETS[self as usize].name)
    }
}

/// `GET /assets/{name}`.
pub(crate) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("gzip"));
    let mut answer = HeaderMap::new();
    let set = |answer: &mut HeaderMap, name, value| {
        answer.insert(name, HeaderValue::from_static(value));
    };
    set(&mut answer, header::CONTENT_TYPE, asset.kind);
    set(
        &mut answer,
        header::CACHE_CONTROL,
        "public, max-age=31536000, immutable",
    );
    set(&mut answer, header::VARY, "accept-encoding");
    if gzip {
        set(&mut answer, header::CONTENT_ENCODING, "gzip");
        (answer, asset.gzipped.as_slice()).into_response()
    } else {
        (answer, asset.plain).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use sha2::{Digest as _, Sha256};

    use super::*;

    /// What is not our own is as it was published, and none of it is unlisted.
    #[test]
    fn vendored_files_are_as_docs_vendored_says() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = root.join("../..");
        let page = fs::read_to_string(workspace.join("docs/vendored.md")).expect("the list");
        let mut listed = 0;
        for folder in ["assets/vendor", "tests/vendor"] {
            for entry in fs::read_dir(root.join(folder)).expect("a folder") {
                let path = entry.expect("a file").path();
                let name = path.file_name().and_then(|name| name.to_str());
                let name = format!("crates/web/{folder}/{}", name.expect("a name"));
                let content = fs::read(&path).expect("a file");
                let sum = Sha256::digest(content)
                    .iter()
                    .fold(String::new(), |sum, byte| format!("{sum}{byte:02x}"));
                let line = page.lines().find(|line| line.contains(&name));
                let line = line.unwrap_or_else(|| panic!("docs/vendored.md does not list {name}"));
                assert!(
                    line.contains(&sum),
                    "{name} is another file than listed: {sum}"
                );
                listed += 1;
            }
        }
        assert_eq!(listed, page.matches("| `crates/").count());
    }

    #[test]
    fn names_change_with_the_content() {
        for asset in ASSETS.iter() {
            assert!(asset.gzipped.len() < asset.plain.len(), "{}", asset.name);
        }
        assert!(File::Style.url().starts_with("/assets/app-"));
    }
}
