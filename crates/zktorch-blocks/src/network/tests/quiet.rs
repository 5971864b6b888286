//! The padding of what is hardly ever anything but zero is not looked up as padding: the step's relation makes it zero.

use zktorch_field::Fr;
use zktorch_graph::layout::ArenaKind;

use super::cheating::{RELATION, assert_not_looked_up};
use super::forger::{Forger, refused_by};
use super::steps::{case, gap};
use super::zeros::clamped;
use crate::test_util::{Case, id};

/// The case with other values in the padding of tensors: (tensor, index over the padded extents, value).
fn forged(case: &'static Case, changes: &[(&str, usize, i64)]) -> Forger<'static> {
    let mut forger = Forger::new(case, &case.values);
    for (name, index, value) in changes {
        *forger.cell(id(case.network.graph(), name), *index) = Fr::from(*value);
    }
    forger.count();
    forger.recommit()
}

/// Every cell of a piece has its tensor's tag.
fn is_looked_up_in_its_own_table(case: &Case, name: &str) {
    let tensor = id(case.network.graph(), name);
    let layout = case.network.layout();
    let kind = layout.place(tensor).unwrap().arena;
    let chunks = 0..layout.arena(kind).chunks();
    let regions = chunks.flat_map(|chunk| layout.regions(kind, chunk)).filter(|r| r.tensor == tensor);
    let runs: Vec<_> = regions.flat_map(|region| region.runs()).collect();
    assert!(!runs.is_empty() && runs.iter().all(|(_, table)| Some(*table) == layout.table_of(tensor)));
}

#[test]
fn the_padding_of_an_excess_is_zero_by_its_relation() {
    // Entries 60 to 63 are padding.
    let case = case(clamped(60), 8, &[&[0; 60]]);
    is_looked_up_in_its_own_table(case, "excess 0");
    assert_eq!(case.network.layout().arena(ArenaKind::Ranged).quiet_chunks().len(), 0);
    for changes in [
        &[("excess 0", 62, 1)][..],
        &[("excess 0", 62, -1), ("negative", 62, 1)],
        &[("excess 0", 60, 70)],
        &[("excess 0", 61, 3), ("excess 0", 62, -3), ("negative", 62, 1)],
    ] {
        assert_eq!(refused_by(forged(case, changes).run()), RELATION, "{changes:?}");
    }
    // Made up for by a remainder, by a result: an excess goes with the end of a range, and at the padding there is none.
    for made_up in [("r 0", 62, -4), ("y", 62, -1)] {
        assert_eq!(refused_by(forged(case, &[("excess 0", 62, 1), made_up]).run()), RELATION);
    }
    // The sign of nothing.
    assert_not_looked_up(|| forged(case, &[("negative", 62, 1)]));
}

#[test]
fn the_padding_of_a_gaps_excess_is_zero_by_its_relation() {
    // Rows of three entries in four.
    let case = gap(true);
    is_looked_up_in_its_own_table(case, "excess 0");
    for (index, value) in [(3, 1), (7, 180)] {
        assert_eq!(refused_by(forged(case, &[("excess 0", index, value)]).run()), RELATION);
    }
    for made_up in [("r 0", 3, 4), ("gap 0", 3, -1)] {
        assert_eq!(refused_by(forged(case, &[("excess 0", 3, 1), made_up]).run()), RELATION);
    }
}
