//! Traffic between members: how others are reached, and what is served to them.

pub mod append_lane;
pub mod book;
pub mod dial;
pub mod link;
pub mod reach;
pub mod server;
pub mod vote_hold;
