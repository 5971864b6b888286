//! Views of views are views: the product of two factorised linear maps.

use crate::{AxisMap, Entry, Factor, GraphError, Shape, View};

/// Largest number of entries of one sparse factor that composition may produce.
const MAX_ENTRIES: usize = 1 << 26;

impl View {
    /// The view of this view: `(G F) T` for this view `F T` and a linear map G from its axes to the axes of `shape`, given by
    /// its factors. `source` is the shape of the tensor.
    ///
    /// Factors of F and G that share axes are multiplied; those that meet only identities stay as they are (a window of a
    /// transposed axis is a window), all others become one [`AxisMap::Sparse`] over all axes involved. Factors of G must
    /// cover every axis of this view and of `shape` once, and fit these shapes.
    ///
    /// # Errors
    /// [`GraphError::Invalid`] if a coefficient overflows, a factor would have more than 2^26 entries, or the factors do not
    /// cover the axes.
    pub fn then(&self, source: &Shape, shape: Shape, factors: &[Factor]) -> Result<Self, GraphError> {
        let middle = self.shape.rank();
        let mut maker = vec![None; middle];
        for (index, factor) in self.factors.iter().enumerate() {
            for axis in &factor.out {
                *maker.get_mut(*axis as usize).ok_or_else(|| invalid("axis in range", *axis))? = Some(index);
            }
        }
        // Connected components of the graph of factors (first those of F, then those of G) that share an axis.
        let first = self.factors.len();
        let mut group: Vec<usize> = (0..first + factors.len()).collect();
        let mut covered = vec![false; middle];
        for (index, factor) in factors.iter().enumerate() {
            for axis in &factor.src {
                let made = maker.get(*axis as usize).copied().flatten();
                let made = made.ok_or_else(|| invalid("source axis of one factor", *axis))?;
                if std::mem::replace(&mut covered[*axis as usize], true) {
                    return Err(invalid("source axis of one factor only", *axis));
                }
                let (a, b) = (root(&group, made), root(&group, first + index));
                group[a.max(b)] = a.min(b);
            }
        }
        if let Some(axis) = covered.iter().position(|covered| !covered) {
            return Err(invalid("every axis in a factor", axis));
        }
        let mut composed = Vec::new();
        let mut scalar = 1i64;
        for leader in (0..group.len()).filter(|index| root(&group, *index) == *index) {
            let members = |range: std::ops::Range<usize>| {
                range.filter(|index| root(&group, *index) == leader).collect::<Vec<_>>()
            };
            let f: Vec<&Factor> = members(0..first).into_iter().map(|index| &self.factors[index]).collect();
            let g: Vec<&Factor> =
                members(first..group.len()).into_iter().map(|index| &factors[index - first]).collect();
            let factor = product(&f, &g, source, &self.shape, &shape)?;
            match &factor.map {
                // No axes left (a broadcast that was summed up): a number.
                AxisMap::Sparse(entries) if factor.src.is_empty() && factor.out.is_empty() => {
                    let coeff = entries.first().map_or(0, |entry| i64::from(entry.coeff));
                    scalar =
                        scalar.checked_mul(coeff).ok_or_else(|| invalid("coefficients of 32 bits", coeff))?;
                }
                _ => composed.push(factor),
            }
        }
        if scalar != 1 {
            multiply(&mut composed, scalar, &shape)?;
        }
        Ok(Self { tensor: self.tensor, shape, factors: composed })
    }
}

fn invalid(rule: &'static str, got: impl ToString) -> GraphError {
    GraphError::Invalid {
        place: "composition of views".into(),
        rule,
        expected: "maps that fit each other".into(),
        got: got.to_string(),
    }
}

fn root(group: &[usize], mut index: usize) -> usize {
    while group[index] != index {
        index = group[index];
    }
    index
}

/// The product of the tensor products of `g` and `f`, which share all their middle axes.
fn product(
    f: &[&Factor],
    g: &[&Factor],
    source: &Shape,
    middle: &Shape,
    target: &Shape,
) -> Result<Factor, GraphError> {
    let identity = |factors: &[&Factor]| factors.iter().all(|factor| factor.map == AxisMap::Identity);
    // Identities only rename axes. F: the one factor of G may be any (and the other way round).
    if let (true, [only]) = (identity(f), g) {
        let rename = |axis: &u32| f.iter().find(|factor| factor.out[0] == *axis).map(|factor| factor.src[0]);
        let src = only.src.iter().filter_map(rename).collect();
        return Ok(Factor { src, out: only.out.clone(), map: only.map.clone() });
    }
    if let (true, [only]) = (identity(g), f) {
        let rename = |axis: &u32| g.iter().find(|factor| factor.src[0] == *axis).map(|factor| factor.out[0]);
        let out = only.out.iter().filter_map(rename).collect();
        return Ok(Factor { src: only.src.clone(), out, map: only.map.clone() });
    }
    let src: Vec<u32> = f.iter().flat_map(|factor| factor.src.iter().copied()).collect();
    let out: Vec<u32> = g.iter().flat_map(|factor| factor.out.iter().copied()).collect();
    // F as the list of its rows, in the order of middle axes in which G's factors read them.
    let order: Vec<u32> = g.iter().flat_map(|factor| factor.src.iter().copied()).collect();
    let f_out: Vec<u32> = f.iter().flat_map(|factor| factor.out.iter().copied()).collect();
    let mut rows = vec![(0u64, 0u64, 1i64)];
    for factor in f {
        let (row_vars, column_vars) = (bits(middle, &factor.out)?, bits(source, &factor.src)?);
        rows = kronecker(&rows, &entries(factor, source, middle)?, row_vars, column_vars)?;
    }
    for row in &mut rows {
        row.0 = reorder(row.0, &f_out, &order, middle)?;
    }
    rows.sort_unstable();
    let mut columns = vec![(0u64, 0u64, 1i64)];
    for factor in g {
        let (row_vars, column_vars) = (bits(target, &factor.out)?, bits(middle, &factor.src)?);
        columns = kronecker(&columns, &entries(factor, middle, target)?, row_vars, column_vars)?;
    }
    let mut result: Vec<(u64, u64, i64)> = Vec::new();
    for (out_index, middle_index, coeff) in columns {
        let start = rows.partition_point(|row| row.0 < middle_index);
        for (_, src_index, other) in rows[start..].iter().take_while(|row| row.0 == middle_index) {
            let coeff = coeff.checked_mul(*other).ok_or_else(|| invalid("coefficients of 32 bits", coeff))?;
            result.push((out_index, *src_index, coeff));
        }
        if result.len() > MAX_ENTRIES {
            return Err(invalid("at most 2^26 entries", result.len()));
        }
    }
    Ok(simplify(Factor { src, out, map: AxisMap::Sparse(collect(result)?) }, source, target))
}

/// A sparse matrix that is the identity, as such.
fn simplify(factor: Factor, source: &Shape, target: &Shape) -> Factor {
    let AxisMap::Sparse(entries) = &factor.map else { return factor };
    let ([src], [out]) = (&factor.src[..], &factor.out[..]) else { return factor };
    let extent = |shape: &Shape, axis: u32| shape.dims().get(axis as usize).copied();
    let real = extent(target, *out).unwrap_or_default();
    let diagonal = extent(source, *src) == Some(real)
        && entries.len() == real as usize
        && entries.iter().enumerate().all(|(i, e)| e.out as usize == i && e.src == e.out && e.coeff == 1);
    if diagonal { Factor { map: AxisMap::Identity, ..factor } } else { factor }
}

/// Sums entries at the same place, drops zeros, sorts.
fn collect(mut entries: Vec<(u64, u64, i64)>) -> Result<Vec<Entry>, GraphError> {
    entries.sort_unstable();
    let mut sums: Vec<(u64, u64, i64)> = Vec::with_capacity(entries.len());
    for (out, src, coeff) in entries {
        match sums.last_mut() {
            Some(last) if (last.0, last.1) == (out, src) => {
                last.2 =
                    last.2.checked_add(coeff).ok_or_else(|| invalid("coefficients of 32 bits", coeff))?;
            }
            _ => sums.push((out, src, coeff)),
        }
    }
    let entry = |(out, src, coeff)| {
        Ok(Entry {
            out: u32::try_from(out).map_err(|_| invalid("axes of at most 32 variables", out))?,
            src: u32::try_from(src).map_err(|_| invalid("axes of at most 32 variables", src))?,
            coeff: i32::try_from(coeff).map_err(|_| invalid("coefficients of 32 bits", coeff))?,
        })
    };
    sums.into_iter().filter(|(_, _, coeff)| *coeff != 0).map(entry).collect()
}

/// Multiplies one of the factors, or adds one without axes.
fn multiply(factors: &mut Vec<Factor>, scalar: i64, shape: &Shape) -> Result<(), GraphError> {
    let coeff = i32::try_from(scalar).map_err(|_| invalid("coefficients of 32 bits", scalar))?;
    let sparse = factors.iter().position(|factor| matches!(factor.map, AxisMap::Sparse(_)));
    let identity = factors.iter().position(|factor| factor.map == AxisMap::Identity);
    let Some(factor) = sparse.or(identity).map(|index| &mut factors[index]) else {
        let entries = if coeff == 0 { vec![] } else { vec![Entry { out: 0, src: 0, coeff }] };
        factors.push(Factor { src: vec![], out: vec![], map: AxisMap::Sparse(entries) });
        return Ok(());
    };
    let entries = match &factor.map {
        AxisMap::Sparse(entries) => entries.clone(),
        _ => {
            let extent = shape.dims().get(factor.out[0] as usize).copied().unwrap_or_default();
            (0..extent).map(|i| Entry { out: i, src: i, coeff: 1 }).collect()
        }
    };
    let scaled =
        entries.iter().map(|e| (u64::from(e.out), u64::from(e.src), i64::from(e.coeff) * i64::from(coeff)));
    factor.map = AxisMap::Sparse(collect(scaled.collect())?);
    Ok(())
}

fn bits(shape: &Shape, axes: &[u32]) -> Result<u32, GraphError> {
    let mut sum = 0;
    for axis in axes {
        let dim = shape.dims().get(*axis as usize).ok_or_else(|| invalid("axis in range", axis))?;
        sum += Shape::axis_vars(*dim) as u32;
    }
    if sum > 32 { Err(invalid("axes of at most 32 variables", sum)) } else { Ok(sum) }
}

/// The tensor product of two sparse matrices, the second with the less significant indices.
fn kronecker(
    a: &[(u64, u64, i64)],
    b: &[(u64, u64, i64)],
    row_vars: u32,
    column_vars: u32,
) -> Result<Vec<(u64, u64, i64)>, GraphError> {
    if a.len().saturating_mul(b.len()) > MAX_ENTRIES {
        return Err(invalid("at most 2^26 entries", a.len().saturating_mul(b.len())));
    }
    let mut product = Vec::with_capacity(a.len() * b.len());
    for (row, column, coeff) in a {
        for (low_row, low_column, other) in b {
            let coeff = coeff.checked_mul(*other).ok_or_else(|| invalid("coefficients of 32 bits", other))?;
            // Indices have at most 32 bits per factor and all of them together are checked when they are collected.
            let shift = |high: u64, vars, low| high.checked_mul(1u64 << vars).map(|high| high | low);
            let (Some(row), Some(column)) =
                (shift(*row, row_vars, *low_row), shift(*column, column_vars, *low_column))
            else {
                return Err(invalid("axes of at most 32 variables", row));
            };
            product.push((row, column, coeff));
        }
    }
    Ok(product)
}

/// All entries (out, src, coeff) of a factor.
fn entries(factor: &Factor, source: &Shape, target: &Shape) -> Result<Vec<(u64, u64, i64)>, GraphError> {
    let extent = |shape: &Shape, axes: &[u32], index: usize| {
        let axis = axes.get(index).ok_or_else(|| invalid("as many axes as the map has", axes.len()))?;
        shape.dims().get(*axis as usize).copied().ok_or_else(|| invalid("axis in range", axis))
    };
    Ok(match &factor.map {
        AxisMap::Identity => (0..u64::from(extent(target, &factor.out, 0)?)).map(|i| (i, i, 1)).collect(),
        AxisMap::Window { stride, dilation, pad } => {
            let real = u64::from(extent(source, &factor.src, 0)?);
            let positions = u64::from(extent(target, &factor.out, 0)?);
            let taps = extent(target, &factor.out, 1)?;
            let shift = Shape::axis_vars(taps);
            let mut list = Vec::new();
            for p in 0..positions {
                for k in 0..u64::from(taps) {
                    let q = (u64::from(*stride) * p + u64::from(*dilation) * k).checked_sub(u64::from(*pad));
                    if let Some(q) = q.filter(|q| *q < real) {
                        list.push((p << shift | k, q, 1));
                    }
                }
            }
            list
        }
        AxisMap::Gather { indices } => {
            return Err(invalid(
                "maps that are known before the statement",
                format!("a gather by tensor {}", indices.0),
            ));
        }
        AxisMap::Sparse(entries) => {
            entries.iter().map(|e| (u64::from(e.out), u64::from(e.src), i64::from(e.coeff))).collect()
        }
    })
}

/// An index over the axes `from`, as one over the same axes in the order `to`.
fn reorder(index: u64, from: &[u32], to: &[u32], shape: &Shape) -> Result<u64, GraphError> {
    if from == to {
        return Ok(index);
    }
    let vars = |axis: &u32| bits(shape, std::slice::from_ref(axis));
    let mut parts = Vec::with_capacity(from.len());
    let mut rest = index;
    for axis in from.iter().rev() {
        let vars = vars(axis)?;
        parts.push((*axis, rest & ((1 << vars) - 1)));
        rest >>= vars;
    }
    let mut result = 0;
    for axis in to {
        let part = parts.iter().find(|(other, _)| other == axis).map_or(0, |(_, part)| *part);
        result = result << vars(axis)? | part;
    }
    Ok(result)
}
