//! How many connections there may be, in all and from one address: nobody may take all of them. Must not know what
//! they are for.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections by address.
type Counts = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// Room for connections, shared by all listeners of a kind.
#[derive(Debug, Clone)]
pub(super) struct Room {
    permits: Arc<Semaphore>,
    by_address: Counts,
    of_address_max: usize,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Full {
    /// As many are open as may be.
    #[error("as many are open as this member allows")]
    All,
    /// As many are open from this address as may be.
    #[error("as many are open from one address as this member allows")]
    Address,
}

/// The place of one connection; free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    address: Option<(IpAddr, Counts)>,
}

impl Room {
    /// Room for `max` connections, of which `of_address_max` from one address.
    pub(super) fn new(max: usize, of_address_max: usize) -> Room {
        Room { permits: Arc::new(Semaphore::new(max)), by_address: Arc::default(), of_address_max }
    }

    /// Takes a place for a connection from `address`, or from this machine's file system.
    pub(super) fn enter(&self, address: Option<IpAddr>) -> Result<Place, Full> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| Full::All)?;
        let address = match address {
            Some(address) => {
                let network = network(address);
                let mut by_address = self.by_address.lock();
                let count = by_address.entry(network).or_default();
                if *count >= self.of_address_max {
                    return Err(Full::Address);
                }
                *count += 1;
                Some((network, Arc::clone(&self.by_address)))
            }
            None => None,
        };
        Ok(Place { _permit: permit, address })
    }

    /// Places that are free.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.permits.available_permits()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((network, by_address)) = &self.address else { return };
        let mut by_address = by_address.lock();
        if let Some(count) = by_address.get_mut(network) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(network);
            }
        }
    }
}

/// What counts as one address: of IPv6 the 64 bits that one customer of a provider has at the least.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all() {
        let room = Room::new(3, 2);
        let of = |text: &str| Some(text.parse().unwrap());
        let first = room.enter(of("10.0.0.1")).unwrap();
        let _second = room.enter(of("::ffff:10.0.0.1")).unwrap();
        assert_eq!(room.enter(of("10.0.0.1")).unwrap_err(), Full::Address);
        let _third = room.enter(of("10.0.0.2")).unwrap();
        assert_eq!(room.enter(None).unwrap_err(), Full::All);
        drop(first);
        drop(room.enter(of("10.0.0.1")).unwrap());
        drop(room.enter(None).unwrap());
        assert_eq!(room.by_address.lock().len(), 2);
    }

    #[test]
    fn ipv6_counts_by_network() {
        let room = Room::new(3, 1);
        let _first = room.enter(Some("2001:db8::1".parse().unwrap())).unwrap();
        assert_eq!(room.enter(Some("2001:db8::ffff".parse().unwrap())).unwrap_err(), Full::Address);
        assert!(room.enter(Some("2001:db8:0:1::1".parse().unwrap())).is_ok());
    }
}
