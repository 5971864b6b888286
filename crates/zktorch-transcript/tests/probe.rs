//! Instrumented transcripts do what protocol tests rely on.
#![cfg(feature = "instrument")]

use zktorch_field::Fr;
use zktorch_transcript::Transcript;
use zktorch_transcript::probe::{Event, Probe};

fn protocol(t: &mut Transcript) -> [Fr; 2] {
    t.append_u64(b"first", 1);
    let a = t.challenge_scalar(b"a");
    t.append_u64(b"second", 2);
    t.append_u64(b"first", 3);
    [a, t.challenge_scalar(b"b")]
}

#[test]
fn a_probe_records_without_changing_anything() {
    let plain = protocol(&mut Transcript::new(b"test"));
    let probe = Probe::new();
    let mut probed = Transcript::new(b"test").with_probe(&probe);
    assert_eq!(protocol(&mut probed), plain);
    let expected = [
        Event::Absorb(b"first"),
        Event::Squeeze(b"a"),
        Event::Absorb(b"second"),
        Event::Absorb(b"first"),
        Event::Squeeze(b"b"),
    ];
    assert_eq!(probe.events(), expected);
    assert_eq!(probe.events()[2].label(), b"second");
    let mut digest = [0; 4];
    probed.clone().challenge_bytes(b"digest", &mut digest);
    assert_eq!(probe.events().last(), Some(&Event::Bytes(b"digest")));
}

#[test]
fn absorptions_can_be_left_out() {
    let plain = protocol(&mut Transcript::new(b"test"));
    let with = |prepare: fn(&Probe)| {
        let probe = Probe::new();
        prepare(&probe);
        protocol(&mut Transcript::new(b"test").with_probe(&probe))
    };
    let later = with(|p| p.omit(1));
    assert_eq!(later[0], plain[0]);
    assert_ne!(later[1], plain[1]);
    let labelled = with(|p| p.omit_label(b"first"));
    assert_ne!(labelled[0], plain[0]);
    assert_ne!(with(|p| p.omit(2))[1], with(|p| p.omit(1))[1]);
}

#[test]
fn challenges_can_be_programmed() {
    let five = Fr::from(5u64);
    let plain = protocol(&mut Transcript::new(b"test"));
    let with = |prepare: fn(&Probe)| {
        let probe = Probe::new();
        prepare(&probe);
        protocol(&mut Transcript::new(b"test").with_probe(&probe))
    };
    let first = with(|p| p.program([Fr::from(5u64)]));
    assert_eq!(first[0], five);
    let second = with(|p| p.program_label(b"b", [Fr::from(5u64)]));
    assert_eq!(second, [plain[0], five]);
}
