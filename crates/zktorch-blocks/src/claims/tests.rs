use std::sync::Arc;

use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_graph::Shape;
use zktorch_graph::layout::{ArenaKind, Cut};
use zktorch_mira::levels::{self, Chunk, Column};
use zktorch_sumcheck::Evaluations;
use zktorch_transcript::{ClearProver, ClearVerifier, Transcript};

use super::*;
use crate::pad::pad;
use crate::piece::prover::lay_into;
use crate::point::Stage;

const K: usize = 4;

fn drawn() -> Result<Drawn, BlockError> {
    let challenges = |from: u64| (from..from + 3).map(|i| Fr::from(i * i)).collect::<Vec<_>>();
    let mut drawn = Drawn::default();
    for (stage, from) in [(Stage::Relations, 100), (Stage::A, 200), (Stage::B, 300)] {
        drawn.draw(stage, &challenges(from))?;
    }
    Ok(drawn)
}

/// Points of the same length out of the same challenges, all different.
fn alike() -> Vec<Point> {
    let [r, a, b] = [Stage::Relations, Stage::A, Stage::B].map(|stage| Point::suffix(stage, 2));
    let [r_first, r_last] = r.split_low(1);
    let [_, a_last] = a.split_low(1);
    let [a3_first, a3_rest] = Point::suffix(Stage::A, 3).split_low(2);
    vec![
        Point::concat([&r, &a]),
        Point::concat([&a, &r]),
        Point::concat([&r, &b]),
        Point::concat([&r_last, &r_first, &a]),
        Point::concat([&r_first, &a_last, &r_last, &a_last]),
        Point::concat([&r, &a3_first, &a_last]),
        Point::concat([&a3_first, &a3_rest, &r_last]),
        Point::concat([&Point::bits(0, 2), &a]),
        Point::concat([&Point::bits(1, 2), &a]),
        Point::concat([&Point::bits(2, 2), &a]),
    ]
}

#[test]
fn points_share_an_index_exactly_if_they_are_made_in_the_same_way() {
    let drawn = drawn().unwrap();
    let mut claims: Claims<Fr> = Claims::new(K);
    for _ in 0..2 {
        for (chunk, point) in alike().iter().enumerate() {
            claims.chunk(chunk, point, Fr::from(0u64));
        }
    }
    let (plan, points) = claims.plan(alike().len(), &Default::default(), &drawn).unwrap();
    assert_eq!(plan.num_points(), alike().len());
    for (i, point) in alike().iter().enumerate() {
        assert_eq!(points[i], drawn.coords(point).unwrap());
        assert!(points[..i].iter().all(|other| *other != points[i]), "{i}");
    }
    for (j, claim) in plan.claims().iter().enumerate() {
        assert_eq!(claim[0].point, j % alike().len());
    }
}

/// The bits of an offset belong to the name of a point, the variables above a chunk do not.
#[test]
fn tensors_share_points_where_their_low_coordinates_are_the_same() {
    let drawn = drawn().unwrap();
    let mut claims: Claims<Fr> = Claims::new(2);
    let zero = Fr::from(0u64);
    let [r, a] = [Stage::Relations, Stage::A].map(|stage| Point::suffix(stage, 2));
    for (offset, point) in [
        (0, Point::concat([&r, &a])),
        (16, Point::concat([&a, &a])),
        (32, a.clone()),
        (36, a.split_low(1)[1].clone()),
        (38, a.split_low(1)[1].clone()),
    ] {
        let cut = Arc::new(Cut::new(&Shape::new([1 << point.len()])));
        let place = Place { arena: ArenaKind::Ranged, cut, offsets: vec![offset], output: false };
        claims.tensor(0, &place, (&point, &drawn), zero).unwrap();
    }
    let (plan, _) = claims.plan(10, &Default::default(), &drawn).unwrap();
    let indices: Vec<usize> = plan.claims().iter().map(|claim| claim[0].point).collect();
    assert_eq!(indices, [0, 0, 0, 1, 2]);
    let chunks: Vec<usize> = plan.claims().iter().map(|claim| claim[0].chunk).collect();
    assert_eq!(chunks, [0, 4, 8, 9, 9]);
    let coords = drawn.coords(&Point::concat([&a, &r])).unwrap();
    assert_eq!(claims.coefficients[1], eq_table(&coords[..2]));
}

/// What the terms of a claim add up to on the pieces is what the whole tensor is at the point.
#[test]
fn a_claim_on_pieces_is_one_on_the_tensor() {
    const K: usize = 13;
    let shape = Shape::new([12, 8, 192]);
    let cut = Arc::new(Cut::new(&shape));
    assert!(cut.pieces().len() > 2);
    let values: Vec<i32> = (0..).map(|i| i * i % 1009 - 500).take(shape.len()).collect();
    let mut offsets = Vec::new();
    let mut column = vec![0i32; 0];
    for piece in cut.pieces() {
        offsets.push(column.len().next_multiple_of(1 << piece.vars));
        column.resize(offsets[offsets.len() - 1] + (1 << piece.vars), 0);
        lay_into(&values, &shape, &cut, *piece, &mut column[offsets[offsets.len() - 1]..]);
    }
    column.resize(column.len().next_multiple_of(1 << K), 0);
    let mut drawn = Drawn::default();
    let r: Vec<Fr> = (0..shape.num_vars() as u64).map(|i| Fr::from(i * i * i + 77)).collect();
    drawn.draw(Stage::Relations, &r).unwrap();
    let whole = pad(&values, &shape);
    let value = Evaluations::from(whole.as_slice()).evaluate(&r).unwrap();
    let place = Place { arena: ArenaKind::Ranged, cut, offsets, output: false };
    let mut claims: Claims<Fr> = Claims::new(K);
    let point = Point::suffix(Stage::Relations, shape.num_vars());
    claims.tensor(0, &place, (&point, &drawn), value).unwrap();
    let (plan, points) = claims.plan(column.len() >> K, &Default::default(), &drawn).unwrap();
    let terms = plan.claims()[0].iter().zip(&claims.coefficients[0]);
    let sum: Fr = terms
        .map(|(term, coefficient)| {
            let chunk = &column[term.chunk << K..(term.chunk + 1) << K];
            *coefficient * Evaluations::from(chunk).evaluate(&points[term.point]).unwrap()
        })
        .sum();
    assert_eq!(sum, value);
}

/// A claim on a second chunk with the value that it has at the point of the first one. Whoever gives two points the same key accepts
/// it (the claims are then true); with keys that say how each is made it is refused.
#[test]
fn a_value_at_another_point_made_of_the_same_challenges_is_refused() {
    let srs = Srs::dev(K).unwrap();
    let columns = [3i32, 5].map(|m| (0..1 << K).map(|i| i * i * m % 17 - 8).collect::<Vec<i32>>());
    let blind = Blind::from_scalar(Fr::from(77u64));
    let commitments: Vec<Commitment> = columns
        .iter()
        .map(|column| srs.commit_chunks(column, K, std::slice::from_ref(&blind)).unwrap().0[0])
        .collect();
    let drawn = drawn().unwrap();
    let accepted = |keys: [&Point; 2], made: [&Point; 2]| {
        let mut claims = Claims::new(K);
        for (chunk, (key, point)) in keys.into_iter().zip(made).enumerate() {
            let column = Evaluations::from(columns[chunk].as_slice());
            claims.chunk(chunk, key, column.evaluate(&drawn.coords(point).unwrap()).unwrap());
        }
        let (plan, points) = claims.plan(2, &Default::default(), &drawn).unwrap();
        let statement =
            levels::Statement { plan: &plan, coefficients: &claims.coefficients, points: &points };
        let chunks: Vec<Chunk<'_>> = (columns.iter().zip(&commitments))
            .map(|(column, commitment)| Chunk {
                column: Column::I32(column),
                commitment: *commitment,
                blind: &blind,
            })
            .collect();
        let mut transcript = Transcript::new(b"claims");
        let mut channel = ClearProver::new(&mut transcript);
        let (_, witness) = levels::prove(&mut channel, &statement, &chunks, &claims.values).unwrap();
        let messages = channel.into_messages();
        let mut transcript = Transcript::new(b"claims");
        let mut channel = ClearVerifier::new(&mut transcript, &messages);
        let instance = levels::verify(&mut channel, &statement, &commitments, &claims.values).unwrap();
        let opens = instance.commitment == srs.commit(&witness.vector, &witness.blind).unwrap().projective();
        opens && instance.functional.apply(&witness.vector).unwrap() == instance.value
    };
    let points = alike();
    for other in &points[1..] {
        let first = &points[0];
        assert!(accepted([first, other], [first, other]));
        assert!(accepted([first, first], [first, first]), "the value that a wrong key would take");
        assert!(!accepted([first, other], [first, first]));
    }
}

#[test]
fn challenges_are_drawn_once_and_before_they_are_used() {
    let mut drawn = Drawn::default();
    drawn.draw(Stage::A, &[Fr::from(5u64)]).unwrap();
    let error = drawn.draw(Stage::A, &[Fr::from(5u64)]).unwrap_err();
    assert_eq!(error.to_string(), "challenges of sumcheck A: expected to be drawn once, got them again");
    let error = drawn.coords(&Point::suffix(Stage::A, 2)).unwrap_err();
    assert_eq!(error.to_string(), "challenges of sumcheck A: expected 2, got 1");
    let error = drawn.coords(&Point::suffix(Stage::B, 1)).unwrap_err();
    assert_eq!(error.to_string(), "challenges of sumcheck B: expected 1, got 0");
}
