//! Tests of a whole member in this process.
