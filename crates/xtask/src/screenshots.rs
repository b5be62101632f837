//! The pictures of `docs/screenshots`: taken by the tests of page states, chosen, cut and named here.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, ensure};
use flate2::{Compression, Crc, read::ZlibDecoder, write::ZlibEncoder};

use crate::{
    browser::BROWSER,
    debian::Packages,
    steps::{self, Verdict},
    workspace::Workspace,
};

/// The tests that take the pictures.
const TESTS: [&str; 4] = [
    "screen::states::sync",
    "screen::states::subjects",
    "screen::states::mapping::map",
    "screen::states::destination",
];

/// A page that is shown.
struct Page {
    /// Its state in the registry of the tests.
    scene: &'static str,
    /// The name of its pictures.
    name: &'static str,
    title: &'static str,
    caption: &'static str,
    /// Shown in Japanese besides.
    japanese: bool,
}

#[rustfmt::skip]
const PAGES: [Page; 9] = [
    Page {
        scene: "sync-overview", name: "overview", japanese: true,
        title: "Overview",
        caption: "Is all well? The last proved sync of each level, how well records matched in the last syncs, and what could be mended.",
    },
    Page {
        scene: "sync-proved", name: "data-mappings", japanese: true,
        title: "Data Mappings",
        caption: "The metadata fields of a level, and the HubSpot widget with its three steps done.",
    },
    Page {
        scene: "map-key-sampled", name: "key-picker", japanese: false,
        title: "The key property",
        caption: "What each property would match, from a sample, before anything is saved.",
    },
    Page {
        scene: "map-menu", name: "fields-menu", japanese: false,
        title: "Add fields",
        caption: "Properties to carry over, with their types; those that cannot come say why.",
    },
    Page {
        scene: "sync-run", name: "run", japanese: true,
        title: "One sync",
        caption: "What became of every record, as a flow whose numbers open the records behind them, and the proof.",
    },
    Page {
        scene: "destination-differing", name: "destination", japanese: true,
        title: "Destination",
        caption: "Pendo as a destination: its fields, what waits to be sent, and what it holds compared with what it was sent.",
    },
    Page {
        scene: "sync-runs", name: "runs", japanese: false,
        title: "Runs",
        caption: "Every sync with its result, its counts, and who started it.",
    },
    Page {
        scene: "subjects-visitors", name: "visitors", japanese: true,
        title: "Visitors",
        caption: "A list that is searched, filtered and sorted by what HubSpot says.",
    },
    Page {
        scene: "subjects-visitor", name: "visitor", japanese: false,
        title: "One visitor",
        caption: "All metadata by group; each value from HubSpot with its record, its sync and its time.",
    },
];

/// The looks of a page: how the tests call it, how its file is called, and how high a picture may be.
const LOOKS: [(&str, &str, u32); 4] = [
    ("light-1280", "light", 1_800),
    ("dark-1280", "dark", 1_800),
    ("light-375", "light.375", 2_200),
    ("dark-375", "dark.375", 2_200),
];

/// Takes the pictures and writes the page that shows them.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    if let Verdict::Failed(reason) = Packages::prepare(workspace, &[BROWSER])?.ready(&BROWSER)? {
        anyhow::bail!("{reason}");
    }
    let taken = tempfile::tempdir()?;
    let mut tests = workspace.cargo(["test", "--package", "web", "--test", "main", "--"]);
    tests
        .args(TESTS)
        .env("TRIBUTARY_SCREENSHOTS", taken.path())
        // What assistive technology is told is held against the accepted trees by `cargo xtask test`.
        .env("INSTA_UPDATE", "no")
        .env("INSTA_FORCE_PASS", "1");
    // A page with a fault can be looked at all the same, and perhaps has to be.
    let verdict = steps::run(&mut tests)?;

    let folder = workspace.root().join("docs/screenshots");
    // All of them before the first of the present ones goes.
    let mut pictures = Vec::new();
    for page in &PAGES {
        for (language, prefix) in [("en", ""), ("ja", "ja.")] {
            if language == "ja" && !page.japanese {
                continue;
            }
            for (look, name, highest) in LOOKS {
                // One wide and one narrow picture show enough of another language.
                if language == "ja" && name.starts_with("dark") {
                    continue;
                }
                let source = taken
                    .path()
                    .join(format!("{}.{language}-{look}.png", page.scene));
                let picture = fs::read(&source).with_context(|| {
                    format!("the tests took no picture of {} ({look})", page.scene)
                })?;
                let picture = shortened(&picture, highest)
                    .with_context(|| format!("the picture of {} cannot be read", page.scene))?;
                pictures.push((format!("{}.{prefix}{name}.png", page.name), picture));
            }
        }
    }
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "png") {
            fs::remove_file(path)?;
        }
    }
    let bytes: usize = pictures.iter().map(|(_, picture)| picture.len()).sum();
    for (name, picture) in pictures {
        fs::write(folder.join(name), picture)?;
    }
    fs::write(folder.join("README.md"), shown())?;
    println!(
        "\n{}: {:.1} MB",
        folder.display(),
        f64::from(u32::try_from(bytes)?) / 1e6
    );
    match verdict {
        Verdict::Failed(reason) => {
            println!("The pictures are there, but the pages have faults: {reason}");
            Ok(ExitCode::FAILURE)
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The page that shows the pictures.
fn shown() -> String {
    let mut text = "# Screenshots\n\nTaken by `cargo xtask screenshots` from the states that the tests walk, with the sandbox as HubSpot. Long pages are cut.\n"
        .to_owned();
    for page in &PAGES {
        let Page {
            name,
            title,
            caption,
            japanese,
            ..
        } = page;
        let picture = |look: &str, says: &str| format!("![{title}, {says}]({name}.{look}.png)");
        let _ = write!(
            text,
            "\n## {title}\n\n{caption}\n\n{}\n\n| dark | narrow | narrow, dark |\n|---|---|---|\n| {} | {} | {} |\n",
            picture("light", "light"),
            picture("dark", "dark"),
            picture("light.375", "narrow"),
            picture("dark.375", "narrow and dark"),
        );
        if *japanese {
            let _ = write!(
                text,
                "\n| Japanese | narrow |\n|---|---|\n| {} | {} |\n",
                picture("ja.light", "in Japanese"),
                picture("ja.light.375", "in Japanese, narrow"),
            );
        }
    }
    text
}

/// A picture without what stands below `highest` rows, compressed as well as can be.
///
/// A row of a PNG depends on those above it only, so the rest can go without its pixels being looked at.
/// <https://www.w3.org/TR/png-3/>
fn shortened(picture: &[u8], highest: u32) -> anyhow::Result<Vec<u8>> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let mut rest = picture.strip_prefix(SIGNATURE).context("it is no PNG")?;
    let mut header = Vec::new();
    let mut data = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        let (kind, after) = after.split_first_chunk::<4>().context("it is cut off")?;
        ensure!(after.len() >= length + 4, "it is cut off");
        match kind {
            b"IHDR" => header = after[..length].to_vec(),
            b"IDAT" => data.extend_from_slice(&after[..length]),
            _ => {}
        }
        rest = &after[length + 4..];
    }
    ensure!(header.len() == 13, "it has no header");
    let number = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|more| header[at + more]));
    let (width, height) = (number(0), number(4).min(highest));
    let samples = match (header[8], header[9], header[12]) {
        (8, 2, 0) => 3,
        (8, 6, 0) => 4,
        other => {
            anyhow::bail!("depth, colours and interlacing {other:?} are not what Chromium writes")
        }
    };
    let mut rows = Vec::new();
    ZlibDecoder::new(data.as_slice()).read_to_end(&mut rows)?;
    rows.truncate(usize::try_from((width * samples + 1) * height)?);
    header[4..8].copy_from_slice(&height.to_be_bytes());
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&rows)?;
    let data = encoder.finish()?;

    let mut short = SIGNATURE.to_vec();
    for (kind, content) in [(b"IHDR", &header), (b"IDAT", &data), (b"IEND", &Vec::new())] {
        short.extend(u32::try_from(content.len())?.to_be_bytes());
        let mut sum = Crc::new();
        for part in [kind.as_slice(), content] {
            short.extend_from_slice(part);
            sum.update(part);
        }
        short.extend(sum.sum().to_be_bytes());
    }
    Ok(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of one colour, two pixels wide.
    fn picture(height: u32) -> Vec<u8> {
        let mut header = 2_u32.to_be_bytes().to_vec();
        header.extend(height.to_be_bytes());
        header.extend([8, 2, 0, 0, 0]);
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        for _ in 0..height {
            encoder.write_all(&[0, 1, 2, 3, 1, 2, 3]).unwrap();
        }
        let data = encoder.finish().unwrap();
        let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, content) in [(b"IHDR", &header), (b"IDAT", &data)] {
            picture.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
            picture.extend_from_slice(kind);
            picture.extend_from_slice(content);
            picture.extend([0; 4]);
        }
        picture
    }

    #[test]
    fn a_picture_is_cut_at_its_bottom() {
        let whole = shortened(&picture(3), 100).unwrap();
        let cut = shortened(&picture(50), 3).unwrap();
        assert_eq!(cut, whole);
        assert_eq!(shortened(&cut, 3).unwrap(), cut);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert!(shortened(b"GIF89a", 3).is_err());
        let picture = picture(3);
        assert!(shortened(&picture[..picture.len() - 8], 3).is_err());
    }

    #[test]
    fn every_picture_of_a_page_is_shown() {
        let text = shown();
        for page in &PAGES {
            for (_, look, _) in LOOKS {
                let file = format!("({}.{look}.png)", page.name);
                assert!(text.contains(&file), "{file}");
            }
        }
    }
}
