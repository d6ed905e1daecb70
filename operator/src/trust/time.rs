//! Times as certificates and annotations have them: whole seconds. Reads the clock in one place only.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use k8s_openapi::jiff::Timestamp;

use super::TrustError;

/// Seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(pub u64);

impl UnixSeconds {
    /// Now, by this machine's clock.
    #[must_use]
    pub fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    /// Seconds from `earlier` to here; 0 if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// As RFC 3339, in UTC.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let seconds = i64::try_from(self.0).unwrap_or(i64::MAX);
        Timestamp::from_second(seconds)
            .map_or_else(|_| "9999-12-31T23:59:59Z".to_owned(), |it| it.to_string())
    }

    /// Reads RFC 3339.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let seconds = text.parse::<Timestamp>().ok()?.as_second();
        u64::try_from(seconds).ok().map(Self)
    }
}

/// Reads a length of time such as `90d`, `36h`, `10m` or `30s`.
///
/// # Errors
/// When it is something else.
pub fn parse_duration(text: &str) -> Result<Duration, TrustError> {
    let refused = || TrustError::Duration { text: text.to_owned() };
    let unit = text.chars().last().ok_or_else(refused)?;
    let seconds_each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(refused()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| refused())?;
    count.checked_mul(seconds_each).map(Duration::from_secs).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        for (text, seconds) in [("90d", 7_776_000), ("36h", 129_600), ("10m", 600), ("0s", 0)] {
            assert_eq!(parse_duration(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        for text in ["", "d", "10", "1w", "-1s", "99999999999999999999d", "300000000000000d", "1é"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_survive_being_written() {
        let moment = UnixSeconds(1_795_887_960);
        assert_eq!(moment.rfc3339(), "2026-11-28T17:46:00Z");
        assert_eq!(UnixSeconds::parse(&moment.rfc3339()), Some(moment));
        assert_eq!(UnixSeconds::parse("yesterday"), None);
    }
}
