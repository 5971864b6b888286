//! Element types of ONNX: what they mean, and which one a node's result has.
//!
//! A program knows kinds only; the width of integers matters to the few operators that wrap around.

use crate::program::Kind;
use crate::proto::NodeProto;

/// The kind that an element type means.
pub(crate) fn kind_of(data_type: i64) -> Option<Kind> {
    match data_type {
        1 | 10 | 11 | 16 => Some(Kind::Float),
        2..=7 | 12 | 13 | 21 | 22 | 25 | 26 => Some(Kind::Int),
        9 => Some(Kind::Bool),
        _ => None,
    }
}

/// Bits of a type of integers, and whether it has a sign.
pub(crate) fn width_of(data_type: i64) -> Option<(u32, bool)> {
    Some(match data_type {
        2 => (8, false),
        3 => (8, true),
        4 => (16, false),
        5 => (16, true),
        6 => (32, true),
        7 => (64, true),
        12 => (32, false),
        13 => (64, false),
        21 => (4, false),
        22 => (4, true),
        25 => (2, false),
        26 => (2, true),
        _ => return None,
    })
}

/// The element type of a node's first output, if those of its inputs tell.
pub(crate) fn result_type(node: &NodeProto, input: impl Fn(usize) -> Option<i64>) -> Option<i64> {
    let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
    match &*node.op_type {
        "Cast" => attribute("to").map(|attribute| attribute.i),
        "CastLike" | "Where" => input(1),
        "Constant" | "ConstantOfShape" => attribute("value")
            .and_then(|attribute| attribute.t.as_ref())
            .map(|tensor| tensor.data_type.into()),
        "Equal" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" | "And" | "Or" | "Xor" | "Not"
        | "IsNaN" | "IsInf" => Some(9),
        "Shape" | "Size" | "ArgMax" | "ArgMin" | "NonZero" => Some(7),
        "Add" | "Sub" | "Mul" | "Div" | "Mod" | "Pow" | "Neg" | "Abs" | "Sign" | "Max" | "Min" | "Sum"
        | "Clip" | "Identity" | "Reshape" | "Transpose" | "Flatten" | "Squeeze" | "Unsqueeze" | "Slice"
        | "Gather" | "GatherElements" | "GatherND" | "Concat" | "Expand" | "Tile" | "Pad" | "Relu"
        | "Dropout" | "BitShift" | "BitwiseAnd" | "BitwiseOr" | "BitwiseXor" | "BitwiseNot" => input(0),
        _ => None,
    }
}
