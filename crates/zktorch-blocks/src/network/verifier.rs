//! The verifier of a network, over any channel.

use zktorch_channel::Protocol;
use zktorch_commit::Commitment;
use zktorch_mira::{OpeningInstance, levels};
use zktorch_sumcheck as sumcheck;
use zktorch_transcript::{Transcript, VerifierChannel};

use super::ledger::{Ledger, Values};
use super::member::Member;
use super::members::{Contractions, Lookups, Reindexings, Relations, Sums, Tables};
use super::statement::Statement;
use super::transcript::{
    A_VALUES, B_VALUES, RELATION_VALUES, SUMCHECK_A, SUMCHECK_B, draw_lookup_challenges, draw_relation_point,
    draw_sum_weight,
};
use crate::BlockError;
use crate::lookup::Challenges;
use crate::point::{Stage, last};

/// The statement together with the commitments of a proof: what the channel runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument<'a, 's> {
    pub(crate) statement: &'a Statement<'s>,
    pub(crate) v: &'a [Commitment],
    pub(crate) h: &'a [Commitment],
}

impl Protocol for Argument<'_, '_> {
    type Error = BlockError;

    fn transcript(&self) -> Transcript {
        self.statement.transcript()
    }

    fn verify<C: VerifierChannel>(
        &self,
        channel: &mut C,
    ) -> Result<Vec<OpeningInstance<C::Scalar>>, BlockError> {
        verify(channel, self)
    }
}

/// Steps 2 to 7 of the protocol.
pub(super) fn verify<C: VerifierChannel>(
    channel: &mut C,
    argument: &Argument<'_, '_>,
) -> Result<Vec<OpeningInstance<C::Scalar>>, BlockError> {
    let Argument { statement, v, h } = *argument;
    let network = statement.network();

    // V; alpha, beta; H; the point r, of which z is a suffix.
    let [alpha, beta] = draw_lookup_challenges(channel.transcript(), v);
    let r = draw_relation_point(channel.transcript(), network, h);
    let z = last(&r, network.k())?.to_vec();

    // The values of all relations at r; what the lookups need before lambda.
    let mut ledger = Ledger::new(statement);
    ledger.drawn.draw(Stage::Relations, &r)?;
    let opening: [&dyn Member<'_, C::Scalar>; 2] = [&Relations { network }, &Sums { network }];
    tracing::info_span!("relations").in_scope(|| finish(channel, RELATION_VALUES, &opening, &mut ledger))?;
    let lambda = draw_sum_weight(channel.transcript());

    // Sumcheck A.
    let challenges = Challenges { alpha, beta, lambda, z };
    let lookups = Lookups::new(network, &challenges, &mut ledger)?;
    let tables = Tables::new(network, &challenges, &mut ledger)?;
    let contractions = Contractions::new(network, &mut ledger);
    let members: [&dyn Member<'_, C::Scalar>; 3] = [&lookups, &tables, &contractions];
    sum(channel, Stage::A, [SUMCHECK_A, A_VALUES], "sumcheck A", &members, &mut ledger)?;

    // Sumcheck B.
    let reindexings = Reindexings::new(network, &mut ledger);
    if !reindexings.claims.is_empty() {
        sum(channel, Stage::B, [SUMCHECK_B, B_VALUES], "sumcheck B", &[&reindexings], &mut ledger)?;
    }

    // All claims into one.
    let commitments: Vec<Commitment> = statement.commitments().chain(v.iter().chain(h).copied()).collect();
    let (plan, points) = tracing::info_span!("fold plan")
        .in_scope(|| ledger.claims.plan(network.chunks().total, &network.chunks().quiet, &ledger.drawn))?;
    let _span = tracing::info_span!("levels").entered();
    let claims =
        levels::Statement { plan: &plan, coefficients: &ledger.claims.coefficients, points: &points };
    Ok(vec![levels::verify(channel, &claims, &commitments, &ledger.claims.values)?])
}

/// A sumcheck over the statements of members, and their end.
#[track_caller]
fn sum<'a, C: VerifierChannel>(
    channel: &mut C,
    stage: Stage,
    [rounds, values]: [&'static [u8]; 2],
    residual: &'static str,
    members: &[&dyn Member<'a, C::Scalar>],
    ledger: &mut Ledger<'a, C::Scalar>,
) -> Result<(), BlockError> {
    let _span = tracing::info_span!("sumcheck", residual).entered();
    let statements: Vec<_> = members.iter().flat_map(|member| member.statements()).collect();
    let reduced = sumcheck::verify(channel, rounds, &statements)?;
    ledger.drawn.draw(stage, &reduced.point)?;
    let finals = finish(channel, values, members, ledger)?;
    Ok(reduced.enforce(channel, residual, &finals)?)
}

/// Receives the values that members ask for, and enforces what they say of them; the values of their instances.
fn finish<'a, C: VerifierChannel>(
    channel: &mut C,
    label: &'static [u8],
    members: &[&dyn Member<'a, C::Scalar>],
    ledger: &mut Ledger<'a, C::Scalar>,
) -> Result<Vec<C::Scalar>, BlockError> {
    let mut count = 0;
    for member in members {
        count += member.asks()?.len();
    }
    let message = channel.receive(label, count)?;
    let mut values = Values::new(&message);
    let mut finals = Vec::new();
    for member in members {
        finals.extend(member.finish(&mut values, ledger)?);
    }
    values.end()?;
    ledger.enforce(channel)?;
    Ok(finals)
}

/// [`verify`] on the parts of a proof, for tests in the clear.
#[cfg(test)]
pub(crate) fn clear_verify<C: VerifierChannel>(
    channel: &mut C,
    statement: &Statement<'_>,
    v: &[Commitment],
    h: &[Commitment],
) -> Result<Vec<OpeningInstance<C::Scalar>>, BlockError> {
    verify(channel, &Argument { statement, v, h })
}
