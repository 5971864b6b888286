//! The steps of a graph: what is computed. What is proved about each is its list of constraints
//! ([`Step::constraints`]).

use serde::{Deserialize, Serialize};

use crate::{Expr, Limbs, Linear, Operand, TableId, TensorId, View};

/// One step of the computation. Everything holds entry by entry, on real entries; all tensors of a step have
/// one shape.
///
/// Values that a step defines are determined by what it reads: `r` (and `slack`, which shows that r is small
/// enough) are
/// tensors of their own, all of them [`Role::Ranged`](crate::Role::Ranged) and not negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// `acc + floor(D/2) = D y + r` with `0 <= r < D`: y is acc / D rounded to the nearest integer, halves
    /// up.
    /// With D = 1, y = acc: an expression is stored exactly.
    Rescale {
        /// The accumulator.
        acc: Expr,
        /// D, from 1 to 2^48.
        divisor: u64,
        /// The quotient: one limb that is Ranged, a LookupInput or an Output, or several, of which the last
        /// is Ranged or
        /// a LookupInput and all others are Ranged.
        y: Limbs,
        /// The remainder; none exactly if D = 1. Up to D = 2^17 it has one limb with the range [0, D-1].
        r: Limbs,
        /// `D - 1 - r`; none exactly if the range of r is [0, D-1].
        slack: Limbs,
    },
    /// `y = f(x)`. x is a [`Role::LookupInput`](crate::Role::LookupInput), y a
    /// [`Role::LookupOutput`](crate::Role::LookupOutput) of this table.
    Lookup {
        /// f.
        table: TableId,
        /// The arguments.
        x: TensorId,
        /// The values.
        y: TensorId,
    },
    /// `q = floor(a / b)`: `a = b q + r` with `0 <= r < b`. There is none where b is not positive.
    Quotient {
        /// The dividend.
        a: Expr,
        /// The divisor, in the shape of a.
        b: Linear,
        /// The quotient; limbs and roles as for the y of a Rescale.
        q: Limbs,
        /// The remainder.
        r: Limbs,
        /// `b - 1 - r`.
        slack: Limbs,
    },
    /// `y = floor(sqrt(a))`: `a = y^2 + r` with `0 <= r <= 2 y`. There is none where a is negative.
    Root {
        /// The radicand.
        a: Expr,
        /// The root, which is not negative by its range; limbs and roles as for the y of a Rescale.
        y: Limbs,
        /// The remainder.
        r: Limbs,
        /// `2 y - r`.
        slack: Limbs,
    },
    /// `y = clamp(floor((acc + floor(D/2)) / D), lo, hi)`, [lo, hi] the range of y, whatever acc is:
    /// `acc + floor(D/2) = D (y + e) + r`, where the excess e is negative at most where y = lo, and positive
    /// at most where y = hi.
    Saturate {
        /// The accumulator.
        acc: Expr,
        /// D, from 1 to 2^48.
        divisor: u64,
        /// The result: Ranged, a LookupInput or an Output.
        y: TensorId,
        /// As for a Rescale.
        r: Limbs,
        /// As for a Rescale.
        slack: Limbs,
        /// e. Its ranges cover whatever acc may be. The last limb is a LookupInput of a table `v -> [v < 0]`,
        /// in which this step
        /// looks it up.
        excess: Limbs,
        /// `[e < 0]`: the LookupOutput of the last limb of e.
        negative: TensorId,
    },
    /// How far the entries along an axis are below the largest one: `x = floor((acc + floor(D/2)) / D)`, which is stored nowhere,
    /// `max - x = gap + excess`, where the gap is clamped to its range: the excess is positive at most where the gap is
    /// the highest number that there is.
    Gap {
        /// The accumulator.
        acc: Expr,
        /// D, from 1 to 2^48.
        divisor: u64,
        /// As for a Rescale.
        r: Limbs,
        /// As for a Rescale.
        slack: Limbs,
        /// The axis along which there is one maximum.
        axis: u32,
        /// The largest x along the axis, in the shape without it; Ranged.
        max: Limbs,
        /// The clamped gap: Ranged, or with a last limb that is a LookupInput. Not negative.
        gap: Limbs,
        /// What the gap does not reach: Ranged and not negative; none if nothing is to be clamped.
        excess: Limbs,
        /// Ranged over [0, 1]: 1 at one largest entry along the axis (the first one, but any is accepted, and no step may read it), else 0.
        chosen: TensorId,
    },
}

impl Step {
    /// A [`Step::Rescale`] with one limb each of y and r.
    pub fn rescale(acc: Expr, divisor: u64, y: TensorId, r: Option<TensorId>) -> Self {
        Self::Rescale { acc, divisor, y: y.into(), r: r.into(), slack: Limbs::default() }
    }

    /// The tensors that it defines.
    pub fn defines(&self) -> Vec<TensorId> {
        let of = |lists: &[&Limbs]| lists.iter().flat_map(|limbs| limbs.0.iter().copied()).collect();
        match self {
            Self::Rescale { y, r, slack, .. } | Self::Root { y, r, slack, .. } => of(&[y, r, slack]),
            Self::Quotient { q, r, slack, .. } => of(&[q, r, slack]),
            Self::Lookup { y, .. } => vec![*y],
            Self::Saturate { y, r, slack, excess, negative, .. } => {
                of(&[&(*y).into(), r, slack, excess, &(*negative).into()])
            }
            Self::Gap { r, slack, max, gap, excess, chosen, .. } => {
                of(&[max, gap, r, slack, excess, &(*chosen).into()])
            }
        }
    }

    /// The tensors that it defines and that are zero for nearly all inputs.
    ///
    /// **Soundness depends on this list**: what is in it must be zero in its padding by the step's own constraints, because the
    /// layout looks its padding up like its real entries, not in the padding's table. By induction over the steps: an expression reads
    /// tensors of earlier steps only, whose padding is zero. Then, for an excess e, the left side of `.. = D (y + e) + r` or of
    /// `.. = D (M - g - e) + r` is zero, y or g and r are zero by their lookups, and limbs in their ranges (here those of the padding,
    /// too) have one representation of zero; the sign is looked up with the last limb.
    pub fn mostly_zero(&self) -> Vec<TensorId> {
        match self {
            Self::Saturate { excess, negative, .. } => [excess.0.as_slice(), &[*negative]].concat(),
            Self::Gap { excess, .. } => excess.0.clone(),
            Self::Rescale { .. } | Self::Lookup { .. } | Self::Quotient { .. } | Self::Root { .. } => {
                Vec::new()
            }
        }
    }

    /// The tensors of earlier steps that it reads, ascending.
    pub fn reads(&self) -> Vec<TensorId> {
        let mut reads: Vec<TensorId> = self.views().into_iter().flat_map(View::reads).collect();
        if let Self::Lookup { x, .. } = self {
            reads.push(*x);
        }
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    /// The views that it reads.
    pub(crate) fn views(&self) -> Vec<&View> {
        match self {
            Self::Rescale { acc: expr, .. }
            | Self::Saturate { acc: expr, .. }
            | Self::Gap { acc: expr, .. }
            | Self::Root { a: expr, .. } => expr.views().collect(),
            Self::Quotient { a, b, .. } => a.views().chain(b.views()).collect(),
            Self::Lookup { .. } => Vec::new(),
        }
    }

    /// The views that it reads.
    pub(crate) fn views_mut(&mut self) -> Vec<&mut View> {
        match self {
            Self::Rescale { acc: expr, .. }
            | Self::Saturate { acc: expr, .. }
            | Self::Gap { acc: expr, .. }
            | Self::Root { a: expr, .. } => expr.views_mut().collect(),
            Self::Quotient { a, b, .. } => a.views_mut().chain(b.views_mut()).collect(),
            Self::Lookup { .. } => Vec::new(),
        }
    }
}

impl Linear {
    /// The views that it reads.
    pub fn views(&self) -> impl Iterator<Item = &View> {
        self.terms.iter().map(|(_, view)| view)
    }

    fn views_mut(&mut self) -> impl Iterator<Item = &mut View> {
        self.terms.iter_mut().map(|(_, view)| view)
    }
}

impl Expr {
    /// The views that it reads, those of contractions included.
    pub fn views(&self) -> impl Iterator<Item = &View> {
        self.terms.iter().flat_map(|term| {
            let (view, operands) = match &term.operand {
                Operand::View(view) => (Some(view), None),
                Operand::Contract(contract) => (None, Some([&contract.a, &contract.b])),
            };
            view.into_iter().chain(operands.into_iter().flatten().flat_map(Linear::views))
        })
    }

    fn views_mut(&mut self) -> impl Iterator<Item = &mut View> {
        self.terms.iter_mut().flat_map(|term| {
            let (view, operands) = match &mut term.operand {
                Operand::View(view) => (Some(view), None),
                Operand::Contract(contract) => (None, Some([&mut contract.a, &mut contract.b])),
            };
            view.into_iter().chain(operands.into_iter().flatten().flat_map(Linear::views_mut))
        })
    }
}
