//! Block graphs: what a quantised network computes, in exact integers.
//!
//! A [`Graph`] holds *tensors* of small integers ([`Tensor`]) and *steps* ([`Step`]) that define one committed tensor after the
//! other. A step reads expressions ([`Expr`]) of earlier tensors: sums of [views](View) (transposes, windows, slices,
//! broadcasts, sums along axes) and of [contractions](Contract) of views (convolutions, matrix products, elementwise
//! products). Expressions are *virtual*: they are never stored. The steps:
//!
//! * [`Step::Rescale`]: `y = floor((acc + floor(D/2)) / D)` for an expression acc, with the remainder r as a tensor of its own;
//!   D = 1 stores an expression exactly;
//! * [`Step::Saturate`]: the same, clamped to the range of y;
//! * [`Step::Gap`]: how far entries are below the largest one along an axis;
//! * [`Step::Lookup`]: `y = f(x)` entry by entry, f a [`Table`];
//! * [`Step::Quotient`], [`Step::Root`]: `floor(a / b)` and `floor(sqrt(a))`.
//!
//! Integers of more than 17 bits are stored as [`Limbs`]. What is proved about a step is its list of
//! [`Constraint`]s.
//!
//! Everything else is composed of these. Prover and verifier agree on these semantics bit for bit: the
//! executor multiplies in
//! f64 only where every sum is below 2^53, and a [`Formula`]'s operations round in the same way everywhere.
//!
//! A graph is hostile until [`Graph::validate`] accepts it. [`execute`] computes all tensors of a valid graph (feature
//! `executor`; verifiers do without).
//!
//! # Example
//!
//! A matrix product, rescaled from 2^16 to 2^8, and its ReLU as output:
//!
//! ```
//! use zktorch_graph::*;
//!
//! let shape = |dims: &[u32]| Shape::new(dims);
//! let mut graph = Graph::default();
//! let mut tensor = |name: &str, dims: &[u32], range, role| {
//!     graph.tensors.push(Tensor { name: name.to_owned(), shape: shape(dims), scale: 8, range, role });
//!     TensorId(graph.tensors.len() as u32 - 1)
//! };
//! let byte = Interval::new(-128, 127);
//! let w = tensor("w", &[2, 3], Interval::I16, Role::Weight);
//! let x = tensor("x", &[3], byte, Role::Input(Visibility::Private));
//! let h = tensor("h", &[2], Interval::I16, Role::LookupInput(TableId(0)));
//! let r = tensor("h, remainder", &[2], Interval::new(0, 255), Role::Ranged);
//! let a = tensor("a", &[2], Interval::I16, Role::LookupOutput(TableId(0)));
//! let y = tensor("y", &[2], Interval::I16, Role::Output(Visibility::Public));
//! (graph.inputs, graph.outputs) = (vec![x], vec![y]);
//! graph.tables.push(Table { function: Function::Relu, domain: Interval::I16 });
//!
//! // h = round(w x / 256): labels 0 for rows, 1 for the contracted columns.
//! let linear = |id, dims: &[u32]| {
//!     let view = View::identity(id, &shape(dims));
//!     Linear { shape: shape(dims), terms: vec![(1, view)] }
//! };
//! let (a_axes, b_axes, out_axes) = (vec![0, 1], vec![1], vec![0]);
//! let product = Contract { a: linear(w, &[2, 3]), b: linear(x, &[3]), a_axes, b_axes, out_axes };
//! let terms = vec![Term { coeff: 1, operand: Operand::Contract(product) }];
//! let acc = Expr { shape: shape(&[2]), terms };
//! graph.steps.push(Step::rescale(acc, 256, h, Some(r)));
//! // a = max(h, 0), and y = a.
//! graph.steps.push(Step::Lookup { table: TableId(0), x: h, y: a });
//! let acc = Expr::view(View::identity(a, &shape(&[2])));
//! graph.steps.push(Step::rescale(acc, 1, y, None));
//!
//! let bounds = graph.validate()?;
//! assert_eq!(bounds.steps[0].acc, 3 * (1 << 15) * 128);
//! # #[cfg(feature = "executor")] {
//! let weights = vec![256, -512, 128, -256, 0, 0];
//! let values = execute(&graph, &bounds, vec![Some(weights), Some(vec![10, -3, 5]), None, None, None, None])?;
//! assert_eq!(values[2], [19, -10]); // (2560 + 1536 + 640) / 256 = 18.5 rounds up
//! assert_eq!(values[5], [19, 0]);
//! # }
//! # Ok::<(), GraphError>(())
//! ```

mod accuracy;
mod batch;
mod constraint;
mod entries;
mod error;
#[cfg(feature = "executor")]
mod eval;
mod expr;
mod graph;
pub mod layout;
mod limbs;
mod port;
mod shape;
mod shards;
mod step;
mod table;
mod tensor;
#[cfg(test)]
#[cfg(feature = "executor")]
mod testing;
mod validate;
mod view;
mod weights;

pub use accuracy::{Accuracy, LEVELS, LabelledSet};
pub use constraint::{Constraint, Slot};
pub use entries::Indices;
pub use error::GraphError;
#[cfg(feature = "executor")]
pub use eval::{Entries, Lender, eval_expr, execute, execute_lending};
pub use expr::{Contract, Expr, Linear, Operand, Term};
pub use graph::Graph;
pub use limbs::Limbs;
pub use port::{PortInfo, real_value};
pub use shape::Shape;
pub use shards::{Shard, committed_cells, shards};
pub use step::Step;
pub use table::{Binary, Formula, Function, Instruction, MAX_FORMULA, Table, TableId, Unary};
pub use tensor::{Interval, Role, Tensor, TensorId, Visibility};
pub use validate::{Bound, Bounds, MAX_PARTS, TableValues, ValidGraph};
pub use view::{AxisMap, Entry, Factor, View};
pub use weights::{WeightParts, WeightRef, WeightSpec, consecutive};
