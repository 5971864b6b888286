//! The transcript of a batch, and provers that do not keep to it. Each attack also shows what the missing step would let
//! through.

use ark_ff::{AdditiveGroup, Field};
use zktorch_transcript::probe::{Event, Probe};
use zktorch_transcript::wire::scalar_to_bytes;

use super::*;

const CLAIMS: &[u8] = b"claims";
const ROUNDS: &[u8] = b"rounds";
const FINALS: &[u8] = b"finals";
const EVALUATION: &str = "evaluation of a factor";
const RESIDUAL: &str = "residual of a batch";

/// `sum a b` over 3 variables, `sum eq(z, x) a b` over 4 and `sum a b` over 3: all different, one of another size.
struct Case {
    factors: [[Vec<Fr>; 2]; 3],
    z: Vec<Fr>,
    /// The sums.
    sums: [Fr; 3],
    /// What is claimed: the sums, unless a test changes it.
    claims: [Fr; 3],
}

impl Case {
    fn new() -> Self {
        let factors = [(8, 1), (16, 3), (8, 5)]
            .map(|(len, seed)| [random_point(len, seed), random_point(len, seed + 1)]);
        let z = random_point(4, 73);
        let product = |[a, b]: &[Vec<Fr>; 2]| a.iter().zip(b).map(|(a, b)| *a * b).collect::<Vec<_>>();
        let [first, second, third] = factors.each_ref().map(product);
        let sums = [first.iter().sum(), evaluate_naively(&second, &z), third.iter().sum()];
        Self { factors, z, sums, claims: sums }
    }

    /// Claims, rounds, final values of all factors. Round polynomials are the true ones also if the claims are false.
    fn prove(&self, transcript: &mut Transcript) -> Vec<Fr> {
        let mut channel = ClearProver::new(transcript);
        channel.send(CLAIMS, &self.claims).unwrap();
        let [[a0, b0], [a1, b1], [a2, b2]] = self.factors.clone();
        let mut first = Product::new(a0, b0, self.sums[0]).unwrap();
        let mut second = EqProduct::new(&self.z, a1, b1, self.sums[1]).unwrap();
        let mut third = Product::new(a2, b2, self.sums[2]).unwrap();
        let output = prove(&mut channel, ROUNDS, &mut [&mut first, &mut second, &mut third]).unwrap();
        channel.send(FINALS, &output.finals.concat()).unwrap();
        channel.into_messages()
    }

    fn verify(&self, transcript: &mut Transcript, messages: &[Fr]) -> Result<(), SumcheckError> {
        let mut channel = ClearVerifier::new(transcript, messages);
        let claims = channel.receive(CLAIMS, 3)?;
        let shapes = [(3, 2), (4, 3), (3, 2)];
        let statements: Vec<_> = shapes
            .into_iter()
            .zip(claims)
            .map(|((num_rounds, degree), claim)| Statement { num_rounds, degree, claim })
            .collect();
        let reduced = verify(&mut channel, ROUNDS, &statements)?;
        let finals = channel.receive(FINALS, 6)?;
        // What a caller does who can evaluate the factors: they are not the prover's to choose.
        for (values, factors) in finals.chunks(2).zip(&self.factors) {
            for (value, factor) in values.iter().zip(factors) {
                let num_vars = factor.len().trailing_zeros() as usize;
                let difference = *value - evaluate_naively(factor, reduced.suffix(num_vars));
                channel.enforce_zero(EVALUATION, difference)?;
            }
        }
        let eq = eq_eval(&self.z, &reduced.point);
        let values = [finals[0] * finals[1], eq * finals[2] * finals[3], finals[4] * finals[5]];
        reduced.enforce(&mut channel, RESIDUAL, &values)?;
        Ok(channel.finish()?)
    }
}

fn fresh() -> Transcript {
    Transcript::new(b"zktorch-sumcheck batch")
}

/// A transcript that draws this batching coefficient.
fn programmed(rho: Fr) -> Transcript {
    let probe = Probe::new();
    probe.program_label(b"sumcheck batching", [rho]);
    fresh().with_probe(&probe)
}

fn assert_unsatisfied(result: Result<(), SumcheckError>, constraint: &'static str) {
    let expected = TranscriptError::Unsatisfied { constraint };
    assert!(matches!(&result, Err(SumcheckError::Transcript(error)) if *error == expected), "{result:?}");
}

/// The shape of the whole batch and rho after all claims; per round the message, then the challenge; nothing else.
#[test]
fn the_order_of_events_is_pinned() {
    let case = Case::new();
    let (prover, verifier) = (Probe::new(), Probe::new());
    let messages = case.prove(&mut fresh().with_probe(&prover));
    case.verify(&mut fresh().with_probe(&verifier), &messages).unwrap();
    let mut expected = vec![Event::Absorb(CLAIMS), Event::Absorb(b"sumcheck"), Event::Absorb(b"instances")];
    (0..3).for_each(|_| expected.extend([Event::Absorb(b"rounds"), Event::Absorb(b"degree")]));
    expected.push(Event::Squeeze(b"sumcheck batching"));
    (0..4).for_each(|_| expected.extend([Event::Absorb(ROUNDS), Event::Squeeze(b"sumcheck round")]));
    expected.push(Event::Absorb(FINALS));
    assert_eq!(prover.events(), expected);
    assert_eq!(verifier.events(), expected);
}

#[test]
fn the_transcript_has_golden_bytes() {
    let case = Case::new();
    let mut transcript = fresh();
    let messages = case.prove(&mut transcript);
    let mut digest = [0; 16];
    transcript.challenge_bytes(b"golden", &mut digest);
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    // The first coefficient of the first round and the last of the last; the state after everything.
    let golden =
        [hex(&scalar_to_bytes(&messages[3])[..8]), hex(&scalar_to_bytes(&messages[14])[..8]), hex(&digest)];
    assert_eq!(golden, ["27ac35f090b17655", "5c5123bd2d1a6758", "abd2a2c7589c1345416c699c5b63ad17"]);
}

#[test]
fn every_message_mutated_truncated_or_extended_is_rejected() {
    let case = Case::new();
    let honest = case.prove(&mut fresh());
    case.verify(&mut fresh(), &honest).unwrap();
    // 3 claims, 4 rounds of 3 coefficients, 6 final values.
    assert_eq!(honest.len(), 3 + 4 * 3 + 6);
    for index in 0..honest.len() {
        let mut messages = honest.clone();
        messages[index] += fr(1);
        let result = case.verify(&mut fresh(), &messages);
        assert!(
            matches!(result, Err(SumcheckError::Transcript(TranscriptError::Unsatisfied { .. }))),
            "message {index}: {result:?}"
        );
    }
    for cut in 0..honest.len() {
        let result = case.verify(&mut fresh(), &honest[..cut]);
        assert!(
            matches!(result, Err(SumcheckError::Transcript(TranscriptError::MissingMessage { .. }))),
            "{cut}: {result:?}"
        );
    }
    let result = case.verify(&mut fresh(), &[honest.as_slice(), &[Fr::ZERO]].concat());
    let expected = TranscriptError::TrailingMessages { count: 1 };
    assert!(matches!(result, Err(SumcheckError::Transcript(error)) if error == expected));
}

/// Claims of equal size off by +d and -d: they cancel with coefficients one, not with powers of rho.
#[test]
fn two_false_claims_whose_errors_cancel_are_rejected() {
    let mut case = Case::new();
    case.claims[0] += fr(7);
    case.claims[2] -= fr(7);
    let messages = case.prove(&mut fresh());
    assert_unsatisfied(case.verify(&mut fresh(), &messages), RESIDUAL);

    let messages = case.prove(&mut programmed(Fr::ONE));
    case.verify(&mut programmed(Fr::ONE), &messages).expect("constant coefficients");
}

/// A prover that knows rho before it commits its last claim makes the errors cancel. (A claim over 3 variables counts
/// twice in a batch over 4.)
#[test]
fn claims_batched_before_all_values_are_committed_would_be_forged() {
    let mut case = Case::new();
    // What a transcript gives that has not absorbed the claims.
    let rho = fresh().challenge_scalar(b"sumcheck batching");
    case.claims[0] += Fr::ONE;
    case.claims[1] -= Fr::from(2u64) * rho.inverse().unwrap();
    let messages = case.prove(&mut programmed(rho));
    case.verify(&mut programmed(rho), &messages).expect("rho known in advance");

    let messages = case.prove(&mut fresh());
    assert_unsatisfied(case.verify(&mut fresh(), &messages), RESIDUAL);
}

/// Two instances of the same shape in each other's place: the coefficients differ.
#[test]
fn swapped_instances_are_rejected() {
    let case = Case::new();
    let mut swapped = case.prove(&mut fresh());
    swapped.swap(0, 2);
    // The final values are those for other challenges.
    assert_unsatisfied(case.verify(&mut fresh(), &swapped), EVALUATION);
    // A prover that plays along, with the claims of the other instance.
    let mut playing = Case::new();
    playing.claims.swap(0, 2);
    let messages = playing.prove(&mut fresh());
    assert_unsatisfied(playing.verify(&mut fresh(), &messages), RESIDUAL);
}

/// A prover that answers every round with the polynomial of other tables ends at values that are not the factors'.
#[test]
fn rounds_about_other_tables_are_rejected() {
    let case = Case::new();
    let mut other = Case::new();
    other.factors[0][0][5] += Fr::ONE;
    let mut messages = other.prove(&mut fresh());
    assert_unsatisfied(case.verify(&mut fresh(), &messages), EVALUATION);
    // With the true values in the end, the residual does not fit.
    let mut transcript = fresh();
    let mut channel = ClearVerifier::new(&mut transcript, &messages);
    let claims = channel.receive(CLAIMS, 3).unwrap();
    let statements = [(3, 2, claims[0]), (4, 3, claims[1]), (3, 2, claims[2])]
        .map(|(num_rounds, degree, claim)| Statement { num_rounds, degree, claim });
    let reduced = verify(&mut channel, ROUNDS, &statements).unwrap();
    messages[15] = evaluate_naively(&case.factors[0][0], reduced.suffix(3));
    assert_unsatisfied(case.verify(&mut fresh(), &messages), RESIDUAL);
}
