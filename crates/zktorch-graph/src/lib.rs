//! Block graphs: what a quantised network computes, in exact integers.
//!
//! A [`Graph`] holds *tensors* of small integers ([`Tensor`]) and *steps* ([`Step`]) that define one committed tensor after the
//! other. A step reads expressions ([`Expr`]) of earlier tensors: sums of [views](View) (transposes, windows, slices,
//! broadcasts, sums along axes) and of [contractions](Contract) of views (convolutions, matrix products, elementwise
//! products). Expressions are *virtual*: they are never stored. There are two kinds of steps:
//!
//! * [`Step::Rescale`]: `y = floor((acc + floor(D/2)) / D)` for an expression acc, with the remainder r as a tensor of its own;
//!   D = 1 stores an expression exactly;
//! * [`Step::Lookup`]: `y = f(x)` entry by entry, f a [`Table`].
//!
//! Everything else is composed of these. Prover and verifier agree on these semantics bit for bit; no floating point occurs
//! in this crate.

mod error;
#[cfg(feature = "executor")]
mod eval;
mod expr;
mod graph;
mod shape;
mod table;
mod tensor;
mod validate;
mod view;

pub use error::GraphError;
#[cfg(feature = "executor")]
pub use eval::{eval_expr, execute};
pub use expr::{Contract, Expr, Linear, Operand, Term};
pub use graph::{Graph, Step};
pub use shape::Shape;
pub use table::{Function, Table, TableId};
pub use tensor::{Interval, Role, Tensor, TensorId, Visibility};
pub use validate::{Bound, Bounds};
pub use view::{AxisMap, Entry, Factor, View};
