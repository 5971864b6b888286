//! Dense arrays whose axes are contracted with sparse matrices: partial evaluation of tensors.

use std::borrow::Cow;

use zktorch_field::Fr;
use zktorch_mira::levels::Column;

use self::apply::apply;
use crate::cells::Cells;

mod apply;

/// Name of an axis while an array is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// A source axis of a view.
    Source(u32),
    /// An output axis of a view.
    Output(u32),
}

/// `M[row, column] = weight`, sorted by row.
#[derive(Clone, Debug)]
pub(crate) struct SparseMatrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) entries: Vec<(usize, usize, Fr)>,
}

/// The entries: small integers until the first contraction that is no selection.
#[derive(Clone, Debug)]
enum Data<'a> {
    I16(Cow<'a, [i16]>),
    I32(Cow<'a, [i32]>),
    Field(Vec<Fr>),
}

/// The entries of an operand of a product: a small integer is an eighth of a field element.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Small(Vec<i32>),
    Field(Vec<Fr>),
}

impl Operand {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Small(values) => values.len(),
            Self::Field(values) => values.len(),
        }
    }

    pub(crate) fn into_field(self) -> Vec<Fr> {
        match self {
            Self::Small(values) => Column::I32(&values).to_field(),
            Self::Field(values) => values,
        }
    }

    /// The sum of coefficients times values, of equally many each, the terms made one after the other: integers, if all are and
    /// 32 bits are enough for it as far as it got.
    pub(crate) fn combine<E>(
        terms: impl IntoIterator<Item = Result<(i64, Self), E>>,
    ) -> Result<Option<Self>, E> {
        let mut sum: Option<Self> = None;
        for term in terms {
            let (coefficient, values) = term?;
            sum = Some(match sum {
                None => values.times(coefficient),
                Some(sum) => sum.plus(coefficient, values),
            });
        }
        Ok(sum)
    }

    fn times(self, coefficient: i64) -> Self {
        match self {
            values if coefficient == 1 => values,
            Self::Small(mut values) if fits(&values, |value| coefficient.checked_mul(value.into())) => {
                values.iter_mut().for_each(|value| *value = (coefficient * i64::from(*value)) as i32);
                Self::Small(values)
            }
            values => {
                let (mut values, coefficient) = (values.into_field(), Fr::from(coefficient));
                values.iter_mut().for_each(|value| *value *= coefficient);
                Self::Field(values)
            }
        }
    }

    fn plus(self, coefficient: i64, other: Self) -> Self {
        let add = |a: i32, b: i32| coefficient.checked_mul(b.into())?.checked_add(a.into());
        match (self, other) {
            (Self::Small(mut sum), Self::Small(other))
                if sum.iter().zip(&other).all(|(a, b)| add(*a, *b).is_some_and(is_small)) =>
            {
                sum.iter_mut().zip(&other).for_each(|(a, b)| {
                    *a = (i64::from(*a) + coefficient * i64::from(*b)) as i32;
                });
                Self::Small(sum)
            }
            (sum, other) => {
                let (mut sum, coefficient) = (sum.into_field(), Fr::from(coefficient));
                sum.iter_mut().zip(other.into_field()).for_each(|(sum, value)| *sum += value * coefficient);
                Self::Field(sum)
            }
        }
    }
}

fn is_small(value: i64) -> bool {
    i32::try_from(value).is_ok()
}

fn fits(values: &[i32], of: impl Fn(i32) -> Option<i64>) -> bool {
    values.iter().all(|value| of(*value).is_some_and(is_small))
}

/// A row-major array with named axes.
#[derive(Clone, Debug)]
pub(crate) struct Array<'a> {
    axes: Vec<(Axis, usize)>,
    data: Data<'a>,
}

impl<'a> Array<'a> {
    /// A tensor's cells, with its source axes of these sizes.
    pub(crate) fn new(cells: Cells<'a>, sizes: impl IntoIterator<Item = usize>) -> Self {
        let axes = (0u32..).map(Axis::Source).zip(sizes).collect();
        let data = match cells {
            Cells::I16(cells) => Data::I16(cells.into()),
            Cells::I32(cells) => Data::I32(cells.into()),
        };
        Self { axes, data }
    }

    fn position(&self, axis: Axis) -> Option<usize> {
        self.axes.iter().position(|(other, _)| *other == axis)
    }

    /// Gives an axis another name.
    pub(crate) fn rename(&mut self, from: Axis, to: Axis) {
        self.axes.iter_mut().filter(|(axis, _)| *axis == from).for_each(|(axis, _)| *axis = to);
    }

    /// Replaces adjacent axes by new ones: `out[o, row, i] = sum_column M[row, column] in[o, column, i]`. The column index is
    /// row-major over `from`, the row index over `to`.
    pub(crate) fn contract(&mut self, from: &[Axis], to: &[(Axis, usize)], matrix: &SparseMatrix) {
        self.make_adjacent(from);
        let at = from.first().and_then(|axis| self.position(*axis)).unwrap_or(self.axes.len());
        let outer: usize = self.axes[..at].iter().map(|(_, size)| size).product();
        let inner: usize = self.axes[at + from.len()..].iter().map(|(_, size)| size).product();
        let out = match &self.data {
            Data::I16(cells) => apply(matrix, outer, inner, cells.as_ref()),
            Data::I32(cells) => apply(matrix, outer, inner, cells.as_ref()),
            Data::Field(cells) => apply(matrix, outer, inner, cells.as_slice()),
        };
        self.data = Data::Field(out);
        self.axes.splice(at..at + from.len(), to.iter().copied());
    }

    /// The same for a matrix whose rows are unit vectors or zero, given by their columns: integers stay integers.
    pub(crate) fn select(
        &mut self,
        from: &[Axis],
        to: &[(Axis, usize)],
        columns: usize,
        rows: &[Option<usize>],
    ) {
        self.make_adjacent(from);
        let at = from.first().and_then(|axis| self.position(*axis)).unwrap_or(self.axes.len());
        let inner: usize = self.axes[at + from.len()..].iter().map(|(_, size)| size).product();
        self.data = match &self.data {
            Data::I16(cells) => Data::I16(selected(cells, columns, inner, rows).into()),
            Data::I32(cells) => Data::I32(selected(cells, columns, inner, rows).into()),
            Data::Field(cells) => Data::Field(selected(cells, columns, inner, rows)),
        };
        self.axes.splice(at..at + from.len(), to.iter().copied());
    }

    fn make_adjacent(&mut self, axes: &[Axis]) {
        let positions: Vec<usize> = axes.iter().filter_map(|axis| self.position(*axis)).collect();
        if positions.windows(2).all(|pair| pair[1] == pair[0] + 1) {
            return;
        }
        let at = positions.iter().copied().min().unwrap_or(0);
        let mut order: Vec<Axis> =
            self.axes.iter().map(|(axis, _)| *axis).filter(|axis| !axes.contains(axis)).collect();
        let before = self.axes[..at].iter().filter(|(axis, _)| !axes.contains(axis)).count();
        order.splice(before..before, axes.iter().copied());
        self.permute(&order);
    }

    /// Brings the axes into this order.
    pub(crate) fn permute(&mut self, order: &[Axis]) {
        let positions: Vec<usize> = order.iter().filter_map(|axis| self.position(*axis)).collect();
        // Axes of one entry may be anywhere.
        let mut strides = vec![1usize; self.axes.len()];
        for i in (1..self.axes.len()).rev() {
            strides[i - 1] = strides[i] * self.axes[i].1;
        }
        let moved: Vec<(usize, usize)> =
            positions.iter().map(|p| (self.axes[*p].1, strides[*p])).filter(|(size, _)| *size > 1).collect();
        let sorted = moved.windows(2).all(|pair| pair[0].1 > pair[1].1);
        let axes: Vec<(Axis, usize)> = positions.iter().map(|p| self.axes[*p]).collect();
        if !sorted {
            self.data = match &self.data {
                Data::I16(cells) => Data::I16(gather(cells, &moved).into()),
                Data::I32(cells) => Data::I32(gather(cells, &moved).into()),
                Data::Field(cells) => Data::Field(gather(cells, &moved)),
            };
        }
        self.axes = axes;
    }

    /// The entries: integers, if nothing was contracted.
    pub(crate) fn into_operand(self) -> Operand {
        match self.data {
            Data::I16(cells) => Operand::Small(cells.iter().map(|cell| i32::from(*cell)).collect()),
            Data::I32(cells) => Operand::Small(cells.into_owned()),
            Data::Field(cells) => Operand::Field(cells),
        }
    }

    /// The entries as field elements.
    pub(crate) fn into_field(self) -> Vec<Fr> {
        match self.data {
            Data::Field(values) => values,
            Data::I16(cells) => Column::I16(&cells).to_field(),
            Data::I32(cells) => Column::I32(&cells).to_field(),
        }
    }
}

/// `out[o, row, i] = cells[o, rows[row], i]`.
fn selected<T: Copy + Default>(cells: &[T], columns: usize, inner: usize, rows: &[Option<usize>]) -> Vec<T> {
    let outer = cells.len() / (columns * inner).max(1);
    let mut out = Vec::with_capacity(outer * rows.len() * inner);
    for cells in cells.chunks_exact((columns * inner).max(1)) {
        for row in rows {
            match row {
                Some(column) if inner == 1 => out.push(cells[*column]),
                Some(column) => out.extend_from_slice(&cells[column * inner..][..inner]),
                None => out.resize(out.len() + inner, T::default()),
            }
        }
    }
    out
}

/// All entries in the order of these (size, stride) axes.
fn gather<T: Copy>(cells: &[T], axes: &[(usize, usize)]) -> Vec<T> {
    let mut indices = vec![0usize];
    for (size, stride) in axes {
        let next: Vec<usize> =
            indices.iter().flat_map(|base| (0..*size).map(move |i| base + i * stride)).collect();
        indices = next;
    }
    indices.into_iter().map(|index| cells[index]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_the_product_with_its_matrix() {
        let cells: Vec<i32> = (1..=24).collect();
        let axes = [Axis::Source(0), Axis::Source(1), Axis::Source(2)];
        let rows = [Some(2), None, Some(0), Some(2)];
        for (from, columns) in [(vec![axes[0]], 4), (vec![axes[1]], 3), (vec![axes[2]], 2), (vec![], 1)] {
            let rows: Vec<Option<usize>> = rows.iter().map(|row| row.filter(|row| *row < columns)).collect();
            let entry =
                |(row, column): (usize, &Option<usize>)| column.map(|column| (row, column, Fr::from(1u64)));
            let entries = rows.iter().enumerate().filter_map(entry).collect();
            let matrix = SparseMatrix { rows: rows.len(), columns, entries };
            let to = [(Axis::Output(0), rows.len())];
            let mut product = Array::new(Cells::I32(&cells), [4, 3, 2]);
            let mut chosen = product.clone();
            product.contract(&from, &to, &matrix);
            chosen.select(&from, &to, columns, &rows);
            assert_eq!(chosen.axes, product.axes);
            let chosen = chosen.into_operand();
            assert!(matches!(chosen, Operand::Small(_)));
            assert_eq!(chosen.into_field(), product.into_field());
        }
    }

    #[test]
    fn sums_are_integers_where_these_fit() {
        let small = |values: &[i32]| Operand::Small(values.to_vec());
        let field = |values: &[i32]| Operand::Field(values.iter().map(|value| Fr::from(*value)).collect());
        let is_small = |values: &Operand| matches!(values, Operand::Small(_));
        let combine = |terms: Vec<(i64, Operand)>| {
            Operand::combine(terms.into_iter().map(Ok::<_, std::convert::Infallible>)).unwrap()
        };
        let combined = |terms: Vec<(i64, Operand)>| combine(terms).unwrap();
        let expected = vec![Fr::from(-7i64), Fr::from(196_607i64)];
        for second in [small(&[-7, -1]), field(&[-7, -1])] {
            let expects = is_small(&second);
            let sum = combined(vec![(1 << 16, small(&[0, 3])), (1, second)]);
            assert_eq!(is_small(&sum), expects);
            assert_eq!(sum.into_field(), expected);
        }
        for (coefficient, value, expects) in [
            (1, i32::MIN, true),
            (-1, i32::MAX, true),
            (-1, i32::MIN, false),
            (i64::MAX, 1, false),
            (i64::MAX, 2, false),
            (i64::MIN, i32::MIN, false),
        ] {
            let sum = combined(vec![(coefficient, small(&[value]))]);
            assert_eq!(is_small(&sum), expects, "{coefficient} {value}");
            assert_eq!(sum.into_field(), [Fr::from(coefficient) * Fr::from(value)]);
        }
        assert!(combine(Vec::new()).is_none());
    }
}
