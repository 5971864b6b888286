use zktorch_commit::{Blind, Srs};
use zktorch_field::Fr;
use zktorch_transcript::{ClearProver, ClearVerifier, ProverChannel, Transcript, VerifierChannel};

use super::*;
use crate::plan::ClaimTerm;

fn scalars(seed: u64, count: usize) -> Vec<Fr> {
    let mut t = Transcript::new(b"test data");
    t.append_u64(b"seed", seed);
    t.challenge_scalars(b"x", count)
}

fn ints(seed: u64, count: usize) -> Vec<i16> {
    let mut t = Transcript::new(b"test ints");
    t.append_u64(b"seed", seed);
    let mut bytes = vec![0; 2 * count];
    t.challenge_bytes(b"x", &mut bytes);
    bytes.chunks(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

#[test]
fn smoke() {
    let k = 6;
    let n = 1 << k;
    let srs = Srs::dev(k).unwrap();
    for m in [1usize, 2, 3, 5, 8, 13] {
        let cols: Vec<Vec<i16>> = (0..m).map(|i| ints(i as u64, n)).collect();
        let blinds: Vec<Blind> = (0..m).map(|i| Blind::from_scalar(scalars(100 + i as u64, 1)[0])).collect();
        let fields: Vec<Vec<Fr>> = cols.iter().map(|c| c.iter().map(|x| Fr::from(*x)).collect()).collect();
        let commitments: Vec<_> =
            fields.iter().zip(&blinds).map(|(f, b)| srs.commit(f, b).unwrap()).collect();
        let points: Vec<Vec<Fr>> = (0..m).map(|i| scalars(200 + i as u64, k)).collect();
        let plan =
            FoldPlan::new(m, m, (0..m).map(|i| vec![ClaimTerm { chunk: i, point: i }]).collect()).unwrap();
        let coefficients = vec![vec![Fr::from(1u64)]; m];
        let values: Vec<Fr> =
            (0..m).map(|i| Functional::eq(points[i].clone()).apply(&fields[i]).unwrap()).collect();
        let statement = Statement { plan: &plan, coefficients: &coefficients, points: &points };
        let chunks: Vec<Chunk<'_>> = (0..m)
            .map(|i| Chunk { column: Column::I16(&cols[i]), commitment: commitments[i], blind: &blinds[i] })
            .collect();
        let mut t = Transcript::new(b"smoke");
        let mut ch = ClearProver::new(&mut t);
        ch.send(b"values", &values).unwrap();
        let (instance, witness) = prove(&mut ch, &statement, &chunks, &values).unwrap();
        let messages = ch.into_messages();
        assert_eq!(instance.functional.apply(&witness.vector).unwrap(), instance.value);
        assert_eq!(srs.commit(&witness.vector, &witness.blind).unwrap().projective(), instance.commitment);
        let proof = crate::decider::prove(&srs, &mut t, vec![(instance.clone(), witness)]).unwrap();

        let mut t = Transcript::new(b"smoke");
        let mut ch = ClearVerifier::new(&mut t, &messages);
        let received = ch.receive(b"values", m).unwrap();
        let reduced = verify(&mut ch, &statement, &commitments, &received).unwrap();
        ch.finish().unwrap();
        assert_eq!(reduced, instance);
        crate::decider::verify(srs.verifier(), &mut t, &[reduced], &proof).unwrap();
    }
}
