//! Det, of small matrices, by Laplace's expansion.

use super::Context;
use crate::Result;
use crate::program::Id;

/// Laplace's expansion has n! terms.
const MAX_ROWS: usize = 4;

/// The determinants of the matrices in the last two axes.
pub(super) fn det(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let (batch, rows) = match &dims[..] {
        [batch @ .., rows, columns] if rows == columns && (1..=MAX_ROWS).contains(rows) => {
            (batch.to_vec(), *rows)
        }
        _ => {
            let expected = format!("square matrices of at most {MAX_ROWS} rows");
            return Err(cx.error("input 0", expected, format!("extents {dims:?}")));
        }
    };
    let entry = |cx: &mut Context<'_>, row: usize, column: usize| {
        let line = cx.b.slice(x, batch.len(), row, 1);
        let entry = cx.b.slice(line, batch.len() + 1, column, 1);
        cx.b.reshape(entry, &batch)
    };
    // Minors of the last rows, by the set of their columns: each is made once, from those with a row less.
    let mut minors: Vec<Option<Id>> = vec![None; 1 << rows];
    for columns in 1usize..1 << rows {
        let row = rows - columns.count_ones() as usize;
        let mut terms = Vec::new();
        let mut sign = 1.0;
        for column in (0..rows).filter(|column| columns >> column & 1 == 1) {
            let entry = entry(cx, row, column);
            let minor = minors[columns & !(1 << column)];
            terms.push((sign, minor.map_or(entry, |minor| cx.b.mul(entry, minor))));
            sign = -sign;
        }
        minors[columns] = Some(cx.b.sum(&terms));
    }
    match minors.last().copied().flatten() {
        Some(det) => Ok(vec![det]),
        None => Err(cx.error("input 0", "a matrix", "none")),
    }
}
