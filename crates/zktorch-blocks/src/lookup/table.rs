//! Evaluating the stacked column of all lookup tables, which is public: in closed form where it is affine.
//!
//! Ranges, ReLU, clips and padding are runs of cells on which tag, key and value are affine in the number of the cell. On an aligned
//! block of `2^l` such cells, at the block's coordinates `eq_block` and the cell's `z_0, .., z_(l-1)` (first bit first),
//!
//! ```text
//! sum over cells i of eq(z, i) (c + d i) = eq_block (c + d sum_b 2^(l-1-b) z_b),
//! ```
//!
//! because eq sums up to one and `i~` is that sum. A run is a few aligned blocks; what is no run (other functions) is evaluated cell by cell.

use zktorch_field::Fr;
use zktorch_sumcheck::Evaluations;

use crate::BlockError;

/// Cells by cell are done, about, in the time of one step of the descent.
const STEP: usize = 64;

/// Columns of small integers that belong together, and where their affine runs begin.
#[derive(Clone, Debug)]
pub(crate) struct Runs(Vec<u32>);

impl Runs {
    /// Runs on which all `columns` are affine.
    pub(crate) fn new(columns: &[&[i32]]) -> Self {
        let len = columns.iter().map(|column| column.len()).min().unwrap_or(0);
        let step = |column: &&[i32], i: usize| i64::from(column[i]) - i64::from(column[i - 1]);
        let mut starts = Vec::new();
        let mut start = 0;
        for i in 0..len {
            // Two cells are always on a line.
            let goes_on = i < start + 2 || columns.iter().all(|c| step(c, i) == step(c, i - 1));
            if i == 0 || !goes_on {
                start = i;
                // At most `limits::TABLE_CELLS`.
                starts.push(i as u32);
            }
        }
        Self(starts)
    }

    /// How many runs begin after this cell and before `end`.
    fn after(&self, cell: usize, end: usize) -> usize {
        let before = |cell: usize| self.0.partition_point(|start| (*start as usize) < cell);
        before(end) - before(cell + 1)
    }

    /// `sum_c weight_c column_c~` on the cells from `start` on, at a point with as many coordinates as these need.
    pub(crate) fn evaluate(
        &self,
        columns: &[(&[i32], Fr)],
        start: usize,
        point: &[Fr],
    ) -> Result<Fr, BlockError> {
        let end = start + (1 << point.len());
        let runs = self.after(start, end);
        let entry =
            |cell: usize| -> Fr { columns.iter().map(|(c, weight)| *weight * Fr::from(c[cell])).sum() };
        if runs == 0 {
            let first = entry(start);
            let slope = if point.is_empty() { Fr::from(0u64) } else { entry(start + 1) - first };
            let number = point.iter().fold(Fr::from(0u64), |number, z| number + number + z);
            return Ok(first + slope * number);
        }
        if (STEP * point.len()).saturating_mul(runs) >= 1 << point.len() {
            let mut sum = Fr::from(0u64);
            for (column, weight) in columns {
                sum += *weight * Evaluations::from(&column[start..end]).evaluate(point)?;
            }
            return Ok(sum);
        }
        let (z, low) = (point[0], &point[1..]);
        let left = self.evaluate(columns, start, low)?;
        let right = self.evaluate(columns, start + (1 << low.len()), low)?;
        Ok(left + z * (right - left))
    }
}

#[cfg(test)]
mod tests {
    use zktorch_sumcheck::eq_table;

    use super::*;

    /// Ranges of either sign, a ReLU, noise, constants, and a column that has no step.
    fn columns() -> [Vec<i32>; 2] {
        let mut columns = [Vec::new(), Vec::new()];
        let mut push = |x: i32, y: i32| {
            columns[0].push(x);
            columns[1].push(y);
        };
        (0..777).for_each(|i| push(i - 300, 0));
        (0..1500).for_each(|i| push(i - 700, (i - 700).max(0)));
        (0..900i32).for_each(|i| push(i, i.wrapping_mul(0x9e37_79b1u32 as i32) >> 16));
        (0..919).for_each(|_| push(i32::MIN, i32::MAX));
        columns
    }

    #[test]
    fn closed_forms_are_the_sums() {
        let [x, y] = columns();
        let mut rng = ark_std::test_rng();
        let mut draw = || <Fr as ark_ff::UniformRand>::rand(&mut rng);
        let weighted = [(x.as_slice(), draw()), (y.as_slice(), draw())];
        let runs = Runs::new(&[&x, &y]);
        assert!(runs.0.len() < 950);
        for vars in 0..=12usize {
            let point: Vec<Fr> = (0..vars).map(|_| draw()).collect();
            let eq = eq_table(&point);
            for start in (0..1usize << 12).step_by(1 << vars) {
                let cells = start..start + (1 << vars);
                let sum = |(column, weight): &(&[i32], Fr)| -> Fr {
                    cells.clone().zip(&eq).map(|(i, eq)| *eq * weight * Fr::from(column[i])).sum()
                };
                let expected: Fr = weighted.iter().map(sum).sum();
                assert_eq!(runs.evaluate(&weighted, start, &point).unwrap(), expected, "{start}, {vars}");
            }
        }
    }

    #[test]
    fn runs_are_as_long_as_they_can_be() {
        let starts = |column: &[i32]| Runs::new(&[column]).0;
        assert_eq!(starts(&[]), [0u32; 0]);
        assert_eq!(starts(&[4]), [0]);
        assert_eq!(starts(&[4, 9]), [0]);
        assert_eq!(starts(&[0, 0, 0, 1, 2, 3]), [0, 3]);
        assert_eq!(starts(&[5, 6, 7, 0, 0, 1, i32::MIN, i32::MAX, i32::MAX]), [0, 3, 5, 7]);
        assert_eq!(Runs::new(&[&[0, 1, 2, 3], &[0, 0, 1, 1]]).0, [0, 2]);
    }
}
