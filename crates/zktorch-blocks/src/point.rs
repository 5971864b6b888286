//! Points of evaluation, by the names of their coordinates.
//!
//! All claims of a proof are made at points whose coordinates are challenges, in an order that the network alone decides, or bits that
//! say where in its chunk a tensor lies. So a [`Point`] is a list of names, and equal points are equal whatever the challenges are: the
//! fold plan relies on this and never compares numbers. A point has no numbers of its own; [`Drawn`] makes them from the names.

use zktorch_field::Fr;

use crate::BlockError;
use crate::error::check_length;

/// The challenge vectors that points are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// r, drawn after the inverse columns: points of linear relations and of the lookups' zero-checks.
    Relations,
    /// The rounds of sumcheck A.
    A,
    /// The rounds of sumcheck B.
    B,
}

/// A coordinate, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Coordinate {
    Bit(bool),
    /// Counted from the end, as instances that join a sumcheck late have a suffix of its challenges.
    Challenge {
        stage: Stage,
        from_end: usize,
    },
}

/// A point: what its coordinates are, first variable first.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point(Vec<Coordinate>);

impl Point {
    /// The last `len` challenges of a stage.
    pub(crate) fn suffix(stage: Stage, len: usize) -> Self {
        Self((0..len).rev().map(|from_end| Coordinate::Challenge { stage, from_end }).collect())
    }

    /// The bits of `value`, most significant first.
    pub(crate) fn bits(value: usize, count: usize) -> Self {
        Self((0..count).rev().map(|i| Coordinate::Bit(value >> i & 1 == 1)).collect())
    }

    /// The coordinates of several points, one after the other.
    pub(crate) fn concat<'p>(parts: impl IntoIterator<Item = &'p Self>) -> Self {
        Self(parts.into_iter().flat_map(|part| part.0.iter().copied()).collect())
    }

    /// Number of coordinates.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The last `len` coordinates (all, if there are fewer), and those before them.
    pub(crate) fn split_low(&self, len: usize) -> [Self; 2] {
        let (high, low) = self.0.split_at(self.len().saturating_sub(len));
        [Self(high.to_vec()), Self(low.to_vec())]
    }

    /// The coordinates in another order: number `order[i]` becomes number i.
    pub(crate) fn permuted(&self, order: &[usize]) -> Result<Self, BlockError> {
        check_length("coordinates of a point", order.len(), self.len())?;
        let coordinate = |i: &usize| {
            let missing =
                BlockError::Length { what: "coordinates of a point", expected: *i + 1, got: self.len() };
            self.0.get(*i).copied().ok_or(missing)
        };
        Ok(Self(order.iter().map(coordinate).collect::<Result<_, _>>()?))
    }

    /// Cut into axes with these numbers of variables, which are all of its variables.
    pub(crate) fn split(&self, vars: &[usize]) -> Result<Vec<Self>, BlockError> {
        Ok(split(&self.0, vars)?.into_iter().map(|axis| Self(axis.to_vec())).collect())
    }
}

/// The challenges drawn so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawn([Option<Vec<Fr>>; 3]);

impl Drawn {
    /// Notes the challenges of a stage, which are drawn once.
    pub(crate) fn draw(&mut self, stage: Stage, challenges: &[Fr]) -> Result<(), BlockError> {
        let slot = &mut self.0[stage as usize];
        if slot.is_some() {
            return Err(BlockError::Drawn { what: stage.name() });
        }
        *slot = Some(challenges.to_vec());
        Ok(())
    }

    /// The coordinates of a point.
    pub(crate) fn coords(&self, point: &Point) -> Result<Vec<Fr>, BlockError> {
        let coordinate = |coordinate: &Coordinate| match *coordinate {
            Coordinate::Bit(bit) => Ok(Fr::from(u64::from(bit))),
            Coordinate::Challenge { stage, from_end } => {
                let challenges = self.0[stage as usize].as_deref().unwrap_or_default();
                let wrong =
                    BlockError::Length { what: stage.name(), expected: from_end + 1, got: challenges.len() };
                challenges.iter().nth_back(from_end).copied().ok_or(wrong)
            }
        };
        point.0.iter().map(coordinate).collect()
    }
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Relations => "coordinates of r",
            Self::A => "challenges of sumcheck A",
            Self::B => "challenges of sumcheck B",
        }
    }
}

/// The last `len` challenges, the point of an instance that joins a sumcheck late.
pub(crate) fn last(challenges: &[Fr], len: usize) -> Result<&[Fr], BlockError> {
    let start = challenges.len().checked_sub(len);
    let wrong = BlockError::Length { what: "challenges", expected: len, got: challenges.len() };
    start.and_then(|start| challenges.get(start..)).ok_or(wrong)
}

/// The coordinates of a point cut into axes with these numbers of variables, which are all of its variables.
pub(crate) fn split<'a, T>(coords: &'a [T], vars: &[usize]) -> Result<Vec<&'a [T]>, BlockError> {
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
