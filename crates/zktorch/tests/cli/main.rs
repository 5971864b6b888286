//! The command line as a user has it: the built binary, on the digits models.
#![allow(clippy::unwrap_used, reason = "tests")]

mod accuracy;
mod audit;
mod batch;
mod bound;
mod calibration;
mod ceremony;
mod errors;
mod external;
mod files;
mod flow;
mod hostile_text;
mod inspect;
#[cfg(unix)]
mod interrupt;
mod lengths;
mod one_step;
mod page;
mod pages;
mod precision;
mod private;
mod rejected;
mod saturate;
mod shards;
mod shown_outputs;
mod statement;
mod support;
#[cfg(target_os = "linux")]
mod terminal;
mod trace;
