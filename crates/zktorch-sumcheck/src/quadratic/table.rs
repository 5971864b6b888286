//! Factors given by an index per entry and a table of both factors' values.
//!
//! A lookup column has few distinct values: h = 1/(alpha - q) and alpha - q are functions of a 16-bit index. Then
//! the first rounds need no field arrays. After binding k variables an entry is
//!
//! ```text
//! a(r_0, .., r_{k-1}, x) = sum over b in {0,1}^k of eq(r, b) a(b, x) = sum over b of T_b[index(b, x)],
//! T_b = eq(r, b) T,
//! ```
//!
//! a sum of 2^k gathers from 2^k scaled tables, where binding arrays would cost a product per entry. Field arrays are
//! written in round [`GATHERED`], at 2^-GATHERED of the size.

use zktorch_field::{Backend, BackendKind, Block, Fr, Kernel, LANES, Packed, dispatch_on};

use super::pass::{Lines, Source};

/// Variables bound by scaling the table before field arrays are written.
pub(crate) const GATHERED: usize = 2;

/// The index of an entry: 16 bits for one table, 32 bits for several behind each other.
pub(crate) trait Index: Copy + Send + Sync + 'static {
    fn widen(indices: &[Self; LANES]) -> [u32; LANES];
}

impl Index for u16 {
    #[inline(always)]
    fn widen(indices: &[Self; LANES]) -> [u32; LANES] {
        indices.map(u32::from)
    }
}

impl Index for u32 {
    #[inline(always)]
    fn widen(indices: &[Self; LANES]) -> [u32; LANES] {
        *indices
    }
}

/// Indices of all entries.
#[derive(Clone, Copy)]
pub(crate) enum Indices<'a> {
    U16(&'a [[u16; LANES]]),
    U32(&'a [[u32; LANES]]),
}

impl Indices<'_> {
    /// Number of packed vectors.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::U16(v) => v.len(),
            Self::U32(v) => v.len(),
        }
    }
}

/// The two factors' values of all indices, scaled by eq(r, b) for each b in {0,1}^k.
pub(crate) struct Tables {
    /// 2^k copies, b-th the one scaled by eq(r, b).
    copies: Vec<[Vec<Fr>; 2]>,
}

impl Tables {
    pub(crate) fn new(a: Vec<Fr>, b: Vec<Fr>) -> Self {
        Self { copies: vec![[a, b]] }
    }

    /// Binds the next variable: eq(r, (b, 1)) = eq(r, b) r_k, and the copy for 0 is the difference.
    pub(crate) fn bind(&mut self, backend: BackendKind, r: Fr) {
        let mut copies = Vec::with_capacity(2 * self.copies.len());
        for mut low in std::mem::take(&mut self.copies) {
            let high = low.each_mut().map(|table| dispatch_on(backend, SplitTable { table, r }));
            copies.push(low);
            copies.push(high);
        }
        self.copies = copies;
    }

    /// Number of variables bound.
    pub(crate) fn num_bound(&self) -> usize {
        self.copies.len().ilog2() as usize
    }

    /// The factors as they are now, entry by entry.
    pub(crate) fn to_scalars(&self, indices: Indices<'_>) -> [Vec<Fr>; 2] {
        let indices: Vec<usize> = match indices {
            Indices::U16(v) => v.iter().flatten().map(|i| usize::from(*i)).collect(),
            Indices::U32(v) => v.iter().flatten().map(|i| *i as usize).collect(),
        };
        let len = indices.len() / self.copies.len();
        [0, 1].map(|factor| {
            let value = |x: usize| {
                let entries = self.copies.iter().zip(indices.chunks(len));
                entries.map(|(copy, indices)| copy[factor][indices[x]]).sum()
            };
            (0..len).map(value).collect()
        })
    }

    /// Both factors of copy `b`.
    fn copy(&self, b: usize) -> [&[Fr]; 2] {
        self.copies[b].each_ref().map(Vec::as_slice)
    }
}

/// T <- (1 - r) T, returning r T.
struct SplitTable<'a> {
    table: &'a mut [Fr],
    r: Fr,
}

impl Kernel for SplitTable<'_> {
    type Output = Vec<Fr>;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Vec<Fr> {
        let mut high = self.table.to_vec();
        let r = B::Fr::splat(self.r);
        let (low_vectors, low_tail) = self.table.as_chunks_mut::<LANES>();
        let (high_vectors, high_tail) = high.as_chunks_mut::<LANES>();
        for (low, high) in low_vectors.iter_mut().zip(high_vectors) {
            let value = B::Fr::load_slice(low);
            let scaled = value.mul(r);
            scaled.store_slice(high);
            value.sub(scaled).store_slice(low);
        }
        for (low, high) in low_tail.iter_mut().zip(high_tail) {
            *high *= self.r;
            *low -= *high;
        }
        high
    }
}

/// The source of a gathered round with `COPIES` = 2^k bound combinations.
///
/// `STORE`: the gathered sums are the bound factors, to be kept as field arrays.
pub(crate) struct Gathered<'a, I, const COPIES: usize, const STORE: bool> {
    tables: [[&'a [Fr]; 2]; COPIES],
    /// Indices of the entries (b, X = 0, x') and (b, X = 1, x').
    indices: [[&'a [[I; LANES]]; 2]; COPIES],
    /// Low and high half of a, then of b; empty without `STORE`.
    out: [[&'a mut [Block<Fr>]; 2]; 2],
}

impl<'a, I, const COPIES: usize> Gathered<'a, I, COPIES, false> {
    pub(crate) fn new(tables: &'a Tables, indices: &'a [[I; LANES]]) -> Self {
        Gathered::storing(tables, indices, [&mut [], &mut []])
    }
}

impl<'a, I, const COPIES: usize, const STORE: bool> Gathered<'a, I, COPIES, STORE> {
    /// With room for the bound factors.
    pub(crate) fn storing(
        tables: &'a Tables,
        indices: &'a [[I; LANES]],
        out: [&'a mut [Block<Fr>]; 2],
    ) -> Self {
        let part = indices.len() / (2 * COPIES);
        let indices = std::array::from_fn(|b| {
            std::array::from_fn(|x| &indices[(2 * b + x) * part..(2 * b + x + 1) * part])
        });
        let out = out.map(|blocks| {
            let middle = blocks.len() / 2;
            blocks.split_at_mut(middle).into()
        });
        Self { tables: std::array::from_fn(|b| tables.copy(b)), indices, out }
    }
}

impl<I: Index, const COPIES: usize, const STORE: bool> Source for Gathered<'_, I, COPIES, STORE> {
    type Prepared<B: Backend> = ();

    #[inline(always)]
    fn prepare<B: Backend>(&self) {}

    #[inline(always)]
    fn lines<B: Backend>(&mut self, (): &(), p: usize) -> Lines<B::Fr> {
        let mut a = [B::Fr::zero(); 2];
        let mut b = [B::Fr::zero(); 2];
        for x in 0..2 {
            for copy in 0..COPIES {
                let indices = I::widen(&self.indices[copy][x][p]);
                let [ta, tb] = self.tables[copy];
                let (va, vb) = (B::Fr::gather(ta, &indices), B::Fr::gather(tb, &indices));
                (a[x], b[x]) = if copy == 0 { (va, vb) } else { (a[x].add(va), b[x].add(vb)) };
            }
            if STORE {
                a[x].store(&mut self.out[0][x][p]);
                b[x].store(&mut self.out[1][x][p]);
            }
        }
        Lines { a, b }
    }

    fn split(self, at: usize) -> (Self, Self) {
        let indices = self.indices.map(|halves| halves.map(|half| half.split_at(at)));
        let out = self.out.map(|halves| halves.map(|half| half.split_at_mut(at.min(half.len()))));
        let tables = self.tables;
        let [[a0, a1], [b0, b1]] = out;
        (
            Self {
                tables,
                indices: indices.map(|halves| halves.map(|half| half.0)),
                out: [[a0.0, a1.0], [b0.0, b1.0]],
            },
            Self {
                tables,
                indices: indices.map(|halves| halves.map(|half| half.1)),
                out: [[a0.1, a1.1], [b0.1, b1.1]],
            },
        )
    }
}
