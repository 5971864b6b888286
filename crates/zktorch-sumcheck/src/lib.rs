//! zktorch-sumcheck
