//! The replicated state on this member: applied by one thread, flushed by another, published for readers.

pub mod decided;
pub mod engines;
pub mod flush;
pub mod machine;
pub mod published;
pub mod worker;
