//! TLS on all ports of real processes: who gets in, who does not and what the log says about it, files that change
//! under load, and those who only want to do harm.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

#[path = "tls/clients.rs"]
mod clients;
#[path = "tls/harm.rs"]
mod harm;
#[path = "tls/member.rs"]
mod member;
#[path = "tls/peers.rs"]
mod peers;
#[path = "tls/protocol.rs"]
mod protocol;
#[path = "tls/refusals.rs"]
mod refusals;
#[path = "tls/reload.rs"]
mod reload;
#[path = "tls/rotation.rs"]
mod rotation;
