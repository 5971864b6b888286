//! zktorch-channel
