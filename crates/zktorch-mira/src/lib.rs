//! zktorch-mira
