//! The prover's side of reindexing: partial evaluation of views.

use ark_ff::One;
use zktorch_field::Fr;
use zktorch_graph::{AxisMap, Entry, Factor, Indices, Shape, View};
use zktorch_sumcheck::eq_table;

use super::{SplitEq, Sum};
use crate::BlockError;
use crate::array::{Array, Axis, Operand, SparseMatrix};
use crate::cells::Cells;
use crate::point::Drawn;

/// A view with some output axes bound to coordinates: the values over the others, in the given order.
pub(crate) fn partial(
    view: &View,
    source: &Shape,
    cells: Cells<'_>,
    bound: &[Option<&[Fr]>],
    order: &[u32],
    indices: Indices<'_>,
) -> Operand {
    let mut array = Array::new(cells, source.vars().iter().map(|vars| 1 << vars));
    let mut factors: Vec<Bound<'_>> =
        view.factors.iter().map(|factor| Bound::new(factor, [source, &view.shape], bound, indices)).collect();
    // What shrinks the array most comes first.
    factors.sort_by(|a, b| b.shrinks().total_cmp(&a.shrinks()));
    for factor in factors {
        factor.apply(&mut array);
    }
    let order: Vec<Axis> = order.iter().map(|axis| Axis::Output(*axis)).collect();
    array.permute(&order);
    array.into_operand()
}

/// A factor whose matrix has its bound rows summed up.
struct Bound<'a> {
    factor: &'a Factor,
    /// The unbound output axes and their sizes.
    kept: Vec<(Axis, usize)>,
    matrix: Matrix,
}

/// What is left to multiply with.
enum Matrix {
    Identity,
    /// Unit vectors and zeros: the column of each row.
    Selection {
        columns: usize,
        rows: Vec<Option<usize>>,
    },
    Sparse(SparseMatrix),
}

impl<'a> Bound<'a> {
    fn new(
        factor: &'a Factor,
        [source, view]: [&Shape; 2],
        bound: &[Option<&[Fr]>],
        indices: Indices<'_>,
    ) -> Self {
        let sizes: Vec<usize> =
            factor.out_dims(view).iter().map(|dim| 1usize << Shape::axis_vars(*dim)).collect();
        let coords: Vec<Option<&[Fr]>> =
            factor.out.iter().map(|axis| bound.get(*axis as usize).copied().flatten()).collect();
        let kept: Vec<(Axis, usize)> = (factor.out.iter().zip(&sizes).zip(&coords))
            .filter(|(_, coords)| coords.is_none())
            .map(|((axis, size), _)| (Axis::Output(*axis), *size))
            .collect();
        if factor.map == AxisMap::Identity && coords.iter().all(Option::is_none) {
            return Self { factor, kept, matrix: Matrix::Identity };
        }
        let tables: Vec<Option<Vec<Fr>>> = coords.iter().map(|coords| coords.map(eq_table)).collect();
        let columns = factor.src_dims(source).iter().map(|dim| 1usize << Shape::axis_vars(*dim)).product();
        let rows = kept.iter().map(|(_, size)| size).product();
        let unbound = factor.entries(source, view, indices);
        if coords.iter().all(Option::is_none)
            && let Some(rows) = selection(&unbound, rows)
        {
            return Self { factor, kept, matrix: Matrix::Selection { columns, rows } };
        }
        let mut entries: Vec<(usize, usize, Fr)> = Vec::new();
        for entry in unbound {
            let mut weight = Fr::from(entry.coeff);
            let (mut rest, mut row, mut scale) = (entry.out as usize, 0, 1);
            for (size, table) in sizes.iter().zip(&tables).rev() {
                let index = rest % size;
                rest /= size;
                match table {
                    Some(table) => weight *= table[index],
                    None => {
                        row += index * scale;
                        scale *= size;
                    }
                }
            }
            entries.push((row, entry.src as usize, weight));
        }
        entries.sort_by_key(|(row, column, _)| (*row, *column));
        entries.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 += next.2;
            }
            same
        });
        Self { factor, kept, matrix: Matrix::Sparse(SparseMatrix { rows, columns, entries }) }
    }

    fn shrinks(&self) -> f64 {
        match &self.matrix {
            Matrix::Identity => 0.0,
            Matrix::Selection { columns, rows } => *columns as f64 / rows.len() as f64,
            Matrix::Sparse(matrix) => matrix.columns as f64 / matrix.rows as f64,
        }
    }

    fn apply(&self, array: &mut Array<'_>) {
        let from: Vec<Axis> = self.factor.src.iter().map(|axis| Axis::Source(*axis)).collect();
        match &self.matrix {
            Matrix::Sparse(matrix) => array.contract(&from, &self.kept, matrix),
            Matrix::Selection { columns, rows } => array.select(&from, &self.kept, *columns, rows),
            Matrix::Identity => {
                if let ([from], [(to, _)]) = (from.as_slice(), self.kept.as_slice()) {
                    array.rename(*from, *to);
                }
            }
        }
    }
}

/// The column of each of so many rows, if no row has two entries and all coefficients are 1.
fn selection(entries: &[Entry], rows: usize) -> Option<Vec<Option<usize>>> {
    let mut columns = vec![None; rows];
    for entry in entries {
        let column = columns.get_mut(entry.out as usize)?;
        if entry.coeff != 1 || column.replace(entry.src as usize).is_some() {
            return None;
        }
    }
    Some(columns)
}

/// The two factors of the sum over q: `scale T~(fixed, q)` and `prod_f M_f~(z_f, q_f)`.
pub(crate) fn sum_factors(
    sum: &Sum,
    view: &View,
    source: &Shape,
    cells: Cells<'_>,
    drawn: &Drawn,
    indices: Indices<'_>,
) -> Result<[Vec<Fr>; 2], BlockError> {
    let mut array = Array::new(cells, source.vars().iter().map(|vars| 1 << vars));
    for (axis, coords) in sum.fixed.known() {
        let table = eq_table(&drawn.coords(coords)?);
        let entries = table.iter().enumerate().map(|(i, weight)| (0, i, *weight)).collect();
        let matrix = SparseMatrix { rows: 1, columns: table.len(), entries };
        array.contract(&[Axis::Source(axis)], &[], &matrix);
    }
    let mut order = Vec::new();
    let mut weights = vec![sum.scale];
    for (index, z) in &sum.summed {
        let factor = &view.factors[*index];
        order.extend(factor.src.iter().map(|axis| Axis::Source(*axis)));
        let rows = SplitEq::new(z);
        let columns: usize =
            factor.src_dims(source).iter().map(|dim| 1usize << Shape::axis_vars(*dim)).product();
        let mut column = vec![Fr::from(0u64); columns];
        for entry in factor.entries(source, &view.shape, indices) {
            let weight = rows.at(entry.out);
            column[entry.src as usize] +=
                if entry.coeff == 1 { weight } else { weight * Fr::from(entry.coeff) };
        }
        let outer = std::mem::take(&mut weights);
        weights = outer
            .iter()
            .flat_map(|a| column.iter().map(move |b| if a.is_one() { *b } else { *a * b }))
            .collect();
    }
    array.permute(&order);
    Ok([array.into_field(), weights])
}
