//! BN254 over symbolic scalars: the same points, and multiples that the tape gives a name.

use ark_bn254::{Config as Bn, Fq, Fq2, g1, g2};
use ark_ec::bn::{BnConfig, TwistType};
use ark_ec::models::CurveConfig;
use ark_ec::models::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::Field;

use crate::Fr;
use crate::scalar::number;
use crate::tape;

/// The pairing engine.
pub type Bn254 = ark_ec::bn::Bn<Config>;
/// A point of G1.
pub type G1Affine = Affine<G1>;
/// A point of G1 in projective coordinates.
pub type G1Projective = Projective<G1>;
/// A point of G2.
pub type G2Affine = Affine<G2>;
/// A point of G2 in projective coordinates.
pub type G2Projective = Projective<G2>;

/// The curve's parameters.
#[derive(Debug)]
pub struct Config;

impl BnConfig for Config {
    const X: &'static [u64] = Bn::X;
    const X_IS_NEGATIVE: bool = Bn::X_IS_NEGATIVE;
    const ATE_LOOP_COUNT: &'static [i8] = Bn::ATE_LOOP_COUNT;
    const TWIST_MUL_BY_Q_X: Fq2 = Bn::TWIST_MUL_BY_Q_X;
    const TWIST_MUL_BY_Q_Y: Fq2 = Bn::TWIST_MUL_BY_Q_Y;
    const TWIST_TYPE: TwistType = Bn::TWIST_TYPE;
    type Fp = Fq;
    type Fp2Config = ark_bn254::Fq2Config;
    type Fp6Config = ark_bn254::Fq6Config;
    type Fp12Config = ark_bn254::Fq12Config;
    type G1Config = G1;
    type G2Config = G2;
}

/// G1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct G1;

impl CurveConfig for G1 {
    type BaseField = Fq;
    type ScalarField = Fr;
    const COFACTOR: &'static [u64] = g1::Config::COFACTOR;
    const COFACTOR_INV: Fr = Fr::ONE;
}

impl SWCurveConfig for G1 {
    const COEFF_A: Fq = g1::Config::COEFF_A;
    const COEFF_B: Fq = g1::Config::COEFF_B;
    const GENERATOR: G1Affine = Affine::new_unchecked(g1::Config::GENERATOR.x, g1::Config::GENERATOR.y);
    type ZeroFlag = ();

    fn mul_projective(base: &G1Projective, scalar: &[u64]) -> G1Projective {
        tape::multiple(base, scalar).unwrap_or_else(|| tape::double_and_add(base, scalar))
    }

    fn mul_affine(base: &G1Affine, scalar: &[u64]) -> G1Projective {
        Self::mul_projective(&(*base).into(), scalar)
    }
}

/// G2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct G2;

impl CurveConfig for G2 {
    type BaseField = Fq2;
    type ScalarField = Fr;
    const COFACTOR: &'static [u64] = g2::Config::COFACTOR;
    const COFACTOR_INV: Fr = number(g2::Config::COFACTOR_INV);
}

impl SWCurveConfig for G2 {
    const COEFF_A: Fq2 = g2::Config::COEFF_A;
    const COEFF_B: Fq2 = g2::Config::COEFF_B;
    const GENERATOR: G2Affine = Affine::new_unchecked(g2::Config::GENERATOR.x, g2::Config::GENERATOR.y);
    type ZeroFlag = ();
}
