//! Instrumented transcripts, for tests of protocols only (feature `instrument`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use zktorch_field::Fr;

/// One use of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message with this label was absorbed.
    Absorb(&'static [u8]),
    /// A challenge with this label was drawn.
    Squeeze(&'static [u8]),
    /// Challenge bytes with this label were drawn.
    Bytes(&'static [u8]),
}

impl Event {
    /// The label.
    pub fn label(&self) -> &'static [u8] {
        match self {
            Self::Absorb(label) | Self::Squeeze(label) | Self::Bytes(label) => label,
        }
    }
}

/// Watches a transcript, and interferes if told to: it can leave out absorptions and program challenges.
///
/// Clones, also those inside cloned transcripts, share one state.
#[derive(Clone, Debug, Default)]
pub struct Probe(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    events: Vec<Event>,
    absorptions: usize,
    omitted: Vec<usize>,
    omitted_labels: Vec<&'static [u8]>,
    sequence: VecDeque<Fr>,
    by_label: BTreeMap<&'static [u8], VecDeque<Fr>>,
}

impl Probe {
    /// A probe that only records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves out the absorption number `index` (counted from 0).
    pub fn omit(&self, index: usize) {
        self.state().omitted.push(index);
    }

    /// Leaves out every absorption with this label.
    pub fn omit_label(&self, label: &'static [u8]) {
        self.state().omitted_labels.push(label);
    }

    /// The next challenges, whatever their labels, are these.
    pub fn program(&self, challenges: impl IntoIterator<Item = Fr>) {
        self.state().sequence.extend(challenges);
    }

    /// The next challenges with this label are these.
    pub fn program_label(&self, label: &'static [u8], challenges: impl IntoIterator<Item = Fr>) {
        self.state().by_label.entry(label).or_default().extend(challenges);
    }

    /// What happened so far.
    pub fn events(&self) -> Vec<Event> {
        self.state().events.clone()
    }

    pub(crate) fn record(&self, event: Event) {
        self.state().events.push(event);
    }

    /// Records an absorption; false if it is to be left out.
    pub(crate) fn absorb(&self, label: &'static [u8]) -> bool {
        let mut state = self.state();
        state.events.push(Event::Absorb(label));
        let index = state.absorptions;
        state.absorptions += 1;
        !state.omitted.contains(&index) && !state.omitted_labels.contains(&label)
    }

    /// Records a challenge; the programmed value if there is one.
    pub(crate) fn squeeze(&self, label: &'static [u8]) -> Option<Fr> {
        let mut state = self.state();
        state.events.push(Event::Squeeze(label));
        let labelled = state.by_label.get_mut(label).and_then(VecDeque::pop_front);
        labelled.or_else(|| state.sequence.pop_front())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned probe belongs to a test that has failed already.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
