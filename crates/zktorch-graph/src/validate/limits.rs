//! What is allowed. Each limit is far above what networks need, and keeps the work and the memory of everything that is derived
//! from a graph bounded.

/// Tensors, tables and steps of a graph, each.
pub(crate) const ITEMS: usize = 1 << 16;
/// Bytes of a name.
pub(crate) const NAME: usize = 256;
/// Axes of a shape.
pub(crate) const RANK: usize = 32;
/// log2 of a tensor's padded entries.
pub(crate) const TENSOR_VARS: usize = 28;
/// log2 of the padded entries of a virtual tensor. So a contraction has at most 2^51 products: with m, n, k its groups'
/// variables, each pair of them shares an operand or the result.
pub(crate) const VIRTUAL_VARS: usize = 34;
/// Padded entries of all tensors: of a model that is proved in shards, each of which has a limit of its own.
pub(crate) const TOTAL_ENTRIES: u64 = 1 << 36;
/// Views of a graph.
pub(crate) const VIEWS: usize = 1 << 20;
/// Entries of sparse maps, and positions and taps of windows, of a graph.
pub(crate) const MAP_ENTRIES: u64 = 1 << 24;
/// Entries of all tables.
pub(crate) const TABLE_ENTRIES: u64 = 1 << 24;
/// Values of an interval.
pub(crate) const INTERVAL: usize = 1 << 17;
/// Absolute value of a coefficient of a sparse map.
pub(crate) const COEFF: u32 = 1 << 20;
/// Absolute value of a tensor's scale.
pub(crate) const SCALE: u32 = 1000;
/// Contraction labels are below.
pub(crate) const LABELS: u32 = 1 << 16;
/// Largest divisor of a Rescale.
pub(crate) const DIVISOR: u64 = 1 << 48;
/// Largest divisor whose remainders have one limb.
pub(crate) const ONE_LIMB: u64 = 1 << 17;
/// Nanoseconds, about, that all values of all formulas take: they are computed once ([`ValidGraph`](crate::ValidGraph)).
pub(crate) const FORMULA_WORK: u64 = 1 << 30;
/// log2 of the bound of every accumulator and every intermediate.
pub(crate) const ACC_BITS: u32 = 100;
