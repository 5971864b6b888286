//! Time by stage on one thread.

use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// Gives every moment to the innermost open stage.
#[derive(Debug)]
pub(super) struct Clock {
    /// The only thread that counts.
    owner: Option<ThreadId>,
    /// Open stages, outermost first.
    open: Vec<usize>,
    /// Up to when time has been given away.
    until: Instant,
    sums: Vec<Option<Duration>>,
    /// From when on stages are measured.
    start: Instant,
    /// What was given away, in its order: stage, and when since the start.
    spans: Vec<(usize, [Duration; 2])>,
}

impl Clock {
    /// For so many stages. No thread counts.
    pub(super) fn new(stages: usize, now: Instant) -> Self {
        let (open, sums, spans) = (Vec::new(), vec![None; stages], Vec::new());
        Self { owner: None, open, until: now, sums, start: now, spans }
    }

    /// From now on the calling thread counts.
    pub(super) fn restart(&mut self, now: Instant) {
        self.owner = Some(thread::current().id());
        self.open.clear();
        self.until = now;
        self.sums.fill(None);
        self.start = now;
        self.spans.clear();
    }

    pub(super) fn enter(&mut self, stage: usize, now: Instant) {
        if self.is_owner() {
            self.give_away(now);
            self.open.push(stage);
        }
    }

    pub(super) fn exit(&mut self, stage: usize, now: Instant) {
        if self.is_owner() {
            self.give_away(now);
            // One that was open before the restart is not there.
            if let Some(index) = self.open.iter().rposition(|open| *open == stage) {
                self.open.remove(index);
            }
        }
    }

    /// Time of every stage up to now; none for a stage that did not begin.
    pub(super) fn sums(&mut self, now: Instant) -> Vec<Option<Duration>> {
        self.give_away(now);
        self.sums.clone()
    }

    /// When every stage was the innermost one, since the restart: one after the other.
    pub(super) fn spans(&self) -> &[(usize, [Duration; 2])] {
        &self.spans
    }

    fn is_owner(&self) -> bool {
        self.owner == Some(thread::current().id())
    }

    fn give_away(&mut self, now: Instant) {
        if let Some(stage) = self.open.last()
            && let Some(sum) = self.sums.get_mut(*stage)
        {
            *sum.get_or_insert_default() += now.saturating_duration_since(self.until);
            let [from, to] = [self.until, now].map(|time| time.saturating_duration_since(self.start));
            match self.spans.last_mut().filter(|(last, [_, end])| last == stage && *end == from) {
                Some((_, [_, end])) => *end = to,
                None => self.spans.push((*stage, [from, to])),
            }
        }
        self.until = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(sums: &[Option<Duration>]) -> Vec<Option<u128>> {
        sums.iter().map(|sum| sum.map(|sum| sum.as_millis())).collect()
    }

    #[test]
    fn a_moment_belongs_to_the_innermost_stage() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut clock = Clock::new(4, start);
        clock.enter(0, at(1));
        assert_eq!(milliseconds(&clock.sums(at(2))), [None; 4], "nothing counts before the restart");
        clock.restart(at(10));
        clock.exit(0, at(11));
        clock.enter(0, at(20));
        clock.enter(1, at(25));
        clock.enter(0, at(26));
        clock.exit(0, at(28));
        clock.exit(1, at(32));
        clock.exit(0, at(40));
        clock.enter(2, at(50));
        // Stage 0: 20 to 25, 26 to 28 and 32 to 40. Stage 2 is still open.
        assert_eq!(milliseconds(&clock.sums(at(57))), [Some(15), Some(5), Some(7), None]);
        assert_eq!(milliseconds(&clock.sums(at(60))), [Some(15), Some(5), Some(10), None]);
        let ms = |(stage, [from, to]): &(usize, [Duration; 2])| (*stage, from.as_millis(), to.as_millis());
        let expected = [(0, 10, 15), (1, 15, 16), (0, 16, 18), (1, 18, 22), (0, 22, 30), (2, 40, 50)];
        assert_eq!(clock.spans().iter().map(ms).collect::<Vec<_>>(), expected);
        clock.restart(at(70));
        assert_eq!(milliseconds(&clock.sums(at(80))), [None; 4]);
    }

    #[test]
    fn stages_that_end_in_another_order() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut clock = Clock::new(2, start);
        clock.restart(start);
        clock.enter(0, at(0));
        clock.enter(1, at(1));
        clock.exit(0, at(3));
        clock.exit(1, at(7));
        clock.exit(1, at(8));
        assert_eq!(milliseconds(&clock.sums(at(9))), [Some(1), Some(6)]);
    }

    #[test]
    fn other_threads_do_not_count() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut clock = Clock::new(2, start);
        clock.restart(start);
        clock.enter(0, at(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                clock.enter(1, at(1));
                clock.exit(0, at(2));
            });
        });
        clock.exit(0, at(5));
        assert_eq!(milliseconds(&clock.sums(at(6))), [Some(5), None]);
    }
}
