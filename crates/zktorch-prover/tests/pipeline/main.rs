//! Models in shards: what is accepted, and what a prover or a key's maker might try.
#![allow(clippy::unwrap_used, reason = "tests")]

mod processes;
mod setup;

use zktorch_blocks::{Accumulator, Leaf, OpeningWitness};
use zktorch_commit::{Commitment, Srs, SrsPolicy};
use zktorch_graph::{
    Contract, Expr, Formula, Function, Graph, Interval, Linear, Operand, Role, Shape, Step, Table, TableId,
    Tensor, TensorId, Term, Unary, View, Visibility, shards,
};
use zktorch_prover::{
    Hash, Model, Proved, ProvingKey, Wires, prove_leaf_with_nonce, prove_pipeline_with_nonce,
    setup_pipeline_with_nonce, setup_with_nonces,
};
use zktorch_transcript::Transcript;
use zktorch_verifier::{
    MAX_KEY_BYTES, MAX_SHARDS, ModelId, PipelineBody, PipelineKey, PipelineStatement, Port, ProofEnvelope,
    ShardBody, Statement, UncheckedPipeline, VerifyError, VerifyingKey, encode_pipeline, verify,
    verify_pipeline,
};

const WIDTH: u32 = 8;

/// `y_{i+1} = relu((W_i y_i + 16 y_{i-1}) / 16)`, with as many layers: what a layer gives is read by the next two.
fn model(layers: u32, input: Visibility, output: Visibility) -> Model {
    let mut graph = Graph::default();
    let domain = Interval::new(-4096, 4095);
    graph.tables.push(Table { function: Function::Relu, domain });
    let shape = Shape::new([WIDTH]);
    let add = |graph: &mut Graph, name: String, shape: &Shape, range, role| {
        graph.tensors.push(Tensor { name, shape: shape.clone(), scale: 0, range, role });
        TensorId(graph.tensors.len() as u32 - 1)
    };
    let view = |id: TensorId, shape: &Shape| View::identity(id, shape);
    let x = add(&mut graph, "x".to_owned(), &shape, Interval::new(-128, 127), Role::Input(input));
    graph.inputs.push(x);
    let (mut before, mut last) = (x, x);
    let mut weights = Vec::new();
    for layer in 0..layers {
        let square = Shape::new([WIDTH, WIDTH]);
        let w = add(&mut graph, format!("w{layer}"), &square, Interval::new(-8, 8), Role::Weight);
        weights.push((w, (0..WIDTH * WIDTH).map(|i| ((i * 7 + layer * 3) % 17) as i32 - 8).collect()));
        let linear = |id, shape: &Shape| Linear { shape: shape.clone(), terms: vec![(1, view(id, shape))] };
        let (a_axes, b_axes, out_axes) = (vec![0, 1], vec![1], vec![0]);
        let product = Contract { a: linear(w, &square), b: linear(last, &shape), a_axes, b_axes, out_axes };
        let terms = vec![
            Term { coeff: 1, operand: Operand::Contract(product) },
            Term { coeff: 16, operand: Operand::View(view(before, &shape)) },
        ];
        let acc = Expr { shape: shape.clone(), terms };
        let h = add(&mut graph, format!("h{layer}"), &shape, domain, Role::LookupInput(TableId(0)));
        let r = add(&mut graph, format!("r{layer}"), &shape, Interval::new(0, 15), Role::Ranged);
        graph.steps.push(Step::rescale(acc, 16, h, Some(r)));
        let y = add(
            &mut graph,
            format!("y{layer}"),
            &shape,
            Interval::new(0, 4095),
            Role::LookupOutput(TableId(0)),
        );
        graph.steps.push(Step::Lookup { table: TableId(0), x: h, y });
        (before, last) = (last, y);
    }
    let out = add(&mut graph, "out".to_owned(), &shape, Interval::new(0, 4095), Role::Output(output));
    graph.steps.push(Step::rescale(Expr::view(view(last, &shape)), 1, out, None));
    graph.outputs.push(out);
    let port = |name: &str| vec![Port::new(name, [u64::from(WIDTH)])];
    Model { graph, inputs: port("x"), outputs: port("out"), preprocessing: String::new(), weights }
}

/// A pipeline with its proving keys.
struct Case {
    srs: Srs,
    keys: Vec<ProvingKey>,
    vk: UncheckedPipeline,
}

impl Case {
    fn new(model: &Model, count: usize, seed: u8) -> Self {
        let srs = Srs::dev(6).unwrap();
        let cut = shards(&model.graph, count);
        assert_eq!(cut.len(), count);
        let mut keys = Vec::new();
        let vk = setup_pipeline_with_nonce(model, &cut, &srs, [seed; 32], |index, key| {
            assert_eq!(index, keys.len());
            keys.push(key);
            Ok(())
        });
        let vk = UncheckedPipeline::from_bytes(&vk.unwrap(), None).unwrap();
        Self { srs, keys, vk }
    }

    fn key(&self) -> PipelineKey {
        self.vk.clone().check(&policy()).unwrap()
    }

    fn prove(&self, input: &[i32], context: &[u8], nonce: u8) -> Proved {
        let inputs = [input.to_vec()];
        prove_pipeline_with_nonce(&self.vk, &self.keys[..], &self.srs, &inputs, context, [nonce; 32]).unwrap()
    }

    /// What a prover has before it proves the shards.
    fn wires(&self, input: &[i32], nonce: u8) -> Wires {
        let rng = |_: &ProvingKey| Transcript::new(b"test").rng(&[], [nonce; 32]);
        Wires::compute(&self.vk, &self.keys[..], &self.srs, &[input.to_vec()], rng).unwrap()
    }

    /// The leaves of a statement.
    fn leaves(
        &self,
        wires: &Wires,
        shared: &PipelineStatement<'_>,
        nonce: u8,
    ) -> Vec<(Vec<u8>, Leaf, OpeningWitness)> {
        let shards = self.vk.body().shards.iter().enumerate();
        shards
            .zip(&self.keys)
            .map(|(shard, key)| {
                let nonce = [nonce + shard.0 as u8; 32];
                let secrets = wires.secrets(shard.0, shard.1, key.vk());
                let proved = prove_leaf_with_nonce(shared, shard.0, key, &self.srs, &secrets, nonce).unwrap();
                (proved.proof, proved.leaf, proved.witness)
            })
            .collect()
    }

    /// A proof of leaves, whatever they are.
    fn assemble(&self, boundaries: &[[u8; 32]], leaves: Vec<(Vec<u8>, Leaf, OpeningWitness)>) -> Vec<u8> {
        let mut argument = boundaries.concat();
        let mut folded = Vec::new();
        for (bytes, leaf, witness) in leaves {
            argument.extend(bytes);
            folded.push((leaf, witness));
        }
        argument.extend(accumulate(&self.srs, folded));
        ProofEnvelope::new(self.vk.model_id(), argument).to_bytes()
    }
}

/// Leaves folded and opened, whatever they are.
fn accumulate(srs: &Srs, leaves: Vec<(Leaf, OpeningWitness)>) -> Vec<u8> {
    let mut accumulator = Accumulator::new(srs, leaves.len()).unwrap();
    for (index, (leaf, witness)) in leaves.into_iter().enumerate() {
        accumulator.push(index, &leaf, witness).unwrap();
    }
    accumulator.finish(srs).unwrap().to_bytes()
}

fn policy() -> SrsPolicy {
    SrsPolicy::new().allow_insecure()
}

fn input(seed: i32) -> Vec<i32> {
    (0..WIDTH as i32).map(|i| (i * 31 + seed * 17) % 128 - 40).collect()
}

const PUBLIC: [Visibility; 2] = [Visibility::Public; 2];
const PRIVATE: [Visibility; 2] = [Visibility::Private; 2];

#[test]
fn shards_prove_what_the_model_does() {
    for [i, o] in [PUBLIC, PRIVATE, [Visibility::Private, Visibility::Public]] {
        let model = model(5, i, o);
        let whole = setup_with_nonces(&model, &Srs::dev(6).unwrap(), Hash::Merlin, [[1; 32]; 2]).unwrap();
        for count in [1, 3] {
            let case = Case::new(&model, count, 1);
            let proved = case.prove(&input(1), b"fresh", 3);
            verify_pipeline(&case.key(), &proved.statement, &proved.proof).unwrap();
            let expected = whole.prove_with_nonce(&case.srs, &[input(1)], b"fresh", [4; 32]).unwrap();
            assert_eq!(proved.outputs, expected.outputs);
            assert_eq!(proved.statement.public, expected.statement.public);
            let length = ProofEnvelope::new(case.vk.model_id(), vec![0; case.vk.argument_bytes().unwrap()]);
            assert_eq!(proved.proof.len(), length.to_bytes().len());
        }
    }
}

#[test]
fn other_statements_are_refused() {
    let case = Case::new(&model(4, Visibility::Private, Visibility::Public), 3, 1);
    let key = case.key();
    let proved = case.prove(&input(1), b"context", 3);
    verify_pipeline(&key, &proved.statement, &proved.proof).unwrap();
    let refused = |change: &dyn Fn(&mut Statement)| {
        let mut statement = proved.statement.clone();
        change(&mut statement);
        let result = verify_pipeline(&key, &statement, &proved.proof);
        assert!(result.is_err());
        result.unwrap_err()
    };
    // All leaves bind all of it: the first one is refused, whatever it is about.
    let first =
        |error: VerifyError| assert!(matches!(error, VerifyError::Shard { index: 0, .. }), "{error:?}");
    first(refused(&|statement| statement.public[0][3] += 1));
    first(refused(&|statement| statement.context.push(0)));
    let again = case.prove(&input(1), b"context", 4);
    first(refused(&|statement| statement.private_inputs = again.statement.private_inputs.clone()));
    let wrong = refused(&|statement| statement.model_id = ModelId([7; 32]));
    assert!(matches!(wrong, VerifyError::WrongKey { what: "statement", .. }));
    for change in [
        (|statement: &mut Statement| statement.public.clear()) as fn(&mut Statement),
        |statement| statement.public.push(vec![0; 8]),
        |statement| statement.private_inputs.clear(),
        |statement| statement.private_outputs.push([0; 32]),
    ] {
        let error = refused(&change);
        assert!(matches!(error, VerifyError::Malformed { what: "statement", .. }), "{error:?}");
    }
}

/// Every byte of a proof counts; a sample of them.
#[test]
fn altered_proofs_are_refused() {
    let case = Case::new(&model(3, Visibility::Private, Visibility::Private), 2, 1);
    let key = case.key();
    let proved = case.prove(&input(2), b"", 3);
    let (boundaries, leaves, accumulation) = case.vk.proof_parts().unwrap();
    let argument = ProofEnvelope::from_bytes(&proved.proof).unwrap().argument;
    assert_eq!(argument.len(), boundaries + leaves.iter().sum::<usize>() + accumulation);
    let envelope = |argument: Vec<u8>| ProofEnvelope::new(case.vk.model_id(), argument).to_bytes();
    for at in (0..argument.len()).step_by(397) {
        let mut altered = argument.clone();
        altered[at] ^= 1;
        assert!(verify_pipeline(&key, &proved.statement, &envelope(altered)).is_err(), "byte {at}");
    }
    for wrong in [&argument[..argument.len() - 1], &[argument.as_slice(), &[0]].concat(), &[]] {
        let error = verify_pipeline(&key, &proved.statement, &envelope(wrong.to_vec())).unwrap_err();
        assert!(matches!(error, VerifyError::Malformed { what: "proof", .. }), "{error:?}");
    }
}

/// A leaf in the place of another one: missing, repeated, swapped, of another run or another model.
#[test]
fn exchanged_leaves_are_refused() {
    let model = model(6, Visibility::Private, Visibility::Public);
    let case = Case::new(&model, 3, 1);
    let key = case.key();
    let (wires, others) = (case.wires(&input(1), 5), case.wires(&input(1), 6));
    let (statement, boundaries) = wires.statement(&case.vk, b"");
    let shared = PipelineStatement::new(&case.vk, &statement, &boundaries).unwrap();
    let leaves = case.leaves(&wires, &shared, 10);
    verify_pipeline(&key, &statement, &case.assemble(&boundaries, leaves.clone())).unwrap();
    let refused =
        |leaves: Vec<_>| verify_pipeline(&key, &statement, &case.assemble(&boundaries, leaves)).unwrap_err();

    let mut missing = leaves.clone();
    missing.pop();
    assert!(matches!(refused(missing), VerifyError::Malformed { what: "proof", .. }));
    let twice = vec![leaves[0].clone(), leaves[1].clone(), leaves[1].clone(), leaves[2].clone()];
    assert!(matches!(refused(twice), VerifyError::Malformed { what: "proof", .. }));
    // Shards 1 and 2 of this model have proofs of one length or not: either way they do not pass for each other.
    let mut swapped = leaves.clone();
    swapped.swap(1, 2);
    assert!(matches!(refused(swapped), VerifyError::Shard { index: 1, .. }));
    let mut repeated = leaves.clone();
    repeated[2] = leaves[1].clone();
    refused(repeated);

    // Another run of the same input: other commitments to the same boundaries.
    let (other_statement, other_boundaries) = others.statement(&case.vk, b"");
    assert_ne!(boundaries, other_boundaries);
    let other_shared = PipelineStatement::new(&case.vk, &other_statement, &other_boundaries).unwrap();
    let other_leaves = case.leaves(&others, &other_shared, 20);
    verify_pipeline(&key, &other_statement, &case.assemble(&other_boundaries, other_leaves.clone())).unwrap();
    for index in 0..3 {
        let mut mixed = leaves.clone();
        mixed[index] = other_leaves[index].clone();
        let error = refused(mixed);
        assert!(matches!(error, VerifyError::Shard { index: found, .. } if found == index), "{error:?}");
    }
    // Even of the same commitments, but with another context.
    let (with_context, _) = wires.statement(&case.vk, b"another question");
    let shared_context = PipelineStatement::new(&case.vk, &with_context, &boundaries).unwrap();
    let mut mixed = leaves.clone();
    mixed[1] = case.leaves(&wires, &shared_context, 30).swap_remove(1);
    assert!(matches!(refused(mixed), VerifyError::Shard { index: 1, .. }));

    // A shard of another setup of the model.
    let foreign = Case::new(&model, 3, 2);
    let foreign_wires = foreign.wires(&input(1), 5);
    let (foreign_statement, foreign_boundaries) = foreign_wires.statement(&foreign.vk, b"");
    let foreign_shared =
        PipelineStatement::new(&foreign.vk, &foreign_statement, &foreign_boundaries).unwrap();
    let mut mixed = leaves.clone();
    mixed[0] = foreign.leaves(&foreign_wires, &foreign_shared, 10).swap_remove(0);
    assert!(matches!(refused(mixed), VerifyError::Shard { index: 0, .. }));

    // Two proofs of one shard, both honest: either will do.
    let mut mixed = leaves.clone();
    mixed[1] = case.leaves(&wires, &shared, 40).swap_remove(1);
    verify_pipeline(&key, &statement, &case.assemble(&boundaries, mixed)).unwrap();

    // A leaf that is folded in another place, or with another claim than its proof leaves.
    let mut argument = boundaries.concat();
    leaves.iter().for_each(|(bytes, ..)| argument.extend(bytes));
    let of = |index: usize| (leaves[index].1.clone(), leaves[index].2.clone());
    let mut false_claim = of(1);
    false_claim.0.instance.value += false_claim.0.instance.value;
    for folded in [vec![of(1), of(0), of(2)], vec![of(0), of(1), of(1)], vec![of(0), false_claim, of(2)]] {
        let mut wrong = argument.clone();
        wrong.extend(accumulate(&case.srs, folded));
        let wrong = ProofEnvelope::new(case.vk.model_id(), wrong).to_bytes();
        let error = verify_pipeline(&key, &statement, &wrong).unwrap_err();
        assert!(matches!(error, VerifyError::Proof(_)), "{error:?}");
    }
}

/// The forger's consumer reads another value than the producer gave: whichever commitment it shows for the boundary, one of both
/// shards is refused; and proofs for different commitments are not accepted together.
#[test]
fn another_value_of_a_boundary_is_refused() {
    let case = Case::new(&model(4, Visibility::Private, Visibility::Public), 2, 1);
    let key = case.key();
    let (honest, other) = (case.wires(&input(1), 5), case.wires(&input(9), 6));
    // The output of one input, with the input of another one: what the forger wants to have accepted.
    let (own, boundaries) = honest.statement(&case.vk, b"");
    let (theirs, other_boundaries) = other.statement(&case.vk, b"");
    assert_ne!(own.public, theirs.public);
    let wanted = Statement { public: theirs.public.clone(), ..own.clone() };
    for shown in [&boundaries, &other_boundaries] {
        let shared = PipelineStatement::new(&case.vk, &wanted, shown).unwrap();
        // Each shard is proved with the values that make it true: all that a shard's proof says by itself is accepted.
        let leaves = [(0, &honest), (1, &other)].map(|(index, wires)| {
            let (shard, nonce) = (&case.vk.body().shards[index], [7 + index as u8; 32]);
            let secrets = wires.secrets(index, shard, case.keys[index].vk());
            let proved =
                prove_leaf_with_nonce(&shared, index, &case.keys[index], &case.srs, &secrets, nonce).unwrap();
            (proved.proof, proved.leaf, proved.witness)
        });
        let proof = case.assemble(shown, leaves.to_vec());
        // But one of them makes a claim about the boundary's chunks that is false of the commitment.
        let error = verify_pipeline(&key, &wanted, &proof).unwrap_err();
        assert!(
            matches!(&error, VerifyError::Proof(_)) && format!("{error:?}").contains("OpeningPairing"),
            "{error:?}"
        );
    }
    // Leaves that are true for their own commitments: neither list of commitments fits both.
    let of = |wires: &Wires, shown: &[[u8; 32]], statement: &Statement, index: usize| {
        let shared = PipelineStatement::new(&case.vk, statement, shown).unwrap();
        case.leaves(wires, &shared, 10).swap_remove(index)
    };
    let leaves = vec![of(&honest, &boundaries, &own, 0), of(&other, &other_boundaries, &theirs, 1)];
    for shown in [&boundaries, &other_boundaries] {
        let error = verify_pipeline(&key, &wanted, &case.assemble(shown, leaves.clone())).unwrap_err();
        assert!(matches!(error, VerifyError::Shard { index: 0, .. }), "{error:?}");
    }
}

/// A leaf is no proof of its own, and a proof no leaf.
#[test]
fn leaves_and_proofs_are_not_exchanged() {
    // One private tensor on each side: also in an ordinary key's layout it has a chunk of its own.
    let case = Case::new(&model(2, Visibility::Private, Visibility::Private), 1, 1);
    // The shard's key, as if it were an ordinary one: its own proof is not accepted by it.
    let shard = &case.keys[0];
    let proved = shard.prove_with_nonce(&case.srs, &[input(1)], b"", [3; 32]).unwrap();
    let ordinary = VerifyingKey::from_bytes(shard.vk_bytes()).unwrap().check(&policy()).unwrap();
    let result = verify(&ordinary, &proved.statement, &proved.proof);
    assert!(matches!(result, Err(VerifyError::Proof(_))), "{result:?}");
    // Nor is a pipeline's key one, or the other way round.
    let body = case.vk.body().clone();
    let keys: Vec<Vec<u8>> = case.keys.iter().map(|key| key.vk_bytes().to_vec()).collect();
    let bytes = encode_pipeline(&body, &keys).unwrap();
    assert!(VerifyingKey::from_bytes(&bytes).is_err());
    assert!(UncheckedPipeline::from_bytes(&keys[0], None).is_err());
    let error = UncheckedPipeline::from_bytes(&bytes, Some(ModelId([1; 32]))).unwrap_err();
    assert!(matches!(error, VerifyError::ModelId { .. }));
    UncheckedPipeline::from_bytes(&bytes, Some(case.vk.model_id())).unwrap();
}

/// Keys whose wiring says something else than "each shard computes what later ones read".
#[test]
fn hostile_wirings_are_refused() {
    let case = Case::new(&model(6, Visibility::Private, Visibility::Public), 3, 1);
    let keys: Vec<Vec<u8>> = case.keys.iter().map(|key| key.vk_bytes().to_vec()).collect();
    let body = case.vk.body();
    let refused = |change: &dyn Fn(&mut PipelineBody), keys: &[Vec<u8>]| {
        let mut body = body.clone();
        change(&mut body);
        match UncheckedPipeline::from_bytes(&encode_pipeline(&body, keys).unwrap(), None) {
            Err(VerifyError::Key { field, .. }) => field,
            Err(VerifyError::ModelId { .. }) => "id of a shard",
            other => panic!("{:?}", other.map(|_| ())),
        }
    };
    // Wires: 0 the input, 1 the output, the boundaries from 2 on.
    let outputs: Vec<Vec<u32>> = body.shards.iter().map(|shard| shard.outputs.clone()).collect();
    assert_eq!(outputs, [vec![2, 3], vec![4, 5], vec![1]]);
    assert_eq!(body.shards[1].inputs, [2, 3]);
    // Two producers.
    assert_eq!(refused(&|body| body.shards[1].outputs[0] = 2, &keys), "producer of a wire");
    assert_eq!(refused(&|body| body.shards[0].outputs[1] = 2, &keys), "producer of a wire");
    assert_eq!(refused(&|body| body.shards[1].outputs[0] = 0, &keys), "producer of a wire");
    // Also where nothing is missing: shard 2 reads what both say is wire 2.
    let mut both = body.clone();
    (both.shards[1].outputs, both.shards[2].inputs) = (vec![2, 4], vec![2, 4]);
    match UncheckedPipeline::from_bytes(&encode_pipeline(&both, &keys).unwrap(), None) {
        Err(VerifyError::Key { expected, got, .. }) => {
            assert_eq!((expected.as_str(), got.as_str()), ("one", "shard 1 is another one of wire 2"));
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
    // None, or a later one.
    assert_eq!(refused(&|body| body.shards[1].inputs[0] = 4, &keys), "producer of a wire");
    assert_eq!(refused(&|body| body.shards[1].inputs[0] = 1, &keys), "producer of a wire");
    assert_eq!(refused(&|body| body.shards[0].inputs[0] = 2, &keys), "producer of a wire");
    assert_eq!(refused(&|body| body.shards[1].inputs[0] = 99, &keys), "number of a wire");
    assert_eq!(refused(&|body| body.shards[2].outputs[0] = 6, &keys), "visibility of a boundary");
    // What reads another tensor than there is: another range here.
    assert_eq!(refused(&|body| body.shards[1].inputs[0] = 0, &keys), "tensor of a wire");
    // Lists of other lengths, other keys, other numbers of them.
    assert_eq!(refused(&|body| body.shards[1].inputs.truncate(1), &keys), "inputs of a shard");
    assert_eq!(refused(&|body| body.shards[1].outputs.push(6), &keys), "outputs of a shard");
    assert_eq!(refused(&|body| body.shards[1].key[0] ^= 1, &keys), "id of a shard");
    assert_eq!(refused(&|body| body.shards.swap(1, 2), &keys), "id of a shard");
    assert_eq!(refused(&|_| {}, &[keys[0].clone(), keys[2].clone(), keys[1].clone()]), "id of a shard");
    assert_eq!(refused(&|_| {}, &keys[..2]), "keys of shards");
    assert_eq!(refused(&|body| body.shards.clear(), &[]), "shards");
    let many = |body: &mut PipelineBody| body.shards = vec![body.shards[0].clone(); MAX_SHARDS + 1];
    assert_eq!(refused(&many, &vec![keys[0].clone(); MAX_SHARDS + 1]), "shards");
    assert_eq!(refused(&|body| body.preprocessing = "x".repeat(1025), &keys), "preprocessing");
    assert_eq!(refused(&|_| {}, &[vec![0; MAX_KEY_BYTES]]), "bytes of the pipeline key");
    let mut newer = body.clone();
    newer.version += 1;
    let error = UncheckedPipeline::from_bytes(&encode_pipeline(&newer, &keys).unwrap(), None).unwrap_err();
    assert!(matches!(error, VerifyError::Version { what: "pipeline key", .. }), "{error:?}");
    // Ports that nobody has.
    let port = || Port::new("more", [u64::from(WIDTH)]);
    assert_eq!(refused(&|body| body.inputs.push(port()), &keys), "producer of a wire");
    assert_eq!(refused(&|body| body.outputs = vec![port(); 6], &keys), "wires");
    assert_eq!(refused(&|body| body.outputs = vec![port(); 99], &keys), "wires");
    assert_eq!(refused(&|body| body.outputs.clear(), &keys), "visibility of a boundary");
    // A shard of another chunk size.
    let model = model(6, Visibility::Private, Visibility::Public);
    let srs = Srs::dev(7).unwrap();
    let mut larger = Vec::new();
    let cut = shards(&model.graph, 3);
    setup_pipeline_with_nonce(&model, &cut, &srs, [1; 32], |_, key| {
        larger.push(key);
        Ok(())
    })
    .unwrap();
    let mixed = [keys[0].clone(), larger[1].vk_bytes().to_vec(), keys[2].clone()];
    let id = larger[1].vk().model_id();
    let error = {
        let mut body = body.clone();
        body.shards[1] = ShardBody { key: id.0, ..body.shards[1].clone() };
        UncheckedPipeline::from_bytes(&encode_pipeline(&body, &mixed).unwrap(), None).unwrap_err()
    };
    assert!(matches!(error, VerifyError::Key { field: "SRS of a shard", .. }), "{error:?}");
}

/// What is wired is part of the id, and so of every proof.
#[test]
fn the_work_of_all_shards_is_bounded() {
    let mut heavy = model(1, Visibility::Public, Visibility::Public);
    // As much as one key may ask for: five of it are more than a pipeline may.
    let formula = (0..60).fold(Formula::argument(), |formula, _| formula.then(Unary::Sin));
    let (lo, hi) = (0, 1);
    let function = Function::Formula { formula, input_scale: 16, output_scale: 0, lo, hi };
    heavy.graph.tables.push(Table { function, domain: Interval::new(-32768, 32767) });
    let shape = Shape::new([WIDTH]);
    for (name, domain, role) in [
        ("x2", Interval::new(-32768, 32767), Role::LookupInput(TableId(1))),
        ("y2", Interval::new(lo, hi), Role::LookupOutput(TableId(1))),
    ] {
        heavy.graph.tensors.push(Tensor {
            name: name.to_owned(),
            shape: shape.clone(),
            scale: 0,
            range: domain,
            role,
        });
    }
    let last = heavy.graph.tensors.len() as u32 - 1;
    let read = Expr::view(View::identity(heavy.graph.inputs[0], &shape));
    heavy.graph.steps.push(Step::rescale(read, 1, TensorId(last - 1), None));
    heavy.graph.steps.push(Step::Lookup { table: TableId(1), x: TensorId(last - 1), y: TensorId(last) });
    let key = setup_pipeline(&heavy);
    let port = || Port::new("out", [u64::from(WIDTH)]);
    let id = UncheckedPipeline::from_bytes(&key.0, None).unwrap().body().shards[0].key;
    let read = |count: u32| {
        let shard = |wire| ShardBody { key: id, inputs: vec![0], outputs: vec![1 + wire] };
        let body = PipelineBody {
            outputs: (0..count).map(|_| port()).collect(),
            shards: (0..count).map(shard).collect(),
            ..key.1.clone()
        };
        let bytes = encode_pipeline(&body, &vec![key.2.clone(); count as usize]).unwrap();
        UncheckedPipeline::from_bytes(&bytes, None)
    };
    assert!(read(3).is_ok());
    let error = read(5).unwrap_err();
    assert!(matches!(error, VerifyError::Key { field: "work of all shards", .. }), "{error:?}");
}

/// A pipeline of one shard: its key, the key's body, and the shard's key.
fn setup_pipeline(model: &Model) -> (Vec<u8>, PipelineBody, Vec<u8>) {
    let srs = Srs::dev(16).unwrap();
    let mut shard = Vec::new();
    let vk = setup_pipeline_with_nonce(model, &shards(&model.graph, 1), &srs, [1; 32], |_, key| {
        shard = key.vk_bytes().to_vec();
        Ok(())
    });
    let vk = vk.unwrap();
    let body = UncheckedPipeline::from_bytes(&vk, None).unwrap().body().clone();
    (vk, body, shard)
}

#[test]
fn another_wiring_of_the_same_shards_is_another_model() {
    // Both boundaries of a cut are of one kind: exchanged, they are a valid key.
    let case = Case::new(&model(4, Visibility::Private, Visibility::Public), 2, 1);
    let keys: Vec<Vec<u8>> = case.keys.iter().map(|key| key.vk_bytes().to_vec()).collect();
    let mut body = case.vk.body().clone();
    assert_eq!(body.shards[1].inputs.len(), 2);
    body.shards[1].inputs.swap(0, 1);
    let crossed = UncheckedPipeline::from_bytes(&encode_pipeline(&body, &keys).unwrap(), None).unwrap();
    assert_ne!(crossed.model_id(), case.vk.model_id());
    let crossed = crossed.check(&policy()).unwrap();
    let proved = case.prove(&input(1), b"", 3);
    let argument = ProofEnvelope::from_bytes(&proved.proof).unwrap().argument;
    let relabelled = ProofEnvelope::new(crossed.key().model_id(), argument).to_bytes();
    let error = verify_pipeline(&crossed, &proved.statement, &relabelled).unwrap_err();
    assert!(matches!(error, VerifyError::WrongKey { what: "statement", .. }));
    let statement = Statement { model_id: crossed.key().model_id(), ..proved.statement.clone() };
    let error = verify_pipeline(&crossed, &statement, &proved.proof).unwrap_err();
    assert!(matches!(error, VerifyError::WrongKey { what: "proof", .. }));
    // With the id exchanged everywhere, too.
    let argument = ProofEnvelope::from_bytes(&proved.proof).unwrap().argument;
    let proof = ProofEnvelope::new(crossed.key().model_id(), argument).to_bytes();
    let error = verify_pipeline(&crossed, &statement, &proof).unwrap_err();
    assert!(matches!(error, VerifyError::Shard { index: 0, .. }), "{error:?}");
}

#[test]
fn boundary_commitments_cannot_be_exchanged() {
    let case = Case::new(&model(4, Visibility::Private, Visibility::Public), 2, 1);
    let key = case.key();
    let proved = case.prove(&input(1), b"", 3);
    let again = case.prove(&input(1), b"", 4);
    let argument = ProofEnvelope::from_bytes(&proved.proof).unwrap().argument;
    let other = ProofEnvelope::from_bytes(&again.proof).unwrap().argument;
    let (length, ..) = case.vk.proof_parts().unwrap();
    assert_eq!(length, 2 * Commitment::BYTES);
    let refused = |argument: Vec<u8>| {
        let proof = ProofEnvelope::new(case.vk.model_id(), argument).to_bytes();
        let error = verify_pipeline(&key, &proved.statement, &proof).unwrap_err();
        assert!(matches!(error, VerifyError::Shard { index: 0, .. }), "{error:?}");
    };
    // One of another run, swapped, repeated.
    refused([&other[..32], &argument[32..]].concat());
    refused([&argument[32..64], &argument[..32], &argument[64..]].concat());
    refused([&argument[..32], &argument[..32], &argument[64..]].concat());
}
