//! What several tests need: random graphs, and the definition of their semantics.

pub(crate) mod example;
pub(crate) mod oracle;
pub(crate) mod random;
pub(crate) mod wide;
