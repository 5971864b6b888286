//! One broken rule at a time.
