//! The order of the transcript: pinned, complete, and necessary.

use ark_ff::{Field, One};
use zktorch_field::Fr;
use zktorch_graph::Visibility::{Private, Public};
use zktorch_mira::OpeningInstance;
use zktorch_sumcheck::eq_table;
use zktorch_transcript::probe::{Event, Probe};
use zktorch_transcript::{Transcript, VerifierChannel};

use super::cheating::case;
use super::forger::{Forger, refused_by};
use crate::network::transcript::{draw_lookup_challenges, draw_relation_point};
use crate::network::verifier::{self, Argument};
use crate::point::last;
use crate::test_util::{Case, id, tiny};
use crate::{BlockError, NetworkProof, Statement};

/// A statement whose transcript is watched from its beginning.
pub(super) struct Probed<'a, 's> {
    pub(super) argument: Argument<'a, 's>,
    pub(super) probe: Probe,
}

impl zktorch_channel::Protocol for Probed<'_, '_> {
    type Error = BlockError;

    fn transcript(&self) -> Transcript {
        probed(self.argument.statement, &self.probe)
    }

    fn verify<C: VerifierChannel>(
        &self,
        channel: &mut C,
    ) -> Result<Vec<OpeningInstance<C::Scalar>>, BlockError> {
        verifier::verify(channel, &self.argument)
    }
}

pub(super) fn probed(statement: &Statement<'_>, probe: &Probe) -> Transcript {
    statement.absorb(Transcript::new(statement.label()).with_probe(probe))
}

fn verify(case: &Case, proof: &NetworkProof, probe: &Probe) -> Result<(), BlockError> {
    let statement = case.statement();
    let argument = Argument { statement: &statement, v: &proof.v.0, h: &proof.h.0 };
    let probed = Probed { argument, probe: probe.clone() };
    zktorch_channel::verify(
        case.srs.verifier(),
        case.network.k(),
        case.network.row_columns(),
        &probed,
        &proof.hidden,
    )
}

/// `+` absorbed, `-` drawn; repetitions are counted.
fn compress(events: &[Event]) -> String {
    let name = |event: &Event| {
        let sign = if matches!(event, Event::Absorb(_)) { '+' } else { '-' };
        format!("{sign}{}", String::from_utf8_lossy(event.label()))
    };
    let names: Vec<String> = events.iter().map(name).collect();
    let (mut lines, mut at) = (Vec::new(), 0);
    while at < names.len() {
        let repeats = |period: usize| {
            let first = names.get(at..at + period);
            (1..)
                .take_while(|i| first.is_some() && names.get(at + i * period..at + (i + 1) * period) == first)
                .count()
        };
        let period = (1..=4).find(|period| repeats(*period) > 0).unwrap_or(1);
        let count = repeats(period) + 1;
        let line = names[at..at + period].join(" ");
        lines.push(if count > 1 { format!("({line}) x {count}") } else { line });
        at += period * count;
    }
    lines.join("\n")
}

/// Lines with # name the steps of the protocol.
const ORDER: &str = "
# 1. the statement
+key digest
+context
+weights
+private inputs
+private outputs
+public tensor
+public extent
+public values
# the parameters of the channel, with the SRS id
+channel
+channel srs
+channel k
+channel columns
# 2, 3. V; alpha, beta
+V
-alpha
-beta
# 4, 5. H; the point r
+H
(-r) x 8
# 6. the values at r
+relation values
# 7. sumcheck A
-lambda
+sumcheck
+instances
(+rounds +degree) x 15
-sumcheck batching
(+sumcheck A -sumcheck round) x 8
# 8. the values after it
+values after A
# 9. sumcheck B, and the values after it
+sumcheck
+instances
+rounds
+degree
-sumcheck batching
(+sumcheck B -sumcheck round) x 2
+values after B
# 10, 11. the accumulator
-mira rho
(+mira level -mira level gamma) x 3
# 12, 13. the mask
+mira mask claim
+mira functional
+mira mask commitment
+mira mask value
-mira mask delta
+mira masked value
# 14, 15. the fold of the messages
+channel mask messages
+channel mask error
+message error
-mira fold gamma
# 16. Spartan
(-spartan tau) x 4
(+spartan outer -spartan outer challenge) x 4
+spartan products
-spartan gamma
+sumcheck
+instances
+rounds
+degree
-sumcheck batching
(+spartan inner -sumcheck round) x 5
# the claim on the folded messages, as two
+channel split masks
+channel split value
-channel split delta
# 17. the decider
+mira decider claims
(+mira instance commitment +mira functional +mira instance value) x 4
+sumcheck
+instances
(+rounds +degree) x 4
-sumcheck batching
(+mira decider round -sumcheck round) x 8
+mira decider evaluations
-mira decider rho
+mira decider blind
# 19. the opening
+hyperkzg
+hyperkzg srs
+hyperkzg k
+hyperkzg commitment
+hyperkzg point
+hyperkzg value
+hyperkzg folds
+hyperkzg tail
-hyperkzg s
+hyperkzg residues
+hyperkzg evaluation
-hyperkzg gamma
+hyperkzg quotient";

#[test]
fn the_order_is_pinned() {
    let case = Case::new(tiny(Public, Private), 8, 5);
    let proof = case.prove();
    let probe = Probe::new();
    verify(&case, &proof, &probe).unwrap();
    let order = compress(&probe.events());
    let expected: Vec<&str> = ORDER.trim().lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(order, expected.join("\n"), "\n{order}");

    // Golden: the first challenge, and a digest of the whole proof (whose nonce is fixed).
    let [alpha, _] = draw_lookup_challenges(&mut case.statement().transcript(), &proof.v.0);
    let mut hash = Transcript::new(b"golden proof");
    hash.append_message(b"bytes", &proof.to_bytes());
    let digest = hash.challenge_scalar(b"digest");
    assert_eq!(
        [alpha.to_string(), digest.to_string()],
        [
            "1012350440904643996644736429284863633757834480286521917786515693682722147464",
            "19161425323818023900291472889199304376701123619288441862751302437513256532161",
        ]
    );
}

#[test]
fn nothing_can_be_left_out() {
    for (input, output) in [(Public, Private), (Private, Public)] {
        let case = Case::new(tiny(input, output), 8, 5);
        let proof = case.prove();
        let probe = Probe::new();
        verify(&case, &proof, &probe).unwrap();
        // The last message is followed by no challenge: it is checked as it is.
        let events = probe.events();
        let last = events.iter().rposition(|event| matches!(event, Event::Squeeze(_))).unwrap();
        assert_eq!(compress(&events[last + 1..]), "+hyperkzg quotient");
        let absorbed: Vec<&[u8]> = (events[..last].iter())
            .filter(|event| matches!(event, Event::Absorb(_)))
            .map(Event::label)
            .collect();
        for (index, label) in absorbed.iter().enumerate() {
            let probe = Probe::new();
            probe.omit(index);
            let label = String::from_utf8_lossy(label);
            assert!(verify(&case, &proof, &probe).is_err(), "{index}: {label} does not matter");
        }
        let statement = ["key digest", "context", "weights", "private inputs", "private outputs"];
        let public = ["public tensor", "public extent", "public values"];
        for label in statement.into_iter().chain(public).chain(["V", "H", "relation values"]) {
            assert!(absorbed.contains(&label.as_bytes()), "{label}");
        }
    }
}

/// A remainder of 6 in [0, 5], for a private output that suits it.
pub(super) fn liar(case: &Case) -> Forger<'_> {
    let graph = case.network.graph();
    let mut values = case.values.clone();
    let (y, r) = (id(graph, "out").0 as usize, id(graph, "out r").0 as usize);
    let acc = 6 * values[y][0] + values[r][0];
    values[r][0] = 6;
    let mut forger = Forger::new(case, &values);
    *forger.cell(id(graph, "out"), 0) = Fr::from(acc - 6) * Fr::from(6u64).inverse().unwrap();
    forger.count();
    forger.recommit()
}

pub(super) fn run(forger: &mut Forger<'_>, probe: impl Fn() -> Probe) -> String {
    let transcript = probed(&forger.statement().unwrap(), &probe());
    let forged = forger.forge(transcript).unwrap();
    let statement = forger.statement().unwrap();
    refused_by(forged.verify(forger.case, &statement, probed(&statement, &probe())))
}

pub(super) fn omitting(label: &'static [u8]) -> impl Fn() -> Probe {
    move || {
        let probe = Probe::new();
        probe.omit_label(label);
        probe
    }
}

/// What is missing in the sum over the tables.
pub(super) fn missing(columns: &[Vec<Fr>], chunks: &crate::network::chunks::Chunks) -> Fr {
    let total = |columns: &[Vec<Fr>]| -> Fr { columns.iter().flatten().sum() };
    total(&columns[chunks.inverses.first..chunks.table_inverses.first])
        - total(&columns[chunks.table_inverses.first..])
}

/// With alpha drawn before the multiplicities, one of them makes up for any lookup that is in no table.
#[test]
fn multiplicities_after_alpha_prove_anything() {
    let case = case();
    let chunks = case.network.chunks().clone();
    let forge = || {
        let mut forger = liar(&case);
        let mut transcript = probed(&forger.statement().unwrap(), &omitting(b"V")());
        let [alpha, beta] = draw_lookup_challenges(&mut transcript, &[]);
        let query = |[tag, x, y]: [Fr; 3]| alpha - tag - beta * x - beta * beta * y;
        let sum: Fr = forger.lookups().into_iter().map(|q| query(q).inverse().unwrap()).sum();
        let first = query(forger.entries()[0]);
        let counted: Fr = (forger.entries().into_iter().enumerate())
            .map(|(j, t)| forger.columns[chunks.multiplicities.first + j / 256][j % 256] / query(t))
            .sum();
        forger.columns[chunks.multiplicities.first][0] += (sum - counted) * first;
        forger
    };
    assert_eq!(run(&mut forge(), omitting(b"V")), "accepted");
    assert_eq!(run(&mut forge(), Probe::new), "lookup: sum h = sum h'");
}

/// With the point of the zero-check drawn before the inverse columns, two wrong inverses cancel there.
#[test]
fn inverses_after_the_point_prove_anything() {
    let case = case();
    let chunks = case.network.chunks().clone();
    let forge = || {
        let mut forger = liar(&case);
        let mut transcript = probed(&forger.statement().unwrap(), &omitting(b"H")());
        draw_lookup_challenges(&mut transcript, &forger.commit_v());
        let r = draw_relation_point(&mut transcript, &case.network, &[]);
        let eq = eq_table(last(&r, case.network.k()).unwrap());
        let chunks = chunks.clone();
        forger.alter_inverses = Box::new(move |columns, _| {
            let difference = -missing(columns, &chunks);
            let h = &mut columns[chunks.inverses.first];
            // eq_0 d_0 / h_0 + eq_1 d_1 / h_1 = 0 and d_0 + d_1 = difference.
            let ratio = -(eq[0] / h[0]) / (eq[1] / h[1]);
            let d = difference / (Fr::one() + ratio);
            h[0] += d;
            h[1] += d * ratio;
        });
        forger
    };
    assert_eq!(run(&mut forge(), omitting(b"H")), "accepted");
    assert_eq!(run(&mut forge(), Probe::new), "sumcheck A");
}
