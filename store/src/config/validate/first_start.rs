//! What a member does on a folder without data: make a new cluster with others, or join one. Pure.

use std::collections::BTreeMap;

use holdfast_consensus::handle::{Founding, MemberIdentity, Peer};
use holdfast_core::ids::ClusterId;

use super::SettingError;
use super::cluster::{check_own, notice_unreachable, parse_initial_cluster};
use crate::config::config::{FirstStart, JoinPlan, ManagedPlan};
use crate::config::error::ConfigError;
use crate::config::flags::Setting;
use crate::config::given::GivenSettings;
use crate::config::identity;
use crate::config::urls::Url;

/// Whether anything that matters only at the first start was given.
pub fn is_given(given: &GivenSettings) -> bool {
    let settings = [Setting::InitialCluster, Setting::InitialClusterToken, Setting::AdvertisePeerUrls];
    settings.into_iter().any(|setting| given.is_given(setting))
}

/// The cluster that this member must be one of, where it is told: by its id, or as a managed member by a token that
/// stands for it.
pub fn expected_cluster(given: &GivenSettings) -> Result<Option<ClusterId>, ConfigError> {
    if given.is_given(Setting::ExpectedClusterId) {
        let text = given.text(Setting::ExpectedClusterId);
        let id = u64::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok().filter(|id| *id != 0);
        return match id {
            Some(id) => Ok(Some(ClusterId(id))),
            None => {
                let (origin, error) =
                    (given.origin(Setting::ExpectedClusterId), SettingError::ClusterId { text });
                Err(ConfigError::Setting { origin, error })
            }
        };
    }
    if !given.is_on(Setting::IsManaged) {
        return Ok(None);
    }
    if !given.is_given(Setting::InitialClusterToken) {
        let (origin, error) = (given.origin(Setting::IsManaged), SettingError::ManagedWithoutCluster);
        return Err(ConfigError::Setting { origin, error });
    }
    Ok(Some(identity::managed_cluster_id(&given.text(Setting::InitialClusterToken))))
}

/// What to do at the first start.
pub fn first_start(
    given: &GivenSettings,
    name: &str,
    own_urls: &[Url],
    notices: &mut Vec<String>,
) -> Result<FirstStart, ConfigError> {
    if let Some(expected) = expected_cluster(given)?.filter(|_| given.is_on(Setting::IsManaged)) {
        for setting in [Setting::InitialCluster, Setting::InitialClusterState] {
            if given.is_given(setting) {
                notices.push(format!("{} has no effect with --managed", given.origin(setting)));
            }
        }
        let peer_urls = own_urls.iter().map(|url| url.text.clone()).collect();
        return Ok(FirstStart::Managed(ManagedPlan { name: name.to_owned(), expected, peer_urls }));
    }
    let is_joining = given.text(Setting::InitialClusterState) == "existing";
    let listed = if given.is_given(Setting::InitialCluster) {
        let listed = parse_initial_cluster(given, name)?;
        // A cluster that runs knows this member by what was announced to it, whatever is advertised now.
        let own_urls = listed.get(name).filter(|_| is_joining).map_or(own_urls, Vec::as_slice);
        check_own(given, name, own_urls, &listed)?;
        listed
    } else {
        BTreeMap::from([(name.to_owned(), own_urls.to_vec())])
    };
    if listed.len() > 1 {
        notice_unreachable(given, own_urls, notices);
    }
    let texts = |urls: Vec<Url>| urls.into_iter().map(|url| url.text).collect::<Vec<String>>();
    if is_joining {
        let (own, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(|(listed, _)| listed == name);
        let urls_of =
            |members: Vec<(String, Vec<Url>)>| members.into_iter().flat_map(|(_, urls)| texts(urls));
        return Ok(FirstStart::Join(JoinPlan {
            peer_urls: urls_of(own).collect(),
            ask: urls_of(others).collect(),
        }));
    }
    let token = given.text(Setting::InitialClusterToken);
    let mut members: Vec<Peer> = listed
        .into_iter()
        .map(|(name, urls)| {
            let peer_urls = texts(urls);
            let id = identity::member_id(peer_urls.iter().map(String::as_str), &token);
            Peer { id, peer_urls, name, is_learner: false }
        })
        .collect();
    members.sort_by_key(|member| member.id);
    let own = members.iter().find(|member| member.name == name);
    let identity = MemberIdentity {
        cluster_id: identity::cluster_id(members.iter().map(|member| member.id)),
        member_id: own.expect("this member is listed, else that is an error").id,
    };
    Ok(FirstStart::New(Founding { identity, members }))
}
