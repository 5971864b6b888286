use ark_ff::{AdditiveGroup, UniformRand};
use ark_std::test_rng;
use proptest::prelude::*;
use zktorch_field::{Fr, G1Affine};

use super::*;
use crate::{ClearVerifier, PlaceholderRows, Recorder, RowSource, Scalar, Transcript, VerifierChannel};

/// A dense matrix over (1, z): the oracle for the sparse one.
struct Dense(Vec<(Fr, Vec<Fr>)>);

fn dense(rows: &[LinearCombination], columns: usize) -> Dense {
    Dense(
        rows.iter()
            .map(|row| {
                let mut out = vec![Fr::ZERO; columns];
                row.terms().iter().for_each(|&(j, c)| out[j as usize] += c);
                (row.constant_term(), out)
            })
            .collect(),
    )
}

fn arbitrary_row(columns: u32) -> impl Strategy<Value = LinearCombination> {
    let term = (0..columns, -3i64..4);
    (proptest::collection::vec(term, 0..6), -2i64..3).prop_map(|(terms, constant)| {
        let mut out = LinearCombination::constant(Fr::from(constant));
        for (variable, c) in terms {
            out.add_scaled(&LinearCombination::variable(variable), Fr::from(c));
        }
        out
    })
}

proptest! {
    #[test]
    fn sparse_matrices_agree_with_dense_ones(rows in proptest::collection::vec(arbitrary_row(9), 0..8), seed: u64) {
        let mut rng = test_rng();
        let mut draw = |count: usize| -> Vec<Fr> { (0..count).map(|_| Fr::rand(&mut rng) + Fr::from(seed)).collect() };
        let (z, left, u) = (draw(9), draw(rows.len()), draw(1)[0]);
        let mut sparse = SparseMatrix::default();
        rows.iter().for_each(|row| sparse.push(row));
        let Dense(dense) = dense(&rows, 9);

        let product: Vec<Fr> = dense.iter()
            .map(|(constant, row)| u * constant + row.iter().zip(&z).map(|(m, z)| *m * z).sum::<Fr>())
            .collect();
        prop_assert_eq!(sparse.multiply(u, &z).unwrap(), product);

        let constant: Fr = dense.iter().zip(&left).map(|((constant, _), l)| *l * constant).sum();
        let combined: Vec<Fr> =
            (0..9).map(|j| dense.iter().zip(&left).map(|((_, row), l)| *l * row[j]).sum()).collect();
        let value = combined.iter().zip(&z).map(|(m, z)| *m * z).sum::<Fr>();
        prop_assert_eq!(sparse.constant_part(&left).unwrap(), constant);
        prop_assert_eq!(sparse.combine_rows(&left, 9).unwrap(), combined);
        prop_assert_eq!(sparse.evaluate(&left, &z).unwrap(), value);
    }
}

/// Whether a public factor is zero decides what is constrained, and not what the other matrix is.
#[test]
fn a_factor_of_zero_leaves_the_others_row() {
    let (b, c) = (LinearCombination::variable(1), LinearCombination::variable(2));
    let build = |factor: u64| {
        let mut builder = R1csBuilder::default();
        builder.push("a b = c", &LinearCombination::constant(Fr::from(factor)), &b, &c);
        builder
    };
    let (zero, one) = (build(0), build(1));
    assert_eq!((&zero.b, &zero.c), (&one.b, &one.c));
    assert_eq!(zero.used(), [false, false, true]);
    assert_eq!(one.used(), [false, true, true]);
}

#[test]
fn short_vectors_are_errors() {
    let mut matrix = SparseMatrix::default();
    matrix.push(&LinearCombination::variable(4));
    let length = |what, expected, got| TranscriptError::Length { what, expected, got };
    let (one, four) = ([Fr::from(1u64)], [Fr::ZERO; 4]);
    assert_eq!(matrix.multiply(one[0], &four), Err(length("columns of z", 5, 4)));
    assert_eq!(matrix.evaluate(&one, &four), Err(length("columns of z", 5, 4)));
    assert_eq!(matrix.evaluate(&[], &[Fr::ZERO; 5]), Err(length("row weights", 1, 0)));
    assert_eq!(matrix.constant_part(&[]), Err(length("row weights", 1, 0)));
    assert_eq!(matrix.combine_rows(&[], 5), Err(length("row weights", 1, 0)));
    assert_eq!(matrix.combine_rows(&one, 4), Err(length("columns of z", 5, 4)));
}

/// A small protocol: the prover knows x, y with x y = p, and shows x + y = s; the constraint with a challenge makes
/// coefficients that are no small constants.
fn product_and_sum<V: VerifierChannel>(channel: &mut V, p: Fr, s: Fr) -> Result<(), TranscriptError> {
    let factors = channel.receive(b"factors", 2)?;
    let r = channel.transcript().challenge_scalar(b"r");
    let helper = channel.receive(b"helper", 5)?;
    channel.enforce_product("x y = p", factors[0].clone(), factors[1].clone(), V::Scalar::constant(p))?;
    channel.enforce_equal("x + y = s", factors[0].add(&factors[1]), V::Scalar::constant(s))?;
    let mut sum = V::Scalar::zero();
    helper.iter().for_each(|h| sum.add_scaled(h, r));
    channel.enforce_zero("r sum h = x", sum.sub(&factors[0]))
}

/// The helper message that makes the last constraint hold: it depends on the challenge.
fn honest_messages(transcript: &Transcript, source: Option<&mut PlaceholderRows>, x: Fr, y: Fr) -> Vec<Fr> {
    let mut transcript = transcript.clone();
    match source {
        None => transcript.append_scalars(b"factors", &[x, y]),
        Some(source) => {
            let rows = source.next_rows(b"factors", 2usize.div_ceil(source.columns())).unwrap();
            transcript.append_hidden(b"factors", 2, &rows);
        }
    }
    let r = transcript.challenge_scalar(b"r");
    vec![x, y, x / r - Fr::from(10u64), Fr::from(1u64), Fr::from(2u64), Fr::from(3u64), Fr::from(4u64)]
}

#[test]
fn one_verifier_checks_numbers_or_records_constraints() {
    let (x, y) = (Fr::from(6u64), Fr::from(7u64));
    let (p, s) = (x * y, x + y);
    let start = Transcript::new(b"test");

    let messages = honest_messages(&start, None, x, y);
    let mut transcript = start.clone();
    let mut clear = ClearVerifier::new(&mut transcript, &messages);
    product_and_sum(&mut clear, p, s).unwrap();
    clear.finish().unwrap();

    for columns in [1, 2, 4, 8] {
        let mut source = PlaceholderRows::new(columns);
        let messages = honest_messages(&start, Some(&mut source), x, y);
        let mut recorder = Recorder::new(start.clone(), source).unwrap();
        product_and_sum(&mut recorder, p, s).unwrap();
        let r1cs = recorder.finish().unwrap().r1cs;
        assert_eq!(r1cs.num_constraints(), 3);
        // The second message starts a new row.
        let mut z = vec![Fr::ZERO; r1cs.layout().cells()];
        let second = 2usize.div_ceil(columns) * columns;
        z[..2].copy_from_slice(&messages[..2]);
        z[second..second + 5].copy_from_slice(&messages[2..]);
        r1cs.check(&z).unwrap();
        for (cell, broken) in [(0, "x y = p"), (1, "x y = p"), (second + 3, "r sum h = x")] {
            let mut z = z.clone();
            z[cell] += Fr::from(1u64);
            assert_eq!(r1cs.check(&z), Err(TranscriptError::Unsatisfied { constraint: broken }));
        }
        // x and y with the right product and the wrong sum.
        (z[0], z[1]) = (Fr::from(1u64), p);
        assert_eq!(r1cs.check(&z), Err(TranscriptError::Unsatisfied { constraint: "x + y = s" }));
    }
}

#[test]
fn clear_verifier_names_the_broken_constraint() {
    let (x, y) = (Fr::from(6u64), Fr::from(7u64));
    let start = Transcript::new(b"test");
    let run = |messages: &[Fr], p: u64, s: u64| {
        let mut transcript = start.clone();
        let mut channel = ClearVerifier::new(&mut transcript, messages);
        product_and_sum(&mut channel, Fr::from(p), Fr::from(s))?;
        channel.finish()
    };
    let unsatisfied = |constraint| Err(TranscriptError::Unsatisfied { constraint });
    let messages = honest_messages(&start, None, x, y);
    assert_eq!(run(&messages, 42, 13), Ok(()));
    assert_eq!(run(&messages, 41, 13), unsatisfied("x y = p"));
    assert_eq!(run(&messages, 42, 12), unsatisfied("x + y = s"));
    let mut wrong = messages.clone();
    wrong[3] += Fr::from(1u64);
    assert_eq!(run(&wrong, 42, 13), unsatisfied("r sum h = x"));
    let missing = TranscriptError::MissingMessage { label: "helper".into(), expected: 5, got: 4 };
    assert_eq!(run(&messages[..6], 42, 13), Err(missing));
    let mut long = messages;
    long.push(x);
    assert_eq!(run(&long, 42, 13), Err(TranscriptError::TrailingMessages { count: 1 }));
}

#[test]
fn an_unconstrained_scalar_is_an_error() {
    type Check = fn(&mut Recorder<PlaceholderRows>, &[LinearCombination]) -> Result<(), TranscriptError>;
    let run = |check: Check| {
        let mut recorder = Recorder::new(Transcript::new(b"test"), PlaceholderRows::new(2)).unwrap();
        recorder.receive(b"empty", 0).unwrap();
        let first = recorder.receive(b"first", 3).unwrap();
        recorder.enforce_zero("first", Scalar::combine(first.iter().map(|s| (s, Fr::from(1u64))))).unwrap();
        let second = recorder.receive(b"second", 3).unwrap();
        check(&mut recorder, &second).unwrap();
        recorder.finish().map(|_| ())
    };
    let unconstrained =
        |index| Err(TranscriptError::UnconstrainedScalar { label: String::from("second"), index });

    assert_eq!(run(|r, m| r.enforce_zero("all", m[0].add(&m[1]).add(&m[2]))), Ok(()));
    assert_eq!(run(|_, _| Ok(())), unconstrained(0));
    assert_eq!(run(|r, m| r.enforce_zero("two", m[0].add(&m[1]))), unconstrained(2));
    // Cancelling out is not being constrained.
    assert_eq!(
        run(|r, m| r.enforce_zero("cancels", m[0].add(&m[1]).add(&m[2]).sub(&m[1]))),
        unconstrained(1)
    );
    // Neither is being multiplied by nothing.
    assert_eq!(
        run(|r, m| {
            r.enforce_zero("some", m[0].add(&m[2]))?;
            r.enforce_product("nothing", m[1].clone(), Scalar::zero(), Scalar::zero())
        }),
        unconstrained(1)
    );
    assert_eq!(
        run(|r, m| r.enforce_product("all", m[0].clone(), m[1].clone(), m[2].scale(Fr::from(5u64)))),
        Ok(())
    );
    assert_eq!(
        run(|r, m| r.enforce_zero("zero scale", Scalar::combine([(&m[0], Fr::ZERO)]))),
        unconstrained(0)
    );
}

#[test]
fn a_source_that_runs_dry_and_rows_of_a_bad_width_are_errors() {
    struct Dry;
    impl RowSource for Dry {
        fn columns(&self) -> usize {
            4
        }
        fn next_rows(
            &mut self,
            label: &'static [u8],
            count: usize,
        ) -> Result<Vec<G1Affine>, TranscriptError> {
            let label = crate::error::label_text(label);
            Err(TranscriptError::MissingMessage { label, expected: count, got: 0 })
        }
    }
    let mut recorder = Recorder::new(Transcript::new(b"test"), Dry).unwrap();
    let missing = TranscriptError::MissingMessage { label: "rows".into(), expected: 2, got: 0 };
    assert_eq!(recorder.receive(b"rows", 5).unwrap_err(), missing);
    for got in [0, 3, 12] {
        let refused = Recorder::new(Transcript::new(b"test"), PlaceholderRows::new(got)).unwrap_err();
        assert_eq!(refused, TranscriptError::Columns { got });
    }
    let mut layout = RowLayout::new(16).unwrap();
    layout.push(b"one", 1).unwrap();
    let refused = layout.push(b"huge", usize::MAX).unwrap_err();
    assert!(matches!(refused, TranscriptError::TooManyScalars { limit: 0x8000_0000, .. }));
}
