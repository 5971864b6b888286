//! Evaluation claims, collected for the accumulator.

use std::collections::BTreeMap;

use ark_ff::One;
use zktorch_field::Fr;
use zktorch_mira::plan::{ClaimTerm, FoldPlan};
use zktorch_mutants::enforced;
use zktorch_sumcheck::eq_table;

use crate::BlockError;
use crate::point::{Point, Stage, bits};

/// What makes two low points the same whatever the challenges are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PointKey {
    stage: Stage,
    /// Coordinates taken from the stage's challenges.
    len: usize,
    /// The bits before them.
    prefix: usize,
}

/// The claims in which all blocks end: about chunks at low points of k coordinates. Nothing is opened here.
#[derive(Debug)]
pub(crate) struct Claims<S> {
    k: usize,
    points: Vec<Vec<Fr>>,
    keys: BTreeMap<PointKey, usize>,
    claims: Vec<Vec<ClaimTerm>>,
    pub(crate) coefficients: Vec<Vec<Fr>>,
    pub(crate) values: Vec<S>,
}

impl<S> Claims<S> {
    pub(crate) fn new(k: usize) -> Self {
        Self {
            k,
            points: Vec::new(),
            keys: BTreeMap::new(),
            claims: Vec::new(),
            coefficients: Vec::new(),
            values: Vec::new(),
        }
    }

    /// "The tensor at `offset` of the column that starts at chunk `first` has the value at the point." The offset is a
    /// multiple of the tensor's size.
    #[track_caller]
    pub(crate) fn tensor(&mut self, first: usize, offset: usize, point: &Point, value: S) {
        if !enforced() {
            return;
        }
        let n = 1usize << self.k;
        let low = point.coords.len().min(self.k);
        let (high_point, low_point) = point.coords.split_at(point.coords.len() - low);
        let prefix = (offset % n) >> low;
        let point = self.point(prefix, low_point, point.shared);
        let weights = eq_table(high_point);
        let terms = (0..weights.len()).map(|i| ClaimTerm { chunk: first + offset / n + i, point });
        self.claims.push(terms.collect());
        self.coefficients.push(weights);
        self.values.push(value);
    }

    /// "The chunk has the value at the point."
    #[track_caller]
    pub(crate) fn chunk(&mut self, chunk: usize, point: &Point, value: S) {
        if !enforced() {
            return;
        }
        let point = self.point(0, &point.coords, point.shared);
        self.claims.push(vec![ClaimTerm { chunk, point }]);
        self.coefficients.push(vec![Fr::one()]);
        self.values.push(value);
    }

    fn point(&mut self, prefix: usize, low: &[Fr], shared: Option<Stage>) -> usize {
        let key = shared.map(|stage| PointKey { stage, len: low.len(), prefix });
        if let Some(index) = key.and_then(|key| self.keys.get(&key)) {
            return *index;
        }
        let mut coords = bits(prefix, self.k - low.len());
        coords.extend_from_slice(low);
        self.points.push(coords);
        let index = self.points.len() - 1;
        if let Some(key) = key {
            self.keys.insert(key, index);
        }
        index
    }

    /// The fold plan for `chunks` chunks, and the points.
    pub(crate) fn plan(&self, chunks: usize) -> Result<(FoldPlan, &[Vec<Fr>]), BlockError> {
        Ok((FoldPlan::new(chunks, self.points.len(), self.claims.clone())?, &self.points))
    }
}
