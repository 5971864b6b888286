//! The kernels of `bench core`, one file each; this list is the order of the report.

mod buckets;
mod fr_mul;
mod mask;
mod mira;
mod msm;
mod open;
mod zero_check;

use anyhow::Result;

use crate::context::Context;
use crate::report::{Measured, Target};

/// One line of the report.
pub struct Kernel {
    /// Its key in the JSON object.
    pub key: &'static str,
    /// What it must reach.
    pub target: Target,
    /// Measures it; compares the results with the reference's first.
    pub run: fn(&Context) -> Result<Measured>,
    /// Whether the child process on the portable backend repeats it.
    pub portable: bool,
}

/// Every kernel.
pub const KERNELS: &[Kernel] = &[
    Kernel { key: "fr_mul", target: Target::speedup(5.0, 7.5), run: fr_mul::throughput, portable: true },
    Kernel { key: "msm_full_2_20", target: Target::speedup(6.0, 9.0), run: msm::full, portable: true },
    Kernel {
        key: "msm_full_2_20_portable",
        target: Target::speedup(2.2, 2.8),
        run: msm::full_portable,
        portable: false,
    },
    Kernel {
        key: "buckets_16bit_2_20",
        target: Target::speedup(9.0, 13.0),
        run: buckets::sixteen_bit,
        portable: true,
    },
    Kernel {
        key: "columns_from_buckets",
        target: Target::cost("ratio", 2.0, 1.6),
        run: buckets::columns,
        portable: true,
    },
    Kernel {
        key: "zero_check_2_22",
        target: Target::cost("muls_per_entry", 1.5, 0.8),
        run: zero_check::zero_check,
        portable: true,
    },
    Kernel { key: "open_2_20", target: Target::cost("ratio", 2.3, 1.3), run: open::open, portable: true },
    Kernel { key: "mask_2_20", target: Target::unjudged("ratio"), run: mask::mask, portable: true },
    Kernel {
        key: "mira_parallel_64",
        target: Target::speedup(1.7, 2.5),
        run: mira::parallel,
        portable: true,
    },
];
