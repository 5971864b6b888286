//! From scores to what regressors and classifiers return.

use zktorch_graph::{Binary, Formula, Unary};

use crate::Result;
use crate::ops::Context;
use crate::program::{AxisMatrix, Id, Kind};

/// The labels of classes: an attribute of integers, or one of strings, of which only the number is used.
pub(super) struct Labels {
    pub(super) count: usize,
    ints: Option<Vec<i32>>,
}

impl Labels {
    pub(super) fn read(cx: &Context<'_>, ints: &str, strings: &str) -> Result<Self> {
        if let Some(list) = cx.ints(ints)?.filter(|list| !list.is_empty()) {
            let small = list.iter().map(|label| i32::try_from(*label).ok()).collect::<Option<Vec<_>>>();
            let small = small.ok_or_else(|| {
                cx.error(format!("attribute {ints}"), "integers of 32 bits", format!("{list:?}"))
            })?;
            return Ok(Self { count: small.len(), ints: Some(small) });
        }
        match cx.strings(strings)?.filter(|list| !list.is_empty()) {
            Some(list) if cx.wants(0) => {
                let got = format!("{} strings, which no number stands for", list.len());
                Err(cx.error("output 0 (labels)", "integers", got))
            }
            Some(list) => Ok(Self { count: list.len(), ints: None }),
            None => Err(cx.error(format!("attribute {ints}"), "the labels of the classes", "none")),
        }
    }

    /// The label of the largest score of each row, the first one of equal ones.
    pub(super) fn of(&self, cx: &mut Context<'_>, scores: Id) -> Id {
        let count = self.count;
        let rows = cx.dims(scores)[0];
        // Every pair i < j: whether j beats i.
        let pairs: Vec<(usize, usize)> =
            (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j))).collect();
        let entries = pairs.iter().enumerate();
        let entries = entries.flat_map(|(p, (i, j))| [(p as u32, *i as u32, 1), (p as u32, *j as u32, -1)]);
        let difference = cx.b.map(scores, 1, AxisMatrix::new(pairs.len(), entries.collect(), 1));
        let beaten = cx.b.function(difference, negative(), Kind::Bool);
        let beaten = cx.b.cast(beaten, Kind::Int);
        // Class i loses against later ones that beat it and wins against earlier ones that it beats: zero if
        // it wins always.
        let entries = pairs.iter().enumerate();
        let entries = entries.flat_map(|(p, (i, j))| [(*i as u32, p as u32, -1), (*j as u32, p as u32, 1)]);
        let balance = cx.b.map(beaten, 1, AxisMatrix::new(count, entries.collect(), 1));
        let earlier = cx.constant_ints(&[count], |i| i as i64);
        let balance = cx.b.sub(balance, earlier);
        let first = cx.b.function(balance, Formula::argument().then(Unary::IsZero), Kind::Bool);
        let first = cx.b.cast(first, Kind::Int);
        let labels = self.ints.clone().unwrap_or_else(|| (0..count as i32).collect());
        let entries = labels.iter().enumerate().map(|(i, label)| (0, i as u32, *label)).collect();
        let label = cx.b.map(first, 1, AxisMatrix::new(1, entries, 1));
        cx.b.reshape(label, &[rows])
    }

    /// The second of two labels where a score [N, 1] is above a threshold, else the first.
    pub(super) fn above(&self, cx: &mut Context<'_>, score: Id, threshold: f64) -> Id {
        let rows = cx.dims(score)[0];
        let score = cx.b.reshape(score, &[rows]);
        let difference = cx.b.scale(score, -1.0);
        let difference = cx.b.offset(difference, threshold);
        let bit = cx.b.function(difference, negative(), Kind::Bool);
        let bit = cx.b.cast(bit, Kind::Int);
        let label = |index: usize| {
            self.ints.as_ref().and_then(|list| list.get(index)).map_or(index as f64, |l| (*l).into())
        };
        let label = (label(0), label(1));
        let scaled = cx.b.scale(bit, label.1 - label.0);
        cx.b.offset(scaled, label.0)
    }
}

fn negative() -> Formula {
    Formula::argument().with_constant(Binary::Less, 0.0)
}

/// The transformation of the scores [N, E] that an attribute names.
pub(super) fn transform(cx: &mut Context<'_>, scores: Id, name: &str) -> Result<Id> {
    match name {
        "NONE" => Ok(scores),
        "LOGISTIC" => Ok(cx.b.function(scores, Formula::argument().then(Unary::Sigmoid), Kind::Float)),
        "SOFTMAX" => Ok(cx.b.softmax(scores, &[1])),
        other => Err(cx.error("attribute post_transform", "NONE, LOGISTIC or SOFTMAX", other)),
    }
}

/// Two columns: of a class and of its opposite.
pub(super) fn two_columns(cx: &mut Context<'_>, score: Id, name: &str, sums_to_one: bool) -> Result<Id> {
    let opposite = cx.b.scale(score, -1.0);
    if sums_to_one {
        let opposite = cx.b.offset(opposite, 1.0);
        return Ok(cx.b.concat(&[opposite, score], 1));
    }
    let both = cx.b.concat(&[opposite, score], 1);
    transform(cx, both, name)
}
