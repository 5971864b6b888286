//! zktorch-transcript
