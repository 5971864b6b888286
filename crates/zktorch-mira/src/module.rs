//! Modules over F: what folds linearly.

use ark_ff::AdditiveGroup;
use zeroize::Zeroize;
use zktorch_commit::Blind;
use zktorch_field::{Fr, G1Projective};

/// An element of an F-module: the public and the secret parts of an accumulator are such elements, and folding two
/// accumulators is one [`accumulate`](Module::accumulate) for each part.
pub trait Module: Clone {
    /// `self += c * other`.
    fn accumulate(&mut self, other: &Self, c: Fr);
}

impl Module for () {
    fn accumulate(&mut self, (): &Self, _: Fr) {}
}

impl Module for Fr {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        *self += c * other;
    }
}

/// Vectors of finite support: the shorter one continues with zeros.
///
/// A vector can be secret, so it does not grow in place: that would leave a copy of it in memory that is given back.
impl Module for Vec<Fr> {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        if self.len() < other.len() {
            let mut longer = Vec::with_capacity(other.len());
            longer.extend_from_slice(self);
            longer.resize(other.len(), Fr::ZERO);
            core::mem::replace(self, longer).zeroize();
        }
        crate::kernels::add_scaled(self, other, c);
    }
}

impl Module for G1Projective {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        *self += *other * c;
    }
}

/// As for vectors of scalars.
impl Module for Vec<G1Projective> {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        if self.len() < other.len() {
            self.resize(other.len(), G1Projective::ZERO);
        }
        self.iter_mut().zip(other).for_each(|(a, b)| a.accumulate(b, c));
    }
}

impl Module for Blind {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        self.add_scaled(other, c);
    }
}

impl<A: Module, B: Module> Module for (A, B) {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        self.0.accumulate(&other.0, c);
        self.1.accumulate(&other.1, c);
    }
}
