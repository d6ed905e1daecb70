//! The harness of the black-box tests: real server processes on free ports, of Holdfast and of etcd, and plain HTTP to
//! them. Must not know any test, nor look inside a server: what a test learns, it learns through a port or `/proc`.

pub mod binaries;
pub mod bytewise;
pub mod certificates;
pub mod cluster;
pub mod http;
pub mod message_gate;
pub mod network;
pub mod normalise;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod server;
pub mod tls;

pub use cluster::Cluster;
pub use server::{Implementation, Server};
