//! How tokens are made and passwords are hashed. Pure: key files are read elsewhere.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::SettingError;
use crate::auth::{AuthSettings, JwtSettings, TokenKind, jwt_algorithm};
use crate::config::duration::parse_duration_nanoseconds;
use crate::config::error::ConfigError;
use crate::config::flags::Setting;
use crate::config::given::GivenSettings;
use crate::config::origin::Origin;
use crate::limits::{BCRYPT_COST_MAX, BCRYPT_COST_MIN};

/// Five minutes, as etcd has it.
const JWT_TTL_NANOSECONDS: i64 = 300_000_000_000;

/// Tokens and passwords.
pub fn auth(given: &GivenSettings, notices: &mut Vec<String>) -> Result<AuthSettings, ConfigError> {
    let ttl_seconds = given.count(Setting::AuthTokenTtl).max(1);
    Ok(AuthSettings {
        tokens: tokens(given, notices)?,
        token_ttl: Duration::from_secs(ttl_seconds),
        bcrypt_cost: bcrypt_cost(given, notices),
        audit_log: given.is_given(Setting::AuditLog).then(|| PathBuf::from(given.text(Setting::AuditLog))),
    })
}

fn tokens(given: &GivenSettings, notices: &mut Vec<String>) -> Result<TokenKind, ConfigError> {
    let text = given.text(Setting::AuthToken);
    let refuse = |problem: &'static str| ConfigError::Setting {
        origin: given.origin(Setting::AuthToken),
        error: SettingError::AuthToken { text: text.clone(), problem },
    };
    let mut parts = text.split(',');
    let kind = parts.next().unwrap_or_default();
    let mut options = BTreeMap::new();
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            return Err(refuse("an option has no value"));
        };
        if options.insert(name, value).is_some() {
            return Err(refuse("an option is given twice"));
        }
    }
    match kind {
        "simple" => Ok(TokenKind::Simple),
        "" => Ok(TokenKind::None),
        "jwt" => {
            jwt(&options, &given.origin(Setting::AuthToken), notices).map(TokenKind::Jwt).map_err(refuse)
        }
        _ => Err(refuse("there is no such kind of token")),
    }
}

fn jwt(
    options: &BTreeMap<&str, &str>,
    origin: &Origin,
    notices: &mut Vec<String>,
) -> Result<JwtSettings, &'static str> {
    const KNOWN: [&str; 4] = ["sign-method", "pub-key", "priv-key", "ttl"];
    for name in options.keys().filter(|name| !KNOWN.contains(name)) {
        notices.push(format!("{origin}: the option {name} is not known and has no effect"));
    }
    let given = |name| options.get(name).copied().filter(|value| !value.is_empty());
    let method = given("sign-method").ok_or("sign-method is missing")?;
    let ttl_nanoseconds = match given("ttl") {
        Some(text) => parse_duration_nanoseconds(text).map_err(|_| "ttl is no duration, such as 5m")?,
        None => JWT_TTL_NANOSECONDS,
    };
    let ttl_nanoseconds = u64::try_from(ttl_nanoseconds).map_err(|_| "ttl is below zero")?;
    Ok(JwtSettings {
        algorithm: jwt_algorithm(method).ok_or(match method {
            "ES512" => "ES512 is not offered, since it needs the curve P-521; take ES384 or EdDSA",
            _ => {
                "there is no such sign-method: take RS, PS or HS with 256, 384 or 512, ES256, ES384 or EdDSA"
            }
        })?,
        public_key: given("pub-key").map(PathBuf::from),
        private_key: given("priv-key").map(PathBuf::from),
        ttl: Duration::from_nanos(ttl_nanoseconds),
    })
}

/// A cost that bcrypt does not have counts as the default, as with etcd.
fn bcrypt_cost(given: &GivenSettings, notices: &mut Vec<String>) -> u32 {
    let cost = u32::try_from(given.count(Setting::BcryptCost)).unwrap_or(u32::MAX);
    if (BCRYPT_COST_MIN..=BCRYPT_COST_MAX).contains(&cost) {
        return cost;
    }
    let default = AuthSettings::default().bcrypt_cost;
    let origin = given.origin(Setting::BcryptCost);
    notices.push(format!(
        "{origin}: bcrypt has costs from {BCRYPT_COST_MIN} to {BCRYPT_COST_MAX}; using {default}"
    ));
    default
}
