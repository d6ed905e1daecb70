//! The same requests of the v2 keys API at Debian's etcd 3.4 and at Holdfast, from `v2/requests.txt`: status, headers
//! and body must be equal once indexes, ids and times are normalised. `v2/differences.rs` lists what may differ.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::collections::BTreeSet;
use std::fmt::Write;

use holdfast_tests::Implementation;
use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::server::ServerPlan;

#[path = "v2/differences.rs"]
mod differences;
#[path = "v2/target.rs"]
mod target;

use target::Target;

const REQUESTS: &str = include_str!("v2/requests.txt");

/// Fewer requests than this would not be the comparison that was promised.
const REQUESTS_MIN: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_servers_answer_v2_requests_alike() {
    if !have_reference("both_servers_answer_v2_requests_alike", &[ReferenceTool::EtcdV2]) {
        return;
    }
    let reference = ServerPlan::new(Implementation::EtcdV2).flag("--enable-v2");
    let ours = ServerPlan::new(Implementation::Holdfast);
    let (reference, ours) = tokio::join!(reference.start(), ours.start());
    let (reference, ours) = (reference.unwrap(), ours.unwrap());
    let mut reference = Target::new(&reference).await;
    let mut ours = Target::new(&ours).await;
    let mut requests = 0;
    let mut used = BTreeSet::new();
    let mut different = String::new();
    for line in REQUESTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (expected, answered) = tokio::join!(reference.run(line), ours.run(line));
        requests += usize::from(!line.starts_with("end ") && line != "mark");
        if !differences::judge(line, &expected, &answered, &mut used) {
            writeln!(different, "{line}\n  etcd:     {expected}\n  holdfast: {answered}").unwrap();
        }
    }
    assert!(different.is_empty(), "{different}");
    assert!(requests >= REQUESTS_MIN, "only {requests} requests");
    let unused = differences::unused(&used);
    assert!(unused.is_empty(), "differences that do not occur any more: {unused:#?}");
}
