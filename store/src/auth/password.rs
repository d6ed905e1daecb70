//! A password on its way to where it is checked. Wiped when it goes; its debug form tells nothing.

use std::fmt;

use zeroize::Zeroizing;

/// A password as a client sent it.
#[derive(Clone, Default)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes the text over.
    pub fn new(text: String) -> Password {
        Password(Zeroizing::new(text))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_tells_nothing() {
        assert_eq!(format!("{:?}", Password::new("hunter2".into())), "Password(..)");
    }
}
