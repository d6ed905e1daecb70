//! Go's durations (`1h30m`, `100ms`, `1.5s`), in which etcd's flags are written. Pure.

const NANOSECONDS_PER_MICROSECOND: i128 = 1_000;
const NANOSECONDS_PER_MILLISECOND: i128 = 1_000_000;
const NANOSECONDS_PER_SECOND: i128 = 1_000_000_000;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// A number without unit.
    #[error("\"{text}\" has no unit; write {text}s, {text}m or {text}h")]
    NoUnit {
        /// The text.
        text: String,
    },
    /// Anything else.
    #[error("\"{text}\" is not a duration; write one such as 10s, 5m or 1h30m")]
    Malformed {
        /// The text.
        text: String,
    },
    /// More than some 292 years.
    #[error("\"{text}\" is too long; the longest duration is 2562047h")]
    TooLong {
        /// The text.
        text: String,
    },
}

/// Nanoseconds of a duration, which may be negative.
///
/// # Errors
/// When `text` is no duration in Go's form.
pub fn parse_duration_nanoseconds(text: &str) -> Result<i64, DurationError> {
    let malformed = || DurationError::Malformed { text: text.to_owned() };
    let (is_negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(malformed());
    }
    if rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DurationError::NoUnit { text: text.to_owned() });
    }
    let mut nanoseconds: i128 = 0;
    while !rest.is_empty() {
        let unit_start = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(malformed)?;
        let (number, tail) = rest.split_at(unit_start);
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit_nanoseconds = unit_nanoseconds(unit).ok_or_else(malformed)?;
        nanoseconds += part_nanoseconds(number, unit_nanoseconds).ok_or_else(malformed)?;
        if nanoseconds > i128::from(i64::MAX) {
            return Err(DurationError::TooLong { text: text.to_owned() });
        }
        rest = tail;
    }
    let signed = if is_negative { -nanoseconds } else { nanoseconds };
    i64::try_from(signed).map_err(|_| DurationError::TooLong { text: text.to_owned() })
}

fn unit_nanoseconds(unit: &str) -> Option<i128> {
    match unit {
        "ns" => Some(1),
        // Go takes the micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(NANOSECONDS_PER_MICROSECOND),
        "ms" => Some(NANOSECONDS_PER_MILLISECOND),
        "s" => Some(NANOSECONDS_PER_SECOND),
        "m" => Some(60 * NANOSECONDS_PER_SECOND),
        "h" => Some(3600 * NANOSECONDS_PER_SECOND),
        _ => None,
    }
}

/// `number` is digits with at most one point; what is finer than a nanosecond is cut off.
fn part_nanoseconds(number: &str, unit_nanoseconds: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // Nineteen digits of whole units are beyond the longest duration in any unit, and their product fits.
    let whole: i128 = if whole.is_empty() { 0 } else { digits(&whole[..whole.len().min(20)])? };
    let fraction = &fraction[..fraction.len().min(15)];
    let mut nanoseconds = whole * unit_nanoseconds;
    if !fraction.is_empty() {
        let scale = 10i128.pow(u32::try_from(fraction.len()).ok()?);
        nanoseconds += digits(fraction)? * unit_nanoseconds / scale;
    }
    Some(nanoseconds)
}

fn digits(text: &str) -> Option<i128> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::parse_duration_nanoseconds;

    #[test]
    fn reads_what_go_reads() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("-0", 0),
            ("5s", 5_000_000_000),
            ("100ms", 100_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1.5s", 1_500_000_000),
            (".5m", 30_000_000_000),
            ("1.s", 1_000_000_000),
            ("-2us", -2_000),
            ("+3\u{b5}s", 3_000),
            ("2562047h", 9_223_369_200_000_000_000),
            ("0.0000000001s", 0),
        ] {
            assert_eq!(parse_duration_nanoseconds(text), Ok(nanoseconds), "{text}");
        }
    }

    #[test]
    fn says_what_is_missing() {
        for (text, message) in [
            ("10", "\"10\" has no unit; write 10s, 10m or 10h"),
            ("", "\"\" is not a duration; write one such as 10s, 5m or 1h30m"),
            ("soon", "\"soon\" is not a duration; write one such as 10s, 5m or 1h30m"),
            ("5d", "\"5d\" is not a duration; write one such as 10s, 5m or 1h30m"),
            ("1..5s", "\"1..5s\" is not a duration; write one such as 10s, 5m or 1h30m"),
            (".s", "\".s\" is not a duration; write one such as 10s, 5m or 1h30m"),
            ("3000000h", "\"3000000h\" is too long; the longest duration is 2562047h"),
            (
                "99999999999999999999999h",
                "\"99999999999999999999999h\" is too long; the longest duration is 2562047h",
            ),
        ] {
            assert_eq!(parse_duration_nanoseconds(text).unwrap_err().to_string(), message);
        }
    }
}
