//! The picture of a run's flow.
//!
//! The flow is a tree, so a band is as high at its source as at its target, and the layout is stacking: a part takes the room
//! of its parts, and no two bands can cross. Pure; the template only draws.

use super::flow::{Line, Part};

/// A picture in its own units.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Picture {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// In the order of [`lines`](super::flow::lines).
    pub(crate) nodes: Vec<Node>,
}

/// A bar that stands for a part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: Line,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) height: f64,
    /// What flows into it; the whole has none.
    pub(crate) band: Option<Band>,
}

impl Node {
    /// Where its label begins.
    pub(crate) fn label(&self) -> (f64, f64) {
        (
            tenths(self.x + NODE + 8.0),
            tenths(self.y + self.height / 2.0),
        )
    }
}

/// What flows from one bar to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Band {
    /// Its left and right end: where it is, and how far down.
    pub(crate) from: (f64, f64),
    pub(crate) to: (f64, f64),
    pub(crate) height: f64,
}

impl Band {
    /// The outline.
    pub(crate) fn path(&self) -> String {
        let ((left, from), (right, to)) = (self.from, self.to);
        let middle = tenths(f64::midpoint(left, right));
        let (from_low, to_low) = (tenths(from + self.height), tenths(to + self.height));
        format!(
            "M{left} {from}C{middle} {from} {middle} {to} {right} {to}V{to_low}C{middle} {to_low} {middle} {from_low} {left} {from_low}Z"
        )
    }
}

/// The width of a bar.
pub(crate) const NODE: f64 = 12.0;
/// How high the whole is, unless small parts need more.
const HEIGHT: f64 = 300.0;
/// No bar is lower than this: one record of a million is there to be seen.
const LEAST: f64 = 3.0;
/// The room a label needs.
const LABEL: f64 = 20.0;
const GAP: f64 = 10.0;
const MARGIN: f64 = 8.0;
/// From one column to the next; a label has its room in between.
const COLUMN: f64 = 240.0;

/// Lays the flow out: parts to the right of what they are parts of.
pub(crate) fn lay_out(whole: &Part) -> Picture {
    let scale = HEIGHT / float(whole.weight().max(1));
    let mut nodes = Vec::new();
    place(whole, scale, (0, MARGIN), None, &mut nodes);
    let columns = nodes.iter().map(|node| node.line.depth + 1).max();
    Picture {
        width: float(columns.unwrap_or(1) as u64) * COLUMN,
        height: tenths(extent(whole, scale) + 2.0 * MARGIN),
        nodes,
    }
}

/// How high a bar is. It holds its parts, which may be higher than their share.
fn height(part: &Part, scale: f64) -> f64 {
    let parts = part.parts.iter().map(|part| height(part, scale)).sum();
    (float(part.weight()) * scale).max(LEAST).max(parts)
}

/// The room of a part, in which nothing else stands.
fn extent(part: &Part, scale: f64) -> f64 {
    height(part, scale)
        .max(LABEL)
        .max(extent_of_parts(part, scale))
}

fn extent_of_parts(part: &Part, scale: f64) -> f64 {
    let gaps = float(part.parts.len().saturating_sub(1) as u64) * GAP;
    let parts: f64 = part.parts.iter().map(|part| extent(part, scale)).sum();
    parts + gaps
}

/// Places a part and its parts from a column and a height on. What flows into it begins at `from`.
fn place(
    part: &Part,
    scale: f64,
    (depth, top): (usize, f64),
    from: Option<(f64, f64)>,
    nodes: &mut Vec<Node>,
) {
    let (own, room) = (height(part, scale), extent(part, scale));
    let x = float(depth as u64) * COLUMN;
    let y = top + (room - own) / 2.0;
    nodes.push(Node {
        line: Line::of(part, depth),
        x,
        y: tenths(y),
        height: tenths(own),
        band: from.map(|(from_x, from_y)| Band {
            from: (from_x, tenths(from_y)),
            to: (x, tenths(y)),
            height: tenths(own),
        }),
    });
    let mut source = y;
    let mut next = top + (room - extent_of_parts(part, scale)) / 2.0;
    for one in &part.parts {
        place(
            one,
            scale,
            (depth + 1, next),
            Some((x + NODE, source)),
            nodes,
        );
        source += height(one, scale);
        next += extent(one, scale) + GAP;
    }
}

/// Short enough to be written, and finer than a screen shows.
fn tenths(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "heights of a drawing, in tenths of its units"
)]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::{super::flow::present, *};
    use crate::frame::Tone;

    /// Ends are rounded to tenths.
    const ROUNDING: f64 = 0.11;

    fn part(count: u64, parts: Vec<Part>) -> Part {
        Part {
            name: String::new(),
            count,
            tone: Tone::Plain,
            list: None,
            parts: present(parts),
        }
    }

    fn leaf(count: u64) -> Part {
        part(count, Vec::new())
    }

    /// Trees of all kinds of sizes, always the same ones.
    fn trees() -> Vec<Part> {
        let mut state = 7_u64;
        let mut next = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        let mut trees = Vec::new();
        for _ in 0..200 {
            let mut size = || match next(4) {
                0 => 0,
                1 => 1 + next(3),
                2 => next(1_000),
                _ => next(2_000_000),
            };
            let branch = |counts: Vec<u64>| {
                let sum = counts.iter().sum();
                part(sum, counts.into_iter().map(leaf).collect())
            };
            let matched = branch(vec![size(), size()]);
            let missed = branch((0..7).map(|_| size()).collect());
            let read = vec![matched, missed, leaf(size()), leaf(size())];
            let read = part(read.iter().map(|part| part.count).sum(), read);
            let whole = vec![read, leaf(size()), leaf(size())];
            trees.push(part(whole.iter().map(|part| part.count).sum(), whole));
        }
        trees
    }

    /// What stands in a column, from top to bottom: where it begins and how high it is.
    fn in_columns(ends: impl Iterator<Item = (f64, f64, f64)>) -> Vec<Vec<(f64, f64)>> {
        let mut columns: Vec<(f64, Vec<(f64, f64)>)> = Vec::new();
        for (x, y, height) in ends {
            match columns.iter_mut().find(|(at, _)| (at - x).abs() < 0.5) {
                Some((_, column)) => column.push((y, height)),
                None => columns.push((x, vec![(y, height)])),
            }
        }
        let sorted = |(_, mut column): (f64, Vec<(f64, f64)>)| {
            column.sort_by(|one, other| one.0.total_cmp(&other.0));
            column
        };
        columns.into_iter().map(sorted).collect()
    }

    fn assert_apart(columns: Vec<Vec<(f64, f64)>>) {
        for column in columns {
            for pair in column.windows(2) {
                assert!(pair[0].0 + pair[0].1 <= pair[1].0 + ROUNDING, "{pair:?}");
            }
        }
    }

    #[test]
    fn nothing_overlaps() {
        for tree in trees() {
            let Picture { nodes, height, .. } = lay_out(&tree);
            let bands: Vec<Band> = nodes.iter().filter_map(|node| node.band).collect();
            assert_apart(in_columns(
                nodes.iter().map(|node| (node.x, node.y, node.height)),
            ));
            // The ends of the bands stand apart, and in the same order left and right, so that they do not cross between.
            let from = |band: &Band| (band.from.0, band.from.1, band.height);
            let to = |band: &Band| (band.to.0, band.to.1, band.height);
            assert_apart(in_columns(bands.iter().map(from)));
            assert_apart(in_columns(bands.iter().map(to)));
            for one in &bands {
                for other in bands
                    .iter()
                    .filter(|other| (other.from.0 - one.from.0).abs() < 0.5)
                {
                    assert_eq!(one.from.1 < other.from.1, one.to.1 < other.to.1);
                }
            }
            for node in &nodes {
                assert!(node.y >= 0.0 && node.y + node.height <= height);
            }
        }
    }

    /// A bar of the picture with the part it stands for, which come in the same order.
    fn walk<'a>(part: &'a Part, found: &mut Vec<&'a Part>) {
        found.push(part);
        for part in &part.parts {
            walk(part, found);
        }
    }

    #[test]
    fn bands_fill_the_bars_between_them() {
        for tree in trees() {
            let picture = lay_out(&tree);
            let mut parts = Vec::new();
            walk(&tree, &mut parts);
            assert_eq!(picture.nodes.len(), parts.len());
            for (at, (node, part)) in picture.nodes.iter().zip(parts).enumerate() {
                assert_eq!(node.line.count, part.count);
                if let Some(band) = node.band {
                    assert!((band.height - node.height).abs() < 0.01);
                }
                if part.parts.is_empty() {
                    continue;
                }
                let below = picture.nodes[at + 1..].iter();
                let own = below.take_while(|one| one.line.depth > node.line.depth);
                let into = own.filter(|one| one.line.depth == node.line.depth + 1);
                let sum: f64 = into.map(|one| one.height).sum();
                assert!((sum - node.height).abs() < 1.0, "{sum} of {node:?}");
            }
        }
    }

    #[test]
    fn heights_are_in_proportion_and_the_smallest_is_seen() {
        let picture = lay_out(&part(
            1_000_000,
            vec![leaf(750_000), leaf(249_999), leaf(1)],
        ));
        let bands = picture.nodes.iter().filter_map(|node| node.band);
        let heights: Vec<f64> = bands.map(|band| band.height).collect();
        assert!((heights[0] / heights[1] - 3.0).abs() < 0.01, "{heights:?}");
        assert!((heights[2] - LEAST).abs() < 0.01, "{heights:?}");
    }

    #[test]
    fn a_run_that_read_nothing_has_a_picture() {
        let picture = lay_out(&leaf(0));
        assert_eq!(picture.nodes.len(), 1);
        assert!(picture.height > 0.0 && picture.width > 0.0);
    }
}
