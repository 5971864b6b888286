//! The laws every backend obeys, compared with arkworks element by element.

use ark_ff::PrimeField;
use proptest::prelude::*;

use crate::{Backend, BackendKind, Block, Element, Fq, Fr, Ints, Kernel, LANES, Packed, Row, dispatch_on};

struct Laws<F>([[F; LANES]; 3], [[i64; LANES]; 2]);

impl<F: Element> Kernel for Laws<F> {
    type Output = ();
    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        laws::<B, F>(&self.0, &self.1);
    }
}

fn laws<B: Backend, F: Element>(elements: &[[F; LANES]; 3], ints: &[[i64; LANES]; 2]) {
    type V<B, F> = <F as Element>::Packed<B>;
    let [a, b, c] = *elements;
    let [va, vb, vc] = elements.map(V::<B, F>::from_array);
    let check = |got: V<B, F>, want: &dyn Fn(usize) -> F, what: &str| {
        assert_eq!(got.to_array(), std::array::from_fn(want), "{what} on {}", B::NAME);
    };
    check(va, &|l| a[l], "round trip");
    check(va.add(vb), &|l| a[l] + b[l], "add");
    check(va.sub(vb), &|l| a[l] - b[l], "sub");
    check(va.neg(), &|l| -a[l], "neg");
    check(va.double(), &|l| a[l].double(), "double");
    check(va.mul(vb), &|l| a[l] * b[l], "mul");
    check(va.square(), &|l| a[l].square(), "square");
    check(V::<B, F>::bind(va, vb, vc), &|l| a[l] + c[l] * (b[l] - a[l]), "bind");
    check(va.sub2(vb, vc).into(), &|l| a[l] - b[l] - c[l], "sub2");
    // Every combination of signs; a lane's operands may be zero, and so may their negatives.
    let signed = |x: F, mask: u8, l: usize| if mask >> l & 1 == 1 { -x } else { x };
    for (minus_a, minus_b) in [(0, 0), (0, !0), (!0, 0), (!0, !0), (0x5a, 0x3c)] {
        let sum: V<B, F> = V::<B, F>::signed_sum(va, minus_a, vb, minus_b).into();
        check(sum, &|l| signed(a[l], minus_a, l) + signed(b[l], minus_b, l), "signed sum");
        let zeros = (0..LANES).filter(|&l| (signed(a[l], minus_a, l) + signed(b[l], minus_b, l)).is_zero());
        assert_eq!(V::<B, F>::is_zero(sum), zeros.fold(0, |mask, l| mask | 1 << l), "is_zero on {}", B::NAME);
        let sum: V<B, F> = V::<B, F>::reduce(va.add_or_sub_lazy(vb, minus_b)).into();
        check(sum, &|l| a[l] + signed(b[l], minus_b, l), "add_or_sub_lazy");
    }
    let ([mut p, mut q], [mut r, mut s]) = ([va, vb], [vc, vc]);
    V::<B, F>::chain_up2([&mut p, &mut q], [&vb.into(), &vc.into()], [&mut r, &mut s]);
    check(r, &|l| a[l], "prefix");
    check(s, &|l| b[l], "prefix");
    check(p, &|l| a[l] * b[l], "chain up");
    check(q, &|l| b[l] * c[l], "chain up");
    V::<B, F>::chain_down2([&mut p, &mut q], [&va.into(), &vb.into()], [&vb, &vc], [&mut r, &mut s]);
    check(r, &|l| a[l] * b[l] * b[l], "chain down, out");
    check(s, &|l| b[l] * c[l] * c[l], "chain down, out");
    check(p, &|l| a[l] * b[l] * a[l], "chain down");
    check(q, &|l| b[l] * c[l] * b[l], "chain down");
    let (ba, bb) = (Block::from_array(&a), Block::from_array(&b));
    let mut out = ba;
    V::<B, F>::mul_in_place(&mut out, &bb);
    assert_eq!(out.to_array(), std::array::from_fn(|l| a[l] * b[l]), "mul_in_place on {}", B::NAME);
    let mut out = ba;
    V::<B, F>::axpy_in_place(&mut out, vc, &bb);
    assert_eq!(out.to_array(), std::array::from_fn(|l| a[l] + c[l] * b[l]), "axpy_in_place on {}", B::NAME);
    let mut out = ba;
    let bound = V::<B, F>::bind_in_place(&mut out, &bb, vc);
    assert_eq!(out.to_array(), bound.to_array(), "bind_in_place on {}", B::NAME);
    check(bound, &|l| a[l] + c[l] * (b[l] - a[l]), "bind_in_place");
    check(va.inverse(), &|l| a[l].inverse().unwrap_or(F::ZERO), "inverse");
    let table = a.map(Row::new);
    let indices = [7, 0, 3, 3, 1, 6, 2, 7];
    check(V::<B, F>::gather_rows(&table, &indices), &|l| table[indices[l] as usize].get(), "gather of rows");
    check(V::<B, F>::gather(&a, &indices), &|l| a[indices[l] as usize], "gather");
    let ints = ints.map(B::Ints::from_array);
    let as_field = |v: i64| if v < 0 { -F::from(v.unsigned_abs()) } else { F::from(v as u64) };
    let [x, y] = ints.map(|v| v.to_array().map(as_field));
    check(V::<B, F>::from_ints(ints[0]), &|l| x[l], "from_ints");
    let mut acc = V::<B, F>::small_zero();
    V::<B, F>::small_mul_add(&mut acc, va, ints[0]);
    V::<B, F>::small_mul_add(&mut acc, vb, ints[1]);
    check(V::<B, F>::small_reduce(acc), &|l| a[l] * x[l] + b[l] * y[l], "small sum");
    let r = V::<B, F>::small_bind_prepare(c[0]);
    check(V::<B, F>::small_bind(&r, ints[0], ints[1]), &|l| x[l] + c[0] * (y[l] - x[l]), "small bind");
    let mut acc = V::<B, F>::acc_zero();
    V::<B, F>::acc_mul_add(&mut acc, va, vb);
    V::<B, F>::acc_mul_add(&mut acc, vb, vc);
    check(V::<B, F>::acc_reduce(acc), &|l| a[l] * b[l] + b[l] * c[l], "acc");
}

/// An element, often an extreme one.
fn element<F: PrimeField>() -> impl Strategy<Value = F> {
    prop_oneof![
        2 => Just(F::ZERO),
        2 => Just(F::ONE),
        2 => Just(-F::ONE),
        1 => any::<u64>().prop_map(F::from),
        6 => any::<[u8; 32]>().prop_map(|bytes| F::from_le_bytes_mod_order(&bytes)),
    ]
}

fn small() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(-1),
        Just((1 << 51) - 1),
        Just(1 - (1 << 51)),
        -(1i64 << 51) + 1..1 << 51
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn laws_fr(e in prop::array::uniform3(prop::array::uniform8(element::<Fr>())), i in prop::array::uniform2(prop::array::uniform8(small()))) {
        for kind in BackendKind::available() {
            dispatch_on(kind, Laws(e, i));
        }
    }

    #[test]
    fn laws_fq(e in prop::array::uniform3(prop::array::uniform8(element::<Fq>())), i in prop::array::uniform2(prop::array::uniform8(small()))) {
        for kind in BackendKind::available() {
            dispatch_on(kind, Laws(e, i));
        }
    }
}
