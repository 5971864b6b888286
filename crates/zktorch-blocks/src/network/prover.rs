//! The prover of a network.

use zktorch_channel::{HiddenProver, Nonce};
use zktorch_commit::stages::COMMIT;
use zktorch_commit::{Blind, ChunkCommitments, Commitment, Srs};
use zktorch_field::{Fr, give_back, par};
use zktorch_mira::levels::{self, Chunk, Column as MiraColumn};
use zktorch_mira::tree::Leaf;
use zktorch_mira::{OpeningInstance, OpeningWitness};
use zktorch_sumcheck::{self as sumcheck, EqProduct, Evaluations, Product, SumcheckInstance, ZeroSum};
use zktorch_transcript::ProverChannel;

use super::answers::Answers;
use super::columns::{Committed, Inverses, sort};
use super::description::Network;
use super::ledger::{Ledger, Values};
use super::member::Member;
use super::members::{Contractions, Lookups, Reindexings, Relations, Sums, Tables};
use super::proof::{DeferredProof, NetworkProof};
use super::stages;
use super::statement::Statement;
use super::transcript::{
    A_VALUES, B_VALUES, RELATION_VALUES, SUMCHECK_A, SUMCHECK_B, draw_lookup_challenges, draw_relation_point,
    draw_sum_weight,
};
use super::verifier::Argument;
use super::witness::Witness;
use crate::BlockError;
use crate::array::Operand;
use crate::contract::ContractClaim;
use crate::contract::prover::Factors;
use crate::error::check_length;
use crate::lookup::Challenges;
use crate::lookup::prover::Sorted;
use crate::point::{Drawn, Stage, last};

/// What the prover knows about the commitments of the statement.
#[derive(Clone, Copy, Debug)]
pub struct Private<'a> {
    /// Blinds of the weights' chunks.
    pub weights: &'a [Blind],
    /// Blinds of the private inputs' and outputs' chunks.
    pub io: [&'a [Blind]; 2],
    /// Secret key material that the randomness is keyed with.
    pub secret: &'a [u8],
}

impl Private<'_> {
    fn check(&self, network: &Network) -> Result<(), BlockError> {
        let chunks = network.chunks();
        check_length("blinds of the weights", chunks.weights.count, self.weights.len())?;
        check_length("blinds of private inputs", chunks.private_inputs.count, self.io[0].len())?;
        check_length("blinds of private outputs", chunks.private_outputs.count, self.io[1].len())?;
        Ok(())
    }
}

/// The columns of a network of weights in buckets: their commitments are made from these, and so are those of the proof that the
/// weights are in their ranges.
pub struct SortedWeights(Vec<Sorted>);

impl core::fmt::Debug for SortedWeights {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("SortedWeights").field(&self.0.len()).finish()
    }
}

impl SortedWeights {
    /// Sorts the columns of a network of weights.
    ///
    /// # Errors
    /// [`BlockError::Length`] for another network, or an SRS of another size.
    pub fn new(srs: &Srs, network: &Network, witness: &Witness<'_>) -> Result<Self, BlockError> {
        check_length("log2 of the size of the SRS", network.k(), srs.k())?;
        check_length("chunks of weights", network.looked_up().len(), network.weight_chunks())?;
        let _span = tracing::info_span!("commit chunks", count = network.weight_chunks()).entered();
        let _stage = COMMIT.enter();
        sort(srs, network, witness).map(Self)
    }

    /// The commitments to the chunks.
    ///
    /// # Errors
    /// [`BlockError::Length`] for another number of blinds.
    pub fn commit(&self, srs: &Srs, blinds: &[Blind]) -> Result<Vec<Commitment>, BlockError> {
        check_length("blinds of the weights", self.0.len(), blinds.len())?;
        let _span = tracing::info_span!("commit chunks", count = blinds.len()).entered();
        let _stage = COMMIT.enter();
        Ok(par::map(blinds.len(), |i| {
            let commitment = self.0[i].commit_x(srs, &blinds[i]);
            COMMIT.step();
            commitment
        }))
    }

    /// [`prove`] for the statement about these weights.
    ///
    /// # Errors
    /// Those of [`prove`].
    pub fn prove(
        self,
        srs: &Srs,
        statement: &Statement<'_>,
        witness: &Witness<'_>,
        private: &Private<'_>,
        nonce: Nonce,
    ) -> Result<NetworkProof, BlockError> {
        open(messages(srs, statement, witness, private, Some(self.0), nonce)?, statement)
    }
}

/// Proves a statement.
///
/// # Errors
/// Those of commitments and of the channel; a false statement is an unsatisfied constraint
/// ([`TranscriptError`](zktorch_transcript::TranscriptError)) that is found before anything is sent.
pub fn prove(
    srs: &Srs,
    statement: &Statement<'_>,
    witness: &Witness<'_>,
    private: &Private<'_>,
    nonce: Nonce,
) -> Result<NetworkProof, BlockError> {
    open(messages(srs, statement, witness, private, None, nonce)?, statement)
}

/// Mask, close, open.
fn open(
    (channel, Reduced { v, h, accumulated }): (HiddenProver<'_>, Reduced),
    statement: &Statement<'_>,
) -> Result<NetworkProof, BlockError> {
    let _span = tracing::info_span!("close").entered();
    let argument = Argument { statement, v: &v, h: &h };
    let hidden = zktorch_channel::prove(channel, &argument, vec![accumulated])?;
    Ok(NetworkProof { v: ChunkCommitments(v), h: ChunkCommitments(h), hidden })
}

/// [`prove`] without the opening: what is left is a leaf, with its (masked) witness, for an [`Accumulator`](super::Accumulator).
///
/// # Errors
/// Those of [`prove`].
pub fn prove_deferred(
    srs: &Srs,
    statement: &Statement<'_>,
    witness: &Witness<'_>,
    private: &Private<'_>,
    nonce: Nonce,
) -> Result<(DeferredProof, Leaf, OpeningWitness), BlockError> {
    let (channel, Reduced { v, h, accumulated }) = messages(srs, statement, witness, private, None, nonce)?;
    let _span = tracing::info_span!("close").entered();
    let argument = Argument { statement, v: &v, h: &h };
    let (hidden, leaf, opening) = zktorch_channel::defer(channel, &argument, vec![accumulated])?;
    Ok((NetworkProof { v: ChunkCommitments(v), h: ChunkCommitments(h), hidden }, leaf, opening))
}

/// All messages of the protocol.
fn messages<'s>(
    srs: &'s Srs,
    statement: &Statement<'_>,
    witness: &Witness<'_>,
    private: &Private<'_>,
    sorted: Option<Vec<Sorted>>,
    nonce: Nonce,
) -> Result<(HiddenProver<'s>, Reduced), BlockError> {
    let mut channel = HiddenProver::new(
        srs,
        statement.transcript(),
        statement.network().row_columns(),
        &[private.secret],
        nonce,
    )?;
    let mut rng = channel.rng();
    let counts = statement.network().proof_chunks();
    let blinds = counts.map(|count| (0..count).map(|_| Blind::random(&mut rng)).collect::<Vec<_>>());
    let reduced = reduce(&mut channel, srs, statement, (witness, sorted), private, &blinds)?;
    Ok((channel, reduced))
}

/// What the prover holds when all claims are one.
pub(crate) struct Reduced {
    pub(crate) v: Vec<Commitment>,
    pub(crate) h: Vec<Commitment>,
    pub(crate) accumulated: (OpeningInstance<Fr>, OpeningWitness),
}

/// Steps 2 to 7 of the protocol, over any channel. `sorted` are the looked-up columns in buckets, if they are known; `blinds` are
/// those of V and H.
pub(crate) fn reduce<P: ProverChannel>(
    channel: &mut P,
    srs: &Srs,
    statement: &Statement<'_>,
    (witness, sorted): (&Witness<'_>, Option<Vec<Sorted>>),
    private: &Private<'_>,
    [v_blinds, h_blinds]: &[Vec<Blind>; 2],
) -> Result<Reduced, BlockError> {
    let network = statement.network();
    check_length("log2 of the size of the SRS", network.k(), srs.k())?;
    private.check(network)?;

    // V; alpha, beta.
    let span = (tracing::info_span!("commit V").entered(), COMMIT.enter());
    let sorted = sorted.map_or_else(|| sort(srs, network, witness), Ok)?;
    let mut committed = Committed::new(srs, network, witness, sorted, v_blinds)?;
    let [alpha, beta] = draw_lookup_challenges(channel.transcript(), &committed.v);
    drop(span);

    // H; the point r, of which z is a suffix.
    let span = (tracing::info_span!("commit H").entered(), COMMIT.enter());
    let mut inverses = Inverses::new(srs, network, witness, &mut committed, [alpha, beta], h_blinds)?;
    let r = draw_relation_point(channel.transcript(), network, &inverses.h);
    let z = last(&r, network.k())?.to_vec();
    drop(span);

    // The values of all relations at r; what the lookups need before lambda.
    let span = (tracing::info_span!("relations").entered(), stages::RELATIONS.enter());
    let sums = inverses.sums.clone();
    let mut answers = Answers::new(statement, witness, &sums);
    let mut ledger = Ledger::new(statement);
    ledger.drawn.draw(Stage::Relations, &r)?;
    let opening: [&dyn Member<'_, Fr>; 2] = [&Relations { network }, &Sums { network }];
    finish(channel, RELATION_VALUES, &opening, &[], &mut answers, &mut ledger)?;
    let lambda = draw_sum_weight(channel.transcript());
    drop(span);

    // Sumcheck A.
    let span = (tracing::info_span!("sumcheck A").entered(), stages::SUMCHECK_A.enter());
    // What was sorted and evaluated is not needed any more.
    give_back();
    let challenges = Challenges { alpha, beta, lambda, z };
    let lookups = Lookups::new(network, &challenges, &mut ledger)?;
    let tables = Tables::new(network, &challenges, &mut ledger)?;
    let contractions = Contractions::new(network, &mut ledger);
    let mut factors = std::mem::take(&mut answers.contracts);
    let queries = inverses.take_queries();
    let mut instances = committed.instances(network, witness, &inverses, &challenges)?;
    instances.extend(inverses.table_instances(queries, &challenges, &Member::<Fr>::statements(&tables))?);
    instances.extend(products(&contractions.claims, &mut factors, &ledger.drawn)?);
    let members: [&dyn Member<'_, Fr>; 3] = [&lookups, &tables, &contractions];
    sum(channel, (Stage::A, [SUMCHECK_A, A_VALUES]), &members, instances, &mut answers, &mut ledger)?;
    drop(factors);
    let inverses = inverses.centred(network);
    drop(span);

    // Sumcheck B.
    let reindexings = Reindexings::new(network, &mut ledger);
    if !reindexings.claims.is_empty() {
        let _span = (tracing::info_span!("sumcheck B").entered(), stages::SUMCHECK_B.enter());
        give_back();
        let factors = std::mem::take(&mut answers.reindexes);
        check_length("factors of reindexings", reindexings.claims.len(), factors.len())?;
        let mut instances: Vec<Box<dyn SumcheckInstance + '_>> = Vec::new();
        for (claim, [tensor, weights]) in reindexings.claims.iter().zip(factors) {
            instances.push(Box::new(Product::new(tensor, weights, claim.value)?));
        }
        sum(
            channel,
            (Stage::B, [SUMCHECK_B, B_VALUES]),
            &[&reindexings],
            instances,
            &mut answers,
            &mut ledger,
        )?;
    }

    // All claims into one.
    let _span = (tracing::info_span!("mira").entered(), stages::MIRA.enter());
    let blinds = private.weights.iter().chain(private.io[0]).chain(private.io[1]);
    let commitments =
        statement.commitments().chain(committed.v.iter().copied()).chain(inverses.h.iter().copied());
    let inverse_columns = inverses.columns(network, witness, &committed)?;
    let cells = witness.chunks(network).map(MiraColumn::from).chain(inverse_columns);
    let opened: Vec<Chunk<'_>> = (cells.zip(commitments).zip(blinds.chain(v_blinds).chain(h_blinds)))
        .map(|((column, commitment), blind)| Chunk { column, commitment, blind })
        .collect();
    check_length("chunks", network.chunks().total, opened.len())?;
    let (plan, points) =
        ledger.claims.plan(network.chunks().total, &network.chunks().quiet, &ledger.drawn)?;
    let claims =
        levels::Statement { plan: &plan, coefficients: &ledger.claims.coefficients, points: &points };
    let accumulated = levels::prove(channel, &claims, &opened, &ledger.claims.values)?;
    Ok(Reduced { v: committed.v, h: inverses.h, accumulated })
}

/// The instances of contractions: field elements are taken out of the factors, integers stay there.
fn products<'a>(
    claims: &[ContractClaim<'_, Fr>],
    factors: &'a mut [Option<Factors>],
    drawn: &Drawn,
) -> Result<Vec<Box<dyn SumcheckInstance + 'a>>, BlockError> {
    check_length("factors of contractions", claims.len(), factors.len())?;
    let mut instances: Vec<Box<dyn SumcheckInstance + 'a>> = Vec::new();
    for (claim, factors) in claims.iter().zip(factors) {
        let Some(Factors { a, b }) = factors else {
            instances.push(Box::new(ZeroSum::new(claim.axes.num_vars, claim.axes.degree())));
            continue;
        };
        let [a, b] = [a, b].map(|values| match values {
            Operand::Small(values) => Evaluations::from(values.as_slice()),
            Operand::Field(values) => std::mem::take(values).into(),
        });
        instances.push(if claim.axes.batch_vars > 0 {
            Box::new(EqProduct::new(&drawn.coords(&claim.batch_point()?)?, a, b, claim.value)?)
        } else {
            Box::new(Product::new(a, b, claim.value)?)
        });
    }
    Ok(instances)
}

/// A sumcheck over the statements of members, and their end.
fn sum<'a, P: ProverChannel>(
    channel: &mut P,
    (stage, [rounds, values]): (Stage, [&'static [u8]; 2]),
    members: &[&dyn Member<'a, Fr>],
    mut instances: Vec<Box<dyn SumcheckInstance + '_>>,
    answers: &mut Answers<'_>,
    ledger: &mut Ledger<'a, Fr>,
) -> Result<(), BlockError> {
    // The verifier weights instances by what members say of them.
    let statements: Vec<_> = members.iter().flat_map(|member| member.statements()).collect();
    check_length("instances of a sumcheck", statements.len(), instances.len())?;
    for (statement, instance) in statements.iter().zip(&instances) {
        check_length("variables of an instance", statement.num_rounds, instance.num_rounds())?;
        check_length("degree of an instance", statement.degree, instance.degree())?;
    }
    let mut instances: Vec<&mut dyn SumcheckInstance> =
        instances.iter_mut().map(|instance| instance.as_mut() as &mut dyn SumcheckInstance).collect();
    let output = sumcheck::prove(channel, rounds, &mut instances)?;
    ledger.drawn.draw(stage, &output.point)?;
    finish(channel, values, members, &output.finals, answers, ledger)
}

/// Sends the values that members ask for, given the end of their sumcheck and what their instances came to, and has them write
/// down what is left to prove.
fn finish<'a, P: ProverChannel>(
    channel: &mut P,
    label: &'static [u8],
    members: &[&dyn Member<'a, Fr>],
    mut finals: &[Vec<Fr>],
    answers: &mut Answers<'_>,
    ledger: &mut Ledger<'a, Fr>,
) -> Result<(), BlockError> {
    let mut message = Vec::new();
    for member in members {
        let own = member.statements().len();
        check_length("instances of a member", own, finals.len().min(own))?;
        let (own, others) = finals.split_at(own);
        message.extend(answers.answer(&member.asks()?, own, &ledger.drawn)?);
        finals = others;
    }
    channel.send(label, &message)?;
    let mut values = Values::new(&message);
    for member in members {
        member.finish(&mut values, ledger)?;
    }
    values.end()
}
