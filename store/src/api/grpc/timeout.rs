//! The `grpc-timeout` header. Must not wait by itself.

use std::time::Duration;

/// Reads a timeout such as `100m` (milliseconds); at most eight digits and a unit.
///
/// # Errors
/// The reason in grpc-go's words, when it is malformed.
pub(in crate::api) fn parse(text: &str) -> Result<Duration, String> {
    if text.len() < 2 {
        return Err(format!("transport: timeout string is too short: {text:?}"));
    }
    if text.len() > 9 {
        return Err(format!("transport: timeout string is too long: {text:?}"));
    }
    let unrecognized = || format!("transport: timeout unit is not recognized: {text:?}");
    let (digits, unit) = text.split_at_checked(text.len() - 1).ok_or_else(unrecognized)?;
    let unit_nanoseconds: u64 = match unit {
        "H" => 3_600_000_000_000,
        "M" => 60_000_000_000,
        "S" => 1_000_000_000,
        "m" => 1_000_000,
        "u" => 1_000,
        "n" => 1,
        _ => return Err(unrecognized()),
    };
    let amount: u64 = match digits.parse() {
        Ok(amount) if digits.bytes().all(|digit| digit.is_ascii_digit()) => amount,
        _ => return Err(format!("strconv.ParseUint: parsing {digits:?}: invalid syntax")),
    };
    Ok(Duration::from_nanos(amount.saturating_mul(unit_nanoseconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(parse("100m"), Ok(Duration::from_millis(100)));
        assert_eq!(parse("5S"), Ok(Duration::from_secs(5)));
        assert_eq!(parse("4999999u"), Ok(Duration::from_micros(4_999_999)));
        assert_eq!(parse("0n"), Ok(Duration::ZERO));
        assert!(parse("99999999H").is_ok());
    }

    #[test]
    fn malformed_timeouts_are_refused() {
        for text in ["", "m", "10", "1x", "+1S", "-1S", "123456789S", "1é"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
