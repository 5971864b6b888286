//! Layers of transformers, each the nodes that an exporter writes.

use zktorch_onnx::proto::AttributeProto;

use super::builder::{Builder, INT64, float, int, ints, raw, tensor};

/// A layer normalisation's width, name and epsilon.
#[derive(Clone, Copy)]
pub(super) struct Norm<'a> {
    pub(super) name: &'a str,
    pub(super) width: usize,
    pub(super) epsilon: f32,
}

impl Builder {
    /// A number in a Constant node.
    pub(super) fn number(&mut self, name: &str, value: f32) -> String {
        self.constant(name, tensor("", &[], &[value]))
    }

    /// A list of integers in a Constant node.
    pub(super) fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.integers_of(name, &[values.len()], values)
    }

    /// A tensor of integers in a Constant node.
    pub(super) fn integers_of(&mut self, name: &str, dims: &[usize], values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, raw("", INT64, dims, bytes))
    }

    /// A node without attributes.
    pub(super) fn plain(&mut self, op: &str, name: &str, inputs: &[&str]) -> String {
        self.node(op, name, inputs, Vec::new())
    }

    /// A node without attributes, one input, and a number behind it.
    pub(super) fn with_number(&mut self, op: &str, name: &str, x: &str, number: f32) -> String {
        let number = self.number(name, number);
        self.plain(op, name, &[x, &number])
    }

    /// A node with a list of integers behind its input: Reshape's extents, Unsqueeze's axes.
    pub(super) fn with_integers(&mut self, op: &str, name: &str, x: &str, list: &[i64]) -> String {
        let list = self.integers(name, list);
        self.plain(op, name, &[x, &list])
    }

    pub(super) fn transpose(&mut self, x: &str, name: &str, perm: &[i64]) -> String {
        self.node("Transpose", name, &[x], vec![ints("perm", perm)])
    }

    pub(super) fn concat(&mut self, name: &str, parts: &[&str], axis: i64) -> String {
        self.node("Concat", name, parts, vec![int("axis", axis)])
    }

    pub(super) fn softmax(&mut self, x: &str, name: &str) -> String {
        self.node("Softmax", name, &[x], vec![int("axis", -1)])
    }

    /// Three parts of these lengths along an axis.
    pub(super) fn split3(&mut self, x: &str, name: &str, lengths: &str, axis: i64) -> [String; 3] {
        let first = self.node("Split", name, &[x, lengths], vec![int("axis", axis)]);
        let parts = [0, 1, 2].map(|part| first.replace("_output_0", &format!("_output_{part}")));
        if let Some(node) = self.graph.node.last_mut() {
            node.output = parts.to_vec();
        }
        parts
    }

    /// x * sigmoid(x).
    pub(super) fn silu(&mut self, x: &str, name: &str) -> String {
        let gate = self.plain("Sigmoid", name, &[x]);
        self.plain("Mul", name, &[x, &gate])
    }

    /// A weight of normal numbers.
    pub(super) fn normal(&mut self, name: &str, dims: &[usize], deviation: f64) -> String {
        let values = self.weights.normal(dims.iter().product(), 0.0, deviation);
        self.initializer(name.to_owned(), dims, &values)
    }

    /// nn.Linear on more than two axes: MatMul with the transposed weight, and Add.
    pub(super) fn dense(
        &mut self,
        x: &str,
        name: &str,
        [inputs, outputs]: [usize; 2],
        deviation: f64,
    ) -> String {
        let weight = self.normal(&format!("{name}.weight"), &[inputs, outputs], deviation);
        let bias = self.normal(&format!("{name}.bias"), &[outputs], 0.05);
        let product = self.plain("MatMul", name, &[x, &weight]);
        self.plain("Add", name, &[&bias, &product])
    }

    /// `nn.Linear` of two axes without a bias, its weight `[outputs, inputs]`: a head that is the table of words.
    pub(super) fn head(&mut self, x: &str, name: &str, weight: &str) -> String {
        let attributes = vec![float("alpha", 1.0), float("beta", 1.0), int("transB", 1)];
        self.node("Gemm", name, &[x, weight], attributes)
    }

    /// The rows of a table of normal numbers that identifiers name.
    pub(super) fn embedding(
        &mut self,
        ids: &str,
        name: &str,
        [rows, width]: [usize; 2],
        deviation: f64,
    ) -> String {
        let table = self.normal(&format!("{name}.weight"), &[rows, width], deviation);
        self.gather(&table, name, ids, 0)
    }

    /// The entries along an axis that a tensor of integers names.
    pub(super) fn gather(&mut self, x: &str, name: &str, ids: &str, axis: i64) -> String {
        self.node("Gather", name, &[x, ids], vec![int("axis", axis)])
    }

    /// Factors near 1 and shifts near 0 of a normalisation.
    fn affine(&mut self, name: &str, dims: &[usize]) -> [String; 2] {
        let count = dims.iter().product();
        let scale = self.weights.uniform(count, [0.8, 1.2]);
        let shift = self.weights.normal(count, 0.0, 0.05);
        [("weight", scale), ("bias", shift)]
            .map(|(which, values)| self.initializer(format!("{name}.{which}"), dims, &values))
    }

    /// LayerNormalization over the last axis as one node (operator set 17).
    pub(super) fn layer_norm(&mut self, x: &str, norm: Norm<'_>) -> String {
        let [scale, shift] = self.affine(norm.name, &[norm.width]);
        let attributes = vec![int("axis", -1), float("epsilon", norm.epsilon)];
        self.node("LayerNormalization", norm.name, &[x, &scale, &shift], attributes)
    }

    /// The same in the nodes that exporters write for older operator sets.
    pub(super) fn layer_norm_in_parts(&mut self, x: &str, norm: Norm<'_>) -> String {
        let name = norm.name;
        let mean = |builder: &mut Self, x: &str| {
            builder.node("ReduceMean", name, &[x], vec![ints("axes", &[-1]), int("keepdims", 1)])
        };
        let average = mean(self, x);
        let centred = self.plain("Sub", name, &[x, &average]);
        let square = self.with_number("Pow", name, &centred, 2.0);
        let variance = mean(self, &square);
        let variance = self.with_number("Add", name, &variance, norm.epsilon);
        let deviation = self.plain("Sqrt", name, &[&variance]);
        let normal = self.plain("Div", name, &[&centred, &deviation]);
        let [scale, shift] = self.affine(name, &[norm.width]);
        let scaled = self.plain("Mul", name, &[&normal, &scale]);
        self.plain("Add", name, &[&scaled, &shift])
    }

    /// GroupNorm of [1, channels, height, width]: InstanceNormalization of each group, then factors and shifts of channels.
    pub(super) fn group_norm(&mut self, x: &str, name: &str, dims: [usize; 4], groups: usize) -> String {
        let [batch, channels, height, width] = dims.map(|dim| dim as i64);
        let grouped = self.with_integers("Reshape", name, x, &[batch, groups as i64, -1]);
        let ones = self.constant(name, tensor("", &[groups], &vec![1.0; groups]));
        let zeros = self.constant(name, tensor("", &[groups], &vec![0.0; groups]));
        let normal = self.node(
            "InstanceNormalization",
            name,
            &[&grouped, &ones, &zeros],
            vec![float("epsilon", 1e-5)],
        );
        let normal = self.with_integers("Reshape", name, &normal, &[batch, channels, height, width]);
        let [scale, shift] = self.affine(name, &[dims[1], 1, 1]);
        let scaled = self.plain("Mul", name, &[&normal, &scale]);
        self.plain("Add", name, &[&scaled, &shift])
    }

    /// InstanceNormalization with factors and shifts.
    pub(super) fn instance_norm(&mut self, x: &str, name: &str, channels: usize) -> String {
        let [scale, shift] = self.affine(name, &[channels]);
        self.node("InstanceNormalization", name, &[x, &scale, &shift], vec![float("epsilon", 1e-5)])
    }

    /// GELU by the error function: x (1 + erf(x / sqrt 2)) / 2.
    pub(super) fn gelu(&mut self, x: &str, name: &str) -> String {
        let scaled = self.with_number("Div", name, x, std::f32::consts::SQRT_2);
        let erf = self.plain("Erf", name, &[&scaled]);
        let gate = self.with_number("Add", name, &erf, 1.0);
        let product = self.plain("Mul", name, &[x, &gate]);
        self.with_number("Mul", name, &product, 0.5)
    }

    /// GELU by the hyperbolic tangent: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
    pub(super) fn gelu_tanh(&mut self, x: &str, name: &str) -> String {
        let half = self.with_number("Mul", name, x, 0.5);
        let cube = self.with_number("Pow", name, x, 3.0);
        let cube = self.with_number("Mul", name, &cube, 0.044_715);
        let sum = self.plain("Add", name, &[x, &cube]);
        let scaled = self.with_number("Mul", name, &sum, (2.0 / std::f32::consts::PI).sqrt());
        let tanh = self.plain("Tanh", name, &[&scaled]);
        let gate = self.with_number("Add", name, &tanh, 1.0);
        self.plain("Mul", name, &[&half, &gate])
    }

    /// [1, tokens, heads * width] as [1, heads, tokens, width], or transposed with `perm`.
    pub(super) fn heads(
        &mut self,
        x: &str,
        name: &str,
        [tokens, heads, width]: [usize; 3],
        perm: [i64; 4],
    ) -> String {
        let dims = [1, tokens as i64, heads as i64, width as i64];
        let split = self.with_integers("Reshape", name, x, &dims);
        self.transpose(&split, name, &perm)
    }

    /// The inverse of [`heads`](Self::heads).
    pub(super) fn merge_heads(&mut self, x: &str, name: &str, [tokens, heads, width]: [usize; 3]) -> String {
        let together = self.transpose(x, name, &[0, 2, 1, 3]);
        self.with_integers("Reshape", name, &together, &[1, tokens as i64, (heads * width) as i64])
    }

    /// A Cast to an element type.
    pub(super) fn cast(&mut self, x: &str, name: &str, element: i32) -> String {
        let to: AttributeProto = int("to", i64::from(element));
        self.node("Cast", name, &[x], vec![to])
    }
}
