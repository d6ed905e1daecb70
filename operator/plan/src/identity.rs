//! The numbers that must not be mistaken for each other. Nothing here decides.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a cluster: chosen by the operator before the first member runs, never 0, the same for the cluster's life.
/// Written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub u64);

/// The id of a member of the store's configuration; given by the leader, never used again after a removal. Written in
/// hexadecimal digits, as etcdctl does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u64);

/// The number of the store's membership configuration, to be named by a change
/// (`expected_configuration` of `holdfast.v1.Admin`): when it has moved, the change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfigurationNumber(pub u64);

/// The number at the end of a pod's name, from 0. Ordered as a number, so that 10 comes after 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ordinal(pub u32);

impl fmt::Display for ClusterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:x}", self.0)
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// Ids are written as text: hexadecimal is what people see elsewhere, and JSON numbers lose digits.
macro_rules! hexadecimal_in_serde {
    ($kind:ident) => {
        impl Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                u64::from_str_radix(&text, 16).map($kind).map_err(|_| {
                    serde::de::Error::custom(format!("{text:?} is not an id: up to 16 hexadecimal digits"))
                })
            }
        }
    };
}

hexadecimal_in_serde!(ClusterId);
hexadecimal_in_serde!(MemberId);
