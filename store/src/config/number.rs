//! Numbers and booleans as Go's flag package reads them: hexadecimal, octal and binary prefixes, `t` and `T`. Pure.

/// The value of a boolean flag.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Whether a text that is no number of the wanted size is a number at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberError {
    /// It is not a whole number.
    Malformed,
    /// It is one, and too large or too small.
    OutOfRange,
}

/// A whole number of either sign.
///
/// # Errors
/// When `text` is no whole number, or none of 64 bits.
pub fn parse_integer(text: &str) -> Result<i64, NumberError> {
    let (is_negative, magnitude) = match text.as_bytes().first() {
        Some(b'-') => (true, parse_count(&text[1..])?),
        Some(b'+') => (false, parse_count(&text[1..])?),
        _ => (false, parse_count(text)?),
    };
    let magnitude = i128::from(magnitude);
    i64::try_from(if is_negative { -magnitude } else { magnitude }).map_err(|_| NumberError::OutOfRange)
}

/// A whole number from 0 on.
///
/// # Errors
/// When `text` is no whole number without sign, or needs more than 64 bits.
pub fn parse_count(text: &str) -> Result<u64, NumberError> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    let is_grouped_badly =
        digits.ends_with('_') || digits.contains("__") || (radix == 10 && digits.starts_with('_'));
    let plain = digits.replace('_', "");
    if plain.is_empty() || is_grouped_badly || !plain.chars().all(|digit| digit.is_digit(radix)) {
        return Err(NumberError::Malformed);
    }
    // Digits are all there is, so the only way to fail is the size.
    u64::from_str_radix(&plain, radix).map_err(|_| NumberError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::{NumberError, parse_bool, parse_count, parse_integer};

    #[test]
    fn numbers() {
        assert_eq!(parse_count("0"), Ok(0));
        assert_eq!(parse_count("1_000"), Ok(1000));
        assert_eq!(parse_count("0x1F"), Ok(31));
        assert_eq!(parse_count("010"), Ok(8));
        assert_eq!(parse_count("0b101"), Ok(5));
        assert_eq!(parse_count("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(parse_count("18446744073709551616"), Err(NumberError::OutOfRange));
        assert_eq!(parse_integer("-1"), Ok(-1));
        assert_eq!(parse_integer("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(parse_integer("9223372036854775808"), Err(NumberError::OutOfRange));
        for text in ["", "-", "1.5", "1e3", "8GB", "0x", "_1", "1_", "1__0", "08", " 1", "--1", "+-1"] {
            assert_eq!(parse_integer(text), Err(NumberError::Malformed), "{text}");
        }
        assert_eq!(parse_count("-1"), Err(NumberError::Malformed));
    }

    #[test]
    fn booleans() {
        assert_eq!(parse_bool("T"), Some(true));
        assert_eq!(parse_bool("False"), Some(false));
        assert_eq!(parse_bool("yes"), None);
        assert_eq!(parse_bool(""), None);
    }
}
