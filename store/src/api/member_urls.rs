//! Peer URLs of a member that is added or moved, as clients send them. Must not know what they are for.

use crate::config::{Url, UrlError};

/// Checks and sorts them. The error is in the words that etcd's v2 API shows.
pub fn parse(texts: &[String]) -> Result<Vec<String>, String> {
    if texts.is_empty() {
        return Err("no valid URLs given".to_owned());
    }
    let mut urls =
        texts.iter().map(|text| parse_one(text.trim())).collect::<Result<Vec<String>, String>>()?;
    urls.sort();
    Ok(urls)
}

fn parse_one(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        // Members talk over TCP only.
        Ok(url) if url.host().is_none_or(str::is_empty) || url.port().unwrap_or(0) == 0 => {
            Err(not_host_and_port(text))
        }
        Ok(url) => Ok(url.text),
        Err(UrlError::NoScheme { .. } | UrlError::OtherScheme { .. }) => {
            Err(format!("URL scheme must be http, https, unix, or unixs: {text}"))
        }
        Err(UrlError::TooMuch { .. }) => Err(format!("URL must not contain a path: {text}")),
        Err(_) => Err(not_host_and_port(text)),
    }
}

fn not_host_and_port(text: &str) -> String {
    format!("URL address does not have the form \"host:port\": {text}")
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn good_ones_are_sorted_and_bad_ones_named() {
        assert_eq!(parse(&texts(&["http://b:2", " http://a:1 "])), Ok(texts(&["http://a:1", "http://b:2"])));
        for (given, part) in [
            ("a", "URL scheme must be"),
            ("ftp://a:1", "URL scheme must be"),
            ("http://a", "host:port"),
            ("http://a:x", "host:port"),
            ("http://:1", "host:port"),
            ("unix:///tmp/a", "host:port"),
            ("http://a:1/b", "must not contain a path"),
        ] {
            let error = parse(&texts(&[given])).unwrap_err();
            assert!(error.contains(part) && error.ends_with(given), "{given}: {error}");
        }
        assert_eq!(parse(&[]), Err("no valid URLs given".to_owned()));
    }
}
