//! exp(-x) in fixed point, and the sigmoid and tanh made of it.

/// Fractional bits of a number of this file.
const BITS: u32 = 62;
const ONE: i64 = 1 << BITS;
/// floor(2^62 ln 2) and floor(2^120 ln 2).
const LN2: u128 = 3_196_577_161_300_663_914;
const LN2_LONG: i128 = 921_350_637_599_661_305_226_344_307_672_478_454;
/// Degree of the Taylor polynomial: 0.7^21 / 21! < 2^-76.
const DEGREE: usize = 20;
/// floor(2^62 / n!).
const TAYLOR: [i64; DEGREE + 1] = taylor();

const fn taylor() -> [i64; DEGREE + 1] {
    let mut coefficients = [ONE; DEGREE + 1];
    let mut n = 1;
    while n <= DEGREE {
        // floor(floor(a / b) / c) = floor(a / (b c)).
        coefficients[n] = coefficients[n - 1] / n as i64;
        n += 1;
    }
    coefficients
}

/// |v| 2^-scale with 62 fractional bits. Exact: at most 31 + 32 + 62 bits.
fn argument(v: i32, scale: i32) -> u128 {
    u128::from(v.unsigned_abs()) << (BITS as i32 - scale.clamp(-32, 32))
}

/// exp(-x), with 62 fractional bits both, in [0, 1]; wrong by less than 2^-59.
///
/// `x = k ln 2 + r`, `exp(-x) = 2^-k exp(-r)`. r has an error below 2^-61 (k < 64 times the error of ln 2, and truncation);
/// each of Horner's steps loses less than 2^-61 and later steps multiply that by r < 0.7.
fn exp_minus(x: u128) -> u64 {
    if x >> BITS >= 44 {
        return 0; // exp(-44) < 2^-63
    }
    let k = x / LN2;
    // LN2 is rounded down, so k may be one too large just below a multiple of ln 2: r is then a little negative.
    let r = (((x << 58) as i128 - k as i128 * LN2_LONG) >> 58) as i64;
    let horner =
        |acc: i64, coefficient: &i64| coefficient - ((i128::from(acc) * i128::from(r)) >> BITS) as i64;
    TAYLOR.iter().rev().fold(0, horner).clamp(0, ONE) as u64 >> k
}

/// floor(numerator 2^t / denominator + 1/2) for numerator <= denominator <= 2^63 and 0 <= t <= 32.
fn round(numerator: u64, denominator: u64, t: i32) -> i64 {
    let (numerator, denominator) = (u128::from(numerator), u128::from(denominator));
    (((numerator << (t + 1)) + denominator) / (2 * denominator)) as i64
}

/// 1 / (1 + exp(-v / 2^s)) times 2^t, rounded half up.
pub(super) fn sigmoid(v: i32, s: i32, t: i32) -> i64 {
    if t < 0 {
        return 0; // below 1/2 everywhere
    }
    let t = t.min(32);
    // sigmoid(-x) = 1 - sigmoid(x). Only sigmoid(0) = 1/2 can be a tie: exp is irrational at other rational numbers.
    let y = round(ONE as u64, ONE as u64 + exp_minus(argument(v, s)), t);
    if v < 0 { (1 << t) - y } else { y }
}

/// tanh(v / 2^s) times 2^t, rounded half up (there are no ties but at 0).
pub(super) fn tanh(v: i32, s: i32, t: i32) -> i64 {
    if t < 0 {
        return 0; // below 1/2 everywhere
    }
    // tanh(x) = (1 - exp(-2x)) / (1 + exp(-2x)), odd.
    let e = exp_minus(argument(v, s) << 1);
    let y = round(ONE as u64 - e, ONE as u64 + e, t.min(32));
    if v < 0 { -y } else { y }
}
