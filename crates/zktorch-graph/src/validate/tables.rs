//! Tables: parameters, domains, values; and that computing them takes a bounded time.

use std::borrow::Cow;

use super::limits;
use super::rules::{At, check_interval, require, show};
use crate::{Function, Graph, GraphError, Interval, Table, TableId};

/// The values of the tables that are formulas: they take long enough to be computed once only.
#[derive(Clone, Debug, Default)]
pub struct TableValues(Vec<Option<Vec<i32>>>);

impl TableValues {
    /// The values of a table of the graph that these are from; computed here if they are not among them.
    ///
    /// # Panics
    /// If the graph has no such table.
    pub fn of(&self, graph: &Graph, id: TableId) -> Cow<'_, [i32]> {
        match self.0.get(id.0 as usize) {
            Some(Some(values)) => Cow::Borrowed(values),
            _ => Cow::Owned(graph.table(id).values()),
        }
    }
}

/// What is known of all tables, by their numbers.
pub(super) struct Checked {
    /// What the values of each span.
    pub(super) images: Vec<Interval>,
    /// Whether it is `v -> [v < 0]`; of formulas only.
    pub(super) signs: Vec<Option<bool>>,
    /// The values of formulas.
    pub(super) values: TableValues,
}

/// Checks all tables. Every formula is evaluated on its whole domain once, so their work is bounded first.
pub(super) fn check(tables: &[Table]) -> Result<Checked, GraphError> {
    let (mut entries, mut work) = (0u64, 0u64);
    for (id, table) in tables.iter().enumerate() {
        check_parameters(table).at(|| format!("table {id}"))?;
        entries += table.domain.len() as u64;
        work += table.work();
    }
    let place = || "tables".to_owned();
    require(entries <= limits::TABLE_ENTRIES, "entries of all tables", "at most 2^24", entries).at(place)?;
    require(work <= limits::FORMULA_WORK, "work of all formulas", "at most 2^30", work).at(place)?;
    let mut checked = Checked { images: Vec::new(), signs: Vec::new(), values: TableValues::default() };
    for (id, table) in tables.iter().enumerate() {
        let values = matches!(table.function, Function::Formula { .. }).then(|| table.values());
        let image = match &values {
            Some(values) => span(values),
            None => table.image(),
        };
        let holds = -(1 << 16) <= image.lo && image.hi < 1 << 16;
        require(holds, "values of the function", "within [-2^16, 2^16)", show(image))
            .at(|| format!("table {id}"))?;
        let sign = |values: &Vec<i32>| (table.domain.lo..).zip(values).all(|(v, y)| *y == i32::from(v < 0));
        checked.images.push(image);
        checked.signs.push(values.as_ref().map(sign));
        checked.values.0.push(values);
    }
    Ok(checked)
}

/// The smallest interval that contains all values.
fn span(values: &[i32]) -> Interval {
    let lo = values.iter().copied().min().unwrap_or(0);
    Interval { lo, hi: values.iter().copied().max().unwrap_or(lo) }
}

fn check_parameters(table: &Table) -> Result<(), GraphError> {
    check_interval(table.domain, "domain")?;
    match table.function {
        Function::Relu => {}
        Function::LeakyRelu { shift, .. } => {
            require((1..=31).contains(&shift), "shift", "1 to 31", shift)?;
        }
        Function::Clip { lo, hi } => {
            require(lo <= hi, "bounds of the clip", "lo <= hi", format_args!("{lo}, {hi}"))?
        }
        Function::Formula { ref formula, input_scale, output_scale, lo, hi } => {
            let program = "a program of at most 64 instructions that leaves one number";
            // Not the formula itself: a key's may be of any length.
            let got = format_args!("{} instructions", formula.0.len()).to_string();
            require(formula.is_valid(), "formula", program, got)?;
            require(lo <= hi, "bounds of the formula", "lo <= hi", format_args!("{lo}, {hi}"))?;
            for (name, scale) in [("input scale", input_scale), ("output scale", output_scale)] {
                require(scale.unsigned_abs() <= 256, name, "-256 to 256", scale)?;
            }
        }
        Function::Values { first, ref values } => {
            let (lo, len) = (table.domain.lo, table.domain.len());
            let expected = format_args!("{len} from {lo} on, as the domain").to_string();
            let holds = (first, values.len()) == (lo, len);
            require(holds, "values", expected, format_args!("{} from {first} on", values.len()))?;
        }
        Function::Sigmoid { input_scale, output_scale } | Function::Tanh { input_scale, output_scale } => {
            for (name, scale) in [("input scale", input_scale), ("output scale", output_scale)] {
                require(scale.unsigned_abs() <= 32, name, "-32 to 32", scale)?;
            }
        }
    }
    Ok(())
}
