//! Colours for quantities that span orders of magnitude: steps of one factor, counted from the largest value.

/// Steps of a scale; 0 is for what has no value, or none that is not zero.
pub(super) const STEPS: usize = 8;

/// How values become steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    most: f64,
    factor: f64,
}

impl Scale {
    /// For these values: the least of a few factors with which no more than a tenth of them are below the first step.
    pub(super) fn new(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut positive: Vec<f64> = values.filter(|value| *value > 0.0 && value.is_finite()).collect();
        positive.sort_by(f64::total_cmp);
        let most = positive.last().copied()?;
        let least = positive[positive.len() / 10];
        let reach = |factor: &f64| most / factor.powi(STEPS as i32) <= least;
        let factor = [1.5, 2.0, 3.0, 4.0].into_iter().find(reach).unwrap_or(5.0);
        Some(Self { most, factor })
    }

    /// The step of a value: the last one for the largest.
    pub(super) fn step(&self, value: f64) -> usize {
        if value <= 0.0 || !value.is_finite() {
            return 0;
        }
        let below = (self.most / value).ln() / self.factor.ln();
        STEPS.saturating_sub(below.max(0.0) as usize).max(1)
    }

    /// The largest value of every step.
    pub(super) fn ends(&self) -> [f64; STEPS] {
        std::array::from_fn(|step| self.most / self.factor.powi((STEPS - 1 - step) as i32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_a_factor() {
        let scale = Scale::new([1.0, 128.0, 0.0, 300.0].into_iter()).unwrap();
        assert_eq!(scale.factor, 3.0);
        assert_eq!(
            [scale.step(300.0), scale.step(128.0), scale.step(90.0), scale.step(1.0), scale.step(1e-9)],
            [8, 8, 7, 3, 1]
        );
        assert_eq!([scale.step(0.0), scale.step(f64::NAN), scale.step(-1.0)], [0; 3]);
        assert_eq!(scale.ends()[STEPS - 1], 300.0);
        for (step, end) in (1..).zip(scale.ends()) {
            assert_eq!(scale.step(0.999 * end), step);
        }
        assert_eq!(Scale::new([0.0, f64::NAN].into_iter()), None);
        assert_eq!(Scale::new([7.0].into_iter()).map(|scale| scale.step(7.0)), Some(STEPS));
    }
}
