//! The core operators: what every ONNX operator is expanded into, and all that later stages know.

use std::sync::Arc;

use zktorch_graph::{Formula, Unary};

use super::Window;

/// A sparse matrix along one axis, divided by a number: `out[p] = sum_q M[p, q] in[q] / divisor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AxisMatrix {
    /// Extent of the axis in the result.
    pub(crate) rows: usize,
    /// (row, column, coefficient), sorted, without zeros.
    pub(crate) entries: Vec<(u32, u32, i32)>,
    pub(crate) divisor: u32,
}

impl AxisMatrix {
    pub(crate) fn new(rows: usize, mut entries: Vec<(u32, u32, i32)>, divisor: u32) -> Self {
        entries.retain(|(_, _, coeff)| *coeff != 0);
        entries.sort_unstable();
        Self { rows, entries, divisor }
    }

    /// Row p is entry `source(p)`, or zero.
    pub(crate) fn select(rows: usize, source: impl Fn(usize) -> Option<usize>) -> Self {
        let entries = (0..rows).filter_map(|p| source(p).map(|q| (p as u32, q as u32, 1))).collect();
        Self::new(rows, entries, 1)
    }

    /// Whether every row is one entry of the source, or zero.
    pub(crate) fn is_selection(&self) -> bool {
        let single = self.entries.windows(2).all(|pair| pair[0].0 != pair[1].0);
        single && self.divisor == 1 && self.entries.iter().all(|entry| entry.2 == 1)
    }
}

/// What a gap is where an entry does not count: its exponential is zero in 32 bits.
pub(crate) const FAR: f64 = 128.0;

/// What a softmax takes of a gap: `exp(-x)`.
pub(crate) fn exp_of_negative() -> Formula {
    Formula::argument().then(Unary::Neg).then(Unary::Exp)
}

/// One core operator. Extents of its result stand with the value it defines.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Core {
    /// The same entries with other extents.
    Reshape,
    /// Axis i of the result is axis `perm[i]`.
    Transpose(Vec<usize>),
    /// A sparse matrix along an axis.
    Map { axis: usize, matrix: Arc<AxisMatrix> },
    /// Entries of an axis of input 0 at the indices of input 1, a public input of the model: its axes take the axis's place.
    Gather { axis: usize },
    /// Repeats along the axes in which the extent is 1; the rank stays.
    Broadcast,
    /// One after the other along an axis.
    Concat(usize),
    /// `sum_i c_i x_i`; all of the result's extents. Coefficients are public numbers.
    Sum(Vec<f64>),
    /// An einsum: one label per axis; labels that are not in `out` are summed.
    Einsum { a: Vec<u32>, b: Vec<u32>, out: Vec<u32> },
    /// Convolution of [N, C, spatial..] with a weight [M, C / groups, taps..]; then a bias [M], if there are three inputs.
    Conv { groups: usize, windows: Vec<Window> },
    /// `x factor + offset`, one factor and offset (inputs 1 and 2, constants) per entry of an axis.
    ChannelAffine(usize),
    /// f(x), entry by entry.
    Function(Formula),
    /// `max(x) - x` along an axis. With a boolean as input 1, which broadcasts to x: the maximum of the entries where it is 1, and
    /// [`FAR`] where it is 0.
    Gap(usize),
    /// The larger one, entry by entry.
    Max,
    /// `a / b`, entry by entry; b is positive.
    Divide,
    /// `floor(a / b)`, entry by entry; b is positive.
    FloorDivide,
    /// `sqrt(x)` at any magnitude.
    Sqrt,
}

impl Core {
    /// The names of all core operators.
    pub(crate) const NAMES: [&'static str; 16] = [
        "Reshape",
        "Transpose",
        "Map",
        "Broadcast",
        "Concat",
        "Sum",
        "Einsum",
        "Conv",
        "ChannelAffine",
        "Function",
        "Max",
        "Divide",
        "FloorDivide",
        "Sqrt",
        "Gather",
        "Gap",
    ];

    pub(crate) fn name(&self) -> &'static str {
        let index = match self {
            Self::Reshape => 0,
            Self::Transpose(_) => 1,
            Self::Map { .. } => 2,
            Self::Broadcast => 3,
            Self::Concat(_) => 4,
            Self::Sum(_) => 5,
            Self::Einsum { .. } => 6,
            Self::Conv { .. } => 7,
            Self::ChannelAffine(_) => 8,
            Self::Function(_) => 9,
            Self::Max => 10,
            Self::Divide => 11,
            Self::FloorDivide => 12,
            Self::Sqrt => 13,
            Self::Gather { .. } => 14,
            Self::Gap(_) => 15,
        };
        Self::NAMES[index]
    }

    /// Whether the result is the input's entries elsewhere, or repeated.
    pub(crate) fn moves(&self) -> bool {
        matches!(self, Self::Reshape | Self::Transpose(_) | Self::Broadcast)
    }

    /// Whether the result is a sum of the inputs' entries, so that their contractions stay pending and share its scale.
    pub(crate) fn is_sum(&self) -> bool {
        matches!(self, Self::Sum(_) | Self::Reshape | Self::Transpose(_))
    }
}
