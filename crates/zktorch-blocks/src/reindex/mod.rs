//! Reindexing: views of tensors (transposes, windows, slices, broadcasts, sums along axes).
//!
//! Statement: `V~(z) = y` for a view `V[o] = sum_q prod_f M_f[o_f, q_f] T[q]` with public matrices M_f. Since the sum over o
//! factorises,
//!
//! ```text
//! V~(z) = sum_q T(q) prod_f M_f~(z_f, q_f).
//! ```
//!
//! A factor without source axes is a number; an identity only renames coordinates. If nothing else occurs the claim is
//! directly one on T, else one sumcheck over the source variables of the remaining factors:
//! `sum_q T~(z_id, q) prod_f M_f~(z_f, q) = y`, degree 2, which ends in T~ at one point. The verifier evaluates the M_f in time
//! linear in their entries, long windows in time linear in their variables. A gather's matrix has one entry per index, and the
//! indices are a public input: absorbed with the statement, before the first challenge. Soundness error: `2 m / |F|` for m variables.

use ark_ff::One;
use zktorch_field::Fr;
use zktorch_graph::{AxisMap, Factor, Indices, Shape, View};
use zktorch_sumcheck::eq_table;

use crate::BlockError;
use crate::point::{Drawn, Point, Stage};
use window::Window;

#[cfg(feature = "prover")]
pub(crate) mod prover;
mod window;

/// A claim on a view, after everything that needs no sum.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// `V~(z) = scale T~(point)`.
    Direct { scale: Fr, point: Point },
    /// `V~(z) = scale sum_q T~(fixed, q) prod_f M_f~(z_f, q_f)`.
    Sum(Sum),
}

/// The rest of a claim that needs a sumcheck.
#[derive(Clone, Debug)]
pub(crate) struct Sum {
    /// The product of the factors without source axes.
    pub(crate) scale: Fr,
    /// Per source axis the coordinates where an identity fixes it.
    pub(crate) fixed: Fixed,
    /// The other factors: index into the view's factors, and the coordinates of their output axes, concatenated.
    pub(crate) summed: Vec<(usize, Vec<Fr>)>,
    /// Number of variables of the sum.
    pub(crate) num_vars: usize,
}

/// Whether a claim on the view needs a sumcheck; does not depend on the point.
pub(crate) fn needs_sum(view: &View) -> bool {
    view.factors.iter().any(|factor| !factor.src.is_empty() && factor.map != AxisMap::Identity)
}

/// Whether the view is its tensor, axis by axis.
fn is_trivial(view: &View) -> bool {
    view.factors
        .iter()
        .zip(0u32..)
        .all(|(factor, axis)| factor.map == AxisMap::Identity && factor.src == [axis] && factor.out == [axis])
}

/// Coordinates of the given axes, concatenated.
fn gather(coords: &[Point], axes: &[u32]) -> Result<Point, BlockError> {
    let axis = |axis: &u32| coords.get(*axis as usize).ok_or(BlockError::NoAxis { axis: *axis });
    Ok(Point::concat(axes.iter().map(axis).collect::<Result<Vec<_>, _>>()?))
}

/// The coordinates of the axes of a view's tensor, as far as they are known.
#[derive(Clone, Debug)]
pub(crate) struct Fixed(Vec<Option<Point>>);

impl Fixed {
    fn set(&mut self, axis: u32, coords: Point) -> Result<(), BlockError> {
        *self.0.get_mut(axis as usize).ok_or(BlockError::NoAxis { axis })? = Some(coords);
        Ok(())
    }

    /// The point of the tensor, once all are known.
    fn point(&self) -> Result<Point, BlockError> {
        let axis =
            |(axis, coords): (u32, &'_ Option<Point>)| coords.clone().ok_or(BlockError::NoAxis { axis });
        let axes = (0u32..).zip(&self.0).map(axis).collect::<Result<Vec<_>, _>>()?;
        Ok(Point::concat(&axes))
    }

    /// The axes that are known.
    #[cfg(feature = "prover")]
    fn known(&self) -> impl Iterator<Item = (u32, &Point)> {
        (0u32..).zip(&self.0).filter_map(|(axis, coords)| Some((axis, coords.as_ref()?)))
    }
}

/// Takes a claim at z apart. `source` is the shape of the view's tensor.
pub(crate) fn access(view: &View, source: &Shape, z: &Point, drawn: &Drawn) -> Result<Access, BlockError> {
    if is_trivial(view) {
        return Ok(Access::Direct { scale: Fr::one(), point: z.clone() });
    }
    let coords = z.split(&view.shape.vars())?;
    let mut scale = Fr::one();
    let mut fixed = Fixed(vec![None; source.rank()]);
    let mut summed = Vec::new();
    let mut num_vars = 0;
    for (index, factor) in view.factors.iter().enumerate() {
        let out = gather(&coords, &factor.out)?;
        if factor.src.is_empty() {
            // Only maps of a source axis depend on the statement.
            scale *= matrix_eval(factor, source, &view.shape, [&drawn.coords(&out)?, &[]], &|_| Vec::new());
        } else if factor.map == AxisMap::Identity {
            for axis in &factor.src {
                fixed.set(*axis, out.clone())?;
            }
        } else {
            num_vars += factor.src_dims(source).iter().map(|dim| Shape::axis_vars(*dim)).sum::<usize>();
            summed.push((index, drawn.coords(&out)?));
        }
    }
    if summed.is_empty() {
        return Ok(Access::Direct { scale, point: fixed.point()? });
    }
    Ok(Access::Sum(Sum { scale, fixed, summed, num_vars }))
}

/// M~(z, q): all coordinates of the factor's output and source axes, concatenated.
pub(crate) fn matrix_eval(
    factor: &Factor,
    source: &Shape,
    view: &Shape,
    [z, q]: [&[Fr]; 2],
    indices: Indices<'_>,
) -> Fr {
    if let Some((window, vars)) = closed_form(factor, source, view) {
        let (position, tap) = z.split_at(vars[0].min(z.len()));
        return window.eval(position, tap, q);
    }
    let entries = factor.entries(source, view, indices);
    let [one_by_one, tables] = costs(entries.len() as u64, z.len(), q.len());
    if one_by_one < tables {
        return entries.iter().map(|e| eq_at(z, e.out) * eq_at(q, e.src) * Fr::from(e.coeff)).sum();
    }
    let (rows, columns) = (SplitEq::new(z), SplitEq::new(q));
    entries.iter().map(|e| rows.at(e.out) * columns.at(e.src) * Fr::from(e.coeff)).sum()
}

/// A window whose closed form takes fewer multiplications than its entries, and the variables of position, tap and source.
fn closed_form(factor: &Factor, source: &Shape, view: &Shape) -> Option<(Window, [usize; 3])> {
    let AxisMap::Window { stride, dilation, pad } = factor.map else { return None };
    let (out, src) = (factor.out_dims(view), factor.src_dims(source));
    let [positions, taps] = [0, 1].map(|axis| out.get(axis).copied().unwrap_or(1));
    let extent = src.first().copied().unwrap_or(1);
    let window = Window { stride, dilation, pad, positions, taps, extent };
    let vars = [positions, taps, extent].map(Shape::axis_vars);
    let entries = u64::from(positions).saturating_mul(taps.into());
    let [one_by_one, tables] = costs(entries, vars[0] + vars[1], vars[2]);
    let closed = window.cost(vars)?;
    (closed < one_by_one.min(tables)).then_some((window, vars))
}

/// Multiplications for so many entries: one by one, and through tables.
fn costs(entries: u64, rows: usize, columns: usize) -> [u64; 2] {
    let tables = (SplitEq::cells(rows) + SplitEq::cells(columns)) as u64;
    [entries.saturating_mul((rows + columns) as u64), tables.saturating_add(3 * entries)]
}

/// About how many multiplications [`matrix_eval`] takes for a factor that is no identity.
pub(crate) fn matrix_cost(factor: &Factor, source: &Shape, view: &Shape) -> u64 {
    if let Some((window, vars)) = closed_form(factor, source, view) {
        return window.cost(vars).unwrap_or(u64::MAX);
    }
    let vars = |dims: &[u32]| dims.iter().map(|dim| Shape::axis_vars(*dim)).sum::<usize>();
    let (out, src) = (factor.out_dims(view), factor.src_dims(source));
    let entries = match &factor.map {
        AxisMap::Sparse(entries) => entries.len() as u64,
        // Of a window every pair of a position and a tap, of a gather every place.
        AxisMap::Window { .. } | AxisMap::Gather { .. } => out.iter().map(|dim| u64::from(*dim)).product(),
        AxisMap::Identity => src.iter().map(|dim| u64::from(*dim)).product(),
    };
    let [one_by_one, tables] = costs(entries, vars(&out), vars(&src));
    one_by_one.min(tables)
}

/// `eq(z, index)`; zero beyond the cube.
fn eq_at(z: &[Fr], index: u32) -> Fr {
    let index = u64::from(index);
    let beyond = index >> z.len().min(63) != 0;
    let bits = z.iter().rev().enumerate();
    let value = bits.map(|(bit, z)| if index >> bit & 1 == 1 { *z } else { Fr::one() - z }).product();
    if beyond { Fr::default() } else { value }
}

/// `eq(z, i)` for any index i. Long points are cut in two, so that the memory is at most `2^17` entries even for the `2^34` rows
/// that a (hostile) map with one entry may have.
pub(crate) struct SplitEq {
    high: Vec<Fr>,
    low: Vec<Fr>,
    low_vars: usize,
}

impl SplitEq {
    /// Points up to here have one table.
    const ONE_TABLE: usize = 12;

    /// Cells of the tables for a point of so many coordinates.
    fn cells(vars: usize) -> usize {
        match Self::cut(vars) {
            0 => 1 << vars,
            cut => (1 << cut) + (1 << (vars - cut)),
        }
    }

    /// Where a point is cut in two: 0 if it is not.
    fn cut(vars: usize) -> usize {
        if vars > Self::ONE_TABLE { vars / 2 } else { 0 }
    }

    pub(crate) fn new(z: &[Fr]) -> Self {
        let (high, low) = z.split_at(Self::cut(z.len()));
        Self { high: eq_table(high), low: eq_table(low), low_vars: low.len() }
    }

    /// Zero beyond the cube.
    pub(crate) fn at(&self, index: u32) -> Fr {
        let index = index as usize;
        let (high, low) = (index >> self.low_vars, index & (self.low.len() - 1));
        let value = |table: &[Fr], i: usize| table.get(i).copied().unwrap_or_default();
        let low = value(&self.low, low);
        if self.high.len() == 1 && high == 0 { low } else { value(&self.high, high) * low }
    }
}

impl Sum {
    /// `scale prod_f M_f~(z_f, q_f)` at the end of sumcheck B, and the point of T.
    pub(crate) fn finish(
        &self,
        view: &View,
        source: &Shape,
        drawn: &Drawn,
        indices: Indices<'_>,
    ) -> Result<(Fr, Point), BlockError> {
        let mut weight = self.scale;
        let mut fixed = self.fixed.clone();
        let mut rest = Point::suffix(Stage::B, self.num_vars);
        for (index, z) in &self.summed {
            let (expected, got) = (index + 1, view.factors.len());
            let missing = BlockError::Length { what: "factors of a view", expected, got };
            let factor = view.factors.get(*index).ok_or(missing)?;
            let vars: Vec<usize> = factor.src_dims(source).iter().map(|dim| Shape::axis_vars(*dim)).collect();
            let [own, tail] = rest.split_low(rest.len().saturating_sub(vars.iter().sum()));
            rest = tail;
            weight *= matrix_eval(factor, source, &view.shape, [z, &drawn.coords(&own)?], indices);
            for (axis, coords) in factor.src.iter().zip(own.split(&vars)?) {
                fixed.set(*axis, coords)?;
            }
        }
        Ok((weight, fixed.point()?))
    }
}
