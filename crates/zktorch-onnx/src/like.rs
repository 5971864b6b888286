//! The numbers of one model for another one: the same model with other extents.
//!
//! Scales follow from what samples have shown of every value. A model that is compiled with what the samples of another
//! one have shown has the same scales, and so the same integers for the weights that both have: their commitments can be
//! shared. Values are told by their names, and those of one name (an operator's result, and the parts that come before
//! it) by their order.

use std::collections::BTreeMap;

use crate::calibrate::{Seen, Statistics};
use crate::expand::Expansion;
use crate::model::Model;
use crate::program::{Id, Program};
use crate::{OnnxError, Options, Result};

/// What the samples of a model have shown of its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known(BTreeMap<String, Vec<Seen>>);

impl Known {
    /// Of a model that was compiled with these options; `seen` is what its samples have shown
    /// ([`Compiled::seen`](crate::Compiled::seen)).
    ///
    /// # Errors
    /// Those of decoding the model.
    pub fn new(bytes: &[u8], options: &Options, seen: &[Seen]) -> Result<Self> {
        let program = Expansion::survey(Model::decode(bytes, options)?, options).into_program(options)?;
        if seen.len() < program.values.len() {
            return Err(OnnxError::Model {
                field: "what a former compilation has seen",
                expected: format!("those of {} values", program.values.len()),
                got: seen.len().to_string(),
            });
        }
        let mut known = BTreeMap::new();
        for (name, ids) in by_name(&program) {
            let seen = ids.iter().filter_map(|id| seen.get(id.0).copied());
            known.insert(name.to_owned(), seen.collect());
        }
        Ok(Self(known))
    }

    /// Puts it in the place of what other samples have shown: of all values of a name, if there are as many; of the last
    /// one, the operator's result, if an operator has other parts. Gives back how many values are told.
    pub(crate) fn tell(&self, program: &Program, statistics: &mut Statistics) -> usize {
        let mut told = 0;
        for (name, ids) in by_name(program) {
            let Some(known) = self.0.get(name) else { continue };
            let first = if known.len() == ids.len() { 0 } else { ids.len() - 1 };
            let last = known.len().saturating_sub(ids.len() - first);
            // What no sample of the other model has reached says nothing.
            for (id, seen) in
                ids[first..].iter().zip(&known[last..]).filter(|(_, seen)| **seen != Seen::default())
            {
                statistics.set(*id, *seen);
                told += 1;
            }
        }
        told
    }
}

/// The values that are computed, by their names: constants have no scales that other values depend on.
fn by_name(program: &Program) -> BTreeMap<&str, Vec<Id>> {
    let mut names: BTreeMap<&str, Vec<Id>> = BTreeMap::new();
    for (index, value) in program.values.iter().enumerate().filter(|(_, value)| value.constant.is_none()) {
        names.entry(&*value.name).or_default().push(Id(index));
    }
    names
}
