//! Composition against dense matrices.

use proptest::prelude::*;

use crate::{AxisMap, Entry, Factor, Shape, TensorId, View};

/// Deterministic choices from a seed.
struct Choice(u64);

impl Choice {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32 % n
    }
}

/// Index over the padded extents of some axes.
fn padded(shape: &Shape, axes: &[u32], index: &[u32]) -> u32 {
    axes.iter().fold(0, |sum, axis| {
        let vars = Shape::axis_vars(shape.dims()[*axis as usize]);
        sum << vars | index[*axis as usize]
    })
}

fn indices(shape: &Shape) -> Vec<Vec<u32>> {
    let mut all = vec![vec![]];
    for dim in shape.dims() {
        all = all.iter().flat_map(|i| (0..*dim).map(move |x| [i.clone(), vec![x]].concat())).collect();
    }
    all
}

/// M_f[o_f, q_f] as documented.
fn coefficient(factor: &Factor, source: &Shape, target: &Shape, q: &[u32], o: &[u32]) -> i64 {
    let axis = |axes: &[u32], index: &[u32], i: usize| i64::from(index[axes[i] as usize]);
    match &factor.map {
        AxisMap::Identity => i64::from(axis(&factor.out, o, 0) == axis(&factor.src, q, 0)),
        AxisMap::Window { stride, dilation, pad } => {
            let (p, k) = (axis(&factor.out, o, 0), axis(&factor.out, o, 1));
            let read = i64::from(*stride) * p + i64::from(*dilation) * k - i64::from(*pad);
            i64::from(read == axis(&factor.src, q, 0))
        }
        AxisMap::Gather { .. } => panic!("a map that depends on values"),
        AxisMap::Sparse(entries) => {
            let at = (padded(target, &factor.out, o), padded(source, &factor.src, q));
            entries.iter().find(|e| (e.out, e.src) == at).map_or(0, |e| i64::from(e.coeff))
        }
    }
}

fn dense(factors: &[Factor], source: &Shape, target: &Shape) -> Vec<Vec<i64>> {
    let columns = indices(source);
    let entry =
        |q: &Vec<u32>, o: &Vec<u32>| factors.iter().map(|f| coefficient(f, source, target, q, o)).product();
    indices(target).iter().map(|o| columns.iter().map(|q| entry(q, o)).collect()).collect()
}

/// A random factorised map from a shape.
fn random_map(source: &Shape, choice: &mut Choice) -> (Shape, Vec<Factor>) {
    let mut left: Vec<u32> = (0..source.rank() as u32).collect();
    let mut dims: Vec<u32> = Vec::new();
    let mut factors = Vec::new();
    let broadcasts = choice.below(2);
    for round in 0.. {
        if left.is_empty() && round >= broadcasts {
            break;
        }
        let take = if left.is_empty() { 0 } else { 1 + choice.below(left.len().min(2) as u32) };
        let src: Vec<u32> =
            (0..take).map(|_| left.remove(choice.below(left.len() as u32) as usize)).collect();
        let mut axis = |dim: u32| {
            dims.push(dim);
            dims.len() as u32 - 1
        };
        let kind = if src.len() == 1 { choice.below(4) } else { 3 };
        factors.push(match (kind, &src[..]) {
            (0 | 1, [only]) => {
                let out = vec![axis(source.dims()[*only as usize])];
                Factor { src, out, map: AxisMap::Identity }
            }
            (2, [_]) => {
                let out = vec![axis(1 + choice.below(3)), axis(1 + choice.below(3))];
                let map = AxisMap::Window {
                    stride: 1 + choice.below(2),
                    dilation: 1 + choice.below(2),
                    pad: choice.below(3),
                };
                Factor { src, out, map }
            }
            _ => {
                let extents: Vec<u32> = (0..choice.below(3)).map(|_| 1 + choice.below(3)).collect();
                let out: Vec<u32> = extents.iter().map(|dim| axis(*dim)).collect();
                sparse(source, src, &Shape::new(dims.clone()), out, choice)
            }
        });
    }
    // The axes of the result in a random order.
    let mut order: Vec<u32> = (0..dims.len() as u32).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, choice.below(i as u32 + 1) as usize);
    }
    let mut shuffled = dims.clone();
    for (old, new) in order.iter().enumerate() {
        shuffled[*new as usize] = dims[old];
    }
    for factor in &mut factors {
        factor.out.iter_mut().for_each(|axis| *axis = order[*axis as usize]);
    }
    (Shape::new(shuffled), factors)
}

fn sparse(source: &Shape, src: Vec<u32>, target: &Shape, out: Vec<u32>, choice: &mut Choice) -> Factor {
    let sub = |shape: &Shape, axes: &[u32]| {
        Shape::new(axes.iter().map(|a| shape.dims()[*a as usize]).collect::<Vec<_>>())
    };
    let (from, to) = (sub(source, &src), sub(target, &out));
    let all = |shape: &Shape| (0..shape.rank() as u32).collect::<Vec<_>>();
    let mut entries = Vec::new();
    for o in indices(&to) {
        for q in indices(&from) {
            let coeff = choice.below(4) as i32 - 1;
            if coeff != 0 {
                entries.push(Entry {
                    out: padded(&to, &all(&to), &o),
                    src: padded(&from, &all(&from), &q),
                    coeff,
                });
            }
        }
    }
    entries.sort_by_key(|e| (e.out, e.src));
    Factor { src, out, map: AxisMap::Sparse(entries) }
}

fn product(a: &[Vec<i64>], b: &[Vec<i64>], columns: usize) -> Vec<Vec<i64>> {
    let entry = |row: &Vec<i64>, j: usize| row.iter().zip(b).map(|(x, line)| x * line[j]).sum();
    a.iter().map(|row| (0..columns).map(|j| entry(row, j)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn composition_is_the_product_of_the_matrices(
        dims in proptest::collection::vec(1u32..5, 0..4),
        seed in any::<u64>(),
    ) {
        let mut choice = Choice(seed);
        let source = Shape::new(dims);
        let (middle, first) = random_map(&source, &mut choice);
        let (target, second) = random_map(&middle, &mut choice);
        prop_assume!(source.len() * middle.len() * target.len() < 1 << 18);
        let view = View { tensor: TensorId(3), shape: middle.clone(), factors: first.clone() };
        let composed = view.then(&source, target.clone(), &second).unwrap();
        prop_assert_eq!(composed.tensor, TensorId(3));
        prop_assert_eq!(&composed.shape, &target);
        let expected = product(
            &dense(&second, &middle, &target),
            &dense(&first, &source, &middle),
            source.len(),
        );
        prop_assert_eq!(dense(&composed.factors, &source, &target), expected);
        // Every axis in one factor, entries sorted.
        let axes = |pick: fn(&Factor) -> &Vec<u32>| {
            let mut axes: Vec<u32> = composed.factors.iter().flat_map(|f| pick(f).clone()).collect();
            axes.sort_unstable();
            axes
        };
        prop_assert_eq!(axes(|f| &f.src), (0..source.rank() as u32).collect::<Vec<_>>());
        prop_assert_eq!(axes(|f| &f.out), (0..target.rank() as u32).collect::<Vec<_>>());
        for factor in &composed.factors {
            if let AxisMap::Sparse(entries) = &factor.map {
                prop_assert!(entries.windows(2).all(|w| (w[0].out, w[0].src) < (w[1].out, w[1].src)));
            }
        }
    }
}

#[test]
fn identities_keep_the_other_map() {
    let source = Shape::new([3, 7]);
    let identity = |src, out| Factor { src: vec![src], out: vec![out], map: AxisMap::Identity };
    let transpose = View {
        tensor: TensorId(0),
        shape: Shape::new([7, 3]),
        factors: vec![identity(0, 1), identity(1, 0)],
    };
    let map = AxisMap::Window { stride: 2, dilation: 1, pad: 1 };
    let windows = [Factor { src: vec![0], out: vec![1, 2], map: map.clone() }, identity(1, 0)];
    let target = Shape::new([3, 4, 3]);
    let composed = transpose.then(&source, target, &windows).unwrap();
    let window = composed.factors.iter().find(|f| f.map == map).unwrap();
    assert_eq!((&window.src[..], &window.out[..]), (&[1][..], &[1, 2][..]));
    assert!(composed.factors.iter().any(|f| *f == identity(0, 0)));
}

#[test]
fn a_placed_and_cut_out_axis_is_an_identity_again() {
    let source = Shape::new([3]);
    let entries = |pairs: &[(u32, u32)]| {
        AxisMap::Sparse(pairs.iter().map(|(out, src)| Entry { out: *out, src: *src, coeff: 1 }).collect())
    };
    let place = [Factor { src: vec![0], out: vec![0], map: entries(&[(2, 0), (3, 1), (4, 2)]) }];
    let cut = [Factor { src: vec![0], out: vec![0], map: entries(&[(0, 2), (1, 3), (2, 4)]) }];
    let placed = View::identity(TensorId(0), &source).then(&source, Shape::new([6]), &place).unwrap();
    assert_eq!(placed.then(&source, Shape::new([3]), &cut).unwrap(), View::identity(TensorId(0), &source));
}

#[test]
fn maps_that_do_not_fit_are_refused() {
    let source = Shape::new([3, 2]);
    let view = View::identity(TensorId(0), &source);
    let identity = |src, out| Factor { src: vec![src], out: vec![out], map: AxisMap::Identity };
    for factors in
        [vec![identity(0, 0)], vec![identity(0, 0), identity(0, 1)], vec![identity(0, 0), identity(7, 1)]]
    {
        assert!(view.then(&source, source.clone(), &factors).is_err());
    }
}

#[test]
fn coefficients_that_overflow_are_refused() {
    let source = Shape::new([2]);
    let big = |coeff| {
        [Factor { src: vec![0], out: vec![0], map: AxisMap::Sparse(vec![Entry { out: 0, src: 0, coeff }]) }]
    };
    let view = View::identity(TensorId(0), &source).then(&source, source.clone(), &big(1 << 20)).unwrap();
    assert!(view.then(&source, source.clone(), &big(1 << 10)).is_ok());
    assert!(view.then(&source, source.clone(), &big(1 << 11)).is_err());
}

/// A gather only meets identities: its entries are known with the statement.
#[test]
fn gathers_are_renamed_and_not_multiplied() {
    let (source, gathered) = (Shape::new([7, 3]), Shape::new([3, 2, 2]));
    let identity = |src, out| Factor { src: vec![src], out: vec![out], map: AxisMap::Identity };
    let gather = |src, out: &[u32]| {
        let map = AxisMap::Gather { indices: TensorId(5) };
        Factor { src: vec![src], out: out.to_vec(), map }
    };
    let rows = View::identity(TensorId(0), &source)
        .then(&source, Shape::new([2, 2, 3]), &[gather(0, &[0, 1]), identity(1, 2)])
        .unwrap();
    let moved =
        rows.then(&source, gathered.clone(), &[identity(2, 0), identity(0, 1), identity(1, 2)]).unwrap();
    assert_eq!(moved.shape, gathered);
    assert!(moved.factors.contains(&gather(0, &[1, 2])) && moved.factors.contains(&identity(1, 0)));
    assert_eq!(moved.reads().collect::<Vec<_>>(), [TensorId(0), TensorId(5)]);
    let first =
        Factor { src: vec![1], out: vec![], map: AxisMap::Sparse(vec![Entry { out: 0, src: 0, coeff: 1 }]) };
    assert!(rows.then(&source, Shape::new([2, 3]), &[identity(0, 0), first, identity(2, 1)]).is_err());
}
