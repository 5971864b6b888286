//! The vectors that are folded, as they lie in memory.

use ark_ff::AdditiveGroup;
use zktorch_field::{Backend, Fr, Ints, Kernel, LANES, Packed, dispatch, par};

use crate::kernels;

/// The entries of a chunk. Shorter ones continue with zeros.
///
/// Small integers stay small: a product with one costs a fifth of a field product, and reading one a sixteenth.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Column<'a> {
    /// 16-bit integers.
    I16(&'a [i16]),
    /// 32-bit integers.
    I32(&'a [i32]),
    /// Field elements.
    Field(&'a [Fr]),
}

impl Column<'_> {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::I16(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::Field(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the entries are integers.
    pub(crate) fn is_small(&self) -> bool {
        !matches!(self, Self::Field(_))
    }

    /// The entries as field elements.
    pub fn to_field(&self) -> Vec<Fr> {
        match self {
            Self::I16(v) => v.iter().map(|x| Fr::from(*x)).collect(),
            Self::I32(v) => v.iter().map(|x| Fr::from(*x)).collect(),
            Self::Field(v) => v.to_vec(),
        }
    }

    /// Eight integers starting at `start`, zeros past the end (and for a column of field elements).
    #[inline(always)]
    pub(crate) fn load_ints<B: Backend>(&self, start: usize) -> B::Ints {
        match self {
            Self::I16(v) => B::Ints::load_i16(&eight(v, start)),
            Self::I32(v) => B::Ints::load_i32(&eight(v, start)),
            Self::Field(_) => B::Ints::splat(0),
        }
    }
}

/// Eight entries starting at `start`, zeros past the end.
#[inline(always)]
fn eight<T: Copy + Default>(v: &[T], start: usize) -> [T; LANES] {
    let rest = v.get(start..).unwrap_or_default();
    match rest.first_chunk::<LANES>() {
        Some(eight) => *eight,
        None => {
            let mut eight = [T::default(); LANES];
            eight.iter_mut().zip(rest).for_each(|(slot, x)| *slot = *x);
            eight
        }
    }
}

/// `sum_c w_c column_c`, split into integer and field columns once, outside the loops.
#[derive(Clone, Debug, Default)]
pub(crate) struct Combination<'a> {
    small: Vec<(Column<'a>, Fr)>,
    field: Vec<(&'a [Fr], Fr)>,
}

impl<'a> Combination<'a> {
    pub(crate) fn new(terms: impl IntoIterator<Item = (Column<'a>, Fr)>) -> Self {
        let mut out = Self::default();
        for (column, weight) in terms {
            match column {
                Column::Field(v) => out.field.push((v, weight)),
                _ => out.small.push((column, weight)),
            }
        }
        out
    }

    /// Length of the longest column.
    fn len(&self) -> usize {
        let small = self.small.iter().map(|(c, _)| c.len());
        small.chain(self.field.iter().map(|(v, _)| v.len())).max().unwrap_or(0)
    }

    /// Whether no column reaches `start`.
    pub(crate) fn ends_before(&self, start: usize) -> bool {
        self.len() <= start
    }
}

/// A [`Combination`] with its weights in registers' form.
pub(crate) struct PackedCombination<'c, 'a, P> {
    small: Vec<(&'c Column<'a>, P)>,
    field: Vec<(&'a [Fr], P)>,
}

impl<'c, 'a, P: Packed<Elem = Fr>> PackedCombination<'c, 'a, P> {
    #[inline(always)]
    pub(crate) fn new(combination: &'c Combination<'a>) -> Self {
        Self {
            small: combination.small.iter().map(|(c, w)| (c, P::splat(*w))).collect(),
            field: combination.field.iter().map(|(v, w)| (*v, P::splat(*w))).collect(),
        }
    }

    /// Eight entries of the sum.
    #[inline(always)]
    pub(crate) fn eight<B: Backend<Fr = P, Ints = P::Ints>>(&self, start: usize) -> P {
        let mut out = P::zero();
        if !self.small.is_empty() {
            let mut acc = P::small_zero();
            for (column, weight) in &self.small {
                P::small_mul_add(&mut acc, *weight, column.load_ints::<B>(start));
            }
            out = P::small_reduce(acc);
        }
        if !self.field.is_empty() {
            let mut acc = P::acc_zero();
            for (v, weight) in &self.field {
                P::acc_mul_add(&mut acc, kernels::load::<B>(v, start), *weight);
            }
            out = out.add(P::acc_reduce(acc));
        }
        out
    }
}

/// The sum as field elements: one streaming pass over all columns.
pub(crate) fn combine(combination: &Combination<'_>) -> Vec<Fr> {
    struct Combine<'c, 'a>(&'c Combination<'a>, usize, &'c mut [Fr]);
    impl Kernel for Combine<'_, '_> {
        type Output = ();
        #[inline(always)]
        fn run<B: Backend>(self, _: B) {
            let Self(combination, start, out) = self;
            let packed = PackedCombination::<B::Fr>::new(combination);
            for (i, out) in out.chunks_mut(LANES).enumerate() {
                kernels::store::<B>(packed.eight::<B>(start + i * LANES), out);
            }
        }
    }
    const PIECE: usize = 1 << 12;
    let mut out = vec![Fr::ZERO; combination.len()];
    par::for_each_chunk_mut(&mut out, PIECE, |i, out| dispatch(Combine(combination, i * PIECE, out)));
    out
}
