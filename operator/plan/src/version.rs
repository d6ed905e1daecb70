//! Which version may follow which: one minor version at a time, and back only with permission. The server guards its own
//! data as well; this is so that no pod is restarted in vain. Pure.

use crate::reason::Reason;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

/// What is wrong with a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VersionRefusal {
    pub reason: Reason,
    pub message: String,
}

fn read(text: &str) -> Option<Version> {
    let numbers = text.split_once('-').map_or(text, |(numbers, _)| numbers);
    let mut parts = numbers.split('.').map(|part| part.parse::<u64>().ok());
    let version = Version { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
    parts.next().is_none().then_some(version)
}

/// The lowest of some versions; those that cannot be read are left out.
pub(crate) fn lowest<'a>(versions: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    versions
        .filter_map(|text| Some((read(text)?, text)))
        .min_by_key(|(version, _)| *version)
        .map(|(_, text)| text)
}

/// Whether a cluster that runs `from` may be moved to `to`.
pub(crate) fn refusal(from: Option<&str>, to: &str, is_downgrade_allowed: bool) -> Option<VersionRefusal> {
    let Some(wanted) = read(to) else {
        let message = format!("version {to:?} cannot be read: write it as major.minor.patch");
        return Some(VersionRefusal { reason: Reason::VersionUnreadable, message });
    };
    let (from, present) = from.and_then(|text| Some((text, read(text)?)))?;
    let (before, after) = ((present.major, present.minor), (wanted.major, wanted.minor));
    if after == before {
        return None;
    }
    if after < before {
        let message = format!(
            "the cluster runs {from} and version {to} is older: set upgrade.allowDowngrade if its data allows that, or go back to {from}"
        );
        return (!is_downgrade_allowed)
            .then_some(VersionRefusal { reason: Reason::DowngradeNotAllowed, message });
    }
    let is_next = after == (before.0, before.1 + 1) || after == (before.0 + 1, 0);
    let message = format!(
        "the cluster runs {from} and version {to} skips a minor version: upgrade one minor version at a time"
    );
    (!is_next).then_some(VersionRefusal { reason: Reason::VersionSkipsMinor, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(from: &str, to: &str, is_downgrade_allowed: bool) -> Option<Reason> {
        refusal(Some(from), to, is_downgrade_allowed).map(|refusal| refusal.reason)
    }

    #[test]
    fn one_minor_version_at_a_time() {
        assert_eq!(reason("1.2.3", "1.2.9", false), None);
        assert_eq!(reason("1.2.3", "1.2.0", false), None);
        assert_eq!(reason("1.2.3", "1.3.0-rc.1", false), None);
        assert_eq!(reason("1.9.3", "2.0.0", false), None);
        assert_eq!(reason("1.2.3", "1.4.0", false), Some(Reason::VersionSkipsMinor));
        assert_eq!(reason("1.2.3", "2.1.0", false), Some(Reason::VersionSkipsMinor));
        assert_eq!(reason("1.2.3", "1.1.0", false), Some(Reason::DowngradeNotAllowed));
        assert_eq!(reason("1.2.3", "1.1.0", true), None);
        assert_eq!(reason("1.2.3", "1.x", true), Some(Reason::VersionUnreadable));
    }

    #[test]
    fn the_lowest_is_found_by_number() {
        assert_eq!(lowest(["1.10.0", "1.9.1", "odd"].into_iter()), Some("1.9.1"));
    }
}
