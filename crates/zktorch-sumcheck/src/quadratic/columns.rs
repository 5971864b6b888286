//! A factor given by its values: at rest in the first round, bound and stored in the others.

use zktorch_field::{Backend, Block, Fr, Ints, LANES, Packed, PackedVec};

use super::pass::{Lines, Source};

/// Small integers in packed vectors' worth of eight, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum IntSlice<'a> {
    I8(&'a [[i8; LANES]]),
    I16(&'a [[i16; LANES]]),
    U16(&'a [[u16; LANES]]),
    I32(&'a [[i32; LANES]]),
}

impl<'a> IntSlice<'a> {
    /// Whether products of two values, and of two differences of values, fit 51 bits: those of at most 16 bits.
    pub(crate) fn is_narrow(self) -> bool {
        !matches!(self, Self::I32(_))
    }

    /// Number of packed vectors.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::I8(v) => v.len(),
            Self::I16(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::I32(v) => v.len(),
        }
    }

    pub(crate) fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::I8(v) => (Self::I8(&v[..at]), Self::I8(&v[at..])),
            Self::I16(v) => (Self::I16(&v[..at]), Self::I16(&v[at..])),
            Self::U16(v) => (Self::U16(&v[..at]), Self::U16(&v[at..])),
            Self::I32(v) => (Self::I32(&v[..at]), Self::I32(&v[at..])),
        }
    }

    /// Part `i` of `count` equal ones.
    pub(crate) fn part(self, i: usize, count: usize) -> Self {
        let part = self.len() / count;
        self.split(i * part).1.split(part).0
    }

    /// The slice cut into `N` equal parts.
    pub(crate) fn parts<const N: usize>(self) -> [Self; N] {
        std::array::from_fn(|i| self.part(i, N))
    }

    pub(crate) fn to_scalars(self) -> Vec<Fr> {
        match self {
            Self::I8(v) => v.iter().flatten().map(|x| Fr::from(*x)).collect(),
            Self::I16(v) => v.iter().flatten().map(|x| Fr::from(*x)).collect(),
            Self::U16(v) => v.iter().flatten().map(|x| Fr::from(*x)).collect(),
            Self::I32(v) => v.iter().flatten().map(|x| Fr::from(*x)).collect(),
        }
    }

    /// Vector `p`.
    #[inline(always)]
    pub(crate) fn load<B: Backend>(self, p: usize) -> B::Ints {
        match self {
            Self::I8(v) => B::Ints::load_i8(&v[p]),
            Self::I16(v) => B::Ints::load_i16(&v[p]),
            Self::U16(v) => B::Ints::load_u16(&v[p]),
            Self::I32(v) => B::Ints::load_i32(&v[p]),
        }
    }

    /// Vectors `p..p + out.len()`.
    #[inline(always)]
    pub(crate) fn widen<B: Backend>(self, p: usize, out: &mut [B::Ints]) {
        // One match for the whole run.
        match self {
            Self::I8(v) => {
                let v = &v[p..p + out.len()];
                for i in 0..v.len() {
                    out[i] = B::Ints::load_i8(&v[i]);
                }
            }
            Self::I16(v) => {
                let v = &v[p..p + out.len()];
                for i in 0..v.len() {
                    out[i] = B::Ints::load_i16(&v[i]);
                }
            }
            Self::U16(v) => {
                let v = &v[p..p + out.len()];
                for i in 0..v.len() {
                    out[i] = B::Ints::load_u16(&v[i]);
                }
            }
            Self::I32(v) => {
                let v = &v[p..p + out.len()];
                for i in 0..v.len() {
                    out[i] = B::Ints::load_i32(&v[i]);
                }
            }
        }
    }
}

/// A factor as it is given, or as it is stored between rounds.
pub(crate) enum Column<'a> {
    Field(PackedVec<Fr>),
    Ints(IntSlice<'a>),
}

impl Column<'_> {
    /// Both halves.
    pub(crate) fn halves(&self) -> [AtRest<'_>; 2] {
        match self {
            Self::Field(vector) => {
                let (low, high) = vector.blocks().split_at(vector.blocks().len() / 2);
                [AtRest::Field(low), AtRest::Field(high)]
            }
            Self::Ints(ints) => ints.parts().map(AtRest::Ints),
        }
    }

    /// The values as scalars.
    pub(crate) fn to_scalars(&self) -> Vec<Fr> {
        match self {
            Self::Field(vector) => vector.to_vec(),
            Self::Ints(ints) => ints.to_scalars(),
        }
    }
}

/// Half a column before anything is bound.
#[derive(Clone, Copy)]
pub(crate) enum AtRest<'a> {
    Field(&'a [Block<Fr>]),
    Ints(IntSlice<'a>),
}

impl AtRest<'_> {
    #[inline(always)]
    fn load<B: Backend>(self, p: usize) -> B::Fr {
        match self {
            Self::Field(blocks) => B::Fr::load(&blocks[p]),
            Self::Ints(ints) => B::Fr::from_ints(ints.load::<B>(p)),
        }
    }

    pub(crate) fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::Field(blocks) => (Self::Field(&blocks[..at]), Self::Field(&blocks[at..])),
            Self::Ints(ints) => {
                let (low, high) = ints.split(at);
                (Self::Ints(low), Self::Ints(high))
            }
        }
    }
}

/// The first round's source: both halves of both factors as they are.
pub(crate) struct Unbound<'a> {
    pub(crate) a: [AtRest<'a>; 2],
    pub(crate) b: [AtRest<'a>; 2],
}

impl Source for Unbound<'_> {
    type Prepared<B: Backend> = ();

    #[inline(always)]
    fn prepare<B: Backend>(&self) {}

    #[inline(always)]
    fn lines<B: Backend>(&mut self, (): &(), p: usize) -> Lines<B::Fr> {
        let [a0, a1] = self.a;
        let [b0, b1] = self.b;
        Lines { a: [a0.load::<B>(p), a1.load::<B>(p)], b: [b0.load::<B>(p), b1.load::<B>(p)] }
    }

    fn split(self, at: usize) -> (Self, Self) {
        let ([a0, a1], [b0, b1]) = (self.a.map(|h| h.split(at)), self.b.map(|h| h.split(at)));
        (Self { a: [a0.0, a1.0], b: [b0.0, b1.0] }, Self { a: [a0.1, a1.1], b: [b0.1, b1.1] })
    }
}

/// A factor while a variable is bound: gives its values for the next variable and keeps them.
pub(crate) trait BindColumn: Send + Sized {
    type Prepared<B: Backend>;
    fn prepare<B: Backend>(&self) -> Self::Prepared<B>;
    /// The bound values at position `p` of both halves.
    fn bind<B: Backend>(&mut self, prepared: &Self::Prepared<B>, p: usize) -> [B::Fr; 2];
    fn split(self, at: usize) -> (Self, Self);
}

/// Field elements, bound in place: the first two quarters become the two halves of the result.
pub(crate) struct InPlace<'a> {
    low: [&'a mut [Block<Fr>]; 2],
    high: [&'a [Block<Fr>]; 2],
    r: Fr,
}

impl<'a> InPlace<'a> {
    fn new(blocks: &'a mut [Block<Fr>], r: Fr) -> Self {
        let quarter = blocks.len() / 4;
        let (low, high) = blocks.split_at_mut(2 * quarter);
        Self { low: low.split_at_mut(quarter).into(), high: high.split_at(quarter).into(), r }
    }
}

impl BindColumn for InPlace<'_> {
    type Prepared<B: Backend> = B::Fr;

    #[inline(always)]
    fn prepare<B: Backend>(&self) -> B::Fr {
        B::Fr::splat(self.r)
    }

    #[inline(always)]
    fn bind<B: Backend>(&mut self, r: &B::Fr, p: usize) -> [B::Fr; 2] {
        let [l0, l1] = &mut self.low;
        B::Fr::bind2_in_place([&mut l0[p], &mut l1[p]], [&self.high[0][p], &self.high[1][p]], *r)
    }

    fn split(self, at: usize) -> (Self, Self) {
        let ([l0, l1], [h0, h1]) =
            (self.low.map(|part| part.split_at_mut(at)), self.high.map(|part| part.split_at(at)));
        let r = self.r;
        (Self { low: [l0.0, l1.0], high: [h0.0, h1.0], r }, Self { low: [l0.1, l1.1], high: [h0.1, h1.1], r })
    }
}

/// A whole factor while it is bound, owning what stays of it.
pub(crate) trait Stored {
    type Column<'c>: BindColumn
    where
        Self: 'c;
    /// The pass's view of it.
    fn column(&mut self, r: Fr) -> Self::Column<'_>;
    /// The bound values.
    fn into_bound(self) -> PackedVec<Fr>;
}

impl Stored for PackedVec<Fr> {
    type Column<'c> = InPlace<'c>;

    fn column(&mut self, r: Fr) -> InPlace<'_> {
        InPlace::new(self.blocks_mut(), r)
    }

    fn into_bound(mut self) -> PackedVec<Fr> {
        self.truncate(self.len() / 2);
        self
    }
}

/// Small integers and room for their bound values.
pub(crate) struct IntsToBind<'a> {
    ints: IntSlice<'a>,
    bound: PackedVec<Fr>,
}

impl<'a> IntsToBind<'a> {
    pub(crate) fn new(ints: IntSlice<'a>) -> Self {
        Self { ints, bound: PackedVec::zeros(ints.len() / 2 * LANES) }
    }
}

impl<'a> Stored for IntsToBind<'a> {
    type Column<'c>
        = FromInts<'c>
    where
        Self: 'c;

    fn column(&mut self, r: Fr) -> FromInts<'_> {
        FromInts::new(self.ints, self.bound.blocks_mut(), r)
    }

    fn into_bound(self) -> PackedVec<Fr> {
        self.bound
    }
}

/// Integers, bound into new field elements: the first field array of a small column has half its size.
pub(crate) struct FromInts<'a> {
    quarters: [IntSlice<'a>; 4],
    out: [&'a mut [Block<Fr>]; 2],
    r: Fr,
}

impl<'a> FromInts<'a> {
    fn new(ints: IntSlice<'a>, out: &'a mut [Block<Fr>], r: Fr) -> Self {
        let middle = out.len() / 2;
        Self { quarters: ints.parts(), out: out.split_at_mut(middle).into(), r }
    }
}

impl BindColumn for FromInts<'_> {
    type Prepared<B: Backend> = <B::Fr as Packed>::SmallBind;

    #[inline(always)]
    fn prepare<B: Backend>(&self) -> Self::Prepared<B> {
        B::Fr::small_bind_prepare(self.r)
    }

    #[inline(always)]
    fn bind<B: Backend>(&mut self, r: &Self::Prepared<B>, p: usize) -> [B::Fr; 2] {
        let [l0, l1, h0, h1] = self.quarters;
        let out = [
            B::Fr::small_bind(r, l0.load::<B>(p), h0.load::<B>(p)),
            B::Fr::small_bind(r, l1.load::<B>(p), h1.load::<B>(p)),
        ];
        out[0].store(&mut self.out[0][p]);
        out[1].store(&mut self.out[1][p]);
        out
    }

    fn split(self, at: usize) -> (Self, Self) {
        let quarters = self.quarters.map(|quarter| quarter.split(at));
        let [o0, o1] = self.out.map(|part| part.split_at_mut(at));
        let r = self.r;
        (
            Self { quarters: quarters.map(|q| q.0), out: [o0.0, o1.0], r },
            Self { quarters: quarters.map(|q| q.1), out: [o0.1, o1.1], r },
        )
    }
}

/// The source of every round after the first: both factors bound to the previous challenge.
pub(crate) struct Bound<A, B> {
    pub(crate) a: A,
    pub(crate) b: B,
}

impl<CA: BindColumn, CB: BindColumn> Source for Bound<CA, CB> {
    type Prepared<B: Backend> = (CA::Prepared<B>, CB::Prepared<B>);

    #[inline(always)]
    fn prepare<B: Backend>(&self) -> Self::Prepared<B> {
        (self.a.prepare::<B>(), self.b.prepare::<B>())
    }

    #[inline(always)]
    fn lines<B: Backend>(&mut self, (a, b): &Self::Prepared<B>, p: usize) -> Lines<B::Fr> {
        Lines { a: self.a.bind::<B>(a, p), b: self.b.bind::<B>(b, p) }
    }

    fn split(self, at: usize) -> (Self, Self) {
        let ((a0, a1), (b0, b1)) = (self.a.split(at), self.b.split(at));
        (Self { a: a0, b: b0 }, Self { a: a1, b: b1 })
    }
}
