//! Operations on whole vectors: split over threads, dispatched to the fastest backend piece by piece.
//!
//! All results are canonical, so they do not depend on the backend or the number of threads.

mod bind;
mod inverse;
mod linear;
mod products;
mod small;
#[cfg(test)]
mod tests;

pub use bind::bind;
pub use inverse::batch_inverse;
pub use linear::{axpy, linear_combination};
pub use products::{inner_product, inner_product_packed, multiply};
pub use small::{SmallInt, combine_rows, inner_product_small};

/// Elements a piece of parallel work has at least: some 20 microseconds of multiplications, against a microsecond to hand it
/// to another thread.
const PIECE: usize = 1 << 13;

/// Elements per piece: enough pieces to balance the threads, none too small, a multiple of eight.
fn piece_len(len: usize) -> usize {
    let pieces = 4 * crate::par::current_num_threads();
    len.div_ceil(pieces).next_multiple_of(crate::LANES).max(PIECE)
}
