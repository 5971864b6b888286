//! Import of ceremonies: a small synthetic file with the layout of snarkjs, and damage of every kind.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField};
use zktorch_field::{Element, Fq, Fq2, Fr, G1Affine, G2Affine};

use super::super::policy::PERPETUAL_POWERS_OF_TAU;
use super::super::{Srs, SrsPolicy, SrsStatus, VerifierSrs};
use super::with_file;
use crate::CommitError;
use crate::fuzz::fuzz;

/// Sixteen powers of tau in both groups, and of G1 up to `2^5 - 2`.
pub(super) fn powers(tau: impl Into<Fr>) -> (Vec<G1Affine>, Vec<G2Affine>) {
    let tau = tau.into();
    let g1 = (0..31u64).map(|i| (G1Affine::generator() * tau.pow([i])).into_affine());
    let g2 = (0..16u64).map(|i| (G2Affine::generator() * tau.pow([i])).into_affine());
    (g1.collect(), g2.collect())
}

/// The verifier part of a synthetic ceremony.
pub(super) fn ceremony(tau: impl Into<Fr>) -> VerifierSrs {
    let (g1, g2) = powers(tau);
    VerifierSrs::new(core::array::from_fn(|i| g1[i]), core::array::from_fn(|i| g2[i])).unwrap()
}

/// A ptau file in pieces: header fields and sections.
#[derive(Clone)]
struct Ptau {
    magic: [u8; 4],
    version: u32,
    sections: Vec<(u32, Vec<u8>)>,
}

fn fq(x: &Fq) -> Vec<u8> {
    x.limbs().iter().flat_map(|l| l.to_le_bytes()).collect()
}

fn g1_bytes(p: &G1Affine) -> Vec<u8> {
    p.xy().map_or(vec![0; 64], |(x, y)| [fq(&x), fq(&y)].concat())
}

fn g2_bytes(p: &G2Affine) -> Vec<u8> {
    p.xy().map_or(vec![0; 128], |(x, y)| [fq(&x.c0), fq(&x.c1), fq(&y.c0), fq(&y.c1)].concat())
}

fn header(modulus: &[u8], power: u32, ceremony: u32) -> Vec<u8> {
    let size = modulus.len() as u32;
    [&size.to_le_bytes()[..], modulus, &power.to_le_bytes(), &ceremony.to_le_bytes()].concat()
}

impl Ptau {
    /// A file of power 4 as snarkjs orders it, with the sections that are not used (alpha, beta, contributions).
    fn new(g1: &[G1Affine], g2: &[G2Affine]) -> Self {
        let modulus = Fq::MODULUS.to_bytes_le();
        let sections = vec![
            (1, header(&modulus, 4, 28)),
            (2, g1.iter().flat_map(g1_bytes).collect()),
            (3, g2.iter().flat_map(g2_bytes).collect()),
            (4, vec![1; 16 * 64]),
            (5, vec![2; 16 * 64]),
            (6, vec![3; 128]),
            (7, vec![0; 4]),
        ];
        Self { magic: *b"ptau", version: 1, sections }
    }

    fn of(tau: u64) -> Self {
        let (g1, g2) = powers(tau);
        Self::new(&g1, &g2)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.magic.to_vec();
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&(self.sections.len() as u32).to_le_bytes());
        for (section, content) in &self.sections {
            bytes.extend_from_slice(&section.to_le_bytes());
            bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
            bytes.extend_from_slice(content);
        }
        bytes
    }

    /// The error of importing it after a change.
    fn refused(&self, change: impl FnOnce(&mut Self)) -> CommitError {
        let mut changed = self.clone();
        change(&mut changed);
        import(&changed.bytes()).unwrap_err()
    }
}

fn import(bytes: &[u8]) -> Result<Srs, CommitError> {
    with_file(bytes, |path| Srs::import_ptau(path, 4))
}

#[test]
fn imports_the_powers() {
    let srs = import(&Ptau::of(7).bytes()).unwrap();
    let (g1, _) = powers(7u64);
    let imported: Vec<G1Affine> = srs.bases().iter().map(|b| b.to_affine().unwrap()).collect();
    assert_eq!(imported, g1[..16]);
    assert_eq!(srs.verifier(), &ceremony(7u64));
    // The order of sections does not matter.
    let mut reversed = Ptau::of(7);
    reversed.sections.reverse();
    assert_eq!(import(&reversed.bytes()).unwrap().bases(), srs.bases());
}

#[test]
fn commits_and_opens_under_an_imported_srs() {
    let srs = import(&Ptau::of(7).bytes()).unwrap();
    let f: Vec<Fr> = (1u64..17).map(Fr::from).collect();
    let point: Vec<Fr> = (20u64..24).map(Fr::from).collect();
    let value = crate::hyperkzg::eq_weights(&point).iter().zip(&f).map(|(e, x)| *e * x).sum();
    let commitment = srs.commit_without_blind(&f).unwrap().into();
    let mut t = zktorch_transcript::Transcript::new(b"import");
    let proof = crate::hyperkzg::open(&srs, &mut t, commitment, &f, &point, value).unwrap();
    let mut t = zktorch_transcript::Transcript::new(b"import");
    crate::hyperkzg::verify(srs.verifier(), &mut t, 4, commitment, &point, value, &proof).unwrap();
    // A verifier under another SRS does not agree.
    let mut t = zktorch_transcript::Transcript::new(b"import");
    let other = crate::hyperkzg::verify(&ceremony(8u64), &mut t, 4, commitment, &point, value, &proof);
    assert!(other.is_err());
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let bytes = Ptau::of(7).bytes();
    let too_many = with_file(&bytes, |path| Srs::import_ptau(path, 5)).unwrap_err();
    assert_eq!(too_many, CommitError::CeremonySize { expected: 5, got: 4 });
    let too_few = with_file(&bytes, |path| Srs::import_ptau(path, 3)).unwrap_err();
    assert!(matches!(too_few, CommitError::LogSize { got: 3, .. }));
}

/// Taus of small order, which everybody can find: 9 and 18 show in the last power of G2 alone.
#[test]
fn ceremonies_with_a_degenerate_tau_are_refused() {
    for (order, second) in [(3, 3), (6, 3), (9, 9), (18, 9)] {
        let (g1, g2) = powers(super::verifier::root_of_unity(order));
        let refused = import(&Ptau::new(&g1, &g2).bytes()).map(|srs| srs.k());
        assert_eq!(refused, Err(CommitError::DegenerateTau { first: 0, second }), "order {order}");
    }
}

#[test]
fn files_of_another_kind_are_refused() {
    let good = Ptau::of(7);
    assert_eq!(good.refused(|p| p.magic = *b"zkey"), CommitError::Magic { what: "ptau file" });
    let version = CommitError::Version { what: "ptau file", expected: 1, got: 2 };
    assert_eq!(good.refused(|p| p.version = 2), version);
    // The field of BLS12-381 has 48 bytes; and a foreign modulus of 32.
    assert_eq!(good.refused(|p| p.sections[0].1 = header(&[5; 48], 4, 28)), CommitError::WrongField);
    assert_eq!(good.refused(|p| p.sections[0].1 = header(&[5; 32], 4, 28)), CommitError::WrongField);
    let scalar_field = header(&Fr::MODULUS.to_bytes_le(), 4, 28);
    assert_eq!(good.refused(|p| p.sections[0].1 = scalar_field), CommitError::WrongField);
}

#[test]
fn headers_that_mean_nothing_are_refused() {
    let good = Ptau::of(7);
    let modulus = Fq::MODULUS.to_bytes_le();
    let field = |field, got| CommitError::Header { what: "ptau file", field, got };
    for power in [0, 3, 29, 64, u32::MAX] {
        let refused = good.refused(|p| p.sections[0].1 = header(&modulus, power, u32::MAX));
        assert_eq!(refused, field("power", u64::from(power)));
    }
    assert_eq!(good.refused(|p| p.sections[0].1 = header(&modulus, 4, 3)), field("ceremony power", 3));
    let length = |what, expected, got| CommitError::FileLength { what, expected, got };
    assert_eq!(good.refused(|p| p.sections[0].1.truncate(43)), length("ptau section 1", 44, 43));
    assert_eq!(good.refused(|p| p.sections[0].1.push(0)), length("ptau section 1", 44, 45));
    assert_eq!(good.refused(|p| p.sections[0].1.truncate(3)), length("ptau section 1", 44, 3));
    // A power that the sections do not have: refused by their lengths, before anything is allocated.
    let refused = good.refused(|p| p.sections[0].1 = header(&modulus, 28, 28));
    assert_eq!(refused, length("ptau section 2", ((2 << 28) - 1) * 64, 31 * 64));
}

#[test]
fn missing_repeated_and_truncated_sections_are_refused() {
    let good = Ptau::of(7);
    for section in 1..=3u32 {
        let missing = good.refused(|p| p.sections.retain(|s| s.0 != section));
        assert_eq!(missing, CommitError::Section { section, got: 0 });
        let repeated = good.refused(|p| p.sections.push(p.sections[section as usize - 1].clone()));
        assert_eq!(repeated, CommitError::Section { section, got: 2 });
    }
    let length = |what, expected, got| CommitError::FileLength { what, expected, got };
    let short = good.refused(|p| p.sections[1].1.truncate(30 * 64));
    assert_eq!(short, length("ptau section 2", 31 * 64, 30 * 64));
    let long = good.refused(|p| p.sections[2].1.push(0));
    assert_eq!(long, length("ptau section 3", 16 * 128, 16 * 128 + 1));
    // A file that ends early, or late; a section longer than any file; too many sections.
    let bytes = good.bytes();
    assert_eq!(import(&bytes[..bytes.len() - 1]).unwrap_err(), length("ptau section", 4, 3));
    let late = import(&[&bytes[..], &[0]].concat()).unwrap_err();
    assert_eq!(late, length("ptau file after its last section", 0, 1));
    let mut endless = bytes.clone();
    endless[16..24].fill(0xff);
    let rest = bytes.len() as u64 - 24;
    assert_eq!(import(&endless).unwrap_err(), length("ptau section", u64::MAX, rest));
    let mut many = bytes.clone();
    many[8..12].fill(0xff);
    let count = CommitError::Header { what: "ptau file", field: "number of sections", got: 0xffff_ffff };
    assert_eq!(import(&many).unwrap_err(), count);
}

#[test]
fn points_that_are_no_powers_of_tau_are_refused() {
    let (g1, g2) = powers(7u64);
    let refused = |g1: &[G1Affine], g2: &[G2Affine]| import(&Ptau::new(g1, g2).bytes()).unwrap_err();
    let (what_1, what_2) = ("powers of tau in G1", "powers of tau in G2");
    // A power beyond the verifier part, and one in it.
    for index in [2, 8, 9, 15] {
        let mut wrong = g1.clone();
        wrong[index] = (-g1[index]).into_group().into_affine();
        let expected = CommitError::InconsistentPowers { what: what_1 };
        assert_eq!(refused(&wrong, &g2), expected, "{index}");
    }
    let mut wrong = g2.clone();
    wrong[9] = -g2[9];
    assert_eq!(refused(&g1, &wrong), CommitError::InconsistentPowers { what: what_2 });
    // Powers of different taus in the two groups.
    assert_eq!(refused(&g1, &powers(8u64).1), CommitError::InconsistentPowers { what: what_1 });
    // Another generator, infinity, taus that everybody knows.
    assert_eq!(refused(&[&g1[1..], &g1[..1]].concat(), &g2), CommitError::Generator { what: what_1 });
    assert_eq!(refused(&g1, &[&g2[1..], &g2[..1]].concat()), CommitError::Generator { what: what_2 });
    let mut wrong = g1.clone();
    wrong[12] = G1Affine::zero();
    assert_eq!(refused(&wrong, &g2), CommitError::InvalidPoint { what: what_1, index: 12 });
    let mut wrong = g2.clone();
    wrong[1] = G2Affine::zero();
    assert_eq!(refused(&g1, &wrong), CommitError::InvalidPoint { what: what_2, index: 1 });
    let (ones_1, ones_2) = powers(1u64);
    assert_eq!(refused(&ones_1, &ones_2), CommitError::DegenerateTau { first: 0, second: 1 });
}

#[test]
fn points_outside_their_groups_are_refused() {
    let good = Ptau::of(7);
    let (what_1, what_2) = ("powers of tau in G1", "powers of tau in G2");
    // Not on the curve; coordinates plus the modulus (the same point, not canonical).
    let off = good.refused(|p| p.sections[1].1[64 * 11] ^= 1);
    assert_eq!(off, CommitError::InvalidPoint { what: what_1, index: 11 });
    let not_canonical = good.refused(|p| {
        let mut x = Fq::MODULUS;
        let one = [1u64, 0, 0, 0];
        assert!(!x.add_with_carry(&ark_ff::BigInt(one)));
        p.sections[1].1[64 * 10..64 * 10 + 32].copy_from_slice(&x.to_bytes_le());
    });
    assert_eq!(not_canonical, CommitError::InvalidPoint { what: what_1, index: 10 });
    let off = good.refused(|p| p.sections[2].1[128 * 5 + 40] ^= 1);
    assert_eq!(off, CommitError::InvalidPoint { what: what_2, index: 5 });
    // On the twist, outside the subgroup of order r.
    let outside = (1u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::from(x), true))
        .find(|p| !p.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    let refused = good.refused(|p| p.sections[2].1[128 * 6..128 * 7].copy_from_slice(&g2_bytes(&outside)));
    assert_eq!(refused, CommitError::InvalidPoint { what: what_2, index: 6 });
}

/// The file of the public ceremony, which is not part of this repository.
#[test]
#[ignore = "needs ZKTORCH_PTAU, the path of a powersOfTau28_hez_final_*.ptau"]
fn imports_the_public_ceremony() {
    let srs = Srs::import_ptau(std::env::var("ZKTORCH_PTAU").unwrap(), 8).unwrap();
    assert_eq!(srs.verifier().id(), PERPETUAL_POWERS_OF_TAU);
    assert_eq!(SrsPolicy::new().check(srs.verifier()), Ok(SrsStatus::Accepted));
}

/// Whatever is damaged, an import gives the powers of the ceremony or is refused.
#[test]
fn fuzz_ptau_files() {
    let valid = Ptau::of(7).bytes();
    let expected = import(&valid).unwrap();
    fuzz(&[valid], |bytes| {
        if let Ok(srs) = import(bytes) {
            assert_eq!((srs.bases(), srs.verifier()), (expected.bases(), expected.verifier()));
        }
    });
}
