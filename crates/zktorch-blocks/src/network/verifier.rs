//! The verifier of a network, over any channel.

use ark_ff::One;
use zktorch_commit::Commitment;
use zktorch_field::Fr;
use zktorch_mira::{OpeningInstance, levels};
use zktorch_sumcheck as sumcheck;
use zktorch_transcript::{Scalar, Transcript, VerifierChannel};

use super::Network;
use super::stages::{Reduction, Values, relation_point};
use super::statement::Argument;
use crate::BlockError;
use crate::linear::Slot;
use crate::lookup;
use crate::point::{Point, Stage};

/// Labels of the hidden messages.
pub(super) const RELATION_VALUES: &[u8] = b"relation values";
pub(super) const SUMCHECK_A: &[u8] = b"sumcheck A";
pub(super) const A_VALUES: &[u8] = b"values after A";
pub(super) const SUMCHECK_B: &[u8] = b"sumcheck B";
pub(super) const B_VALUES: &[u8] = b"values after B";

/// Absorbs V; alpha, beta.
pub(super) fn draw_lookup_challenges(transcript: &mut Transcript, v: &[Commitment]) -> [Fr; 2] {
    absorb(transcript, b"V", v);
    [transcript.challenge_scalar(b"alpha"), transcript.challenge_scalar(b"beta")]
}

/// Absorbs H; r.
pub(super) fn draw_relation_point(
    transcript: &mut Transcript,
    network: &Network,
    h: &[Commitment],
) -> Vec<Fr> {
    absorb(transcript, b"H", h);
    transcript.challenge_scalars(b"r", network.relation_vars())
}

/// lambda, after the sums of the inverse columns.
pub(super) fn draw_sum_weight(transcript: &mut Transcript) -> Fr {
    transcript.challenge_scalar(b"lambda")
}

fn absorb(transcript: &mut Transcript, label: &'static [u8], commitments: &[Commitment]) {
    let points: Vec<_> = commitments.iter().map(Commitment::point).collect();
    transcript.append_points(label, &points);
}

/// Steps 2 to 11 of the protocol.
pub(super) fn verify<C: VerifierChannel>(
    channel: &mut C,
    argument: &Argument<'_, '_>,
) -> Result<Vec<OpeningInstance<C::Scalar>>, BlockError> {
    let statement = argument.statement;
    let network = statement.network();
    let (k, chunks) = (network.k(), network.chunks());
    let looked_up = network.looked_up();
    let mut reduction: Reduction<'_, C::Scalar> = Reduction::new(statement);

    // 1. V; alpha, beta; H; the point r.
    let [alpha, beta] = draw_lookup_challenges(channel.transcript(), argument.v);
    let r = draw_relation_point(channel.transcript(), network, argument.h);
    let z = relation_point(&r, k);

    // 2. The values of all relations at r; the multiplicities at z; the sums of the inverse columns.
    let slots = network.relations().flat_map(|relation| relation.slots());
    let count = slots.filter(|(slot, _)| network.is_hidden(*slot)).count();
    let tables = chunks.multiplicities.count;
    let message = channel.receive(RELATION_VALUES, count + 2 * tables + looked_up.len())?;
    let mut values = Values::new(&message);
    for zero in reduction.relations(&r, &mut values)? {
        channel.enforce_zero("linear relation", zero)?;
    }
    let mut multiplicities = Vec::with_capacity(tables);
    for chunk in chunks.multiplicities.first..chunks.multiplicities.first + tables {
        let m = values.take()?;
        reduction.claims.chunk(chunk, &z, m.clone());
        multiplicities.push(m);
    }
    let mut sums = Vec::with_capacity(looked_up.len() + tables);
    let mut balance = C::Scalar::zero();
    for index in 0..looked_up.len() + tables {
        let sum = values.take()?;
        let sign = if index < looked_up.len() { Fr::one() } else { -Fr::one() };
        balance.add_scaled(&sum, sign);
        sums.push(sum);
    }
    channel.enforce_zero("lookup: sum h = sum h'", balance)?;
    let lambda = draw_sum_weight(channel.transcript());

    // 3. Sumcheck A: lookups, tables, contractions.
    let mut statements: Vec<sumcheck::Statement<C::Scalar>> =
        sums.iter().map(|sum| lookup::statement(k, sum.scale(lambda))).collect();
    for (statement, m) in statements.iter_mut().skip(looked_up.len()).zip(&multiplicities) {
        statement.claim.add_scaled(m, Fr::one());
    }
    statements.extend(reduction.contracts.iter().map(|contract| sumcheck::Statement {
        num_rounds: contract.axes.num_vars,
        degree: contract.axes.degree(),
        claim: contract.value.clone(),
    }));
    let reduced = sumcheck::verify(channel, SUMCHECK_A, &statements)?;

    // 4. The values at its end, and one product per instance.
    let contracts = std::mem::take(&mut reduction.contracts);
    let operands = |slots: &zktorch_graph::Linear| {
        slots.terms.iter().filter(|(_, view)| network.is_hidden(Slot::View(view))).count()
    };
    let lookups: usize = looked_up.iter().map(|chunk| 3 + usize::from(chunk.y.is_some())).sum();
    let contract_values: usize =
        contracts.iter().map(|c| operands(&c.contract.a) + operands(&c.contract.b) + 1).sum();
    let message = channel.receive(A_VALUES, lookups + tables + contract_values)?;
    let mut values = Values::new(&message);
    let mut finals = Vec::with_capacity(statements.len());
    let point = Point { coords: reduced.suffix(k).to_vec(), shared: Some(Stage::A) };
    let eq = sumcheck::eq_eval(&z.coords, &point.coords);
    for chunk in &looked_up {
        let x = values.take()?;
        let y = chunk.y.map(|_| values.take()).transpose()?;
        let (h, product) = (values.take()?, values.take()?);
        let mut a = C::Scalar::constant(alpha - network.tag_eval(chunk.arena, chunk.chunk, &point.coords));
        a.add_scaled(&x, -beta);
        reduction.claims.chunk(chunk.x, &point, x);
        if let (Some(y), Some(index)) = (y, chunk.y) {
            a.add_scaled(&y, -beta * beta);
            reduction.claims.chunk(index, &point, y);
        }
        channel.enforce_product("lookup: h (alpha - q)", h.clone(), a, product.clone())?;
        finals.push(lookup::final_value(eq, lambda, &h, &product));
        reduction.claims.chunk(chunk.h, &point, h);
    }
    for chunk in 0..tables {
        let h = values.take()?;
        let a = lookup::table_eval(network, chunk, alpha, beta, &point.coords)?;
        finals.push(h.scale(eq * a + lambda));
        reduction.claims.chunk(chunks.table_inverses.first + chunk, &point, h);
    }
    for contract in &contracts {
        let s = reduced.suffix(contract.axes.num_vars);
        let [a_point, b_point] = contract.operand_points(s);
        let a = reduction.linear(&contract.contract.a, &a_point, &mut values)?;
        let b = reduction.linear(&contract.contract.b, &b_point, &mut values)?;
        let product = values.take()?;
        channel.enforce_product("contraction: A B", a, b, product.clone())?;
        let batch = contract.batch_point();
        let eq = sumcheck::eq_eval(&batch, s.get(..batch.len()).unwrap_or_default());
        finals.push(product.scale(eq));
    }
    reduced.enforce(channel, "sumcheck A", &finals)?;

    // 5. Sumcheck B: reindexings.
    if !reduction.reindexes.is_empty() {
        let statements: Vec<sumcheck::Statement<C::Scalar>> = reduction
            .reindexes
            .iter()
            .map(|claim| sumcheck::Statement {
                num_rounds: claim.sum.num_vars,
                degree: 2,
                claim: claim.value.clone(),
            })
            .collect();
        let reduced = sumcheck::verify(channel, SUMCHECK_B, &statements)?;
        let hidden = reduction.reindexes.iter().filter(|claim| !network.is_public(claim.view.tensor)).count();
        let message = channel.receive(B_VALUES, hidden)?;
        let mut values = Values::new(&message);
        let mut finals = Vec::with_capacity(statements.len());
        for index in 0..statements.len() {
            let (weight, value) = reduction.source(index, &reduced.point, &mut values)?;
            finals.push(value.scale(weight));
        }
        reduced.enforce(channel, "sumcheck B", &finals)?;
    }

    // 6. All claims into one.
    let commitments: Vec<Commitment> =
        statement.commitments().chain(argument.v.iter().copied()).chain(argument.h.iter().copied()).collect();
    let (plan, points) = reduction.claims.plan(chunks.total)?;
    let claims = levels::Statement { plan: &plan, coefficients: &reduction.claims.coefficients, points };
    Ok(vec![levels::verify(channel, &claims, &commitments, &reduction.claims.values)?])
}

/// [`verify`] on the parts of a proof, for tests in the clear.
#[cfg(test)]
pub(crate) fn clear_verify<C: VerifierChannel>(
    channel: &mut C,
    statement: &super::Statement<'_>,
    v: &[Commitment],
    h: &[Commitment],
) -> Result<Vec<OpeningInstance<C::Scalar>>, BlockError> {
    verify(channel, &Argument { statement, v, h })
}
