//! Setup in shards, whose caller has the weights and some of the keys.

use zktorch_commit::Srs;
use zktorch_graph::{TensorId, Visibility, shards};
use zktorch_prover::{Model, ProverError, ProvingKey, ShardSetup, setup_shards_with_nonce};
use zktorch_verifier::{Part, UncheckedPipeline, VerifyError, verify_pipeline};

use super::{Case, input, model, policy};

/// Who has some keys already, and no weights in memory.
struct Unfinished<'a> {
    model: &'a Model,
    stored: Vec<Option<Vec<u8>>>,
    read: Vec<TensorId>,
    made: Vec<usize>,
}

impl ShardSetup for Unfinished<'_> {
    fn weight(&mut self, id: TensorId) -> Result<Vec<i16>, ProverError> {
        self.read.push(id);
        let (_, entries) = self.model.weights.iter().find(|(other, _)| *other == id).unwrap();
        Ok(entries.iter().map(|entry| *entry as i16).collect())
    }

    fn store(&mut self, index: usize, _: ProvingKey) -> Result<(), ProverError> {
        self.made.push(index);
        Ok(())
    }

    fn stored(&mut self, index: usize) -> Result<Option<Vec<u8>>, ProverError> {
        Ok(self.stored[index].take())
    }
}

#[test]
fn keys_that_are_there_are_taken_if_they_are_the_shards() {
    let model = model(4, Visibility::Private, Visibility::Public);
    let case = Case::new(&model, 3, 1);
    let cut = shards(&model.graph, 3);
    let bytes = |index: usize| Some(case.keys[index].vk_bytes().to_vec());
    let set_up = |stored, srs: &Srs| {
        let mut caller = Unfinished { model: &model, stored, read: Vec::new(), made: Vec::new() };
        let without = Model { weights: Vec::new(), ..model.clone() };
        let vk = setup_shards_with_nonce(&without, &cut, srs, [2; 32], &mut caller).unwrap();
        (UncheckedPipeline::from_bytes(&vk, None).unwrap(), caller)
    };
    let (vk, caller) = set_up(vec![bytes(0), None, bytes(2)], &case.srs);
    assert_eq!(caller.made, [1]);
    let own: Vec<TensorId> = model.weights.iter().map(|(id, _)| *id).collect();
    assert!(caller.read.iter().all(|id| cut[1].tensors.contains(id) && own.contains(id)));
    let ids = |vk: &UncheckedPipeline| vk.body().shards.iter().map(|shard| shard.key).collect::<Vec<_>>();
    let (old, new) = (ids(&case.vk), ids(&vk));
    assert_eq!([old[0], old[2]], [new[0], new[2]]);
    assert_ne!(old[1], new[1]);
    vk.check(&policy()).unwrap();
    // All of them are there: the same key.
    assert_eq!(set_up((0..3).map(bytes).collect(), &case.srs).0.model_id(), case.vk.model_id());
    // Another shard's, what is none, another chunk size.
    let (_, caller) = set_up(vec![bytes(1), Some(vec![7; 9]), bytes(2)], &case.srs);
    assert_eq!(caller.made, [0, 1]);
    let (_, caller) = set_up((0..3).map(bytes).collect(), &Srs::dev(7).unwrap());
    assert_eq!(caller.made, [0, 1, 2]);

    // Weights that do not fit.
    let refused = |model: &Model| {
        let mut caller = Unfinished { model, stored: vec![None; 3], read: Vec::new(), made: Vec::new() };
        setup_shards_with_nonce(model, &cut, &case.srs, [2; 32], &mut caller).unwrap_err()
    };
    let mut wrong = model.clone();
    wrong.weights[0].1[3] = 9;
    assert!(matches!(refused(&wrong), ProverError::WeightRange { index: 3, value: 9, .. }));
    wrong.weights[0].1.pop();
    assert!(matches!(refused(&wrong), ProverError::Length { got: 63, .. }));
}

#[test]
fn a_model_in_shards_has_no_batches() {
    let case = Case::new(&model(4, Visibility::Private, Visibility::Public), 2, 1);
    let mut proved = case.prove(&input(1), b"", 3);
    for inferences in [0, 2, 3] {
        proved.statement.inferences = inferences;
        let error = verify_pipeline(&case.key(), &proved.statement, &proved.proof).unwrap_err();
        assert!(matches!(error, VerifyError::Batch { inferences: got, .. } if got == inferences), "{error}");
        let shard = case.keys[0].vk().batch(inferences.max(2)).unwrap_err().to_string();
        assert!(
            shard.contains("expected a key in one piece, got that of a shard; prove them one by one"),
            "{shard}"
        );
    }
}

#[test]
fn the_parts_of_a_proof_are_all_of_its_bytes() {
    for count in [1, 3] {
        let vk = Case::new(&model(4, Visibility::Private, Visibility::Public), count, 1).vk;
        let parts: usize = vk.parts().unwrap().iter().map(Part::bytes).sum();
        assert_eq!(parts, vk.argument_bytes().unwrap());
    }
}
