//! URLs of listeners and members in etcd's four schemes, kept as text beside their parts: member ids are made from the
//! text. Pure; resolves no name.

use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

use super::config::ListenAddress;

/// A URL of a listener or a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Url {
    /// As typed, with the scheme in small letters. First, so that URLs sort as etcd sorts them.
    pub text: String,
    /// Whether the scheme asks for TLS.
    pub is_encrypted: bool,
    /// Where it leads.
    pub address: ListenAddress,
}

/// A text that is no URL of this kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No scheme.
    #[error("\"{text}\" has no scheme; write http://{text}")]
    NoScheme {
        /// The text.
        text: String,
    },
    /// Another scheme.
    #[error("\"{text}\" has the scheme \"{scheme}\"; only http and unix are possible")]
    OtherScheme {
        /// The text.
        text: String,
        /// Its scheme.
        scheme: String,
    },
    /// No port.
    #[error("\"{text}\" has no port; write {text}:PORT")]
    NoPort {
        /// The text.
        text: String,
    },
    /// A port that is no port.
    #[error("\"{text}\" has the port \"{port}\"; a port is a number from 0 to 65535")]
    BadPort {
        /// The text.
        text: String,
        /// Its port.
        port: String,
    },
    /// A host with characters that no host has.
    #[error(
        "\"{text}\" has the host \"{host}\"; a host is a name, an IP address, or an IPv6 address in brackets"
    )]
    BadHost {
        /// The text.
        text: String,
        /// Its host.
        host: String,
    },
    /// A path, query, fragment or user.
    #[error("\"{text}\" has more than a host and a port; write {shorter}")]
    TooMuch {
        /// The text.
        text: String,
        /// What it should be.
        shorter: String,
    },
    /// A Unix socket without path.
    #[error("\"{text}\" names no socket; write unix:///path/to/socket")]
    NoSocket {
        /// The text.
        text: String,
    },
}

impl Url {
    /// Reads one URL.
    ///
    /// # Errors
    /// When `text` is not `http://host:port` or `unix://path` (or their encrypted forms).
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        let text = text.trim();
        let (scheme, rest) = split_scheme(text)?;
        let is_encrypted = matches!(scheme.as_str(), "https" | "unixs");
        let address = match scheme.as_str() {
            "http" | "https" => parse_tcp(text, &scheme, rest)?,
            "unix" | "unixs" => parse_unix(text, rest)?,
            _ => return Err(UrlError::OtherScheme { text: text.to_owned(), scheme }),
        };
        let separator = if text.contains("://") { "://" } else { ":" };
        Ok(Url { text: format!("{scheme}{separator}{rest}"), is_encrypted, address })
    }

    /// Reads URLs separated by commas and sorts them; doubles count once. An empty text has none.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn parse_list(text: &str) -> Result<Vec<Url>, UrlError> {
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let mut urls = text.split(',').map(Url::parse).collect::<Result<Vec<Url>, UrlError>>()?;
        urls.sort();
        urls.dedup();
        Ok(urls)
    }

    /// The host, unless it is a socket.
    pub fn host(&self) -> Option<&str> {
        match &self.address {
            ListenAddress::Tcp { host, .. } => Some(host),
            ListenAddress::Unix(_) => None,
        }
    }

    /// The port, unless it is a socket.
    pub fn port(&self) -> Option<u16> {
        match self.address {
            ListenAddress::Tcp { port, .. } => Some(port),
            ListenAddress::Unix(_) => None,
        }
    }

    /// Whether the host stands for every address of the machine, which nobody can connect to from elsewhere.
    pub fn is_wildcard(&self) -> bool {
        self.ip().is_some_and(|ip| ip.is_unspecified())
    }

    /// Whether only this machine can connect there.
    pub fn is_loopback(&self) -> bool {
        self.host() == Some("localhost") || self.ip().is_some_and(|ip| ip.is_loopback())
    }

    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host().and_then(|host| host.parse().ok())
    }
}

fn split_scheme(text: &str) -> Result<(String, &str), UrlError> {
    let no_scheme = || UrlError::NoScheme { text: text.to_owned() };
    if let Some((scheme, rest)) = text.split_once("://") {
        return if scheme.is_empty() { Err(no_scheme()) } else { Ok((scheme.to_ascii_lowercase(), rest)) };
    }
    // `unix:/path` has no authority; `host:port` must not be taken for a scheme.
    match text.split_once(':') {
        Some((scheme, rest))
            if scheme.eq_ignore_ascii_case("unix") || scheme.eq_ignore_ascii_case("unixs") =>
        {
            Ok((scheme.to_ascii_lowercase(), rest))
        }
        _ => Err(no_scheme()),
    }
}

fn parse_tcp(text: &str, scheme: &str, rest: &str) -> Result<ListenAddress, UrlError> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, extra) = rest.split_at(end);
    let bare = authority.rsplit_once('@').map_or(authority, |(_, bare)| bare);
    if !extra.is_empty() || bare.len() != authority.len() {
        let shorter = format!("{scheme}://{bare}");
        return Err(UrlError::TooMuch { text: text.to_owned(), shorter });
    }
    let bad_host = |host: &str| UrlError::BadHost { text: text.to_owned(), host: host.to_owned() };
    let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
        let (host, tail) = inner.split_once(']').ok_or_else(|| bad_host(authority))?;
        host.parse::<Ipv6Addr>().map_err(|_| bad_host(host))?;
        (host, tail.strip_prefix(':'))
    } else {
        match authority.split_once(':') {
            Some((_, port)) if port.contains(':') => return Err(bad_host(authority)),
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let is_host_character = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    if !host.chars().all(is_host_character) {
        return Err(bad_host(host));
    }
    let Some(port) = port.filter(|port| !port.is_empty()) else {
        return Err(UrlError::NoPort { text: text.trim_end_matches(':').to_owned() });
    };
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse().ok().filter(|_| is_number);
    let port = number.ok_or_else(|| UrlError::BadPort { text: text.to_owned(), port: port.to_owned() })?;
    Ok(ListenAddress::Tcp { host: host.to_owned(), port })
}

fn parse_unix(text: &str, rest: &str) -> Result<ListenAddress, UrlError> {
    if rest.is_empty() || rest == "/" {
        return Err(UrlError::NoSocket { text: text.to_owned() });
    }
    Ok(ListenAddress::Unix(PathBuf::from(rest)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::config::ListenAddress;
    use super::Url;

    fn tcp(host: &str, port: u16) -> ListenAddress {
        ListenAddress::Tcp { host: host.to_owned(), port }
    }

    #[test]
    fn reads_the_parts() {
        for (text, address) in [
            ("http://localhost:2379", tcp("localhost", 2379)),
            ("HTTP://10.0.0.1:0", tcp("10.0.0.1", 0)),
            (" http://[::1]:2380 ", tcp("::1", 2380)),
            ("http://:2379", tcp("", 2379)),
            ("unix:///tmp/a.sock", ListenAddress::Unix(PathBuf::from("/tmp/a.sock"))),
            ("unix://a.sock", ListenAddress::Unix(PathBuf::from("a.sock"))),
            ("unix:/tmp/a.sock", ListenAddress::Unix(PathBuf::from("/tmp/a.sock"))),
        ] {
            assert_eq!(Url::parse(text).map(|url| url.address), Ok(address), "{text}");
        }
        assert_eq!(Url::parse("HTTP://Host:1").unwrap().text, "http://Host:1");
        assert!(Url::parse("https://a:1").unwrap().is_encrypted);
        assert!(Url::parse("http://[::]:1").unwrap().is_wildcard());
        assert!(!Url::parse("http://localhost:1").unwrap().is_wildcard());
        assert!(Url::parse("http://localhost:1").unwrap().is_loopback());
        assert!(Url::parse("http://[::1]:1").unwrap().is_loopback());
        assert!(!Url::parse("http://10.0.0.1:1").unwrap().is_loopback());
    }

    #[test]
    fn lists_are_sorted_and_single() {
        let urls = Url::parse_list("http://b:1,http://a:2,http://b:1").unwrap();
        assert_eq!(
            urls.iter().map(|url| url.text.as_str()).collect::<Vec<_>>(),
            ["http://a:2", "http://b:1"]
        );
        assert_eq!(Url::parse_list(""), Ok(Vec::new()));
        assert!(Url::parse_list("http://a:1,").is_err());
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, message) in [
            ("localhost:2379", "\"localhost:2379\" has no scheme; write http://localhost:2379"),
            ("ftp://a:1", "\"ftp://a:1\" has the scheme \"ftp\"; only http and unix are possible"),
            ("http://a", "\"http://a\" has no port; write http://a:PORT"),
            ("http://a:", "\"http://a\" has no port; write http://a:PORT"),
            (
                "http://a:99999",
                "\"http://a:99999\" has the port \"99999\"; a port is a number from 0 to 65535",
            ),
            ("http://a:+1", "\"http://a:+1\" has the port \"+1\"; a port is a number from 0 to 65535"),
            ("http://a:1/", "\"http://a:1/\" has more than a host and a port; write http://a:1"),
            ("http://u:p@a:1", "\"http://u:p@a:1\" has more than a host and a port; write http://a:1"),
            (
                "http://::1:2379",
                "\"http://::1:2379\" has the host \"::1:2379\"; a host is a name, an IP address, or an IPv6 address \
                 in brackets",
            ),
            (
                "http://a b:1",
                "\"http://a b:1\" has the host \"a b\"; a host is a name, an IP address, or an IPv6 address in brackets",
            ),
            ("unix://", "\"unix://\" names no socket; write unix:///path/to/socket"),
        ] {
            assert_eq!(Url::parse(text).unwrap_err().to_string(), message);
        }
    }
}
