//! Small networks for tests, and everything needed to prove them.

use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};
use zktorch_channel::Nonce;
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::Fr;
use zktorch_graph::layout::{ArenaKind, Scope};
use zktorch_graph::{
    AxisMap, Contract, Entry, Expr, Factor, Function, Graph, Interval, Linear, Operand, Role, Shape, Step,
    Table, TableId, Tensor, TensorId, Term, View, Visibility, eval_expr, execute,
};

use zktorch_transcript::{ClearProver, ClearVerifier};

use crate::network::{clear_verify, reduce};
use crate::{BlockError, Network, NetworkProof, Private, Statement, Witness, prove};

/// Builds graphs.
#[derive(Default)]
pub(crate) struct Builder {
    pub(crate) graph: Graph,
}

pub(crate) fn factor(src: &[u32], out: &[u32], map: AxisMap) -> Factor {
    Factor { src: src.to_vec(), out: out.to_vec(), map }
}

impl Builder {
    pub(crate) fn tensor(&mut self, name: &str, dims: &[u32], range: Interval, role: Role) -> TensorId {
        let id = TensorId(self.graph.tensors.len() as u32);
        let shape = Shape::new(dims);
        self.graph.tensors.push(Tensor { name: name.to_owned(), shape, scale: 0, range, role });
        id
    }

    pub(crate) fn weight(&mut self, name: &str, dims: &[u32]) -> TensorId {
        self.tensor(name, dims, Interval::I16, Role::Weight)
    }

    pub(crate) fn input(&mut self, dims: &[u32], visibility: Visibility) -> TensorId {
        let id = self.tensor("input", dims, Interval::I16, Role::Input(visibility));
        self.graph.inputs.push(id);
        id
    }

    pub(crate) fn view(&self, id: TensorId) -> View {
        View::identity(id, &self.graph.tensor(id).shape)
    }

    pub(crate) fn linear(&self, id: TensorId) -> Linear {
        let view = self.view(id);
        Linear { shape: view.shape.clone(), terms: vec![(1, view)] }
    }

    pub(crate) fn relu_table(&mut self, domain: Interval) -> TableId {
        let table = Table { function: Function::Relu, domain };
        let found = self.graph.tables.iter().position(|other| *other == table);
        TableId(found.unwrap_or_else(|| {
            self.graph.tables.push(table);
            self.graph.tables.len() - 1
        }) as u32)
    }

    /// y with this role, from acc / divisor.
    pub(crate) fn rescale(
        &mut self,
        name: &str,
        acc: Expr,
        divisor: u64,
        range: Interval,
        role: Role,
    ) -> TensorId {
        let dims = acc.shape.dims().to_vec();
        let y = self.tensor(name, &dims, range, role);
        let r = (divisor > 1).then(|| {
            self.tensor(&format!("{name} r"), &dims, Interval::new(0, divisor as i32 - 1), Role::Ranged)
        });
        self.graph.steps.push(Step::rescale(acc, divisor, y, r));
        y
    }

    pub(crate) fn output(&mut self, acc: Expr, divisor: u64, visibility: Visibility) -> TensorId {
        let y = self.rescale("output", acc, divisor, Interval::I16, Role::Output(visibility));
        self.graph.outputs.push(y);
        y
    }

    pub(crate) fn relu(&mut self, name: &str, acc: Expr, divisor: u64, domain: Interval) -> TensorId {
        let table = self.relu_table(domain);
        let x = self.rescale(name, acc, divisor, domain, Role::LookupInput(table));
        let dims = self.graph.tensor(x).shape.dims().to_vec();
        let range = Interval::new(0, domain.hi);
        let y = self.tensor(&format!("{name} relu"), &dims, range, Role::LookupOutput(table));
        self.graph.steps.push(Step::Lookup { table, x, y });
        y
    }

    /// W [o, c, kh, kw] over X [c, h, w] with padding (k - 1) / 2 and a bias [o].
    pub(crate) fn conv(&mut self, name: &str, x: TensorId, out: u32, kernel: u32, stride: u32) -> Expr {
        let dims = self.graph.tensor(x).shape.dims().to_vec();
        let (c, h, w) = (dims[0], dims[1], dims[2]);
        let pad = (kernel - 1) / 2;
        let positions = |extent: u32| (extent + 2 * pad - kernel) / stride + 1;
        let weight = self.weight(&format!("{name} w"), &[out, c, kernel, kernel]);
        let bias = self.weight(&format!("{name} b"), &[out]);
        let window = AxisMap::Window { stride, dilation: 1, pad };
        let shape = Shape::new([c, positions(h), kernel, positions(w), kernel]);
        let factors = vec![
            factor(&[0], &[0], AxisMap::Identity),
            factor(&[1], &[1, 2], window.clone()),
            factor(&[2], &[3, 4], window),
        ];
        let windows = View { tensor: x, shape: shape.clone(), factors };
        let contract = Contract {
            a: self.linear(weight),
            b: Linear { shape, terms: vec![(1, windows)] },
            a_axes: vec![0, 1, 2, 3],
            b_axes: vec![1, 4, 2, 5, 3],
            out_axes: vec![0, 4, 5],
        };
        let shape = Shape::new([out, positions(h), positions(w)]);
        let ones =
            |extent: u32| AxisMap::Sparse((0..extent).map(|out| Entry { out, src: 0, coeff: 1 }).collect());
        let bias = View {
            tensor: bias,
            shape: shape.clone(),
            factors: vec![
                factor(&[0], &[0], AxisMap::Identity),
                factor(&[], &[1], ones(positions(h))),
                factor(&[], &[2], ones(positions(w))),
            ],
        };
        let terms = vec![
            Term { coeff: 1, operand: Operand::Contract(contract) },
            Term { coeff: 16, operand: Operand::View(bias) },
        ];
        Expr { shape, terms }
    }

    /// Every second entry along an axis, from `first` on.
    pub(crate) fn every_second(&self, id: TensorId, axis: usize, first: u32) -> View {
        let mut view = self.view(id);
        let dims = view.shape.dims().to_vec();
        let half = dims[axis] / 2;
        let mut out = dims;
        out[axis] = half;
        view.shape = Shape::new(out);
        let entries = (0..half).map(|i| Entry { out: i, src: 2 * i + first, coeff: 1 }).collect();
        view.factors[axis].map = AxisMap::Sparse(entries);
        view
    }

    /// The full product of W [o, axes of x] with x, all axes contracted.
    pub(crate) fn dense(&mut self, name: &str, x: &Linear, out: u32) -> Expr {
        let dims = x.shape.dims().to_vec();
        let weight = self.weight(name, &[&[out], dims.as_slice()].concat());
        let labels: Vec<u32> = (1..=dims.len() as u32).collect();
        let contract = Contract {
            a: self.linear(weight),
            b: x.clone(),
            a_axes: [&[0], labels.as_slice()].concat(),
            b_axes: labels,
            out_axes: vec![0],
        };
        let terms = vec![Term { coeff: 1, operand: Operand::Contract(contract) }];
        Expr { shape: Shape::new([out]), terms }
    }
}

/// Convolution, ReLU, max-pool along one axis, dense layer; extents that are no powers of two.
pub(crate) fn small_cnn(input: Visibility, output: Visibility) -> Graph {
    let mut b = Builder::default();
    let domain = Interval::new(-(1 << 11), (1 << 11) - 1);
    let x = b.input(&[2, 5, 6], input);
    let acc = b.conv("conv", x, 3, 3, 1);
    let y = b.relu("conv", acc, 1 << 7, domain);
    // max(even, odd) = odd + relu(even - odd)
    let (even, odd) = (b.every_second(y, 2, 0), b.every_second(y, 2, 1));
    let difference = Expr {
        shape: even.shape.clone(),
        terms: vec![
            Term { coeff: 1, operand: Operand::View(even) },
            Term { coeff: -1, operand: Operand::View(odd.clone()) },
        ],
    };
    let d = b.relu("max", difference, 1, domain);
    let d_view = b.view(d);
    let pooled = Linear { shape: odd.shape.clone(), terms: vec![(1, odd), (1, d_view)] };
    let acc = b.dense("fc", &pooled, 5);
    b.output(acc, 1 << 7, output);
    b.graph
}

/// One of everything, in tables of a few hundred entries: a product with weights, a bias, a ReLU, an elementwise square with a
/// divisor that is no power of two, a reversal, a sum.
pub(crate) fn tiny(input: Visibility, output: Visibility) -> Graph {
    let mut b = Builder::default();
    let x = b.tensor("x", &[5], Interval::new(-60, 60), Role::Input(input));
    b.graph.inputs.push(x);
    let x = b.linear(x);
    let mut acc = b.dense("w", &x, 3);
    let bias = b.weight("b", &[3]);
    acc.terms.push(Term { coeff: 4, operand: Operand::View(b.view(bias)) });
    let y = b.relu("relu", acc, 64, Interval::new(-300, 300));
    let square =
        Contract { a: b.linear(y), b: b.linear(y), a_axes: vec![0], b_axes: vec![0], out_axes: vec![0] };
    let terms = vec![Term { coeff: 1, operand: Operand::Contract(square) }];
    let acc = Expr { shape: Shape::new([3]), terms };
    let z = b.rescale("square", acc, 100, Interval::new(0, 900), Role::Ranged);
    let mut reversed = b.view(z);
    let entries = (0..3).map(|i| Entry { out: i, src: 2 - i, coeff: 1 }).collect();
    reversed.factors[0].map = AxisMap::Sparse(entries);
    let terms = vec![
        Term { coeff: 1, operand: Operand::View(reversed) },
        Term { coeff: -2, operand: Operand::View(b.view(y)) },
    ];
    let acc = Expr { shape: Shape::new([3]), terms };
    let out = b.rescale("out", acc, 6, Interval::new(-128, 127), Role::Output(output));
    b.graph.outputs.push(out);
    b.graph
}

/// Rows of a table at public ids, doubled: a table of weights, ids of two axes that may count from the end.
pub(crate) fn embedding() -> Graph {
    let mut b = Builder::default();
    let ids = b.tensor("ids", &[2, 3], Interval::new(-11, 10), Role::Input(Visibility::Public));
    b.graph.inputs.push(ids);
    let table = b.weight("table", &[11, 5]);
    let shape = Shape::new([5, 2, 3]);
    let factors =
        vec![factor(&[1], &[0], AxisMap::Identity), factor(&[0], &[1, 2], AxisMap::Gather { indices: ids })];
    let rows = View { tensor: table, shape: shape.clone(), factors };
    let acc = Expr { shape, terms: vec![Term { coeff: 2, operand: Operand::View(rows) }] };
    let out = b.rescale("output", acc, 1, Interval::new(-300, 300), Role::Output(Visibility::Private));
    b.graph.outputs.push(out);
    b.graph
}

/// [`embedding`] of ids that name its first, its last and other rows.
pub(crate) fn embedding_case() -> Case {
    let graph = embedding();
    let table: Vec<i32> = (0..55).map(|i| i * i % 149 - 70).collect();
    let given = vec![Some(vec![0, 10, -11, -1, 4, 4]), Some(table), None];
    let values = execute(&graph, &graph.validate().unwrap(), given).unwrap();
    let output = &values[id(&graph, "output").0 as usize];
    let row = |id: i32, column: i32| 2 * ((5 * id + column) * (5 * id + column) % 149 - 70);
    assert_eq!(output[..6], [0, 10, 0, 10, 4, 4].map(|id| row(id, 0)));
    assert_eq!(output[24..], [0, 10, 0, 10, 4, 4].map(|id| row(id, 4)));
    Case::with_values(graph, 5, values)
}

/// The tensor with this name.
pub(crate) fn id(graph: &Graph, name: &str) -> TensorId {
    let found = graph.tensors.iter().position(|tensor| tensor.name == name);
    TensorId(found.unwrap_or_else(|| panic!("no tensor {name}")) as u32)
}

/// Executes the steps from `first` on without looking at any range: what follows from a lie.
pub(crate) fn follow(graph: &Graph, values: &mut [Vec<i32>], first: usize) {
    for step in &graph.steps[first..] {
        match step {
            Step::Rescale { acc, divisor, y, r, .. } if y.len() == 1 => {
                let (d, acc) = (*divisor as i64, eval_expr(graph, acc, values).unwrap());
                let shifted = acc.iter().map(|acc| acc + d / 2);
                values[y.0[0].0 as usize] = shifted.clone().map(|acc| acc.div_euclid(d) as i32).collect();
                if let Some(r) = r.top() {
                    values[r.0 as usize] = shifted.map(|acc| acc.rem_euclid(d) as i32).collect();
                }
            }
            Step::Lookup { table, x, y } => {
                let f = &graph.table(*table).function;
                values[y.0 as usize] = values[x.0 as usize].iter().map(|x| f.eval(*x)).collect();
            }
            other => panic!("no plain step: {other:?}"),
        }
    }
}

/// Everything to prove an inference of a graph with random weights and inputs.
pub(crate) struct Case {
    pub(crate) srs: Srs,
    pub(crate) network: Network,
    pub(crate) values: Vec<Vec<i32>>,
    pub(crate) weights: Vec<i32>,
    pub(crate) weight_commitments: Vec<Commitment>,
    pub(crate) weight_blinds: Vec<Blind>,
    pub(crate) private: [Vec<Commitment>; 2],
    pub(crate) private_blinds: [Vec<Blind>; 2],
}

impl Case {
    pub(crate) fn new(graph: Graph, k: usize, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let given = graph
            .tensors
            .iter()
            .map(|tensor| match tensor.role {
                Role::Weight | Role::Input(_) => {
                    Some((0..tensor.shape.len()).map(|_| rng.gen_range(-60..=60)).collect::<Vec<_>>())
                }
                _ => None,
            })
            .collect();
        let bounds = graph.validate().unwrap();
        let values = execute(&graph, &bounds, given).unwrap();
        Self::with_values(graph, k, values)
    }

    /// Several inferences of a graph under weights in chunks of 2^k cells, in chunks of 2^large, with random inputs.
    pub(crate) fn batch(graph: Graph, [k, large]: [usize; 2], count: u32, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let own = Network::new(graph.clone(), k, Scope::Inference).unwrap();
        let (batched, _) = own.batched_graph(count).unwrap();
        let network = own.of_batch(batched, large, count).unwrap();
        let mut random = |tensor: &Tensor| -> Vec<i32> {
            (0..tensor.shape.len()).map(|_| rng.gen_range(-60..=60)).collect()
        };
        let weights: Vec<_> = (graph.tensors.iter())
            .map(|tensor| (tensor.role == Role::Weight).then(|| random(tensor)))
            .collect();
        let mut values: Vec<Vec<i32>> = vec![Vec::new(); graph.tensors.len()];
        for _ in 0..count {
            let mut given = weights.clone();
            for id in &graph.inputs {
                given[id.0 as usize] = Some(random(graph.tensor(*id)));
            }
            let executed = execute(&graph, own.bounds(), given).unwrap();
            for ((all, own), tensor) in values.iter_mut().zip(executed).zip(&graph.tensors) {
                if !matches!(tensor.role, Role::Weight | Role::One) || all.is_empty() {
                    all.extend(own);
                }
            }
        }
        Self::of_network(network, values)
    }

    pub(crate) fn with_values(graph: Graph, k: usize, values: Vec<Vec<i32>>) -> Self {
        Self::of_network(Network::new(graph, k, Scope::Inference).unwrap(), values)
    }

    pub(crate) fn of_network(network: Network, values: Vec<Vec<i32>>) -> Self {
        let weights = network.stack_weights(&values).unwrap();
        Self::with_column(network, values, weights)
    }

    /// With these cells of the weights' chunks, of which some may be those of weights that the graph does not read.
    pub(crate) fn with_column(network: Network, values: Vec<Vec<i32>>, weights: Vec<i32>) -> Self {
        let k = network.k();
        let srs = Srs::dev(k).unwrap();
        let blinds = |count: usize, from: u64| -> Vec<Blind> {
            (0..count as u64).map(|i| Blind::from_scalar(Fr::from(from + i))).collect()
        };
        let weight_blinds = blinds(network.weight_chunks(), 1000);
        let weights_k = network.layout().chunk_size().weights;
        let weight_commitments = srs.commit_chunks(&weights, weights_k, &weight_blinds).unwrap().0;
        let witness = Witness::new(&network, &weights, &values).unwrap();
        let [inputs, outputs] = network.private_chunks();
        let private_blinds = [blinds(inputs, 2000), blinds(outputs, 3000)];
        let private = [ArenaKind::PrivateInputs, ArenaKind::PrivateOutputs].map(|kind| {
            srs.commit_chunks(witness.column(kind), k, &private_blinds[kind as usize - 1]).unwrap().0
        });
        drop(witness);
        Self { srs, network, values, weights, weight_commitments, weight_blinds, private, private_blinds }
    }

    /// The same network with these values, which may be in no table, and commitments to these weights.
    pub(crate) fn with_weights_of(case: &Self, values: &[Vec<i32>]) -> Self {
        let k = case.network.layout().chunk_size().weights;
        let weights = case.network.stack_weights(values).unwrap();
        let weight_commitments = case.srs.commit_chunks(&weights, k, &case.weight_blinds).unwrap().0;
        let blinds = |list: &[Blind]| list.iter().map(|b| Blind::from_scalar(*b.expose())).collect();
        Self {
            srs: Srs::dev(case.network.k()).unwrap(),
            network: case.network.clone(),
            values: values.to_vec(),
            weights,
            weight_commitments,
            weight_blinds: blinds(&case.weight_blinds),
            private: case.private.clone(),
            private_blinds: case.private_blinds.each_ref().map(|list| blinds(list)),
        }
    }

    pub(crate) fn statement(&self) -> Statement<'_> {
        let public: Vec<&[i32]> =
            self.network.public_tensors().iter().map(|id| self.values[id.0 as usize].as_slice()).collect();
        let private = [self.private[0].as_slice(), self.private[1].as_slice()];
        Statement::new(&self.network, [7; 32], b"test", &self.weight_commitments, private, &public).unwrap()
    }

    pub(crate) fn secrets(&self) -> Private<'_> {
        Private {
            weights: &self.weight_blinds,
            io: [&self.private_blinds[0], &self.private_blinds[1]],
            secret: b"secret",
        }
    }

    /// Proves with these values of the tensors (of the case, or a cheating prover's).
    pub(crate) fn prove_values(&self, values: &[Vec<i32>]) -> Result<NetworkProof, BlockError> {
        let witness = Witness::new(&self.network, &self.weights, values)?;
        prove(&self.srs, &self.statement(), &witness, &self.secrets(), Nonce::from_bytes([5; 32]))
    }

    pub(crate) fn prove(&self) -> NetworkProof {
        self.prove_values(&self.values).unwrap()
    }

    pub(crate) fn verify(&self, proof: &NetworkProof) -> Result<(), BlockError> {
        self.statement().verify(self.srs.verifier(), proof)
    }

    /// Runs both sides in the clear with a cheating prover's values: the verifier's own error. (Hidden, the same constraint
    /// is recorded, and no argument for it can be made.)
    pub(crate) fn verify_in_clear(&self, values: &[Vec<i32>]) -> Result<(), BlockError> {
        let statement = self.statement();
        let witness = Witness::new(&self.network, &self.weights, values)?;
        let blinds = self.network.proof_chunks().map(|count| vec![Blind::from_scalar(Fr::from(9u64)); count]);
        let mut transcript = statement.transcript();
        let mut channel = ClearProver::new(&mut transcript);
        let reduced =
            reduce(&mut channel, &self.srs, &statement, (&witness, None), &self.secrets(), &blinds)?;
        let messages = channel.into_messages();
        let mut transcript = statement.transcript();
        let mut channel = ClearVerifier::new(&mut transcript, &messages);
        let claims = clear_verify(&mut channel, &statement, &reduced.v, &reduced.h)?;
        channel.finish()?;
        // The accumulated claim is true of what the commitments commit to.
        let (instance, opening) = reduced.accumulated;
        assert_eq!(claims.len(), 1);
        assert_eq!((claims[0].commitment, claims[0].value), (instance.commitment, instance.value));
        let value = claims[0].functional.apply(&opening.vector).unwrap();
        if value == claims[0].value {
            Ok(())
        } else {
            Err(BlockError::Length { what: "false accumulator", expected: 0, got: 1 })
        }
    }
}
