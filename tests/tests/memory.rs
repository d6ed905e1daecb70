//! What a member takes of the machine's memory when it does nothing. Figures under load belong to the benchmark.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use holdfast_tests::{Implementation, Server};

/// What the allocator may have taken before the process could say no.
const HUGE_KIB_MAX: u64 = 4 << 10;

#[tokio::test]
async fn nothing_is_kept_in_huge_pages() {
    let mut server = Server::start(Implementation::Holdfast).await.unwrap();
    let smaps = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", server.process().id())).unwrap();
    let huge = smaps.lines().find_map(|line| line.strip_prefix("AnonHugePages:")).unwrap();
    let huge_kib: u64 = huge.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(huge_kib <= HUGE_KIB_MAX, "{huge_kib} KiB in huge pages:\n{smaps}");
}
