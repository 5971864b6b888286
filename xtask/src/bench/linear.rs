//! Cost against the size of the model: time and memory per committed value.

use serde::{Deserialize, Serialize};

use super::report::{Purpose, Report, Series};
use super::spread::Spread;

/// A model with fewer committed values than this shows the fixed memory.
const SMALL: f64 = 1e4;
/// The models that are compared with one another; without one of them it is not done. Smaller ones measure fixed costs (tables of
/// 2^16 entries, the opening, closing the constraints); MobileNetV2 and SqueezeNet have extents and channels far from powers of two,
/// so that they measure padding.
const COMPARED: [&str; 3] = ["resnet18", "resnet", "vgg16"];

/// The table of costs, by size.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Linearity {
    /// Every model, by committed values.
    pub(super) points: Vec<Point>,
    /// Peak memory of proving the smallest model less its key: what any proof needs (tables, generators, the program).
    pub(super) fixed_bytes: Option<f64>,
    /// Largest over smallest time per committed value among ResNet-18, ResNet-50 and VGG-16. Null unless all were measured.
    pub(super) time_spread: Option<f64>,
    /// The same for memory.
    pub(super) memory_spread: Option<f64>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Point {
    pub(super) model: String,
    /// Cells that the proof commits, without padding.
    pub(super) committed_values: f64,
    /// Nanoseconds of proving per committed value.
    pub(super) ns_per_value: f64,
    /// Bytes of the prover's peak per committed value, less what the process needs at rest: the fixed memory and the key. Null
    /// where nothing is left.
    pub(super) bytes_per_value: Option<f64>,
}

/// From the suite's medians.
pub(super) fn of(report: &Report) -> Linearity {
    let mut sized: Vec<(f64, &Series)> = report
        .series(Purpose::Suite)
        .filter_map(|series| Some((series.median("committed_values")?, series)))
        .filter(|(values, _)| *values > 0.0)
        .collect();
    sized.sort_by(|a, b| a.0.total_cmp(&b.0));
    let fixed_bytes =
        sized.first().filter(|(values, _)| *values < SMALL).and_then(|(_, series)| beside_key(series));
    let points: Vec<Point> = sized
        .iter()
        .filter_map(|(values, series)| {
            let memory = fixed_bytes.and_then(|fixed| Some(beside_key(series)? - fixed));
            Some(Point {
                model: series.model.clone(),
                committed_values: *values,
                ns_per_value: 1e9 * series.median("prove_s")? / values,
                bytes_per_value: memory.filter(|bytes| *bytes > 0.0).map(|bytes| bytes / values),
            })
        })
        .collect();
    let spread = |of: fn(&Point) -> Option<f64>| {
        let value = |model: &&str| points.iter().find(|point| point.model == **model).and_then(of);
        let values: Option<Vec<f64>> = COMPARED.iter().map(value).collect();
        let spread = Spread::of(&values?)?;
        Some(spread.max / spread.min)
    };
    Linearity {
        time_spread: spread(|point| Some(point.ns_per_value)),
        memory_spread: spread(|point| point.bytes_per_value),
        fixed_bytes,
        points,
    }
}

/// The prover's peak less the size of its key.
fn beside_key(series: &Series) -> Option<f64> {
    Some(series.median("peak_rss_bytes")? - series.median("pk_bytes")?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{report, run};
    use super::*;

    /// Fixed: 50 MB; each value 40 bytes and 100 ns, VGG-16 twice that.
    fn measured() -> Report {
        report(&[
            ("vgg16", run(20_000_000, 4.0, 50_000_000 + 20_000_000 * 80 + 9000, 9000)),
            ("digits-mlp", run(1_000, 0.1, 50_000_000 + 300, 300)),
            ("resnet18", run(10_000_000, 1.0, 50_000_000 + 10_000_000 * 40 + 7000, 7000)),
            ("resnet", run(15_000_000, 1.8, 50_000_000 + 15_000_000 * 50 + 8000, 8000)),
            ("squeezenet", run(12_000_000, 6.0, 50_000_000 + 12_000_000 * 200 + 8000, 8000)),
            ("lenet", run(30_000, 0.15, 50_000_000 + 30_000 * 90 + 800, 800)),
        ])
    }

    #[test]
    fn costs_per_value() {
        let linearity = of(&measured());
        let models: Vec<&str> = linearity.points.iter().map(|point| point.model.as_str()).collect();
        assert_eq!(models, ["digits-mlp", "lenet", "resnet18", "squeezenet", "resnet", "vgg16"]);
        assert_eq!(linearity.fixed_bytes, Some(5e7));
        let [smallest, lenet, resnet, _, _, vgg] = &linearity.points[..] else { panic!("six points") };
        assert_eq!(smallest.bytes_per_value, None);
        assert_eq!((resnet.ns_per_value, resnet.bytes_per_value), (100.0, Some(40.0)));
        assert_eq!((vgg.ns_per_value, vgg.bytes_per_value), (200.0, Some(80.0)));
        assert_eq!((lenet.ns_per_value, lenet.bytes_per_value), (5000.0, Some(90.0)));
        // LeNet and SqueezeNet are not among the compared ones.
        assert_eq!((linearity.time_spread, linearity.memory_spread), (Some(2.0), Some(2.0)));
    }

    #[test]
    fn no_spread_without_one_of_the_models() {
        let mut report = measured();
        report.series.retain(|series| series.model != "resnet18");
        let linearity = of(&report);
        assert_eq!((linearity.time_spread, linearity.memory_spread), (None, None));
        assert_eq!(linearity.points.len(), 5);
    }

    #[test]
    fn no_memory_without_a_small_model() {
        let mut report = measured();
        report.series.retain(|series| series.model != "digits-mlp");
        let linearity = of(&report);
        assert_eq!(linearity.fixed_bytes, None);
        assert_eq!((linearity.time_spread, linearity.memory_spread), (Some(2.0), None));
    }
}
