//! Vectors that are longer than what they are claims on: something stands where nothing belongs.

use ark_ff::{AdditiveGroup, Field};
use zktorch_commit::{Blind, CommitError};
use zktorch_field::{Fr, G1Affine};
use zktorch_mira::relation::RelaxedRelation;
use zktorch_mira::{MiraError, Module};
use zktorch_transcript::{Recorder, Transcript};

use super::attacks::{DECIDER, error_term, folded_value, random_z};
use super::forger::{Forger, random_blinds};
use crate::close::fold::absorb_mask;
use crate::spartan::Sizes;
use crate::test_util::{Case, SMALL, Size, assert_unsatisfied, helpers};
use crate::{ChannelError, FoldedCommitments, HiddenProof, Protocol, RowReader};

/// What a prover commits where nothing belongs, beside honest vectors.
#[derive(Default)]
struct Added {
    /// In E_r.
    error: Vec<Fr>,
    /// In T.
    cross: Vec<Fr>,
    /// In the rows of the messages.
    rows: Vec<Vec<Fr>>,
    /// In the mask of the messages.
    mask: Vec<Fr>,
}

/// A one (or another value) at one place of a long vector.
fn single(at: usize, value: Fr) -> Vec<Fr> {
    [vec![Fr::ZERO; at], vec![value]].concat()
}

/// Honest messages, and their mask with something added. `sees` says where the prover acts on what it has
/// added: in Spartan (for E and the mask), in the reduction of the claims, in the opening. Elsewhere it acts as if
/// it had not.
fn prove_with(forger: &Forger<'_>, added: &Added, sees: [bool; 3]) -> HiddenProof {
    let (relation, case) = (forger.relation(), forger.case);
    let mut mask = forger.accumulator(random_z(forger));
    // f of the honest messages is zero: f at epsilon = 1 is T + E_r.
    let mut cross = folded_value(forger, &mask, Fr::ONE);
    cross.accumulate(&mask.1.opening.values, -Fr::ONE);
    cross.accumulate(&added.cross, Fr::ONE);
    let cross = error_term(forger, &cross, 30);
    let mut error = mask.1.opening.values.clone();
    error.accumulate(&added.error, Fr::ONE);
    (mask.0.error, mask.1.opening) = error_term(forger, &error, 31);
    mask.1.witness.mask.accumulate(&added.mask, Fr::ONE);
    let mut blinds = mask.1.witness.mask_blinds.clone().into_iter();
    let chunks = relation.commit_mask(&case.srs, &mask.1.witness.mask, &mut || blinds.next().unwrap());
    mask.0.instance.mask = FoldedCommitments::new(chunks.unwrap().0);

    let mut transcript = forger.transcript.clone();
    absorb_mask(&mut transcript, &mask.0);
    relation.absorb_error(&mut transcript, &cross.0);
    let epsilon = transcript.challenge_nonzero(b"mira fold gamma");
    let z = with_added(&forger.z, case.columns, &added.rows);
    let mut relaxed = relation.fresh_instance(forger.rows.clone());
    let mut whole = relation.fresh_witness(z, forger.blinds.clone());
    relaxed.fold(&mask.0, core::slice::from_ref(&cross.0), epsilon);
    whole.fold(&mask.1, core::slice::from_ref(&cross.1), epsilon);

    let mut short = whole.clone();
    let width = whole.witness.messages.len() / forger.rows.len();
    short.witness.messages =
        whole.witness.messages.chunks(width).flat_map(|row| row[..case.columns].to_vec()).collect();
    short.witness.mask.truncate(forger.z.len());
    short.opening.values.truncate(forger.r1cs.num_constraints());
    let mut spartan = short.clone();
    if sees[0] {
        spartan.opening = whole.opening.clone();
        spartan.witness.mask.clone_from(&whole.witness.mask);
    }
    let [claimed, opened] = [sees[1], sees[2]].map(|sees| if sees { &whole } else { &short });
    let argument = forger.argue(&mut transcript, &relaxed, [&spartan, claimed, opened]);
    forger.assemble(forger.fold_proof(&mask, &cross.0), argument)
}

/// All rows of z with what is added to each; nothing where there is no such list.
fn with_added(z: &[Fr], columns: usize, added: &[Vec<Fr>]) -> Vec<Fr> {
    let rows = z.chunks(columns).enumerate().map(|(index, row)| {
        let mut row = row.to_vec();
        row.accumulate(added.get(index).unwrap_or(&Vec::new()), Fr::ONE);
        row
    });
    rows.flatten().collect()
}

/// Commits to rows of whatever width.
fn commit_all(case: &Case, z: &[Fr], blinds: &[Blind]) -> Vec<G1Affine> {
    let rows = z.chunks(z.len() / blinds.len()).zip(blinds);
    rows.map(|(row, blind)| case.srs.commit(row, blind).unwrap().point()).collect()
}

fn assert_not_opened(result: Result<(), ChannelError>, expected: &CommitError) {
    match result {
        Err(ChannelError::Mira(MiraError::Commit(error))) => assert_eq!(error, *expected),
        other => panic!("expected `{expected}`, got {other:?}"),
    }
}

/// E is committed in whole chunks, and only its first entries belong to constraints. What stands in the
/// others is refused: within the cube of Spartan, and beyond it.
#[test]
fn error_terms_beyond_the_constraints_are_refused() {
    // Helpers; constraints, size of the cube, entries of all chunks; places within the cube and beyond it.
    let sizes = [
        (SMALL.helpers, [6, 8, 32], [6, 7], [8, 15, 16, 31].as_slice()),
        (115, [41, 64, 64], [41, 63], &[]),
        (202, [70, 128, 96], [70, 95], &[]),
    ];
    for (helpers, expected, within, beyond) in sizes {
        let case = Case::new(Size { helpers, ..SMALL });
        let mut prover = case.prover(case.transcript(), 1);
        let rho = case.send_messages(&mut prover, &case.evaluations());
        let forger = Forger::new(&case, prover, case.claims(rho));
        let committed = case.srs.size() * forger.relation().num_error_chunks();
        let cube = 1 << Sizes::of(&forger.r1cs).mu;
        assert_eq!([forger.r1cs.num_constraints(), cube, committed], expected);
        let run = |added: &Added, sees| case.verify(&prove_with(&forger, added, sees));
        for sees in [[false; 3], [true; 3]] {
            run(&Added::default(), sees).unwrap();
        }
        // In E_r, in T, and in both with opposite signs.
        let one = Fr::ONE;
        let changes = |at: usize| {
            [(one, Fr::ZERO), (Fr::ZERO, one), (-one, one)].map(|(e, t)| Added {
                error: single(at, e),
                cross: single(at, t),
                ..Added::default()
            })
        };
        for added in within.iter().flat_map(|at| changes(*at)) {
            assert_unsatisfied(run(&added, [true, true, true]), DECIDER);
            assert_unsatisfied(run(&added, [false, true, true]), DECIDER);
            assert_not_opened(run(&added, [false, false, true]), &CommitError::OpeningValue);
            assert_not_opened(run(&added, [false, false, false]), &CommitError::OpeningPairing);
        }
        // Neither Spartan nor the claim on E looks there: the opening does, whose point is random.
        for added in beyond.iter().flat_map(|at| changes(*at)) {
            assert_not_opened(run(&added, [true, true, true]), &CommitError::OpeningValue);
            assert_not_opened(run(&added, [true, true, false]), &CommitError::OpeningPairing);
        }
    }
}

/// Honest messages without claims, in rows to which something is added when they are committed.
fn long_rows<'a>(case: &'a Case, added: &[Vec<Fr>]) -> Forger<'a> {
    let mut prover = case.prover(case.transcript(), 1);
    let mut transcript = prover.start().0;
    let (mut z, mut rows, mut blinds) = (Vec::new(), Vec::new(), Vec::new());
    let mut send = |transcript: &mut Transcript, label, message: &[Fr]| {
        let mut cells = message.to_vec();
        cells.resize(message.len().next_multiple_of(case.columns), Fr::ZERO);
        let (first, count) = (rows.len(), cells.len() / case.columns);
        let own = random_blinds(count, 32 + first as u64);
        let long = with_added(&cells, case.columns, added.get(first..).unwrap_or_default());
        rows.extend(commit_all(case, &long, &own));
        transcript.append_hidden(label, message.len(), &rows[first..]);
        z.extend(cells);
        blinds.extend(own);
    };
    transcript.append_points(b"example commitments", &[]);
    let y = case.evaluations();
    send(&mut transcript, b"example evaluations", &y);
    let rho = transcript.challenge_scalar(b"example rho");
    send(&mut transcript, b"example helpers", &helpers(case.example.helpers, y[0] + Fr::ONE, rho));

    // The verifier's code on these rows.
    let reader = RowReader::new(case.columns, rows.clone());
    let mut recorder = Recorder::new(prover.start().0, reader).unwrap();
    assert!(case.example.verify(&mut recorder).unwrap().is_empty());
    let recorded = recorder.finish().unwrap();
    recorded.r1cs.check(&z).unwrap();
    Forger {
        case,
        r1cs: recorded.r1cs,
        transcript: recorded.transcript,
        z,
        blinds,
        rows,
        masks: Vec::new(),
        claims: Vec::new(),
        rng: prover.rng(),
    }
}

/// The rows of messages commit to their cells and to no further powers of tau.
#[test]
fn rows_longer_than_their_width_are_refused() {
    // Columns, helpers, rows; log2 of the entries that are opened, of 32 that can be committed.
    // No opening has less than 16: up to there, what follows a narrower row has weight zero in its claim.
    for (columns, helpers, count, vars) in [(16, 60, 5, 5), (4, 61, 17, 5), (4, 4, 2, 4)] {
        let case = Case::new(Size { k: 5, columns, claims: 0, helpers });
        let run = |value: Fr, (row, at): (usize, usize), sees| {
            let mut rows = vec![vec![Fr::ZERO; case.srs.size()]; count];
            rows[row][at] = value;
            let forger = long_rows(&case, &rows);
            assert_eq!(forger.rows.len(), count);
            case.verify(&prove_with(&forger, &Added { rows, ..Added::default() }, sees))
        };
        for sees in [[false; 3], [true, true, vars == case.srs.k()]] {
            run(Fr::ZERO, (0, 16), sees).unwrap();
        }
        // The first message, a row of the second, its last row, which is not full.
        for row in [0, count / 2, count - 1] {
            for at in [16, 17, 31] {
                let run = |sees| run(Fr::ONE, (row, at), sees);
                assert_not_opened(run([true, true, false]), &CommitError::OpeningPairing);
                // Powers of tau beyond the opening cannot even be opened to something false.
                if vars == case.srs.k() {
                    assert_not_opened(run([true, true, true]), &CommitError::OpeningValue);
                }
            }
        }
    }
}

/// A mask is committed in whole chunks, and masks the padded rows of messages: what stands beyond them is refused, and what
/// stands in rows that are no messages is of no use to anybody.
#[test]
fn masks_beyond_the_rows_are_refused() {
    // Helpers, rows, cells of padded rows; log2 of the entries that are opened. The last masks have three chunks of four.
    let sizes = [(0, 4, 2, 8, 4), (1, 4, 3, 16, 5), (0, 20, 6, 32, 5), (0, 64, 17, 128, 5)];
    for (claims, helpers, rows, cells, vars) in sizes {
        let case = Case::new(Size { k: 5, columns: 4, claims, helpers });
        let mut prover = case.prover(case.transcript(), 1);
        let rho = case.send_messages(&mut prover, &case.evaluations());
        let forger = Forger::new(&case, prover, case.claims(rho));
        assert_eq!(forger.rows.len(), rows);
        let run = |at, sees| {
            let added = Added { mask: single(at, Fr::ONE), ..Added::default() };
            case.verify(&prove_with(&forger, &added, sees))
        };
        for at in (4 * rows..cells.min(96)).chain(cells..32) {
            if at < cells {
                run(at, [true, true, true]).unwrap();
                continue;
            }
            assert_not_opened(run(at, [true, true, false]), &CommitError::OpeningPairing);
            if at < 1 << vars {
                assert_not_opened(run(at, [true, true, true]), &CommitError::OpeningValue);
            }
        }
    }
}
