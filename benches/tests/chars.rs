//! The trained language model of the repository: what it says after a text, proved, and how well its integers know another one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "an error is a failure")]

use std::fs;
use std::path::{Path, PathBuf};

use benches::characters::{Characters, continued, largest, said, window};
use benches::perplexity;
use benches::proofs::{Setups, prove};
use zktorch::data;
use zktorch_onnx::{Compiled, FloatModel, Options, Tensor, compile};

/// Characters that the model reads at once.
const WINDOW: usize = 32;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/chars").join(name)
}

/// What its tokens stand for, in floats, and as the integers that are proved.
fn model() -> (Characters, FloatModel, Compiled) {
    let bytes = fs::read(fixture("model.onnx")).unwrap();
    let samples = data::load(&fixture("calibration.npz"), None).unwrap().remove(0).floats();
    let tokens: Vec<i64> = samples.iter().map(|token| *token as i64).collect();
    let calibration = tokens.chunks_exact(WINDOW).map(|tokens| vec![window(tokens)]).collect();
    let compiled = compile(&bytes, &Options { calibration, ..Options::default() }).unwrap();
    let float = FloatModel::new(&bytes, &Options::default()).unwrap();
    (Characters::read(&fixture("labels.txt")).unwrap(), float, compiled)
}

#[test]
fn what_comes_next_is_proved() {
    let (characters, float, compiled) = model();
    let prompt = characters.encode("the verifier ").unwrap();
    let tokens = continued(&float, &prompt, characters.count()).unwrap();
    let outputs = prove(&compiled, &[window(&tokens)], &Setups::default());
    let outputs = outputs.unwrap_or_else(|failure| panic!("{failure:?}"));
    let scores: Vec<f64> = outputs[0].iter().map(|integer| compiled.outputs[0].real(*integer)).collect();
    let next = said(&tokens, prompt.len(), &largest(&scores, characters.count()));
    assert_eq!(characters.decode(next).unwrap(), "of the statement tha");
    let expected = float.run(&[window(&tokens)]).unwrap().remove(0);
    let error =
        scores.iter().zip(expected.data()).map(|(a, b)| (a - f64::from(*b)).abs()).fold(0.0, f64::max);
    assert!(error < 0.004 * f64::from(expected.max_abs()), "{error}");
}

#[test]
fn integers_know_a_text_as_well_as_floats() {
    let (characters, float, compiled) = model();
    let text = characters.encode(&fs::read_to_string(fixture("heldout.txt")).unwrap()).unwrap();
    let windows: Vec<Tensor> = text.chunks_exact(WINDOW).map(window).collect();
    let measured = perplexity::measure(&compiled, &float, &windows).unwrap();
    let number = |key: &str| measured[key].as_f64().unwrap();
    assert!((3.0..3.5).contains(&number("float_perplexity")), "{measured}");
    assert!(number("relative_difference").abs() < 0.001, "{measured}");
}
