//! Texts shown so that white space in them can be seen.

/// A text in pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Visible {
    pub(crate) pieces: Vec<Piece>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// What can be seen by itself.
    Plain(String),
    /// A character that cannot: a sign for it, and its name, which is that of a message or its code point.
    Blank(&'static str, Blank),
}

/// A character that cannot be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Blank {
    /// The name of a message.
    Named(&'static str),
    /// Its code point.
    Code(String),
}

impl Visible {
    /// Marks the white space around a text, and whatever in it would not be seen. A space between words is left alone.
    pub(crate) fn of(text: &str) -> Self {
        let inner = text.trim();
        let from = text.len() - text.trim_start().len();
        let to = from + inner.len();
        let mut pieces = Vec::new();
        let mut plain = String::new();
        for (at, character) in text.char_indices() {
            let outside = at < from || at >= to;
            let hidden = if character == ' ' {
                outside
            } else {
                character.is_whitespace() || character.is_control() || is_without_width(character)
            };
            if !hidden {
                plain.push(character);
                continue;
            }
            if !plain.is_empty() {
                pieces.push(Piece::Plain(std::mem::take(&mut plain)));
            }
            pieces.push(match character {
                ' ' => Piece::Blank("␣", Blank::Named("records-blank-space")),
                '\t' => Piece::Blank("⇥", Blank::Named("records-blank-tab")),
                '\n' | '\r' => Piece::Blank("↵", Blank::Named("records-blank-line")),
                other => Piece::Blank("◌", Blank::Code(format!("U+{:04X}", u32::from(other)))),
            });
        }
        if !plain.is_empty() {
            pieces.push(Piece::Plain(plain));
        }
        Self { pieces }
    }
}

/// Characters of the Unicode category "format" that turn up in copied ids.
fn is_without_width(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let pieces = Visible::of(text).pieces.into_iter();
        pieces
            .map(|piece| match piece {
                Piece::Plain(text) => text,
                Piece::Blank(sign, Blank::Named(_)) => sign.to_owned(),
                Piece::Blank(_, Blank::Code(code)) => format!("<{code}>"),
            })
            .collect()
    }

    #[test]
    fn white_space_is_seen() {
        for (text, seen) in [
            ("", ""),
            ("u-1", "u-1"),
            ("two words", "two words"),
            (" u-1  ", "␣u-1␣␣"),
            ("   ", "␣␣␣"),
            ("u-1\t", "u-1⇥"),
            ("a\nb", "a↵b"),
            ("u\u{200b}1", "u<U+200B>1"),
            ("\u{a0}u", "<U+00A0>u"),
            ("田中\u{3000}太郎 ", "田中<U+3000>太郎␣"),
        ] {
            assert_eq!(shown(text), seen, "{text:?}");
        }
    }
}
