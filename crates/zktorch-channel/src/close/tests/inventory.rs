//! The order of the transcript, and that nothing can be left out of it.

use zktorch_transcript::probe::{Event, Probe};

use crate::HiddenProof;
use crate::test_util::{Case, SMALL, Size};

/// The verifier's use of the transcript.
fn trace(case: &Case, proof: &HiddenProof) -> Vec<Event> {
    let probe = Probe::new();
    case.verify_with(case.transcript().with_probe(&probe), proof).unwrap();
    probe.events()
}

/// What is absorbed (+) and drawn (-), in the order of the protocol. `*` stands for the description of a claim or of a
/// sumcheck, whose order their own crates pin.
const ORDER: &str = "
    parameters of the channel
        + channel, + channel srs, + channel k, + channel columns
    the protocol: its messages are rows
        + example commitments, + example evaluations, - example rho, + example helpers
    12, 13: mask; the constraints are closed
        + mira mask claim, * claims, + mira mask commitment, + mira mask value, - mira mask delta, + mira masked value
    14, 15: Com(z_r), Com(E_r), Com(T), epsilon
        + channel mask messages, + channel mask error, + message error, - mira fold gamma
    16: Spartan
        - spartan tau, + spartan outer, - spartan outer challenge
        + spartan products, - spartan gamma
        * sumcheck, - sumcheck batching, + spartan inner, - sumcheck round
    the claim on z*, as two
        + channel split masks, + channel split value, - channel split delta
    17: the decider, on v*, z*, E*
        + mira decider claims, * claims
        * sumcheck, - sumcheck batching, + mira decider round, - sumcheck round
        + mira decider evaluations
    18: rho5, the blind
        - mira decider rho, + mira decider blind
    19: the opening
        + hyperkzg, + hyperkzg srs, + hyperkzg k, + hyperkzg commitment, + hyperkzg point, + hyperkzg value
        + hyperkzg folds, + hyperkzg tail, - hyperkzg s
        + hyperkzg residues, + hyperkzg evaluation, - hyperkzg gamma, + hyperkzg quotient
";

/// Challenges that end a round.
const ROUNDS: [&str; 2] = ["- sumcheck round", "- spartan outer challenge"];

/// The steps of a trace, repetitions of rounds and vectors of challenges left out.
fn steps(events: &[Event]) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for event in events {
        let label = std::str::from_utf8(event.label()).unwrap();
        let step = match (event, label) {
            (Event::Absorb(_), "sumcheck" | "instances" | "rounds" | "degree") => "* sumcheck".into(),
            (Event::Absorb(_), label)
                if label.starts_with("mira functional") || label.starts_with("mira instance") =>
            {
                "* claims".into()
            }
            (Event::Absorb(_), label) => format!("+ {label}"),
            (_, label) => format!("- {label}"),
        };
        // A vector of challenges, or another round: (message, challenge) after (message, challenge).
        let repeats = steps.last() == Some(&step)
            || (steps.len() >= 2
                && step == steps[steps.len() - 2]
                && ROUNDS.iter().any(|round| steps.ends_with(&[(*round).into()])));
        if !repeats {
            steps.push(step);
        }
    }
    steps
}

#[test]
fn the_order_of_the_transcript_is_pinned() {
    let case = Case::new(SMALL);
    let proof = case.prove(case.transcript(), 1);
    let expected: Vec<String> = ORDER
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(['+', '-', '*']))
        .flat_map(|line| line.split(", ").map(String::from))
        .collect();
    assert_eq!(steps(&trace(&case, &proof)), expected);
}

#[test]
fn no_absorption_can_be_left_out() {
    // With 2^7 entries the opening has two folds, so that its last challenge matters.
    let case = Case::new(Size { k: 7, ..SMALL });
    let proof = case.prove(case.transcript(), 1);
    let absorptions: Vec<Event> =
        trace(&case, &proof).into_iter().filter(|event| matches!(event, Event::Absorb(_))).collect();
    let accepted: Vec<&str> = (0..absorptions.len())
        .filter(|&index| {
            let probe = Probe::new();
            probe.omit(index);
            case.verify_with(case.transcript().with_probe(&probe), &proof).is_ok()
        })
        .map(|index| std::str::from_utf8(absorptions[index].label()).unwrap())
        .collect();
    // Nothing is drawn after the last message of the opening: it is checked by the pairing alone.
    assert_eq!(accepted, ["hyperkzg quotient"]);
}
