//! Aligned columns, by the width that characters have on a screen.

use std::fmt;

use unicode_width::UnicodeWidthStr as _;

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells under headings.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
    indent: usize,
}

impl Table {
    /// A table with these columns; headings that are all empty are left out.
    pub(crate) fn new<const N: usize>(headings: [(&'static str, Align); N]) -> Self {
        Self {
            headings: headings.into(),
            rows: Vec::new(),
            indent: 0,
        }
    }

    /// Moves the whole table to the right.
    pub(crate) fn indented(mut self, indent: usize) -> Self {
        self.indent = indent;
        self
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings: Vec<String> = self
            .headings
            .iter()
            .map(|(name, _)| (*name).into())
            .collect();
        let head = headings
            .iter()
            .any(|name| !name.is_empty())
            .then_some(&headings);
        let lines: Vec<&Vec<String>> = head.into_iter().chain(&self.rows).collect();
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|at| {
                let cells = lines.iter().filter_map(|line| line.get(at));
                cells.map(|cell| visible_width(cell)).max().unwrap_or(0)
            })
            .collect();
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            let mut text = " ".repeat(self.indent);
            for ((cell, (_, align)), width) in line.iter().zip(&self.headings).zip(&widths) {
                let space = " ".repeat(width - visible_width(cell));
                match align {
                    Align::Left => text.extend([cell.as_str(), &space, "  "]),
                    Align::Right => text.extend([space.as_str(), cell, "  "]),
                }
            }
            f.write_str(text.trim_end())?;
        }
        Ok(())
    }
}

/// The columns that a text fills on a screen; colours fill none.
fn visible_width(text: &str) -> usize {
    let mut width = 0;
    let mut rest = text;
    while let Some(start) = rest.find("\x1b[") {
        width += rest[..start].width();
        rest = rest[start..].split_once('m').map_or("", |(_, rest)| rest);
    }
    width + rest.width()
}

/// Text on one line, cut to `width` columns: what stands in a table must not break it.
pub(crate) fn one_line(text: &str, width: usize) -> String {
    let mut line = String::new();
    let mut used = 0;
    for character in text.chars() {
        let shown = if character.is_control() {
            ' '
        } else {
            character
        };
        let wide = unicode_width::UnicodeWidthChar::width(shown).unwrap_or(0);
        if used + wide > width.saturating_sub(1) && line.len() < text.len() {
            let rest_fits = text.width() <= width && !text.chars().any(char::is_control);
            if !rest_fits {
                line.push('…');
                return line;
            }
        }
        used += wide;
        line.push(shown);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_on_the_screen() {
        let mut table = Table::new([("name", Align::Left), ("count", Align::Right)]);
        table.row(["山田".into(), "1".into()]);
        table.row(["\x1b[1mab\x1b[0m".into(), "1,000".into()]);
        assert_eq!(
            table.to_string(),
            "name  count\n山田      1\n\x1b[1mab\x1b[0m    1,000"
        );
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
        assert_eq!(one_line("a\nb", 6), "a b");
        assert_eq!(one_line("山田太郎", 5), "山田…");
    }
}
