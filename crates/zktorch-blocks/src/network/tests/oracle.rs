//! The fast prover says exactly what the naive one says.

use zktorch_commit::Blind;
use zktorch_field::Fr;
use zktorch_graph::Visibility;
use zktorch_transcript::ClearProver;

use super::forger::Forger;
use crate::Witness;
use crate::network::reduce;
use crate::test_util::{Case, small_cnn};

/// Commitments and messages of both provers.
pub(crate) fn assert_same(case: &Case) {
    let statement = case.statement();
    let witness = Witness::new(&case.network, &case.weights, &case.values).unwrap();
    let blinds = case.network.proof_chunks().map(|count| vec![Blind::from_scalar(Fr::from(9u64)); count]);
    let mut transcript = statement.transcript();
    let mut channel = ClearProver::new(&mut transcript);
    let fast =
        reduce(&mut channel, &case.srs, &statement, (&witness, None), &case.secrets(), &blinds).unwrap();
    let messages = channel.into_messages();
    let mut forger = Forger::new(case, &case.values);
    let naive = forger.forge(statement.transcript()).unwrap();
    assert_eq!((&fast.v, &fast.h), (&naive.v, &naive.h));
    assert_eq!(messages.len(), naive.messages.len());
    assert_eq!(messages.iter().zip(&naive.messages).position(|(a, b)| a != b), None);
    naive.verify(case, &statement, statement.transcript()).unwrap();
}

#[test]
fn both_provers_send_the_same() {
    for (input, output) in
        [(Visibility::Public, Visibility::Public), (Visibility::Private, Visibility::Private)]
    {
        for k in [9, 12] {
            assert_same(&Case::new(small_cnn(input, output), k, 3));
        }
    }
}
