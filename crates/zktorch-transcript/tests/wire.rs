//! Canonical encodings: decoding accepts exactly what encoding writes.
// Helpers outside of `#[test]` functions may unwrap as well.
#![allow(clippy::unwrap_used)]

use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use zktorch_field::{Fq, Fr, G1Affine};
use zktorch_transcript::TranscriptError;
use zktorch_transcript::wire::{
    Reader, point_from_bytes, point_to_bytes, scalar_from_bytes, scalar_to_bytes,
};

fn point(multiple: Fr) -> G1Affine {
    (G1Affine::generator() * multiple).into()
}

fn bytes_of(integer: impl BigInteger) -> [u8; 32] {
    integer.to_bytes_le().try_into().unwrap()
}

const BAD_POINT: Result<G1Affine, TranscriptError> = Err(TranscriptError::InvalidPoint { what: "p" });

/// Runs `case` a few times, or for `ZKTORCH_FUZZ_SECONDS`.
fn fuzz(mut case: impl FnMut(&mut TestRunner)) {
    let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    match std::env::var("ZKTORCH_FUZZ_SECONDS").ok().and_then(|s| s.parse::<u64>().ok()) {
        None => case(&mut runner),
        Some(seconds) => {
            let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
            while std::time::Instant::now() < end {
                case(&mut runner);
            }
        }
    }
}

/// Arbitrary bytes decode to a value that encodes to the same bytes, or not at all.
#[test]
fn fuzz_scalar_and_point_decoders() {
    // Top bytes small enough to pass for a reduced number, with and without the flags of a point; small numbers; noise.
    let top = prop_oneof![any::<u8>(), 0u8..0x31, 0x80u8..0xb1, Just(0x40), Just(0xc0)];
    let low = prop_oneof![
        any::<[u8; 31]>().boxed(),
        any::<u8>()
            .prop_map(|b| {
                let mut bytes = [0; 31];
                bytes[0] = b;
                bytes
            })
            .boxed()
    ];
    let strategy = (low, top);
    fuzz(|runner| {
        let result = runner.run(&strategy, |(low, top)| {
            let bytes: [u8; 32] = core::array::from_fn(|i| low.get(i).copied().unwrap_or(top));
            if let Ok(scalar) = scalar_from_bytes(&bytes, "s") {
                prop_assert_eq!(scalar_to_bytes(&scalar), bytes);
            }
            if let Ok(point) = point_from_bytes(&bytes, "p") {
                prop_assert!(point.is_on_curve());
                prop_assert!(point.is_in_correct_subgroup_assuming_on_curve());
                prop_assert_eq!(point_to_bytes(&point), bytes);
            }
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(
                reader.scalars("s", 1).ok(),
                scalar_from_bytes(&bytes, "s").ok().map(|s| vec![s])
            );
            Ok(())
        });
        result.unwrap();
    });
}

proptest! {
    #[test]
    fn round_trip(seed: [u8; 32]) {
        let scalar = Fr::from_le_bytes_mod_order(&seed);
        prop_assert_eq!(scalar_from_bytes(&scalar_to_bytes(&scalar), "s"), Ok(scalar));
        let point = point(scalar);
        prop_assert_eq!(point_from_bytes(&point_to_bytes(&point), "p"), Ok(point));
        prop_assert_eq!(point_from_bytes(&point_to_bytes(&-point), "p"), Ok(-point));
    }
}

/// Many at once are decoded as each alone, and by arkworks; one that is wrong is an error wherever it stands.
#[test]
fn points_are_decoded_together_as_alone() {
    use ark_serialize::CanonicalDeserialize;
    let mut points: Vec<G1Affine> = (1..20u64).map(|i| point(Fr::from(i * i) - Fr::from(50u64))).collect();
    points.insert(5, G1Affine::identity());
    for count in [0, 1, 2, 3, 8, 9, 17, 20] {
        let mut bytes: Vec<u8> = points[..count].iter().flat_map(point_to_bytes).collect();
        assert_eq!(Reader::new(&bytes).points("p", count).unwrap(), points[..count]);
        for (bytes, point) in bytes.chunks(32).zip(&points) {
            assert_eq!(G1Affine::deserialize_compressed(bytes).unwrap(), *point);
        }
        for wrong in 0..count {
            let whole = bytes.clone();
            bytes[32 * wrong..][..32].fill(0xff);
            assert_eq!(Reader::new(&bytes).points("p", count).map(|_| ()), BAD_POINT.map(|_| ()));
            bytes = whole;
        }
    }
}

#[test]
fn scalars_from_the_modulus_on_are_refused() {
    let refused = Err(TranscriptError::NonCanonicalScalar { what: "s" });
    let mut last = Fr::MODULUS;
    last.sub_with_borrow(&1u64.into());
    assert_eq!(scalar_from_bytes(&bytes_of(last), "s"), Ok(-Fr::from(1u64)));
    assert_eq!(scalar_from_bytes(&bytes_of(Fr::MODULUS), "s"), refused);
    let mut next = Fr::MODULUS;
    next.add_with_carry(&1u64.into());
    assert_eq!(scalar_from_bytes(&bytes_of(next), "s"), refused);
    assert_eq!(scalar_from_bytes(&[0xff; 32], "s"), refused);
    for bit in [0x40, 0x80, 0xc0] {
        let mut bytes = scalar_to_bytes(&Fr::from(5u64));
        bytes[31] |= bit;
        assert_eq!(scalar_from_bytes(&bytes, "s"), refused);
    }
}

#[test]
fn infinity_has_one_encoding() {
    let identity = G1Affine::identity();
    let bytes = point_to_bytes(&identity);
    assert_eq!(point_from_bytes(&bytes, "p"), Ok(identity));
    for (position, value) in [(0, 1), (30, 0x80), (31, 0x41), (31, 0xc0), (31, 0x60)] {
        let mut bytes = bytes;
        bytes[position] = value;
        assert_eq!(point_from_bytes(&bytes, "p"), BAD_POINT, "byte {position} = {value:#x}");
    }
    // A finite point with the infinity bit.
    let mut bytes = point_to_bytes(&point(Fr::from(2u64)));
    bytes[31] |= 0x40;
    assert_eq!(point_from_bytes(&bytes, "p"), BAD_POINT);
}

#[test]
fn points_off_the_curve_and_large_coordinates_are_refused() {
    // x = 4: x^3 + 3 = 67 is not a square modulo q.
    let off = (1u64..).find(|&x| {
        use ark_ff::Field;
        (Fq::from(x * x * x) + Fq::from(3u64)).sqrt().is_none()
    });
    let mut bytes = [0; 32];
    bytes[0] = off.unwrap() as u8;
    assert_eq!(point_from_bytes(&bytes, "p"), BAD_POINT);
    // x = 1 is the generator's, x = q + 1 is not an encoding of it.
    let mut large = Fq::MODULUS;
    large.add_with_carry(&1u64.into());
    assert_eq!(point_from_bytes(&bytes_of(large), "p"), BAD_POINT);
    assert_eq!(point_from_bytes(&[0xff; 32], "p"), BAD_POINT);
}

#[test]
fn readers_take_exact_lengths() {
    let scalars = [Fr::from(1u64), Fr::from(2u64)];
    let mut bytes: Vec<u8> = scalars.iter().flat_map(scalar_to_bytes).collect();
    bytes.extend(point_to_bytes(&point(Fr::from(3u64))));

    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.remaining(), 96);
    assert_eq!(reader.scalars("s", 2).unwrap(), scalars);
    assert_eq!(reader.points("p", 1).unwrap(), [point(Fr::from(3u64))]);
    reader.finish("proof").unwrap();

    let length = |what, expected, got| TranscriptError::ByteLength { what, expected, got };
    let mut short = Reader::new(&bytes[..95]);
    assert_eq!(short.scalars("s", 3), Err(length("s", 96, 95)));
    assert_eq!(short.points("p", usize::MAX), Err(length("p", usize::MAX, 95)));
    short.scalars("s", 2).unwrap();
    assert_eq!(short.point("p"), Err(length("p", 32, 31)));
    assert_eq!(short.finish("proof"), Err(length("proof", 0, 31)));
}
