//! Where nodes are drawn: sections of a few dozen nodes, each in rows from the top to the bottom.
//!
//! A network is deep and narrow, and a page is not. So the order of computation is cut where few values cross, and the sections are set
//! in as many columns as there is room for. Inside of one, rows are the longest paths (Sugiyama, Tagawa, Toda, 1981: rows, order
//! by barycentres, positions), at most [`WIDE`] nodes each so that a section is as wide as a telephone. What a section reads from
//! an earlier one is a reference at its top instead of a line across the page.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Width of a section.
pub(super) const WIDTH: i32 = 300;
/// Height of a node.
pub(super) const HEIGHT: i32 = 26;
/// Nodes of one row at most; references may make it more.
const WIDE: usize = 3;
/// Widths of the nodes of a row that has 1, 2, 3 of them.
const WIDTHS: [f64; 3] = [200.0, 140.0, 92.0];
/// Between nodes of a row, and between rows.
const BETWEEN: i32 = 10;
const ROWS: i32 = 20;
/// Between a node and the only one that reads it, if nothing but lanes is beside them.
const JOINED: i32 = 3;
/// Width of an edge that passes a row.
const LANE: f64 = 8.0;
/// Nodes of a section: at least, at best, at most.
const FEW: usize = 8;
const GOOD: usize = 20;
const MANY: usize = 32;
/// What one value that crosses a cut is worth, in nodes that a section has more or less than [`GOOD`].
const CROSSING: usize = 6;
/// Sweeps over all rows for the order, and for the positions.
const SWEEPS: [usize; 2] = [8, 40];

/// What is drawn in a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// A node.
    Node(usize),
    /// A node of an earlier section, whose result is read here.
    Reference(usize),
}

/// A box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) item: Item,
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) width: i32,
}

/// A part of the network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Section {
    pub(super) height: i32,
    pub(super) placed: Vec<Placed>,
    /// Points that an edge goes through, in pairs: down to the end of a row, then to the next one.
    pub(super) edges: Vec<Vec<[i32; 2]>>,
}

/// Places nodes, which come in an order of computation: `reads[i]` are nodes before i.
pub(super) fn sections(reads: &[Vec<usize>]) -> Vec<Section> {
    let earlier: Vec<Vec<usize>> = reads
        .iter()
        .enumerate()
        .map(|(node, reads)| reads.iter().copied().filter(|read| *read < node).collect())
        .collect();
    cuts(&earlier).into_iter().map(|part| section(&earlier, part)).collect()
}

/// How many values cross the cut before every node.
fn crossing(reads: &[Vec<usize>]) -> Vec<usize> {
    let mut last: BTreeMap<usize, usize> = BTreeMap::new();
    reads.iter().enumerate().for_each(|(node, reads)| {
        reads.iter().for_each(|read| {
            last.insert(*read, node);
        });
    });
    let mut crossing = vec![0; reads.len() + 1];
    let mut change = vec![0i64; reads.len() + 2];
    for (source, last) in last {
        change[source + 1] += 1;
        change[last + 1] -= 1;
    }
    let mut now = 0;
    for (at, crossing) in crossing.iter_mut().enumerate() {
        now += change[at];
        *crossing = usize::try_from(now).unwrap_or(0);
    }
    crossing
}

/// The sections, so that few values cross and each is of a good size.
fn cuts(reads: &[Vec<usize>]) -> Vec<Range<usize>> {
    let count = reads.len();
    if count <= MANY {
        return (count > 0).then_some(0..count).into_iter().collect();
    }
    let crossing = crossing(reads);
    // The least cost of everything before a cut, and the cut before that.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; count + 1];
    best[0] = Some((0, 0));
    for (end, crossing) in crossing.iter().enumerate().skip(1) {
        // The last one takes what is left.
        let least = if end == count { 1 } else { FEW };
        for size in least..=MANY.min(end) {
            let Some((before, _)) = best[end - size] else { continue };
            let cost = before + CROSSING * crossing + size.abs_diff(GOOD);
            if best[end].is_none_or(|(known, _)| cost < known) {
                best[end] = Some((cost, end - size));
            }
        }
    }
    let mut parts = Vec::new();
    let mut end = count;
    while let Some((_, start)) = best[end].filter(|_| end > 0) {
        parts.push(start..end);
        end = start;
    }
    parts.reverse();
    parts
}

/// An item of a row, or an edge that passes it on its way down from this box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Box(Item),
    Lane(Item),
}

/// Rows of cells, and the lines from each row to the next one.
struct Rows {
    cells: Vec<Vec<Cell>>,
    /// Lines from the cells of a row (by their index) to those of the next one.
    lines: Vec<Vec<(Cell, Cell)>>,
}

fn section(reads: &[Vec<usize>], part: Range<usize>) -> Section {
    let mut rows = rows(reads, &part);
    order(&mut rows);
    let centres = centres(&rows);
    draw(&rows, &centres)
}

/// The rows of boxes and of the lanes between them.
fn rows(reads: &[Vec<usize>], part: &Range<usize>) -> Rows {
    let mut row_of: BTreeMap<Item, usize> = BTreeMap::new();
    let mut sizes: Vec<usize> = Vec::new();
    let mut take = |sizes: &mut Vec<usize>, item: Item, row: usize| {
        sizes.resize(sizes.len().max(row + 1), 0);
        sizes[row] += 1;
        row_of.insert(item, row);
        row
    };
    // Row 0 is left for what comes from outside.
    let mut own: BTreeMap<usize, usize> = BTreeMap::new();
    for node in part.clone() {
        let after = reads[node].iter().filter_map(|read| own.get(read)).max();
        let mut row = after.map_or(1, |row| row + 1);
        while sizes.get(row).is_some_and(|size| *size >= WIDE) {
            row += 1;
        }
        own.insert(node, take(&mut sizes, Item::Node(node), row));
    }
    let mut outside: BTreeMap<usize, usize> = BTreeMap::new();
    for node in part.clone() {
        for read in reads[node].iter().filter(|read| **read < part.start) {
            let first = outside.entry(*read).or_insert(own[&node]);
            *first = (*first).min(own[&node]);
        }
    }
    for (read, reader) in outside {
        let free = (0..reader).rev().find(|row| sizes.get(*row).is_none_or(|size| *size < WIDE));
        take(&mut sizes, Item::Reference(read), free.unwrap_or(0));
    }
    let mut cells: Vec<Vec<Cell>> = vec![Vec::new(); sizes.len()];
    row_of.iter().for_each(|(item, row)| cells[*row].push(Cell::Box(*item)));
    let mut lines: Vec<BTreeSet<(Cell, Cell)>> = vec![BTreeSet::new(); sizes.len()];
    for node in part.clone() {
        for read in &reads[node] {
            let source = if *read < part.start { Item::Reference(*read) } else { Item::Node(*read) };
            let (first, last) = (row_of[&source], row_of[&Item::Node(node)]);
            let mut from = Cell::Box(source);
            for (row, cells) in cells.iter_mut().enumerate().take(last).skip(first + 1) {
                let lane = Cell::Lane(source);
                if !cells.contains(&lane) {
                    cells.push(lane);
                }
                lines[row - 1].insert((from, lane));
                from = lane;
            }
            lines[last - 1].insert((from, Cell::Box(Item::Node(node))));
        }
    }
    let mut rows =
        Rows { cells, lines: lines.into_iter().map(|lines| lines.into_iter().collect()).collect() };
    // Without references the first row is empty.
    if rows.cells.first().is_some_and(Vec::is_empty) {
        rows.cells.remove(0);
        rows.lines.remove(0);
    }
    rows
}

/// The cells that a cell of a row is joined to, in the row above or below.
fn neighbours(rows: &Rows, row: usize, cell: Cell, above: bool) -> impl Iterator<Item = Cell> + '_ {
    let lines: &[(Cell, Cell)] = match above {
        true => row.checked_sub(1).and_then(|row| rows.lines.get(row)).map_or(&[], Vec::as_slice),
        false => rows.lines.get(row).map_or(&[], Vec::as_slice),
    };
    lines.iter().filter_map(move |(from, to)| match above {
        true => (*to == cell).then_some(*from),
        false => (*from == cell).then_some(*to),
    })
}

/// Orders every row by the mean places of its neighbours, downwards and upwards.
fn order(rows: &mut Rows) {
    for sweep in 0..SWEEPS[0] {
        let down = sweep % 2 == 0;
        let count = rows.cells.len();
        for step in 1..count {
            let row = if down { step } else { count - 1 - step };
            let other = if down { row - 1 } else { row + 1 };
            let place: BTreeMap<Cell, f64> = spread(&rows.cells[other]);
            let own = spread(&rows.cells[row]);
            let key = |cell: &Cell| {
                let (sum, count) = neighbours(rows, row, *cell, down)
                    .filter_map(|other| place.get(&other))
                    .fold((0.0, 0), |(sum, count), place| (sum + place, count + 1));
                if count > 0 { sum / f64::from(count) } else { own[cell] }
            };
            let mut cells = rows.cells[row].clone();
            let keys: BTreeMap<Cell, f64> = cells.iter().map(|cell| (*cell, key(cell))).collect();
            cells.sort_by(|a, b| keys[a].total_cmp(&keys[b]));
            rows.cells[row] = cells;
        }
    }
}

/// Places of the cells of a row from 0 to 1.
fn spread(cells: &[Cell]) -> BTreeMap<Cell, f64> {
    let place = |(index, cell): (usize, &Cell)| (*cell, (index as f64 + 0.5) / cells.len() as f64);
    cells.iter().enumerate().map(place).collect()
}

/// The widths of the cells of a row. Where there are more than fit they are as narrow as they have to be.
fn widths(cells: &[Cell]) -> Vec<f64> {
    let boxes = cells.iter().filter(|cell| matches!(cell, Cell::Box(_))).count();
    let (lanes, gaps) = (cells.len() - boxes, cells.len().saturating_sub(1));
    let room = f64::from(WIDTH) - f64::from(BETWEEN) * gaps as f64 - LANE * lanes as f64;
    let fair = (room / boxes.max(1) as f64).max(LANE);
    let wanted =
        boxes.checked_sub(1).and_then(|boxes| WIDTHS.get(boxes)).map_or(fair, |width| width.min(fair));
    let widths = cells.iter().map(|cell| if matches!(cell, Cell::Box(_)) { wanted } else { LANE });
    let all: f64 = widths.clone().sum();
    let shrunk = (f64::from(WIDTH) / all.max(1.0)).min(1.0);
    widths.map(|width| width * shrunk).collect()
}

/// The centre of every cell: near those of its neighbours, in its row's order.
fn centres(rows: &Rows) -> Vec<BTreeMap<Cell, f64>> {
    let middle = f64::from(WIDTH) / 2.0;
    let mut centres: Vec<BTreeMap<Cell, f64>> = Vec::new();
    for cells in &rows.cells {
        centres.push(settle(cells, &vec![middle; cells.len()]));
    }
    let count = rows.cells.len();
    for sweep in 0..SWEEPS[1] {
        let down = sweep % 2 == 0;
        for step in 0..count {
            let row = if down { step } else { count - 1 - step };
            let wanted = |cell: &Cell| {
                let mut sum = (0.0, 0.0);
                for (above, other) in [(true, row.checked_sub(1)), (false, Some(row + 1))] {
                    let Some(others) = other.and_then(|other| centres.get(other)) else { continue };
                    // What was settled last counts most.
                    let weight = if above == down { 4.0 } else { 1.0 };
                    for place in neighbours(rows, row, *cell, above).filter_map(|cell| others.get(&cell)) {
                        sum = (sum.0 + weight * place, sum.1 + weight);
                    }
                }
                if sum.1 > 0.0 { sum.0 / sum.1 } else { centres[row][cell] }
            };
            let wanted: Vec<f64> = rows.cells[row].iter().map(wanted).collect();
            centres[row] = settle(&rows.cells[row], &wanted);
        }
    }
    centres
}

/// The centres of a row's cells that are nearest to wanted ones (in the sum of squares) and do not overlap: isotonic regression by
/// pooling adjacent violators, on what is left of the places when every cell is shifted by what is before it.
fn settle(cells: &[Cell], wanted: &[f64]) -> BTreeMap<Cell, f64> {
    let widths = widths(cells);
    let all: f64 = widths.iter().sum();
    let gap = match cells.len() {
        0 | 1 => 0.0,
        count => ((f64::from(WIDTH) - all) / (count - 1) as f64).clamp(0.0, f64::from(BETWEEN)),
    };
    let mut offsets = Vec::with_capacity(cells.len());
    let mut at = 0.0;
    for width in &widths {
        offsets.push(at + width / 2.0);
        at += width + gap;
    }
    let most = (f64::from(WIDTH) - (at - gap)).max(0.0);
    // Blocks of cells that move together: sum, number.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (wanted, offset) in wanted.iter().zip(&offsets) {
        let mut block = (wanted - offset, 1);
        while let Some(last) =
            blocks.last().copied().filter(|last| last.0 / last.1 as f64 > block.0 / block.1 as f64)
        {
            block = (block.0 + last.0, block.1 + last.1);
            blocks.pop();
        }
        blocks.push(block);
    }
    let shifts = blocks.iter().flat_map(|(sum, count)| vec![(sum / *count as f64).clamp(0.0, most); *count]);
    cells.iter().copied().zip(shifts.zip(offsets).map(|(shift, offset)| shift + offset)).collect()
}

fn draw(rows: &Rows, centres: &[BTreeMap<Cell, f64>]) -> Section {
    let at = |row: usize, cell: &Cell| centres[row].get(cell).map_or(0, |centre| centre.round() as i32);
    let mut tops = Vec::new();
    let mut top = 0;
    for row in 0..rows.cells.len() {
        tops.push(top);
        top += HEIGHT + if joined(rows, row) { JOINED } else { ROWS };
    }
    let height = tops.last().map_or(0, |top| top + HEIGHT);
    let mut placed = Vec::new();
    for (row, cells) in rows.cells.iter().enumerate() {
        for (cell, width) in cells.iter().zip(widths(cells)) {
            if let Cell::Box(item) = cell {
                let width = width as i32;
                placed.push(Placed { item: *item, left: at(row, cell) - width / 2, top: tops[row], width });
            }
        }
    }
    placed.sort_by_key(|placed| placed.item);
    let mut edges = Vec::new();
    for (row, lines) in rows.lines.iter().enumerate() {
        for (from, to) in lines {
            // A lane passes its row straight down.
            let start = if matches!(from, Cell::Lane(_)) { tops[row] } else { tops[row] + HEIGHT };
            let (x, next) = (at(row, from), at(row + 1, to));
            edges.push(vec![[x, start], [x, tops[row] + HEIGHT], [next, tops[row + 1]]]);
        }
    }
    Section { height, placed, edges }
}

/// Whether a row and the next one have one box each, of which the second alone reads the first, and nothing else: they are drawn as
/// one pile.
fn joined(rows: &Rows, row: usize) -> bool {
    let alone = |row: usize| {
        let cells = rows.cells.get(row).map_or(&[][..], Vec::as_slice);
        let mut boxes = cells.iter().filter(|cell| matches!(cell, Cell::Box(_)));
        let first = boxes.next().filter(|_| boxes.next().is_none());
        first.copied().filter(|cell| matches!(cell, Cell::Box(Item::Node(_))))
    };
    let (Some(from), Some(to)) = (alone(row), alone(row + 1)) else { return false };
    let mut lines = rows.lines[row].iter().filter(|line| line.0 == from || line.1 == to);
    lines.next() == Some(&(from, to)) && lines.next().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(reads: &[Vec<usize>]) {
        let sections = sections(reads);
        let nodes: Vec<usize> = (sections.iter().flat_map(|section| &section.placed))
            .filter_map(|placed| match placed.item {
                Item::Node(node) => Some(node),
                Item::Reference(_) => None,
            })
            .collect();
        assert_eq!(nodes, (0..reads.len()).collect::<Vec<_>>(), "every node once, in its order");
        for section in &sections {
            for (i, a) in section.placed.iter().enumerate() {
                assert!(a.left >= -1 && a.left + a.width <= WIDTH + 1 && a.width > 0, "{a:?}");
                assert!(a.top >= 0 && a.top + HEIGHT <= section.height, "{a:?}");
                for b in &section.placed[i + 1..] {
                    let apart = a.left + a.width <= b.left + 1 || b.left + b.width <= a.left + 1;
                    assert!(a.top != b.top || apart, "{a:?} and {b:?}");
                }
            }
            let place = |item: Item| section.placed.iter().find(|placed| placed.item == item);
            for placed in &section.placed {
                let Item::Node(node) = placed.item else { continue };
                for read in &reads[node] {
                    let source = place(Item::Node(*read)).or_else(|| place(Item::Reference(*read))).unwrap();
                    assert!(source.top < placed.top, "{source:?} is read by {placed:?}");
                }
            }
            for edge in &section.edges {
                assert!(edge.windows(2).all(|points| points[0][1] <= points[1][1]), "{edge:?}");
            }
        }
    }

    #[test]
    fn a_chain_is_one_pile() {
        let chain: Vec<Vec<usize>> =
            (0..6usize).map(|node| node.checked_sub(1).into_iter().collect()).collect();
        check(&chain);
        let sections = sections(&chain);
        assert_eq!((sections.len(), sections[0].height), (1, 6 * HEIGHT + 5 * JOINED));
        assert!(sections[0].placed.iter().all(|placed| placed.left == sections[0].placed[0].left));
    }

    #[test]
    fn a_network_is_cut_where_one_value_crosses() {
        // Blocks of 24 nodes with a shortcut around each: no cut goes through one.
        let reads: Vec<Vec<usize>> = (0..24 * 15usize)
            .map(|node| match (node, node % 24) {
                (0, _) => vec![],
                (_, 23) => vec![node - 1, node - 23],
                _ => vec![node - 1],
            })
            .collect();
        check(&reads);
        let sections = sections(&reads);
        assert_eq!(sections.len(), 15);
        let references = |section: &Section| {
            section.placed.iter().filter(|placed| matches!(placed.item, Item::Reference(_))).count()
        };
        assert!(sections[1..].iter().all(|section| references(section) == 1));
    }

    #[test]
    fn a_row_may_have_many_references() {
        let mut reads: Vec<Vec<usize>> = vec![Vec::new(); 40];
        reads.push((0..40).collect());
        check(&reads);
        check(&[]);
        check(&[vec![]]);
    }

    proptest! {
        #[test]
        fn any_graph(edges in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..120)) {
            let reads: Vec<Vec<usize>> = (edges.iter().enumerate())
                .map(|(node, reads)| {
                    let mut reads: Vec<usize> =
                        reads.iter().filter(|_| node > 0).map(|read| read.index(node)).collect();
                    reads.sort_unstable();
                    reads.dedup();
                    reads
                })
                .collect();
            check(&reads);
        }
    }
}
