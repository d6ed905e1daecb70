//! Times as the v2 API shows them. Must not read a clock.

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// The time in RFC 3339, in UTC, with as many digits behind the second as it needs (Go's `RFC3339Nano`).
pub(in crate::api) fn rfc3339(unix_nanos: i64) -> String {
    let seconds = unix_nanos.div_euclid(NANOS_PER_SECOND);
    let nanos = unix_nanos.rem_euclid(NANOS_PER_SECOND);
    let (year, month, day) = date(seconds.div_euclid(SECONDS_PER_DAY));
    let second_of_day = seconds.rem_euclid(SECONDS_PER_DAY);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    let fraction = if nanos == 0 { String::new() } else { format!(".{nanos:09}") };
    let fraction = fraction.trim_end_matches('0');
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// The date of a day counted from 1970-01-01. Years begin in March here, so that the leap day is the last of its year.
fn date(days_since_1970: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    const DAYS_FROM_YEAR_0_TO_1970: i64 = 719_468;
    let days = days_since_1970 + DAYS_FROM_YEAR_0_TO_1970;
    let era = days.div_euclid(DAYS_PER_ERA);
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// A length of time as Go writes it, such as `1h2m3.5s`.
pub(super) fn duration(nanos: i64) -> String {
    let nanos = nanos.max(0);
    if nanos < NANOS_PER_SECOND {
        let (unit, name) = match nanos {
            0 => return "0s".to_owned(),
            1..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "\u{b5}s"),
            _ => (1_000_000, "ms"),
        };
        return format!("{}{name}", decimal(nanos, unit));
    }
    let minutes = nanos / (60 * NANOS_PER_SECOND);
    let seconds = decimal(nanos % (60 * NANOS_PER_SECOND), NANOS_PER_SECOND);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// `value / unit` with as many digits behind the point as it needs; `unit` is a power of ten.
fn decimal(value: i64, unit: i64) -> String {
    let (whole, rest) = (value / unit, value % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let width = unit.to_string().len() - 1;
    format!("{whole}.{}", format!("{rest:0width$}").trim_end_matches('0'))
}

/// Whole seconds left, rounded up; none once the time has passed, as in an event that is told from history.
pub(super) fn seconds_left(expiration_unix_nanos: i64, now_unix_nanos: i64) -> i64 {
    let left = expiration_unix_nanos.saturating_sub(now_unix_nanos);
    (left / NANOS_PER_SECOND + i64::from(left % NANOS_PER_SECOND > 0)).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_that_they_need() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_500_000_000), "1970-01-01T00:00:01.5Z");
        assert_eq!(rfc3339(951_827_696_000_000_010), "2000-02-29T12:34:56.00000001Z");
        assert_eq!(rfc3339(4_107_542_399_999_999_999), "2100-02-28T23:59:59.999999999Z");
        assert_eq!(rfc3339(4_107_542_400_000_000_000), "2100-03-01T00:00:00Z");
        assert_eq!(rfc3339(1_735_689_599_000_000_000), "2024-12-31T23:59:59Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(rfc3339(i64::MAX), "2262-04-11T23:47:16.854775807Z");
    }

    #[test]
    fn durations_are_written_as_by_go() {
        let written = [
            (0, "0s"),
            (15, "15ns"),
            (1_500, "1.5\u{b5}s"),
            (20_000_000, "20ms"),
            (1_050_000_000, "1.05s"),
            (60_000_000_000, "1m0s"),
            (3_723_500_000_000, "1h2m3.5s"),
        ];
        for (nanos, expected) in written {
            assert_eq!(duration(nanos), expected);
        }
    }

    #[test]
    fn seconds_are_rounded_up_until_none_are_left() {
        assert_eq!(seconds_left(5_000_000_000, 0), 5);
        assert_eq!(seconds_left(5_000_000_000, 1), 5);
        assert_eq!(seconds_left(5_000_000_001, 0), 6);
        assert_eq!(seconds_left(1, 1), 0);
        assert_eq!(seconds_left(0, 1), 0);
        assert_eq!(seconds_left(0, 1_500_000_000), 0);
    }
}
