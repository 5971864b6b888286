//! Steps on integers of any width: their results are split into limbs.

use zktorch_field::par;

use super::PIECE;
use super::number::Number;
use super::rescale::Division;
use crate::{Graph, GraphError, Limbs, TensorId};

/// What a step defined.
pub(super) struct Results<'g> {
    graph: &'g Graph,
    pub(super) tensors: Vec<(TensorId, Vec<i32>)>,
}

impl<'g> Results<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        Self { graph, tensors: Vec::new() }
    }

    /// Splits numbers into limbs.
    ///
    /// # Errors
    /// [`GraphError::OutOfRange`] for the first one that does not fit: with the last limb's value and range,
    /// all others being whatever
    /// 16 bits there are.
    fn split(&mut self, limbs: &Limbs, numbers: &[i128]) -> Result<(), GraphError> {
        let mut shift = 0;
        for (i, id) in limbs.0.iter().enumerate() {
            let range = self.graph.tensor(*id).range;
            let mask = if i + 1 < limbs.len() { i128::from(Limbs::LOW.hi) } else { -1 };
            let limb = |number: i128| number >> shift & mask;
            let small = |number: i128| limb(number).to_i64();
            let outside = par::map_reduce(
                numbers.len(),
                PIECE,
                |mut piece| piece.find(|i| !range.contains(small(numbers[*i]))),
                Option::or,
            );
            if let Some(index) = outside.flatten() {
                let (tensor, value) = (self.graph.place(id.0 as usize), small(numbers[index]));
                return Err(GraphError::OutOfRange { tensor, index, value, lo: range.lo, hi: range.hi });
            }
            let mut values = vec![0; numbers.len()];
            par::for_each_chunk_mut(&mut values, PIECE, |piece, values| {
                for (value, number) in values.iter_mut().zip(&numbers[piece * PIECE..]) {
                    // In a range of 32-bit integers.
                    *value = limb(*number) as i32;
                }
            });
            self.tensors.push((*id, values));
            shift += Limbs::BITS;
        }
        Ok(())
    }

    fn place(&self, limbs: &Limbs) -> String {
        limbs.top().map_or_else(String::new, |id| self.graph.place(id.0 as usize))
    }

    /// `acc + floor(D/2) = D y + r`, `r + slack = D - 1`.
    pub(super) fn rescale(
        &mut self,
        acc: &[i128],
        divisor: u64,
        [y, r, slack]: [&Limbs; 3],
    ) -> Result<(), GraphError> {
        let quotients = map(acc.len(), |i| rounded(acc[i], divisor));
        self.split(y, &quotients)?;
        self.remainder(acc, divisor, &quotients, [r, slack])
    }

    fn remainder(
        &mut self,
        acc: &[i128],
        divisor: u64,
        quotients: &[i128],
        [r, slack]: [&Limbs; 2],
    ) -> Result<(), GraphError> {
        let divisor = i128::from(divisor);
        let remainder = |i: usize| acc[i] + divisor / 2 - divisor * quotients[i];
        if !r.is_empty() {
            self.split(r, &map(acc.len(), remainder))?;
        }
        if !slack.is_empty() {
            self.split(slack, &map(acc.len(), |i| divisor - 1 - remainder(i)))?;
        }
        Ok(())
    }

    /// y and r of a division in which nothing may be beyond the range of y.
    ///
    /// # Errors
    /// [`GraphError::OutOfRange`] for the first entry that is.
    pub(super) fn division(&mut self, division: Division, y: TensorId, r: &Limbs) -> Result<(), GraphError> {
        let Division { quotients, remainders, excess } = division;
        if let Some((index, e)) = excess.first() {
            let (tensor, range) = (self.graph.place(y.0 as usize), self.graph.tensor(y).range);
            let value = i64::from(quotients[*index]) + e;
            return Err(GraphError::OutOfRange { tensor, index: *index, value, lo: range.lo, hi: range.hi });
        }
        self.tensors.push((y, quotients));
        self.tensors.extend(r.top().map(|r| (r, remainders)));
        Ok(())
    }

    /// The excess of `len` entries and its sign, by the entries where it is not zero: all other memory stays untouched.
    ///
    /// # Errors
    /// [`GraphError::OutOfRange`] for the first one that its limbs do not hold.
    pub(super) fn excess(
        &mut self,
        len: usize,
        beyond: &[(usize, i64)],
        limbs: &Limbs,
        negative: TensorId,
    ) -> Result<(), GraphError> {
        let numbers: Vec<i128> = beyond.iter().map(|(_, e)| i128::from(*e)).collect();
        let mut few = Self::new(self.graph);
        let found = few
            .split(limbs, &numbers)
            .and_then(|()| few.split(&negative.into(), &map(numbers.len(), |i| i128::from(numbers[i] < 0))));
        found.map_err(|error| match error {
            GraphError::OutOfRange { tensor, index, value, lo, hi } => {
                GraphError::OutOfRange { tensor, index: beyond[index].0, value, lo, hi }
            }
            other => other,
        })?;
        for (id, some) in few.tensors {
            let mut all = vec![0; len];
            beyond.iter().zip(some).for_each(|((index, _), value)| all[*index] = value);
            self.tensors.push((id, all));
        }
        Ok(())
    }

    /// `a = b q + r`, `r + slack + 1 = b`.
    pub(super) fn quotient(
        &mut self,
        a: &[i128],
        b: &[i128],
        [q, r, slack]: [&Limbs; 3],
    ) -> Result<(), GraphError> {
        if let Some((index, value)) = b.iter().enumerate().find(|(_, b)| **b <= 0) {
            return Err(GraphError::Divisor { tensor: self.place(q), index, value: value.to_i64() });
        }
        let quotients = map(a.len(), |i| floor(a[i], b[i]));
        self.split(q, &quotients)?;
        let remainder = |i: usize| a[i] - b[i] * quotients[i];
        self.split(r, &map(a.len(), remainder))?;
        self.split(slack, &map(a.len(), |i| b[i] - 1 - remainder(i)))
    }

    /// `a = y^2 + r`, `r + slack = 2 y`.
    pub(super) fn root(&mut self, a: &[i128], [y, r, slack]: [&Limbs; 3]) -> Result<(), GraphError> {
        if let Some((index, value)) = a.iter().enumerate().find(|(_, a)| **a < 0) {
            return Err(GraphError::Radicand { tensor: self.place(y), index, value: value.to_i64() });
        }
        let roots = map(a.len(), |i| a[i].unsigned_abs().isqrt() as i128);
        self.split(y, &roots)?;
        let remainder = |i: usize| a[i] - roots[i] * roots[i];
        self.split(r, &map(a.len(), remainder))?;
        self.split(slack, &map(a.len(), |i| 2 * roots[i] - remainder(i)))
    }

    /// `acc + floor(D/2) = D (y + e) + r`, y within its range.
    pub(super) fn saturate(
        &mut self,
        acc: &[i128],
        divisor: u64,
        y: TensorId,
        [r, slack, excess]: [&Limbs; 3],
        negative: TensorId,
    ) -> Result<(), GraphError> {
        let quotients = map(acc.len(), |i| rounded(acc[i], divisor));
        let range = self.graph.tensor(y).range;
        let clamped = |i: usize| quotients[i].clamp(range.lo.into(), range.hi.into());
        self.split(&y.into(), &map(acc.len(), clamped))?;
        let e = map(acc.len(), |i| quotients[i] - clamped(i));
        self.split(excess, &e)?;
        self.split(&negative.into(), &map(acc.len(), |i| i128::from(e[i] < 0)))?;
        self.remainder(acc, divisor, &quotients, [r, slack])
    }

    /// `acc + floor(D/2) = D (max - gap - excess) + r`, the gap within its range, along an axis of these extents.
    pub(super) fn gap(
        &mut self,
        acc: &[i128],
        divisor: u64,
        axis: [&[u32]; 2],
        [max, gap, r, slack, excess]: [&Limbs; 5],
        chosen: TensorId,
    ) -> Result<(), GraphError> {
        let x = map(acc.len(), |i| rounded(acc[i], divisor));
        let (mut distances, mut choice) = (vec![0; x.len()], vec![0; x.len()]);
        let mut largest = Vec::new();
        for row in rows(axis) {
            // The first of the largest ones.
            let first = row.clone().reduce(|best, i| if x[i] > x[best] { i } else { best });
            let Some(first) = first else { continue };
            largest.push(x[first]);
            choice[first] = 1;
            row.for_each(|i| distances[i] = x[first] - x[i]);
        }
        self.split(max, &largest)?;
        let top = if excess.is_empty() { i128::MAX } else { gap.range(self.graph)[1] };
        self.split(gap, &map(x.len(), |i| distances[i].min(top)))?;
        if !excess.is_empty() {
            self.split(excess, &map(x.len(), |i| distances[i] - distances[i].min(top)))?;
        }
        self.split(&chosen.into(), &choice)?;
        self.remainder(acc, divisor, &x, [r, slack])
    }
}

/// For every row along an axis the numbers of its entries in row-major order: extents, and the axis.
fn rows([dims, axis]: [&[u32]; 2]) -> impl Iterator<Item = impl Iterator<Item = usize> + Clone> {
    let axis = axis.first().map_or(0, |axis| *axis as usize);
    let product = |dims: &[u32]| dims.iter().map(|dim| *dim as usize).product::<usize>();
    let (outer, extent, inner) = (product(&dims[..axis]), dims[axis] as usize, product(&dims[axis + 1..]));
    let row = move |o: usize, i: usize| (0..extent).map(move |k| (o * extent + k) * inner + i);
    (0..outer).flat_map(move |o| (0..inner).map(move |i| row(o, i)))
}

/// `floor((acc + floor(D/2)) / D)`.
fn rounded(acc: i128, divisor: u64) -> i128 {
    floor(acc + i128::from(divisor / 2), divisor.into())
}

/// `floor(a / b)` for b > 0: mostly of numbers for which there is an instruction.
fn floor(a: i128, b: i128) -> i128 {
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => a.div_euclid(b).into(),
        _ => a.div_euclid(b),
    }
}

/// Numbers by index, in parallel.
fn map(len: usize, number: impl Fn(usize) -> i128 + Sync + Send) -> Vec<i128> {
    let mut numbers = vec![0; len];
    par::for_each_chunk_mut(&mut numbers, PIECE, |piece, numbers| {
        numbers.iter_mut().zip(piece * PIECE..).for_each(|(out, i)| *out = number(i));
    });
    numbers
}
