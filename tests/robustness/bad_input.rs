//! Hostile and broken clients: whatever they send, or do not read, the member serves others on, its memory stays
//! bounded and its connections end.

mod attack;
mod connections;
mod frames;
mod garbage;
mod idle_waits;
mod oversized;
mod peer_claims;
mod raw_call;
mod slow_reader;
