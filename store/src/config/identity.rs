//! Member and cluster ids, derived as etcd derives them, so that both give the same cluster the
//! same ids. Pure.

use holdfast_core::ids::{ClusterId, MemberId};
use sha1::{Digest, Sha1};

/// The id of a member of a new cluster. The order of `peer_urls` does not matter.
pub fn member_id<'a>(peer_urls: impl IntoIterator<Item = &'a str>, cluster_token: &str) -> MemberId {
    let mut sorted: Vec<&str> = peer_urls.into_iter().collect();
    sorted.sort_unstable();
    let mut hash = Sha1::new();
    for url in sorted {
        hash.update(url);
    }
    hash.update(cluster_token);
    MemberId(first_eight_bytes(hash))
}

/// The id of a member that is added to a running cluster at this time, which makes it another one than whoever was
/// reached there before. The order of `peer_urls` does not matter.
pub fn added_member_id<'a>(peer_urls: impl IntoIterator<Item = &'a str>, unix_seconds: u64) -> MemberId {
    // etcd leaves the token out here.
    member_id(peer_urls, &unix_seconds.to_string())
}

/// The id of a new cluster. The order of `members` does not matter.
pub fn cluster_id(members: impl IntoIterator<Item = MemberId>) -> ClusterId {
    let mut sorted: Vec<MemberId> = members.into_iter().collect();
    sorted.sort_unstable();
    let mut hash = Sha1::new();
    for member in sorted {
        hash.update(member.0.to_be_bytes());
    }
    ClusterId(first_eight_bytes(hash))
}

/// The id of a cluster that is managed from outside, whose members are known only later: it follows from the token.
pub fn managed_cluster_id(cluster_token: &str) -> ClusterId {
    let mut hash = Sha1::new();
    hash.update("managed\0");
    hash.update(cluster_token);
    ClusterId(first_eight_bytes(hash))
}

fn first_eight_bytes(hash: Sha1) -> u64 {
    let digest: [u8; 20] = hash.finalize().into();
    digest[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{added_member_id, cluster_id, member_id};

    // The numbers are what etcd 3.7.3 answered to `/v3/cluster/member/list` when started with these flags.

    #[test]
    fn a_single_member_has_etcds_ids() {
        let member = member_id(["http://localhost:2380"], "etcd-cluster");
        assert_eq!(member.0, 10_276_657_743_932_975_437);
        assert_eq!(cluster_id([member]).0, 14_841_639_068_965_178_418);

        let member = member_id(["http://localhost:42380"], "etcd-cluster");
        assert_eq!(member.0, 3_100_399_343_556_567_562);
        assert_eq!(cluster_id([member]).0, 4_912_649_558_333_720_452);
    }

    #[test]
    fn an_added_member_is_another_one_each_second() {
        let urls = ["http://127.0.0.1:2", "http://127.0.0.1:1"];
        let id = added_member_id(urls, 1_700_000_000);
        assert_eq!(id, added_member_id(["http://127.0.0.1:1", "http://127.0.0.1:2"], 1_700_000_000));
        assert_ne!(id, added_member_id(urls, 1_700_000_001));
    }

    #[test]
    fn three_members_have_etcds_ids() {
        let first = member_id(["http://127.0.0.2:42382", "http://127.0.0.1:42382"], "moon-base");
        let second = member_id(["http://127.0.0.1:42384"], "moon-base");
        let third = member_id(["http://127.0.0.1:42386"], "moon-base");
        assert_eq!(first.0, 5_161_032_408_997_475_464);
        assert_eq!(second.0, 12_242_064_209_309_107_473);
        assert_eq!(third.0, 13_898_947_207_022_412_552);
        assert_eq!(cluster_id([third, first, second]).0, 12_265_756_838_966_165_118);
    }
}
