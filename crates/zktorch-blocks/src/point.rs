//! Points of evaluation, and where their coordinates come from.

use zktorch_field::Fr;

use crate::BlockError;
use crate::error::check_length;

/// The challenge vectors whose suffixes many claims share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Drawn after the inverse columns: points of linear relations and of the lookups' zero-checks.
    Relations,
    /// The rounds of sumcheck A.
    A,
}

/// A point, with the name of the challenge vector it is a suffix of (if it is the whole suffix, in order).
///
/// Two points with the same name and length are equal whatever the challenges are; the fold plan relies on this and never
/// compares coordinates.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) coords: Vec<Fr>,
    pub(crate) shared: Option<Stage>,
}

impl Point {
    /// The last `len` coordinates of a stage's challenges.
    pub(crate) fn suffix(challenges: &[Fr], len: usize, stage: Stage) -> Result<Self, BlockError> {
        Ok(Self { coords: last(challenges, len)?.to_vec(), shared: Some(stage) })
    }

    /// A point of its own.
    pub(crate) fn own(coords: Vec<Fr>) -> Self {
        Self { coords, shared: None }
    }
}

/// The last `len` challenges, the point of an instance that joins a sumcheck late.
pub(crate) fn last(challenges: &[Fr], len: usize) -> Result<&[Fr], BlockError> {
    let start = challenges.len().checked_sub(len);
    let wrong = BlockError::Length { what: "challenges", expected: len, got: challenges.len() };
    start.and_then(|start| challenges.get(start..)).ok_or(wrong)
}

/// The coordinates of a point cut into axes with these numbers of variables, which are all of its variables.
pub(crate) fn split<'a>(coords: &'a [Fr], vars: &[usize]) -> Result<Vec<&'a [Fr]>, BlockError> {
    check_length("coordinates of a point", vars.iter().sum(), coords.len())?;
    let mut rest = coords;
    let axes = vars.iter().map(|count| {
        let (head, tail) = rest.split_at(*count);
        rest = tail;
        head
    });
    Ok(axes.collect())
}

/// `sum of eq(z, i) over i < extent`: the extension of the indicator of the real entries of one axis.
///
/// Walks down the binary digits of extent: where its digit is one, all indices with a zero there are below it.
pub(crate) fn below(z: &[Fr], extent: u32) -> Fr {
    let one = Fr::from(1u64);
    if z.len() < 32 && extent >= 1 << z.len() {
        return one;
    }
    let (mut sum, mut prefix) = (Fr::from(0u64), one);
    for (i, coordinate) in z.iter().enumerate() {
        if extent >> (z.len() - 1 - i) & 1 == 1 {
            sum += prefix * (one - coordinate);
            prefix *= coordinate;
        } else {
            prefix *= one - coordinate;
        }
    }
    sum
}

/// The extension of the box of a shape's real entries at `z`.
pub(crate) fn box_eval(shape: &zktorch_graph::Shape, z: &[Fr]) -> Result<Fr, BlockError> {
    Ok(split(z, &shape.vars())?.iter().zip(shape.dims()).map(|(z, dim)| below(z, *dim)).product())
}

/// The bits of `value` as coordinates, most significant first.
pub(crate) fn bits(value: usize, count: usize) -> Vec<Fr> {
    (0..count).rev().map(|i| Fr::from((value >> i & 1) as u64)).collect()
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use ark_std::rand::{SeedableRng, rngs::StdRng};
    use zktorch_graph::Shape;
    use zktorch_sumcheck::eq_table;

    use super::*;

    #[test]
    fn boxes_are_sums_over_their_entries() {
        let mut rng = StdRng::seed_from_u64(1);
        for dims in [vec![1u32], vec![2], vec![3], vec![5, 3], vec![4, 1, 6], vec![7, 8]] {
            let shape = Shape::new(dims);
            let z: Vec<Fr> = (0..shape.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
            let mut expected = Fr::from(0u64);
            for (index, eq) in eq_table(&z).iter().enumerate() {
                let mut rest = index;
                let real = shape.dims().iter().rev().all(|dim| {
                    let size = dim.next_power_of_two() as usize;
                    let i = rest % size;
                    rest /= size;
                    i < *dim as usize
                });
                if real {
                    expected += eq;
                }
            }
            assert_eq!(box_eval(&shape, &z).unwrap(), expected, "{shape:?}");
        }
    }
}
