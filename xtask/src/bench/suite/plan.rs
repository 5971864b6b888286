//! What the suite measures, in which order.

use super::super::report::{Purpose, Settings};
use crate::prove_model::Model;

/// Every model, from small to large.
pub(super) const ALL: [Model; 10] = [
    Model::DigitsMlp,
    Model::Mlp,
    Model::Digits,
    Model::MlpLarge,
    Model::Lenet,
    Model::Squeezenet,
    Model::Resnet18,
    Model::MobileNetV2,
    Model::Resnet,
    Model::Vgg16,
];
/// Those of a quick run.
pub(super) const QUICK: [Model; 4] = [Model::DigitsMlp, Model::Mlp, Model::Digits, Model::Lenet];
/// Those that are proved on several thread counts.
const SCALING: [Model; 3] = [Model::Lenet, Model::Resnet18, Model::Resnet];
/// The one that is proved on the portable backend.
const PORTABLE: Model = Model::Resnet;
/// The same for a quick run.
const QUICK_PORTABLE: Model = Model::Lenet;

/// Everything, by model: keys are made once for a group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) groups: Vec<Group>,
}

/// The series of one model.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) model: Model,
    pub(super) series: Vec<Planned>,
}

/// One series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) purpose: Purpose,
    /// None: all.
    pub(super) threads: Option<usize>,
}

impl Plan {
    pub(super) fn new(settings: &Settings, portable: bool) -> Self {
        let wanted = ALL.into_iter().filter(|model| settings.models.contains(&model.name()));
        let on_portable = if settings.quick { QUICK_PORTABLE } else { PORTABLE };
        let group = |model: Model| {
            let mut series = vec![Planned { purpose: Purpose::Suite, threads: None }];
            if SCALING.contains(&model) {
                let threads = settings.threads.iter();
                series.extend(
                    threads.map(|threads| Planned { purpose: Purpose::Threads, threads: Some(*threads) }),
                );
            }
            if portable && model == on_portable {
                series.push(Planned { purpose: Purpose::Portable, threads: None });
            }
            Group { model, series }
        };
        Self { groups: wanted.map(group).collect() }
    }
}

/// Whether a run has every model that a bar is about.
pub(super) fn is_whole(settings: &Settings, portable: bool) -> bool {
    portable && ALL.iter().all(|model| settings.models.contains(&model.name()))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::super::super::mlperf::ROWS;
    use super::super::super::report::Subject;
    use super::*;

    fn settings(quick: bool, models: &[Model]) -> Settings {
        let models = models.iter().map(|model| model.name()).collect();
        Settings { subject: Subject::Suite, runs: 3, quick, models, threads: vec![1, 2] }
    }

    #[test]
    fn every_model_of_the_repository() {
        // Small ones for sequences are proved by `cargo xtask prove-model` alone: tract reads no tokens here.
        let others = |model: &&Model| !model.is_sequence() && !model.reads_text();
        for model in Model::value_variants().iter().filter(others) {
            let measured = ALL.contains(model) || ROWS.iter().any(|row| row.model == *model);
            assert!(measured, "{model:?} is neither in the suite nor in the table of MLPerf's models");
        }
    }

    #[test]
    fn the_whole_suite() {
        let plan = Plan::new(&settings(false, &ALL), true);
        assert_eq!(plan.groups.iter().map(|group| group.model).collect::<Vec<_>>(), ALL);
        let all = |purpose| {
            let series =
                plan.groups.iter().flat_map(|group| group.series.iter().map(|series| (group.model, *series)));
            series
                .filter(|(_, series)| series.purpose == purpose)
                .map(|(model, series)| (model, series.threads))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(Purpose::Suite).len(), ALL.len());
        assert_eq!(all(Purpose::Portable), [(Model::Resnet, None)]);
        let scaling =
            [Model::Lenet, Model::Resnet18, Model::Resnet].map(|model| [(model, Some(1)), (model, Some(2))]);
        assert_eq!(all(Purpose::Threads), scaling.concat());
        assert!(is_whole(&settings(false, &ALL), true));
        assert!(!is_whole(&settings(false, &ALL), false));
    }

    #[test]
    fn parts_of_it() {
        let plan = Plan::new(&settings(false, &[Model::Vgg16]), true);
        let [vgg] = &plan.groups[..] else { panic!("one group") };
        assert_eq!(vgg.series, [Planned { purpose: Purpose::Suite, threads: None }]);
        assert!(!is_whole(&settings(false, &[Model::Vgg16]), true));
        let quick = Plan::new(&settings(true, &QUICK), true);
        assert_eq!(quick.groups.len(), QUICK.len());
        let lenet = quick.groups.iter().find(|group| group.model == Model::Lenet).unwrap();
        assert_eq!(lenet.series.len(), 4);
        let without = Plan::new(&settings(true, &QUICK), false);
        assert!(
            without
                .groups
                .iter()
                .flat_map(|group| &group.series)
                .all(|series| series.purpose != Purpose::Portable)
        );
    }
}
