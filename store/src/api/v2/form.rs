//! Form fields from a query and a form body, as Go's `ParseForm` reads them: those of the body first, values as bytes.
//! Must not know any field.

use std::collections::BTreeMap;

/// Fields by name, each with its values in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form(BTreeMap<Vec<u8>, Vec<Vec<u8>>>);

impl Form {
    /// Adds the fields of a query or of a body. Fields that cannot be read are left out; the first reason is returned.
    pub fn add(&mut self, encoded: &[u8]) -> Result<(), String> {
        let mut outcome = Ok(());
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if let Err(reason) = self.add_pair(pair)
                && outcome.is_ok()
            {
                outcome = Err(reason);
            }
        }
        outcome
    }

    fn add_pair(&mut self, pair: &[u8]) -> Result<(), String> {
        if pair.contains(&b';') {
            return Err("invalid semicolon separator in query".to_owned());
        }
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = equals.map_or((pair, [].as_slice()), |at| (&pair[..at], &pair[at + 1..]));
        let (name, value) = (unescape(name, true)?, unescape(value, true)?);
        self.0.entry(name).or_default().push(value);
        Ok(())
    }

    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name.as_bytes()).map(|values| values[0].as_slice())
    }

    /// Takes the first value of a field, empty when there is none.
    pub fn take(&mut self, name: &str) -> Vec<u8> {
        self.0.remove(name.as_bytes()).map_or_else(Vec::new, |mut values| values.swap_remove(0))
    }
}

/// Replaces `%41` and its like by the bytes that they stand for, in fields also `+` by a space.
pub(super) fn unescape(encoded: &[u8], is_field: bool) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'%' => match behind {
                [high, low, behind @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    bytes.push(hex(*high) << 4 | hex(*low));
                    rest = behind;
                }
                _ => {
                    let shown = String::from_utf8_lossy(&behind[..behind.len().min(2)]);
                    return Err(format!("invalid URL escape \"%{shown}\""));
                }
            },
            b'+' if is_field => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    Ok(bytes)
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_counts_and_escapes_become_bytes() {
        let mut form = Form::default();
        form.add(b"a=1&&b=x+y%41%ff&c&=d").unwrap();
        form.add(b"a=2").unwrap();
        assert_eq!(form.get("a"), Some(b"1".as_slice()));
        assert_eq!(form.get("b"), Some(b"x yA\xff".as_slice()));
        assert_eq!(form.get("c"), Some(b"".as_slice()));
        assert_eq!(form.get("d"), None);
        assert_eq!(form.take("a"), b"1");
        assert_eq!(form.take("nothing"), b"");
    }

    #[test]
    fn what_cannot_be_read_is_told_in_the_words_of_go() {
        let mut form = Form::default();
        let outcome = form.add(b"a=%zz&b=%4&c=1;d");
        assert_eq!(outcome, Err("invalid URL escape \"%zz\"".to_owned()));
        assert_eq!(form.add(b"b=%4"), Err("invalid URL escape \"%4\"".to_owned()));
        assert_eq!(form.add(b"c=1;d"), Err("invalid semicolon separator in query".to_owned()));
        assert_eq!(form, Form::default());
        assert_eq!(unescape(b"a+b%2F", false), Ok(b"a+b/".to_vec()));
    }
}
