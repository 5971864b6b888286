//! Evaluation claims, collected for the accumulator.

use std::collections::{BTreeMap, BTreeSet};

use ark_ff::One;
use zktorch_field::Fr;
use zktorch_graph::layout::{ChunkSize, Place};
use zktorch_mira::plan::{ClaimTerm, FoldPlan};
use zktorch_mutants::enforced;
use zktorch_sumcheck::eq_table;

use crate::BlockError;
use crate::piece::{Part, parts};
use crate::point::{Drawn, Point};

/// The claims in which all blocks end: about chunks at low points of k coordinates. Nothing is opened here.
#[derive(Debug)]
pub(crate) struct Claims<S> {
    size: ChunkSize,
    /// The low points, and where in the list each is.
    points: Vec<Point>,
    indices: BTreeMap<Point, usize>,
    claims: Vec<Vec<ClaimTerm>>,
    pub(crate) coefficients: Vec<Vec<Fr>>,
    pub(crate) values: Vec<S>,
}

impl<S> Claims<S> {
    pub(crate) fn new(size: impl Into<ChunkSize>) -> Self {
        Self {
            size: size.into(),
            points: Vec::new(),
            indices: BTreeMap::new(),
            claims: Vec::new(),
            coefficients: Vec::new(),
            values: Vec::new(),
        }
    }

    /// "The tensor that lies at `place` in the column that starts at chunk `first` has the value at the point": a sum over its
    /// pieces, each at the last coordinates of the point in the order of the cells, times what the first ones are at that piece.
    #[track_caller]
    pub(crate) fn tensor(
        &mut self,
        first: usize,
        place: &Place,
        (point, drawn): (&Point, &Drawn),
        value: S,
    ) -> Result<(), BlockError> {
        if !enforced() {
            return Ok(());
        }
        // Chunks of weights may have fewer cells than others: these are the first ones, where all coordinates before are zero.
        let own = self.size.of(place.arena);
        let n = 1usize << own;
        let (mut terms, mut coefficients) = (Vec::new(), Vec::new());
        for Part { offset, scale, point } in parts(place, point, drawn)? {
            let [high, low] = point.split_low(own);
            let prefix = Point::bits((offset % n) >> low.len(), self.size.k - low.len());
            let point = self.point(Point::concat([&prefix, &low]));
            let weights = eq_table(&drawn.coords(&high)?);
            terms.extend((0..weights.len()).map(|i| ClaimTerm { chunk: first + offset / n + i, point }));
            coefficients.extend(weights.into_iter().map(|weight| weight * scale));
        }
        self.claims.push(terms);
        self.coefficients.push(coefficients);
        self.values.push(value);
        Ok(())
    }

    /// "The chunk has the value at the point."
    #[track_caller]
    pub(crate) fn chunk(&mut self, chunk: usize, point: &Point, value: S) {
        if !enforced() {
            return;
        }
        let point = self.point(point.clone());
        self.claims.push(vec![ClaimTerm { chunk, point }]);
        self.coefficients.push(vec![Fr::one()]);
        self.values.push(value);
    }

    fn point(&mut self, point: Point) -> usize {
        *self.indices.entry(point).or_insert_with_key(|point| {
            self.points.push(point.clone());
            self.points.len() - 1
        })
    }

    /// The fold plan for `chunks` chunks, of which the `quiet` ones fold last, and the points.
    pub(crate) fn plan(
        &self,
        chunks: usize,
        quiet: &BTreeSet<usize>,
        drawn: &Drawn,
    ) -> Result<(FoldPlan, Vec<Vec<Fr>>), BlockError> {
        let points = self.points.iter().map(|point| drawn.coords(point)).collect::<Result<Vec<_>, _>>()?;
        let plan = FoldPlan::new(chunks, points.len(), self.claims.clone())?.with_last(quiet);
        Ok((plan, points))
    }
}

#[cfg(all(test, feature = "prover"))]
mod tests;
