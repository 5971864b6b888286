//! One field element aligned to its size, for tables read at random.

use std::marker::PhantomData;

use crate::modulus::Element;

/// An element at rest, aligned to its 32 bytes: a table of rows never makes a lookup touch two cache lines, which a
/// `Vec` of plain elements does for every second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(32))]
pub struct Row<F> {
    /// Canonical Montgomery limbs.
    pub(crate) words: [u64; 4],
    field: PhantomData<F>,
}

impl<F: Element> Row<F> {
    /// A row that holds `element`.
    pub fn new(element: F) -> Self {
        Self { words: *element.limbs(), field: PhantomData }
    }

    /// The element.
    pub fn get(&self) -> F {
        F::from_limbs(self.words)
    }
}
