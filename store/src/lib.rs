//! The Holdfast server: flags and configuration, the client APIs and the node behind them. Requests walk down the
//! folders `api` -> `node` -> `holdfast-consensus` -> `holdfast-core`; results come back as return values.

pub mod api;
pub mod auth;
pub mod config;
#[doc(hidden)]
pub mod fuzzing;
pub mod limits;
pub mod node;
pub mod server;
pub mod telemetry;
pub mod tls;
pub mod version;
pub mod watch;
