//! zktorch-commit
