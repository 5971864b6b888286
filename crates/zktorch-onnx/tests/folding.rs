//! Factors and offsets that weights take: the same function, of fewer stored values. What is expected is computed here, because the
//! float model reads the same program.

#![allow(clippy::unwrap_used, reason = "a test: an error is a failure")]

mod common;

use common::{Builder, Random, ints, samples};
use zktorch_onnx::{Compiled, FloatModel, FloatTensor, Options, Tensor, compile};

const ROWS: usize = 4;
const WIDTH: usize = 32;
const OUT: usize = 5;

/// Parameters and an input, as numbers.
struct Case {
    x: FloatTensor,
    gain: Vec<f32>,
    offset: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

fn case() -> Case {
    let mut random = Random::new(7);
    let mut numbers = |count| random.tensor(&[count], 1.0).into_data();
    let gain = numbers(WIDTH).iter().map(|x| 1.0 + 0.5 * x).collect();
    let (offset, weight, bias) = (numbers(WIDTH), numbers(WIDTH * OUT), numbers(OUT));
    Case { x: random.tensor(&[ROWS, WIDTH], 2.0), gain, offset, weight, bias }
}

impl Case {
    fn builder(&self) -> Builder {
        Builder::new(18)
            .input("x", &[ROWS, WIDTH])
            .floats("gain", &[WIDTH], self.gain.clone())
            .floats("offset", &[WIDTH], self.offset.clone())
            .floats("weight", &[WIDTH, OUT], self.weight.clone())
            .floats("bias", &[OUT], self.bias.clone())
    }

    /// `y = n weight + bias` of the normalised input n.
    fn normalisation_and_product(&self) -> Builder {
        self.builder()
            .node("LayerNormalization", &["x", "gain", "offset"], "n", vec![])
            .node("MatMul", &["n", "weight"], "p", vec![])
            .node("Add", &["p", "bias"], "y", vec![])
    }

    /// `gain (x - mean) / deviation + offset`.
    fn normalised(&self) -> Vec<f64> {
        let mut all = Vec::new();
        for row in self.x.data().chunks(WIDTH) {
            let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
            let mean = row.iter().sum::<f64>() / WIDTH as f64;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / WIDTH as f64;
            let deviation = (variance + 1e-5).sqrt();
            let affine = self.gain.iter().zip(&self.offset);
            all.extend(
                row.iter().zip(affine).map(|(x, (gain, offset))| {
                    f64::from(*gain) * (x - mean) / deviation + f64::from(*offset)
                }),
            );
        }
        all
    }

    /// `rows weight + bias`.
    fn product(&self, rows: &[f64]) -> Vec<f64> {
        let entry = |row: &[f64], j: usize| {
            let sum: f64 = row.iter().enumerate().map(|(i, x)| x * f64::from(self.weight[i * OUT + j])).sum();
            sum + f64::from(self.bias[j])
        };
        rows.chunks(WIDTH).flat_map(|row| (0..OUT).map(|j| entry(row, j)).collect::<Vec<_>>()).collect()
    }

    fn check(&self, builder: &Builder, expected: &[f64]) -> Compiled {
        let bytes = builder.bytes();
        let x: Vec<Tensor> = vec![self.x.clone().into()];
        let mut calibration = samples(&bytes, 16, 1);
        calibration.push(x.clone());
        let compiled = compile(&bytes, &Options { calibration, ..Options::default() }).unwrap();
        let got = compiled.run(&x).unwrap();
        assert_eq!(got[0].data().len(), expected.len());
        for (got, expected) in got[0].data().iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 4e-3, "{got} is not {expected}");
        }
        compiled
    }
}

/// Committed tensors of the run with these extents.
fn stored(compiled: &Compiled, dims: &[u32]) -> usize {
    let tensors = compiled.graph.tensors.iter();
    tensors.filter(|t| t.role == zktorch_graph::Role::Ranged && t.shape.dims() == dims).count()
}

#[test]
fn a_normalisation_before_a_product_is_in_its_weights() {
    let case = case();
    let builder = case.normalisation_and_product().output("y");
    let compiled = case.check(&builder, &case.product(&case.normalised()));
    // The quotient, its remainder and its slack, those two in limbs because the input is public and wide. The mean, the mean
    // square and the deviation are columns.
    assert_eq!(stored(&compiled, &[ROWS as u32, WIDTH as u32]), 5);
}

#[test]
fn a_normalisation_that_something_else_reads_stays() {
    let case = case();
    let builder = case.normalisation_and_product().node("Relu", &["n"], "r", vec![]).output("y").output("r");
    case.check(&builder, &case.product(&case.normalised()));
}

#[test]
fn a_sum_and_a_product_read_one_normalisation() {
    let case = case();
    let rows = case.normalised();
    let builder = case
        .builder()
        .node("LayerNormalization", &["x", "gain", "offset"], "n", vec![])
        .node("Reshape", &["n", "more"], "n3", vec![])
        .ints("more", &[1, ROWS as i64, WIDTH as i64])
        .node("MatMul", &["n3", "weight"], "p3", vec![])
        .node("Transpose", &["weight"], "turned", vec![ints("perm", &[1, 0])])
        .node("MatMul", &["p3", "turned"], "back", vec![])
        .node("Add", &["back", "n"], "y", vec![])
        .output("y");
    let entry = |row: &[f64], j: usize| -> f64 {
        row.iter().zip(&case.weight[j * OUT..]).map(|(p, w)| p * f64::from(*w)).sum()
    };
    let biased = case.product(&rows);
    let products: Vec<f64> =
        biased.iter().enumerate().map(|(i, p)| p - f64::from(case.bias[i % OUT])).collect();
    let back = products.chunks(OUT).flat_map(|row| (0..WIDTH).map(|j| entry(row, j)).collect::<Vec<_>>());
    let expected: Vec<f64> = back.zip(&rows).map(|(back, n)| back + n).collect();
    case.check(&builder, &expected);
}

#[test]
fn a_number_after_a_product_is_in_its_weights() {
    let case = case();
    let builder = case
        .builder()
        .node("MatMul", &["x", "weight"], "p", vec![])
        .node("Add", &["p", "bias"], "b", vec![])
        .node("Mul", &["b", "c"], "y", vec![])
        .floats("c", &[], vec![0.3])
        .output("y");
    let x: Vec<f64> = case.x.data().iter().map(|x| f64::from(*x)).collect();
    let expected: Vec<f64> = case.product(&x).iter().map(|y| y * f64::from(0.3f32)).collect();
    case.check(&builder, &expected);
}

#[test]
fn an_uneven_gain_stays_where_it_is() {
    let mut case = case();
    case.gain[0] = 400.0;
    let builder = case.normalisation_and_product().output("y");
    let bytes = builder.bytes();
    let compiled = compile(&bytes, &Options { calibration: samples(&bytes, 4, 1), ..Options::default() });
    // The product reads what is stored of the normalisation.
    assert!(stored(&compiled.unwrap(), &[ROWS as u32, WIDTH as u32]) > 5);
}

/// A convolution, and a factor and an offset of each channel as a product and a sum: torchvision's frozen normalisation.
fn convolution_and_factors(more: impl FnOnce(Builder) -> Builder) -> Builder {
    let mut random = Random::new(3);
    let mut numbers = |count| random.tensor(&[count], 1.0).into_data();
    let factor: Vec<f32> = numbers(5).iter().map(|x| 1.0 + 0.5 * x).collect();
    let (weight, offset) = (numbers(5 * 3 * 9), numbers(5));
    let builder = Builder::new(17)
        .input("x", &[1, 3, 6, 6])
        .floats("weight", &[5, 3, 3, 3], weight)
        .floats("factor", &[1, 5, 1, 1], factor)
        .floats("offset", &[1, 5, 1, 1], offset)
        .node("Conv", &["x", "weight"], "c", vec![])
        .node("Mul", &["c", "factor"], "m", vec![])
        .node("Add", &["m", "offset"], "a", vec![]);
    more(builder)
}

#[test]
fn a_frozen_normalisation_is_in_the_convolution() {
    let compiled = |builder: &Builder| {
        let bytes = builder.bytes();
        let calibration = samples(&bytes, 16, 1);
        let x = calibration[0].clone();
        let float = FloatModel::new(&bytes, &Options::default()).unwrap().run(&x).unwrap();
        let compiled = compile(&bytes, &Options { calibration, ..Options::default() }).unwrap();
        for (got, expected) in compiled.run(&x).unwrap().iter().zip(&float) {
            for (got, expected) in got.data().iter().zip(expected.data()) {
                assert!((got - expected).abs() < 4e-3, "{got} is not {expected}");
            }
        }
        compiled
    };
    let builder = convolution_and_factors(|b| b.node("Relu", &["a"], "y", vec![]).output("y"));
    let folded = compiled(&builder);
    // The sum's rounded part and its remainder, and the result of the table.
    let bare = compiled(
        &Builder::new(17)
            .input("x", &[1, 3, 6, 6])
            .floats("weight", &[5, 3, 3, 3], vec![0.25; 135])
            .floats("bias", &[5], vec![0.5; 5])
            .node("Conv", &["x", "weight", "bias"], "c", vec![])
            .node("Relu", &["c"], "y", vec![])
            .output("y"),
    );
    assert_eq!(stored(&folded, &[5, 4, 4]), stored(&bare, &[5, 4, 4]));
    // Where the product is read, too, it is what the convolution gives, and the sum is one.
    let builder = convolution_and_factors(|b| {
        b.node("Relu", &["a"], "y", vec![]).node("Relu", &["m"], "z", vec![]).output("y").output("z")
    });
    compiled(&builder);
    // Where the convolution is read, too, nothing is folded.
    let builder = convolution_and_factors(|b| {
        b.node("Relu", &["a"], "y", vec![]).node("Relu", &["c"], "z", vec![]).output("y").output("z")
    });
    compiled(&builder);
}

/// A detector's head: channels are anchors and classes, and become rows of their own.
#[test]
fn channels_that_are_split_later_are_laid_out_so() {
    let mut random = Random::new(5);
    let mut numbers = |count| random.tensor(&[count], 1.0).into_data();
    let (anchors, classes, extent) = (3, 5, 4);
    let builder = Builder::new(17)
        .input("x", &[1, 2, extent, extent])
        .floats("weight", &[anchors * classes, 2, 1, 1], numbers(anchors * classes * 2))
        .floats("bias", &[anchors * classes], numbers(anchors * classes))
        .ints("split", &[1, -1, classes as i64, extent as i64, extent as i64])
        .ints("rows", &[1, -1, classes as i64])
        .node("Conv", &["x", "weight", "bias"], "c", vec![])
        .node("Reshape", &["c", "split"], "s", vec![])
        .node("Transpose", &["s"], "t", vec![ints("perm", &[0, 3, 4, 1, 2])])
        .node("Reshape", &["t", "rows"], "y", vec![])
        .output("y");
    let bytes = builder.bytes();
    let calibration = samples(&bytes, 16, 1);
    let x = calibration[0].clone();
    let float = FloatModel::new(&bytes, &Options::default()).unwrap().run(&x).unwrap();
    let compiled = compile(&bytes, &Options { calibration, ..Options::default() }).unwrap();
    for (got, expected) in compiled.run(&x).unwrap()[0].data().iter().zip(float[0].data()) {
        assert!((got - expected).abs() < 4e-3, "{got} is not {expected}");
    }
    // No list of all entries: at most one of positions and anchors.
    let lists = format!("{:?}", compiled.graph.steps).matches("Entry {").count();
    assert!(lists <= extent * extent * anchors, "{lists}");
}
