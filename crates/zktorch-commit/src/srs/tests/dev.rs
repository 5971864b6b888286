//! The development SRS and the multiplication that makes it.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, PrimeField, UniformRand};
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;
use zktorch_field::{BackendKind, Fr, G1Affine, RawAffine};

use super::super::fixed_base::FixedBase;
use super::super::{MAX_LOG_SIZE, MIN_LOG_SIZE, Srs, dev};
use crate::CommitError;

#[test]
fn powers_are_the_powers_of_the_published_tau() {
    let srs = Srs::dev(5).unwrap();
    assert_eq!((srs.k(), srs.size(), srs.bases().len()), (5, 32, 32));
    for (i, base) in srs.bases().iter().enumerate() {
        let expected = (G1Affine::generator() * dev::tau().pow([i as u64])).into_affine();
        assert_eq!(base.to_affine(), Some(expected));
    }
    for (i, base) in srs.verifier().g2().iter().enumerate() {
        let expected = ark_ec::AffineRepr::generator();
        assert_eq!(
            *base,
            (zktorch_field::G2Affine::mul_bigint(&expected, dev::tau().pow([i as u64]).into_bigint()))
                .into_affine()
        );
    }
    assert_eq!(srs.check(), Ok(()));
}

/// The table has 8-bit windows below 2^14 points and 12-bit windows from there; special scalars have empty windows.
#[test]
fn fixed_base_multiplication_agrees_with_arkworks() {
    let mut rng = StdRng::seed_from_u64(1);
    let generator = G1Affine::generator();
    let mut scalars: Vec<Fr> = (0..30).map(|_| Fr::rand(&mut rng)).collect();
    scalars.extend([1u64, 2, 255, 256, 257, 4095, 4096, 1 << 60].map(Fr::from));
    scalars.extend([
        Fr::from(-1i64),
        Fr::from(-2i64),
        Fr::from(2u64).pow([253]),
        Fr::from(1u64) / Fr::from(2u64),
    ]);
    let expected: Vec<_> =
        scalars.iter().map(|s| RawAffine::new(&(generator * s).into_affine()).unwrap()).collect();
    for count in [1, 1 << 14] {
        let table = FixedBase::new(&generator, count);
        for backend in BackendKind::available() {
            assert_eq!(table.mul_with(backend, &scalars), expected, "{}", backend.name());
            assert_eq!(table.mul_with(backend, &scalars[..9]), expected[..9]);
        }
    }
}

/// More points than one batch of inversions, on every backend.
#[test]
fn batches_follow_each_other() {
    let srs = Srs::dev(12).unwrap();
    let tau = dev::tau();
    for i in [2047u64, 2048, 2049, 4095] {
        let expected = (G1Affine::generator() * tau.pow([i])).into_affine();
        assert_eq!(srs.bases()[i as usize].to_affine(), Some(expected));
    }
}

#[test]
fn sizes_out_of_range_are_refused() {
    for got in [0, MIN_LOG_SIZE - 1, MAX_LOG_SIZE + 1, 64, usize::MAX] {
        let refused = CommitError::LogSize { min: MIN_LOG_SIZE, max: MAX_LOG_SIZE, got };
        assert_eq!(Srs::dev(got).unwrap_err(), refused);
    }
}
