//! Models that are proved in shards: one key, one id, one statement and one proof for all of them.
//!
//! | file | holds |
//! |---|---|
//! | `key` | the key: the keys of the shards and how they are wired |
//! | `statement` | what all shards share, and the statement of each that follows |
//! | `verify` | the proof |

mod key;
mod statement;
mod verify;

pub use key::{
    MAX_SHARDS, MAX_WORK, PipelineBody, PipelineKey, ShardBody, UncheckedPipeline, Wire, encode_pipeline,
};
pub use statement::{Leaf, PipelineStatement};
pub use verify::verify_pipeline;
