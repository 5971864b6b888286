//! Known answers (the vectors that gnark-crypto publishes for this suite) and properties of the map.

use ark_ec::AffineRepr;
use ark_ff::{BigInteger, UniformRand};
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;
use zktorch_field::Fr;

use super::*;

const DOMAIN: &[u8] = b"QUUX-V01-CS02-with-BN254G1_XMD:SHA-256_SVDW_RO_";

fn hex(x: &Fq) -> String {
    x.into_bigint().to_bytes_be().iter().map(|b| format!("{b:02x}")).collect()
}

/// message, x and y of the point.
const VECTORS: [(&str, &str, &str); 3] = [
    (
        "",
        "0a976ab906170db1f9638d376514dbf8c42aef256a54bbd48521f20749e59e86",
        "02925ead66b9e68bfc309b014398640ab55f6619ab59bc1fab2210ad4c4d53d5",
    ),
    (
        "abc",
        "23f717bee89b1003957139f193e6be7da1df5f1374b26a4643b0378b5baf53d1",
        "04142f826b71ee574452dbc47e05bc3e1a647478403a7ba38b7b93948f4e151d",
    ),
    (
        "abcdef0123456789",
        "187dbf1c3c89aceceef254d6548d7163fdfa43084145f92c4c91c85c21442d4a",
        "0abd99d5b0000910b56058f9cc3b0ab0a22d47cf27615f588924fac1e5c63b4d",
    ),
];

#[test]
fn known_answers() {
    for (message, x, y) in VECTORS {
        let point = hash_to_g1(message.as_bytes(), DOMAIN);
        assert_eq!((hex(&point.x).as_str(), hex(&point.y).as_str()), (x, y), "{message:?}");
    }
    let long = format!("q128_{}", "q".repeat(128));
    let point = hash_to_g1(long.as_bytes(), DOMAIN);
    assert_eq!(hex(&point.x), "00fe2b0743575324fc452d590d217390ad48e5a16cf051bee5c40a2eba233f5c");
}

#[test]
fn known_field_elements_and_their_images() {
    let uniform = expand_message_xmd(b"abc", DOMAIN);
    let u0 = Fq::from_be_bytes_mod_order(&uniform[..48]);
    assert_eq!(hex(&u0), "11945105b5e3d3b9392b5a2318409cbc28b7246aa47fa30da5739907737799a9");
    let q0 = map_to_curve(u0);
    assert_eq!(hex(&q0.x), "1452c8cc24f8dedc25b24d89b87b64e25488191cecc78464fea84077dd156f8d");
    assert_eq!(hex(&q0.y), "209c3633505ba956f5ce4d974a868db972b8f1b69d63c218d360996bcec1ad41");
}

#[test]
fn map_is_on_the_curve_also_where_its_denominator_vanishes() {
    let mut rng = StdRng::seed_from_u64(1);
    // u = 0, and u with 1 - u^2 g(Z) = 0 (g(Z) = 4): the denominator of the map is zero there.
    let half = invert(Fq::from(2u64));
    let special = [Fq::from(0u64), half, -half];
    for u in special.into_iter().chain((0..50).map(|_| Fq::rand(&mut rng))) {
        let point = map_to_curve(u);
        assert!(point.is_on_curve() && !point.is_zero());
        assert_eq!(is_odd(&point.y), is_odd(&u));
    }
}

/// The derivation of H is part of every SRS id: it must never change.
#[test]
fn hiding_generator_is_pinned() {
    let h = hiding_generator();
    assert!(h.is_on_curve() && !h.is_zero());
    assert_eq!((h * Fr::from(-1i64) + h).into_affine(), G1Affine::zero());
    assert_eq!(hex(&h.x), "15e02cc06b0c9cfbde0996da5f7e48cfdc43e073ced3e2fa9eedbde757b78d0c");
}
