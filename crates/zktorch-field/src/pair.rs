//! Two field elements as one cache line, for tables read at random.

use std::marker::PhantomData;

use crate::modulus::Element;

/// Two elements at rest in one cache line: a row of a table of two columns.
///
/// A gather of pairs touches one cache line per lane, where gathers from two columns touch two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Pair<F> {
    /// The limbs of the first element, then of the second, canonical.
    pub(crate) words: [u64; 8],
    field: PhantomData<F>,
}

impl<F: Element> Pair<F> {
    /// Both elements.
    pub fn new(first: F, second: F) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (*first.limbs(), *second.limbs());
        Self { words: [a, b, c, d, e, f, g, h], field: PhantomData }
    }

    /// The first element.
    pub fn first(&self) -> F {
        let [a, b, c, d, ..] = self.words;
        F::from_limbs([a, b, c, d])
    }

    /// The second element.
    pub fn second(&self) -> F {
        let [.., e, f, g, h] = self.words;
        F::from_limbs([e, f, g, h])
    }
}
