//! Whether a connection comes from where its certificate says, as etcd checks for members: one address or host name of
//! the certificate must be the other side's. Asks the resolver.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::time::timeout;

use super::certificate_name::CertificateName;
use crate::limits::TLS_ADDRESS_LOOKUP_TIMEOUT;

/// Refuses an address that none of the names stands for. A certificate without any may come from everywhere.
pub(super) async fn check(name: &Arc<CertificateName>, address: IpAddr) -> Result<(), String> {
    let address = address.to_canonical();
    if name.ip_addresses.is_empty() && name.dns_names.is_empty() {
        return Ok(());
    }
    if name.ip_addresses.contains(&address) {
        return Ok(());
    }
    let is_found = timeout(TLS_ADDRESS_LOOKUP_TIMEOUT, is_of_a_host(name, address)).await.unwrap_or(false);
    if is_found {
        return Ok(());
    }
    let addresses = name.ip_addresses.iter().map(ToString::to_string);
    let names: Vec<String> = addresses.chain(name.dns_names.iter().cloned()).collect();
    Err(format!(
        "it comes from {address}, and its certificate is for {} (--peer-skip-client-san-verification takes it anyway)",
        names.join(", ")
    ))
}

async fn is_of_a_host(name: &CertificateName, address: IpAddr) -> bool {
    let (wildcards, hosts): (Vec<&String>, Vec<&String>) =
        name.dns_names.iter().partition(|host| host.starts_with("*."));
    for host in hosts {
        let Ok(mut found) = tokio::net::lookup_host((host.as_str(), 0)).await else { continue };
        if found.any(|found| found.ip().to_canonical() == address) {
            return true;
        }
    }
    if wildcards.is_empty() {
        return false;
    }
    let found = tokio::task::spawn_blocking(move || dns_lookup::lookup_addr(&address)).await;
    let Ok(Ok(found)) = found else { return false };
    let found = found.trim_end_matches('.').to_ascii_lowercase();
    wildcards.iter().any(|wildcard| fits(wildcard, &found))
}

/// Whether `host` is a wildcard's domain with one more label.
fn fits(wildcard: &str, host: &str) -> bool {
    let Some((label, domain)) = host.split_once('.') else { return false };
    !label.is_empty() && wildcard[2..].eq_ignore_ascii_case(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(dns_names: &[&str], ip_addresses: &[&str]) -> Arc<CertificateName> {
        Arc::new(CertificateName {
            dns_names: dns_names.iter().map(|name| (*name).to_owned()).collect(),
            ip_addresses: ip_addresses.iter().map(|address| address.parse().unwrap()).collect(),
            ..CertificateName::default()
        })
    }

    #[tokio::test]
    async fn an_address_must_be_one_of_the_names() {
        let here = "127.0.0.1".parse().unwrap();
        for (dns_names, addresses, is_taken) in [
            (&[][..], &[][..], true),
            (&[], &["127.0.0.1"], true),
            (&[], &["10.0.0.1"], false),
            (&["localhost"], &[], true),
            (&["localhost"], &["10.0.0.1"], true),
            (&["no.such.host.invalid"], &[], false),
        ] {
            let checked = check(&named(dns_names, addresses), here).await;
            assert_eq!(checked.is_ok(), is_taken, "{dns_names:?} {addresses:?} {checked:?}");
        }
        let mapped = "::ffff:127.0.0.1".parse().unwrap();
        assert!(check(&named(&[], &["127.0.0.1"]), mapped).await.is_ok());
        let text = check(&named(&[], &["10.0.0.1"]), here).await.unwrap_err();
        assert!(text.starts_with("it comes from 127.0.0.1, and its certificate is for 10.0.0.1"), "{text}");
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(fits("*.a.svc", "x.a.svc"));
        assert!(fits("*.A.svc", "x.a.svc"));
        assert!(!fits("*.a.svc", "x.y.a.svc"));
        assert!(!fits("*.a.svc", "a.svc"));
        assert!(!fits("*.a.svc", ".a.svc"));
        assert!(!fits("*.a.svc", "localhost"));
    }
}
