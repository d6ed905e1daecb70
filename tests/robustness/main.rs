//! Robustness against real processes: crashes, members that are away, many watchers, hostile input, a full disk. What
//! clients were told is recorded and judged against what the store then says. One scenario runs at a time.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]
#![allow(clippy::print_stdout, reason = "what a scenario measured is shown when it fails, or on request")]

mod audit;
mod bad_input;
mod client;
mod cluster_kills;
mod full_disk;
mod history;
mod kill_loop;
mod ledger;
mod pulse;
mod seed;
mod subject;
mod traffic;
mod turn;
mod watch_fanout;
