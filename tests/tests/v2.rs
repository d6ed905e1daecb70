//! The same requests of the v2 API at Debian's etcd 3.4 and at Holdfast, from `v2/requests.txt` and `v2/auth.txt`:
//! status, headers and body must be equal once indexes, ids and times are normalised. `v2/differences.rs` and
//! `v2/auth_differences.rs` list what may differ.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::collections::BTreeSet;
use std::fmt::Write;

use holdfast_tests::Implementation;
use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::server::ServerPlan;

#[path = "v2/auth_differences.rs"]
mod auth_differences;
#[path = "v2/differences.rs"]
mod differences;
#[path = "v2/target.rs"]
mod target;

use differences::Difference;
use target::Target;

const REQUESTS: &str = include_str!("v2/requests.txt");
const AUTH_REQUESTS: &str = include_str!("v2/auth.txt");

/// Fewer requests than this would not be the comparison that was promised.
const REQUESTS_MIN: usize = 300;
const AUTH_REQUESTS_MIN: usize = 130;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_servers_answer_v2_requests_alike() {
    if have_reference("both_servers_answer_v2_requests_alike", &[ReferenceTool::EtcdV2]) {
        compare(REQUESTS, REQUESTS_MIN, differences::KEYS).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_servers_answer_requests_for_users_and_roles_alike() {
    if have_reference("both_servers_answer_requests_for_users_and_roles_alike", &[ReferenceTool::EtcdV2]) {
        compare(AUTH_REQUESTS, AUTH_REQUESTS_MIN, auth_differences::AUTH).await;
    }
}

async fn compare(script: &str, requests_min: usize, allowed: &[Difference]) {
    let reference = ServerPlan::new(Implementation::EtcdV2).flag("--enable-v2");
    let ours = ServerPlan::new(Implementation::Holdfast);
    let (reference, ours) = tokio::join!(reference.start(), ours.start());
    let (reference, ours) = (reference.unwrap(), ours.unwrap());
    let mut reference = Target::new(&reference).await;
    let mut ours = Target::new(&ours).await;
    let mut requests = 0;
    let mut used = BTreeSet::new();
    let mut different = String::new();
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (expected, answered) = tokio::join!(reference.run(line), ours.run(line));
        requests += usize::from(!line.starts_with("end ") && line != "mark");
        if !differences::judge(allowed, line, (&expected, &answered), &mut used) {
            writeln!(different, "{line}\n  etcd:     {expected}\n  holdfast: {answered}").unwrap();
        }
    }
    assert!(different.is_empty(), "{different}");
    assert!(requests >= requests_min, "only {requests} requests");
    let unused = differences::unused(allowed, &used);
    assert!(unused.is_empty(), "differences that do not occur any more: {unused:#?}");
}
