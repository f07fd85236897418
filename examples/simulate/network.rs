//! Where callers are: networks out of the ranges that are reserved for documentation and benchmarks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: its first address. IPv4 /24, IPv6 /48.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network(IpAddr);

/// The proxies in front of our servers: 192.0.2.0/24 (RFC 5737).
pub const PROXIES: Network = Network(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 0)));

impl Network {
    /// The network of an honest agent.
    pub fn of_agent(agent: u64) -> Self {
        match agent % 4 {
            0 => Self(Ipv4Addr::new(203, 0, 113, 0).into()),
            1 => Self(Ipv4Addr::new(198, 51, 100, 0).into()),
            _ => Self(Ipv6Addr::new(0x2001, 0xdb8, number(agent), 0, 0, 0, 0, 0).into()),
        }
    }

    /// The network of whoever a scene is about (RFC 2544).
    pub fn own(scene: u8) -> Self {
        Self(Ipv4Addr::new(198, 19, scene, 0).into())
    }

    /// A network where nobody of that scene should be.
    pub fn foreign(scene: u8) -> Self {
        Self(Ipv4Addr::new(198, 18, scene, 0).into())
    }

    /// One of its addresses.
    pub fn host(self, number: u8) -> IpAddr {
        match self.0 {
            IpAddr::V4(first) => {
                let [a, b, c, _] = first.octets();
                Ipv4Addr::new(a, b, c, number).into()
            }
            IpAddr::V6(first) => {
                let [a, b, c, ..] = first.segments();
                Ipv6Addr::new(a, b, c, number.into(), 0, 0, 0, u16::from(number) + 1).into()
            }
        }
    }

    /// As CIDR.
    pub fn cidr(self) -> String {
        format!("{}/{}", self.0, if self.0.is_ipv4() { 24 } else { 48 })
    }
}

/// The low sixteen bits.
fn number(agent: u64) -> u16 {
    u16::try_from(agent & 0xFFFF).expect("because sixteen bits are left")
}
