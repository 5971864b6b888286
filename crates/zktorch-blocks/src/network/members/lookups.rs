//! The inverse columns of looked-up chunks.

use zktorch_field::Fr;
use zktorch_sumcheck::{self as sumcheck, eq_eval};
use zktorch_transcript::Scalar;

use super::super::chunks::LookedUp;
use super::super::description::Network;
use super::super::ledger::{Ledger, Values};
use super::super::member::{Ask, Member};
use crate::BlockError;
use crate::lookup::{self, Challenges};
use crate::point::{Point, Stage};

/// Per looked-up chunk `h (alpha - q) = 1` on its cells, and the sum of h. At the end x, y (of functions), h and the product, which
/// is one constraint; all but the product are claimed, h of the centred column.
pub(in super::super) struct Lookups<'a, S> {
    network: &'a Network,
    chunks: Vec<LookedUp>,
    challenges: &'a Challenges,
    /// Tag and w of every lookup table.
    centres: Vec<[Fr; 2]>,
    sums: Vec<S>,
}

impl<'a, S: Scalar> Lookups<'a, S> {
    /// With the sums that [`Sums`](super::Sums) left.
    pub(in super::super) fn new(
        network: &'a Network,
        challenges: &'a Challenges,
        ledger: &mut Ledger<'a, S>,
    ) -> Result<Self, BlockError> {
        let centres = lookup::centres(network, [challenges.alpha, challenges.beta])?;
        let sums = std::mem::take(&mut ledger.inverse_sums);
        Ok(Self { network, chunks: network.looked_up(), challenges, centres, sums })
    }
}

impl<'a, S: Scalar> Member<'a, S> for Lookups<'a, S> {
    fn statements(&self) -> Vec<sumcheck::Statement<S>> {
        let claims = self.sums.iter().map(|sum| sum.scale(self.challenges.lambda));
        claims.map(|claim| lookup::statement(self.network.k(), claim)).collect()
    }

    fn asks(&self) -> Result<Vec<Ask<'a>>, BlockError> {
        let point = Point::suffix(Stage::A, self.network.k());
        let mut asks = Vec::new();
        for (instance, chunk) in self.chunks.iter().enumerate() {
            asks.push(Ask::Chunk(chunk.x, point.clone()));
            asks.extend(chunk.y.map(|y| Ask::Chunk(y, point.clone())));
            asks.extend([Ask::Factor(instance), Ask::Product(instance)]);
        }
        Ok(asks)
    }

    fn finish(&self, values: &mut Values<'_, S>, ledger: &mut Ledger<'a, S>) -> Result<Vec<S>, BlockError> {
        let Challenges { alpha, beta, lambda, z } = self.challenges;
        let point = Point::suffix(Stage::A, self.network.k());
        let coords = ledger.drawn.coords(&point)?;
        let eq = eq_eval(z, &coords);
        let mut finals = Vec::with_capacity(self.chunks.len());
        for chunk in &self.chunks {
            let lies = (chunk.arena, chunk.chunk);
            let [tag, centre] = self.network.eval_by_table(lies, &self.centres, &coords)?;
            let mut a = S::constant(*alpha - tag);
            let x = values.take()?;
            a.add_scaled(&x, -*beta);
            ledger.claims.chunk(chunk.x, &point, x);
            if let Some(index) = chunk.y {
                let y = values.take()?;
                a.add_scaled(&y, -*beta * beta);
                ledger.claims.chunk(index, &point, y);
            }
            let (h, product) = (values.take()?, values.take()?);
            ledger.product("lookup: h (alpha - q)", h.clone(), a, product.clone());
            finals.push(lookup::final_value(eq, *lambda, &h, &product));
            let mut committed = h;
            committed.add_scaled(&S::constant(centre), -Fr::from(1u64));
            ledger.claims.chunk(chunk.h, &point, committed);
        }
        Ok(finals)
    }
}
