//! Robustness against real processes: crashes, members that are away, many watchers, hostile input, a full disk. What
//! clients were told is recorded and judged against what the store then says. One scenario runs at a time.

mod audit;
mod client;
mod cluster_kills;
mod history;
mod kill_loop;
mod ledger;
mod seed;
mod subject;
mod traffic;
mod turn;
