//! Where alerts may go: no address of this machine or of its own networks, unless the endpoint says so (against request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

/// What an endpoint may reach, and how.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Whether the host was named as this machine itself: `localhost`, or an address of its own.
    pub loopback: bool,
    /// Further addresses that are allowed, though they are private.
    pub networks: Vec<IpNet>,
    /// Certificates that are trusted instead of the public ones, as PEM.
    pub ca_file: Option<PathBuf>,
    /// How long one attempt may take in all.
    pub timeout: Duration,
}

impl Network {
    /// Whether an address may be reached.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_named = self.networks.iter().any(|network| network.contains(&address));
        is_named || if address.is_loopback() { self.loopback } else { is_public(address) }
    }
}

/// Whether anybody on the internet has this address (IANA special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_benchmark = a == 198 && (18..20).contains(&b);
    let is_special = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_documentation();
    !(a == 0 || a >= 224 || is_shared || is_protocol || is_benchmark || is_special)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Only 2000::/3 is given to anybody; in it, addresses that hold a v4 address are judged by that.
    let is_unicast = segments[0] & 0xe000 == 0x2000;
    let is_documentation = segments[0] == 0x2001 && segments[1] == 0xdb8;
    let is_special = segments[0] == 0x2001 && segments[1] < 0x200;
    let embedded = match segments[0] {
        0x2002 => Some(Ipv4Addr::from((u32::from(segments[1]) << 16) | u32::from(segments[2]))),
        _ => None,
    };
    let is_translated = segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    let last = Ipv4Addr::from((u32::from(segments[6]) << 16) | u32::from(segments[7]));
    (is_unicast && !is_documentation && !is_special && embedded.is_none_or(is_public_v4)) || (is_translated && is_public_v4(last))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use crate::delivery::network::Network;

    #[test]
    fn only_public_addresses_are_reached() {
        let address = |text: &str| text.parse::<IpAddr>().expect("because it is one");
        let open = Network::default();
        for text in ["8.8.8.8", "1.1.1.1", "100.63.0.1", "172.32.0.1", "2606:4700::1", "64:ff9b::808:808", "2002:808:808::1"] {
            assert!(open.allows(address(text)), "{text}");
        }
        for text in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "198.18.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "2001:db8::1",
        ] {
            assert!(!open.allows(address(text)), "{text}");
        }
        let named = Network { networks: vec!["10.0.0.0/8".parse().expect("because it is one")], ..Network::default() };
        assert!(named.allows(address("10.1.2.3")) && named.allows(address("::ffff:10.1.2.3")) && !named.allows(address("192.168.1.1")));
        let own = Network { loopback: true, ..Network::default() };
        assert!(own.allows(address("127.0.0.1")) && own.allows(address("::1")) && !own.allows(address("10.0.0.1")));
    }
}
