//! Makes passwords. Must not keep or log them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use crate::limits::PASSWORD_BYTES;

/// A new password: 192 random bits, in letters that need no quoting anywhere.
#[must_use]
pub fn generate_password() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; PASSWORD_BYTES]);
    SystemRandom::new().fill(bytes.as_mut()).expect("the system has random bytes once it runs");
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()))
}
