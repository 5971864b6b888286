//! The steps of some work, and how long the rest will take.

use std::time::{Duration, Instant};

use zktorch_field::task::Stage;
use zktorch_prover::stages::Planned;

/// What tells that a step begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign<'a> {
    /// A span of this name, of what is done around proofs.
    Span(&'a str),
    /// A stage of a proof.
    Stage(Stage),
}

impl<'a> Sign<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::Span(name) => name,
            Self::Stage(stage) => stage.name(),
        }
    }
}

/// A step that is known before the work begins.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    sign: Sign<'static>,
    seconds: f64,
    times: u64,
}

impl From<Planned> for Step {
    fn from(Planned { stage, steps, seconds }: Planned) -> Self {
        Self { sign: Sign::Stage(stage), seconds, times: steps }
    }
}

impl Step {
    /// A span that is entered once, and how many seconds it may take: only proportions between steps matter much, because the
    /// estimate is corrected by what is done.
    pub fn new(span: &'static str, seconds: f64) -> Self {
        Self { sign: Sign::Span(span), seconds, times: 1 }
    }

    /// The span is entered so many times, `seconds` being for all of them.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times.max(1);
        self
    }
}

/// The steps of several pieces of work, one after the other: those with the same sign are one.
pub fn merged(lists: impl IntoIterator<Item = Vec<Step>>) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    for step in lists.into_iter().flatten() {
        match all.iter_mut().find(|known| known.sign == step.sign) {
            Some(known) => {
                known.seconds += step.seconds;
                known.times += step.times;
            }
            None => all.push(step),
        }
    }
    all
}

/// Columns of the bar.
const BAR: usize = 24;
/// How much the expected seconds count against the measured ones: as much as this share of the work.
const PRIOR: f64 = 0.05;

/// How far some work is.
#[derive(Debug)]
pub(super) struct Plan {
    what: &'static str,
    steps: Vec<(Step, u64)>,
    /// Steps that have begun, outermost first.
    open: Vec<usize>,
    /// The last step that had begun.
    last: usize,
    started: Instant,
    /// When a step last ended.
    advanced: Instant,
}

impl Plan {
    pub(super) fn new(what: &'static str, steps: Vec<Step>, now: Instant) -> Self {
        let steps = steps.into_iter().map(|step| (step, 0)).collect();
        Self { what, steps, open: Vec::new(), last: 0, started: now, advanced: now }
    }

    /// A step begins.
    pub(super) fn enter(&mut self, sign: Sign<'_>) {
        if let Some(index) = self.find(sign) {
            self.open.push(index);
            self.last = index;
        }
    }

    /// A step ends. A stage of several steps says itself when each is done.
    pub(super) fn exit(&mut self, sign: Sign<'_>, now: Instant) {
        let Some(index) = self.find(sign) else { return };
        // One that began before the plan is none of its steps.
        if let Some(position) = self.open.iter().rposition(|open| *open == index) {
            self.open.remove(position);
            let counts_itself = matches!(sign, Sign::Stage(_)) && self.steps[index].0.times > 1;
            if !counts_itself {
                self.count(sign, now);
            }
            self.last = self.open.last().copied().unwrap_or(index);
        }
    }

    /// A step is done, whose beginning was not shown.
    pub(super) fn count(&mut self, sign: Sign<'_>, now: Instant) {
        if let Some((step, count)) = self.steps.iter_mut().find(|(step, _)| step.sign == sign) {
            *count = (*count + 1).min(step.times);
            self.advanced = now;
        }
    }

    fn find(&self, sign: Sign<'_>) -> Option<usize> {
        self.steps.iter().position(|(step, _)| step.sign == sign)
    }

    fn total(&self) -> f64 {
        self.steps.iter().map(|(step, _)| step.seconds).sum()
    }

    fn done(&self) -> f64 {
        self.steps.iter().map(|(step, count)| step.seconds * *count as f64 / step.times as f64).sum()
    }

    /// The share that is done, from 0 to 1.
    pub(super) fn fraction(&self) -> f64 {
        let total = self.total();
        if total > 0.0 { self.done() / total } else { 0.0 }
    }

    /// Seconds that have passed for every second that was expected.
    fn pace(&self) -> f64 {
        let measured = self.advanced.saturating_duration_since(self.started).as_secs_f64();
        let prior = PRIOR * self.total();
        let expected = self.done() + prior;
        if expected > 0.0 { (measured + prior) / expected } else { 1.0 }
    }

    /// Seconds done since the last step ended, as far as the step that runs goes; and seconds left. Both at the pace so far.
    fn estimate(&self, now: Instant) -> (f64, f64) {
        let pace = self.pace();
        let passed = now.saturating_duration_since(self.advanced).as_secs_f64();
        let running = self.open.last().and_then(|index| self.steps.get(*index));
        let running = running.filter(|(step, count)| *count < step.times);
        let running = running.map_or(0.0, |(step, _)| pace * step.seconds / step.times as f64);
        let since = passed.min(running);
        (since, (pace * (self.total() - self.done()) - since).max(0.0))
    }

    /// `prove: sumcheck A (6 of 11) [=========>              ] about 3 s left`
    pub(super) fn line(&self, now: Instant) -> String {
        let (since, left) = self.estimate(now);
        let whole = self.pace() * self.done() + since + left;
        let share = if whole > 0.0 { 1.0 - left / whole } else { 0.0 };
        let filled = ((share * BAR as f64) as usize).min(BAR);
        let bar: String = (0..BAR)
            .map(|i| {
                if i < filled {
                    '='
                } else if i == filled {
                    '>'
                } else {
                    ' '
                }
            })
            .collect();
        let left = show(Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX));
        let what = self.what;
        match self.steps.get(self.last) {
            Some((step, _)) => {
                let (number, count) = (self.last + 1, self.steps.len());
                format!("{what}: {} ({number} of {count}) [{bar}] {left} left", step.sign.name())
            }
            None => what.to_owned(),
        }
    }
}

/// In a unit that fits.
fn show(left: Duration) -> String {
    match left.as_secs() {
        0 => "less than 1 s".to_owned(),
        seconds @ 1..120 => format!("about {seconds} s"),
        seconds @ 120..7200 => format!("about {} min", seconds / 60),
        seconds => format!("about {} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(now: Instant) -> Plan {
        let steps = vec![Step::new("read", 1.0), Step::new("fold", 6.0).times(3), Step::new("open", 3.0)];
        Plan::new("prove", steps, now)
    }

    #[test]
    fn stage_count_and_estimate() {
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let mut plan = plan(start);
        assert_eq!(plan.line(at(0.0)), "prove: read (1 of 3) [>                       ] about 10 s left");
        plan.enter(Sign::Span("read"));
        // Half of the step; and more than all of it, which takes nothing from the others.
        assert_eq!(plan.line(at(0.5)), "prove: read (1 of 3) [=>                      ] about 9 s left");
        assert_eq!(plan.line(at(60.0)), "prove: read (1 of 3) [==>                     ] about 9 s left");
        // It took ten times as long as expected.
        plan.exit(Sign::Span("read"), at(10.0));
        assert_eq!(plan.fraction(), 0.1);
        assert_eq!(plan.line(at(10.0)), "prove: read (1 of 3) [==>                     ] about 63 s left");
        plan.enter(Sign::Span("fold"));
        assert!(plan.line(at(10.0)).starts_with("prove: fold (2 of 3) [==> "));
        plan.exit(Sign::Span("fold"), at(12.0));
        assert!((plan.fraction() - 0.3).abs() < 1e-9);
        for (time, share) in [(14.0, 0.5), (16.0, 0.7)] {
            plan.enter(Sign::Span("fold"));
            plan.enter(Sign::Span("inner"));
            plan.exit(Sign::Span("inner"), at(13.0));
            plan.exit(Sign::Span("fold"), at(time));
            assert!((plan.fraction() - share).abs() < 1e-9);
        }
        // More often than planned: counts no more, and is not what the estimate waits for.
        plan.enter(Sign::Span("fold"));
        plan.exit(Sign::Span("fold"), at(17.0));
        assert!((plan.fraction() - 0.7).abs() < 1e-9);
        plan.enter(Sign::Span("open"));
        // 17.5 seconds for 7.5 expected: three expected seconds are seven.
        assert_eq!(plan.line(at(17.0)), "prove: open (3 of 3) [================>       ] about 7 s left");
        assert_eq!(plan.line(at(22.5)), "prove: open (3 of 3) [======================> ] about 1 s left");
        assert!(plan.line(at(99.0)).ends_with("less than 1 s left"));
        plan.exit(Sign::Span("open"), at(99.0));
        assert_eq!(plan.fraction(), 1.0);
        assert_eq!(plan.line(at(99.0)), "prove: open (3 of 3) [========================] less than 1 s left");
    }

    #[test]
    fn nested_steps_show_the_innermost() {
        let start = Instant::now();
        let mut plan = plan(start);
        plan.exit(Sign::Span("open"), start);
        plan.enter(Sign::Span("fold"));
        plan.enter(Sign::Span("open"));
        assert!(plan.line(start).contains("open (3 of 3)"));
        plan.exit(Sign::Span("open"), start);
        assert!(plan.line(start).contains("fold (2 of 3)"));
        plan.exit(Sign::Span("fold"), start);
        assert!(plan.line(start).contains("fold (2 of 3)"));
        assert_eq!(plan.fraction(), 0.5);
    }

    #[test]
    fn a_stage_counts_its_steps_itself() {
        const FOLD: Stage = Stage::new("fold");
        const OPEN: Stage = Stage::new("open");
        let start = Instant::now();
        let planned = [(FOLD, 2, 2.0), (OPEN, 1, 2.0)];
        let step = |(stage, steps, seconds)| Step::from(Planned { stage, steps, seconds });
        let mut plan = Plan::new("prove", planned.map(step).to_vec(), start);
        // A span of that name is another matter.
        plan.enter(Sign::Span("open"));
        plan.exit(Sign::Span("open"), start);
        plan.enter(Sign::Stage(FOLD));
        plan.count(Sign::Stage(FOLD), start);
        assert!(plan.line(start).starts_with("prove: fold (1 of 2)"));
        plan.exit(Sign::Stage(FOLD), start);
        assert_eq!(plan.fraction(), 0.25);
        plan.enter(Sign::Stage(OPEN));
        plan.exit(Sign::Stage(OPEN), start);
        assert_eq!(plan.fraction(), 0.75);
    }

    #[test]
    fn nothing_to_do() {
        let start = Instant::now();
        let later = start + Duration::from_secs(5);
        assert_eq!(Plan::new("verify", Vec::new(), start).line(later), "verify");
        let mut free = Plan::new("verify", vec![Step::new("a", 0.0)], start);
        free.enter(Sign::Span("a"));
        free.exit(Sign::Span("a"), later);
        assert_eq!(free.fraction(), 0.0);
        assert!(free.line(later).ends_with("less than 1 s left"));
    }

    #[test]
    fn units() {
        for (seconds, shown) in [
            (0, "less than 1 s"),
            (1, "about 1 s"),
            (119, "about 119 s"),
            (120, "about 2 min"),
            (7199, "about 119 min"),
            (7200, "about 2 h"),
        ] {
            assert_eq!(show(Duration::from_secs(seconds)), shown);
        }
        assert!(show(Duration::MAX).ends_with(" h"));
    }
}
