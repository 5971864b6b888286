//! Vectors at rest: structure-of-arrays blocks of eight canonical elements.

use std::marker::PhantomData;

use crate::{memory::Blocks, modulus::Element, packed::LANES};

/// Eight elements at rest: limb `i` of lane `l` at `[i][l]`, canonical Montgomery form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Block<F> {
    pub(crate) limbs: [[u64; LANES]; 4],
    field: PhantomData<F>,
}

impl<F> Default for Block<F> {
    fn default() -> Self {
        Self { limbs: [[0; LANES]; 4], field: PhantomData }
    }
}

impl<F: Element> Block<F> {
    /// A block of eight elements.
    pub fn from_array(elements: &[F; LANES]) -> Self {
        let mut block = Self::default();
        for (lane, element) in elements.iter().enumerate() {
            block.set(lane, *element);
        }
        block
    }

    /// The eight elements.
    pub fn to_array(&self) -> [F; LANES] {
        std::array::from_fn(|lane| self.get(lane))
    }

    /// The element of one lane.
    ///
    /// # Panics
    /// If `lane >= 8`.
    #[inline(always)]
    pub fn get(&self, lane: usize) -> F {
        F::from_limbs(self.limbs.map(|row| row[lane]))
    }

    /// Replaces the element of one lane.
    ///
    /// # Panics
    /// If `lane >= 8`.
    #[inline(always)]
    pub fn set(&mut self, lane: usize, element: F) {
        for (row, limb) in self.limbs.iter_mut().zip(element.limbs()) {
            row[lane] = *limb;
        }
    }
}

/// The first and the second half of a vector, as blocks.
pub type Halves<'a, F> = (&'a [Block<F>], &'a [Block<F>]);
/// The first and the second half of a vector, as blocks to write to.
pub type HalvesMut<'a, F> = (&'a mut [Block<F>], &'a mut [Block<F>]);

/// A vector of field elements as blocks of eight; the lanes past the end of the last block are zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedVec<F> {
    blocks: Blocks<F>,
    len: usize,
}

impl<F: Element> PackedVec<F> {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Self { blocks: Blocks::zeros(len.div_ceil(LANES)), len }
    }

    /// The elements of a slice, repacked.
    pub fn from_slice(elements: &[F]) -> Self {
        let mut out = Self::zeros(elements.len());
        for (block, chunk) in out.blocks.iter_mut().zip(elements.chunks(LANES)) {
            for (lane, element) in chunk.iter().enumerate() {
                block.set(lane, *element);
            }
        }
        out
    }

    /// A vector of `8 * blocks.len()` elements.
    pub fn from_blocks(blocks: &[Block<F>]) -> Self {
        let mut out = Self::zeros(blocks.len() * LANES);
        out.blocks.copy_from_slice(blocks);
        out
    }

    /// The elements in order.
    pub fn to_vec(&self) -> Vec<F> {
        (0..self.len).map(|i| self.blocks[i / LANES].get(i % LANES)).collect()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Element `index`.
    ///
    /// # Panics
    /// If out of bounds.
    pub fn get(&self, index: usize) -> F {
        assert!(index < self.len, "index {index} of a vector of {}", self.len);
        self.blocks[index / LANES].get(index % LANES)
    }

    /// Replaces element `index`.
    ///
    /// # Panics
    /// If out of bounds.
    pub fn set(&mut self, index: usize, element: F) {
        assert!(index < self.len, "index {index} of a vector of {}", self.len);
        self.blocks[index / LANES].set(index % LANES, element);
    }

    /// The blocks.
    pub fn blocks(&self) -> &[Block<F>] {
        &self.blocks
    }

    /// The blocks. Whoever writes past the logical end must write zeros.
    pub fn blocks_mut(&mut self) -> &mut [Block<F>] {
        &mut self.blocks
    }

    /// Both halves, as blocks. `None` if the middle is not a block boundary (`len` not a multiple of 16).
    pub fn halves(&self) -> Option<Halves<'_, F>> {
        self.len.is_multiple_of(2 * LANES).then(|| self.blocks.split_at(self.blocks.len() / 2))
    }

    /// Both halves, as blocks to write to. `None` if `len` is not a multiple of 16.
    pub fn halves_mut(&mut self) -> Option<HalvesMut<'_, F>> {
        let middle = self.blocks.len() / 2;
        self.len.is_multiple_of(2 * LANES).then(|| self.blocks.split_at_mut(middle))
    }

    /// Keeps the first `len` elements; no effect if there are not more.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.len = len;
        self.blocks.truncate(len.div_ceil(LANES));
        if let Some(last) = self.blocks.last_mut() {
            for lane in (len - 1) % LANES + 1..LANES {
                last.set(lane, F::ZERO);
            }
        }
    }
}
