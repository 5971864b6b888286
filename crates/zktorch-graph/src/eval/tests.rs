//! The executor against a definition over indices.
