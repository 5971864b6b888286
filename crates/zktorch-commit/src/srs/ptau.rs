//! Import of powers-of-tau files of snarkjs (`.ptau`), the format of the public ceremonies for BN254.
//!
//! A file is `"ptau"`, a version (1), a number of sections, and sections: type (u32), length (u64), content; all little-endian.
//! Section 1 holds the bytes of a field element, the modulus of the base field, `power` and the power of the whole
//! ceremony. Section 2 holds `2^{power+1} - 1` powers of tau in G1, section 3 `2^power` powers in G2. Coordinates
//! are in Montgomery form with `R = 2^256`, uncompressed; infinity is all zeros. The other sections (powers times alpha
//! and beta, the contributions, Lagrange bases) are not needed and not read.
//!
//! A ceremony is identified by the [`SrsId`](super::SrsId) of its points: `[tau]_1` and `[tau]_2` determine all others,
//! and the import checks that the others agree with them.

use std::path::Path;

use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use zktorch_field::{Fq, Fq2, G1Affine, G2Affine, par};

use super::bases::{Bases, POINT_BYTES, checked_point, decode_point};
use super::mapping::MappedFile;
use super::verifier::{VERIFIER_G1, VERIFIER_G2, VerifierSrs};
use super::{MAX_LOG_SIZE, MIN_LOG_SIZE, Srs, check_log_size, consistency};
use crate::CommitError;

const WHAT: &str = "ptau file";
const G2_BYTES: usize = 128;
/// Files have at most 15 kinds of sections; a count far beyond is damage.
const MAX_SECTIONS: u32 = 1 << 10;

impl Srs {
    /// Imports the first `2^k` powers of tau of a snarkjs `.ptau` file over BN254.
    ///
    /// Checks sizes before anything is allocated, coordinates, curve and subgroup of every point that is used, the
    /// generators, that tau is not degenerate, and by pairings that all points are the powers of one tau. The file
    /// is mapped, the points are copied once. Costs about two full-width MSMs.
    ///
    /// What was imported is known only by its [`id`](VerifierSrs::id): compare it with the one you expect (a
    /// [`SrsPolicy`](super::SrsPolicy) does).
    ///
    /// # Errors
    /// [`CommitError::Io`]; [`CommitError::Magic`], [`CommitError::Version`], [`CommitError::Header`],
    /// [`CommitError::FileLength`], [`CommitError::Section`], [`CommitError::WrongField`] for files that are damaged
    /// or of another kind; [`CommitError::LogSize`], [`CommitError::CeremonySize`]; [`CommitError::InvalidPoint`],
    /// [`CommitError::Generator`], [`CommitError::DegenerateTau`], [`CommitError::InconsistentPowers`] for points that
    /// are no powers of tau.
    pub fn import_ptau(path: impl AsRef<Path>, k: usize) -> Result<Self, CommitError> {
        check_log_size(k)?;
        let _span = tracing::info_span!("import ptau", k).entered();
        let _stage = crate::stages::SRS.enter();
        let file = MappedFile::open(path.as_ref())?;
        let ceremony = Ceremony::parse(file.bytes())?;
        if k > ceremony.power {
            return Err(CommitError::CeremonySize { expected: k, got: ceremony.power });
        }
        let (points_1, _) = ceremony.g1.as_chunks::<POINT_BYTES>();
        let points_1 = &points_1[..1 << k];

        // The verifier part first: it is cheap and names the most likely problems.
        let mut g1 = [G1Affine::identity(); VERIFIER_G1];
        for (index, (point, bytes)) in g1.iter_mut().zip(points_1).enumerate() {
            *point = checked_point(&decode_point(bytes))
                .ok_or(CommitError::InvalidPoint { what: "powers of tau in G1", index })?;
        }
        let mut g2 = [G2Affine::identity(); VERIFIER_G2];
        for (index, (point, bytes)) in g2.iter_mut().zip(ceremony.g2.as_chunks::<G2_BYTES>().0).enumerate() {
            *point =
                decode_g2(bytes).ok_or(CommitError::InvalidPoint { what: "powers of tau in G2", index })?;
        }
        let verifier = VerifierSrs::new(g1, g2)?;

        let bases = par::map(points_1.len(), |i| decode_point(&points_1[i]));
        consistency::check_bases(&bases, &verifier)?;
        Ok(Self::from_parts(k, Bases::Owned(bases), verifier))
    }
}

/// The parts of a ptau file that are used.
struct Ceremony<'a> {
    power: usize,
    g1: &'a [u8],
    g2: &'a [u8],
}

impl<'a> Ceremony<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, CommitError> {
        let mut sections = Sections::new(bytes)?;
        let [mut header, mut g1, mut g2] = [const { Vec::new() }; 3];
        while let Some((section, content)) = sections.next()? {
            match section {
                1 => header.push(content),
                2 => g1.push(content),
                3 => g2.push(content),
                _ => {}
            }
        }
        let once = |section: u32, found: &[&'a [u8]]| match found {
            [content] => Ok(*content),
            _ => Err(CommitError::Section { section, got: found.len() }),
        };
        let power = read_header(once(1, &header)?)?;
        let (g1, g2) = (once(2, &g1)?, once(3, &g2)?);
        check_length("ptau section 2", ((2 << power) - 1) * POINT_BYTES as u64, g1)?;
        check_length("ptau section 3", (G2_BYTES as u64) << power, g2)?;
        Ok(Self { power, g1, g2 })
    }
}

/// Reads section 1 and returns `power`.
fn read_header(header: &[u8]) -> Result<usize, CommitError> {
    let modulus = Fq::MODULUS.to_bytes_le();
    let Some((size, rest)) = header.split_first_chunk::<4>() else {
        return Err(CommitError::FileLength {
            what: "ptau section 1",
            expected: 44,
            got: header.len() as u64,
        });
    };
    // Another field has another size, and its header another length.
    if u32::from_le_bytes(*size) as usize != modulus.len() || !rest.starts_with(&modulus) {
        return Err(CommitError::WrongField);
    }
    check_length("ptau section 1", 44, header)?;
    let word = |at: usize| u32::from_le_bytes(core::array::from_fn(|i| rest[modulus.len() + at + i]));
    let (power, ceremony) = (word(0), word(4));
    // The verifier part needs ten powers in G2.
    if !(MIN_LOG_SIZE..=MAX_LOG_SIZE).contains(&(power as usize)) {
        return Err(CommitError::Header { what: WHAT, field: "power", got: u64::from(power) });
    }
    if ceremony < power {
        return Err(CommitError::Header { what: WHAT, field: "ceremony power", got: u64::from(ceremony) });
    }
    Ok(power as usize)
}

/// Lengths are 64-bit numbers, also where pointers are not.
fn check_length(what: &'static str, expected: u64, bytes: &[u8]) -> Result<(), CommitError> {
    let got = bytes.len() as u64;
    if got == expected { Ok(()) } else { Err(CommitError::FileLength { what, expected, got }) }
}

/// The sections of a file, one after the other; none may be left over and nothing else.
struct Sections<'a> {
    left: u32,
    bytes: &'a [u8],
}

impl<'a> Sections<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, CommitError> {
        let Some(bytes) = bytes.strip_prefix(b"ptau") else {
            return Err(CommitError::Magic { what: WHAT });
        };
        let mut sections = Self { left: 0, bytes };
        let version = u32::from_le_bytes(sections.take()?);
        if version != 1 {
            return Err(CommitError::Version { what: WHAT, expected: 1, got: version });
        }
        let left = u32::from_le_bytes(sections.take()?);
        if left > MAX_SECTIONS {
            return Err(CommitError::Header {
                what: WHAT,
                field: "number of sections",
                got: u64::from(left),
            });
        }
        Ok(Self { left, ..sections })
    }

    /// The next section's type and content.
    fn next(&mut self) -> Result<Option<(u32, &'a [u8])>, CommitError> {
        let Some(left) = self.left.checked_sub(1) else {
            check_length("ptau file after its last section", 0, self.bytes)?;
            return Ok(None);
        };
        self.left = left;
        let section = u32::from_le_bytes(self.take()?);
        let length = u64::from_le_bytes(self.take()?);
        let got = self.bytes.len() as u64;
        match usize::try_from(length).ok().and_then(|length| self.bytes.split_at_checked(length)) {
            Some((content, rest)) => {
                self.bytes = rest;
                Ok(Some((section, content)))
            }
            None => Err(CommitError::FileLength { what: "ptau section", expected: length, got }),
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], CommitError> {
        let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or(CommitError::FileLength {
            what: WHAT,
            expected: N as u64,
            got: self.bytes.len() as u64,
        })?;
        self.bytes = rest;
        Ok(*head)
    }
}

/// A point of G2 other than infinity, with its curve and subgroup checks.
fn decode_g2(bytes: &[u8; G2_BYTES]) -> Option<G2Affine> {
    // Two points of G1 have the same layout as the coordinates (x.c0, x.c1), (y.c0, y.c1).
    let (halves, _) = bytes.as_chunks::<POINT_BYTES>();
    let [x, y] = halves else { return None };
    let (x0, x1) = decode_point(x).coordinates()?;
    let (y0, y1) = decode_point(y).coordinates()?;
    let point = G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1));
    (!point.is_zero() && point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve())
        .then_some(point)
}
