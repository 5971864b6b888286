//! The numbers of one model for another one: the same model with other extents.
//!
//! Scales follow from what samples have shown of every value. A model that is compiled with what the samples of another
//! one have shown has the same scales, and so the same integers for the weights that both have: their commitments can be
//! shared. Values are told by their names, and those of one name by their order.

use std::collections::BTreeMap;

use crate::calibrate::Seen;
use crate::expand::Expansion;
use crate::model::Model;
use crate::program::Program;
use crate::{OnnxError, Options, Result};

/// What the samples of another model have shown, as that of this model's values: `of` is what they have shown of every
/// value of the other one ([`Compiled::seen`](crate::Compiled::seen)).
///
/// # Errors
/// Those of decoding either model; [`OnnxError::Unlike`] if this one computes something that the other one does not.
pub fn seen_like(
    (bytes, options): (&[u8], &Options),
    (other, other_options): (&[u8], &Options),
    of: &[Seen],
) -> Result<Vec<Seen>> {
    let program = |bytes: &[u8], options: &Options| -> Result<Program> {
        Expansion::survey(Model::decode(bytes, options)?, options).into_program(options)
    };
    let other = program(other, other_options)?;
    let names = names(&other);
    let known: BTreeMap<(&str, usize), Seen> = names.into_iter().zip(of.iter().copied()).collect();
    let own = program(bytes, options)?;
    let seen = self::names(&own).into_iter().zip(&own.values).map(|(name, value)| {
        let found = known.get(&name).copied().or_else(|| value.constant.is_some().then(Seen::default));
        found.ok_or_else(|| OnnxError::Unlike { value: name.0.to_owned() })
    });
    seen.collect()
}

/// The name of every value that is computed, and how many of the same name come before it; constants have none of
/// their own: which there are depends on extents.
fn names(program: &Program) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    let names = program.values.iter().map(|value| {
        let count = counts.entry((&*value.name, value.constant.is_some())).or_default();
        *count += 1;
        // Constants count from the other end, so that none is taken for a value.
        let number = if value.constant.is_some() { usize::MAX - *count } else { *count };
        (&*value.name, number)
    });
    names.collect()
}
