//! Tests that look at engines as their callers do.

mod compare;
