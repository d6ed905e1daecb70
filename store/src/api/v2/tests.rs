//! The v2 API on a running node.
