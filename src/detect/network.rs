//! Where a caller was: addresses behind proxies, and the networks by which callers are compared.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

use crate::detect::used::Source;
use crate::model::token_use::Record;

/// What the user knows of networks.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Networks {
    /// Proxies of one's own, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Content delivery networks: believed like one's own proxies, and no source without such a header.
    pub cdn: Vec<IpNet>,
    /// Whether private addresses of different networks are different sources.
    pub internal_is_distinct: bool,
    /// How many bits of an IPv4 address name its network.
    pub ipv4_prefix: u8,
    /// How many bits of an IPv6 address name its network.
    pub ipv6_prefix: u8,
    /// Which autonomous system networks belong to.
    pub system: Vec<System>,
    /// Autonomous systems of hosters and clouds, where neighbours are strangers: compared by network.
    pub hosting_systems: Vec<u32>,
    /// VPN, relay and satellite networks, which say nothing of the place.
    pub relays: Vec<IpNet>,
    /// Autonomous systems of that sort.
    pub relay_systems: Vec<u32>,
}

/// An autonomous system and its networks.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Its number.
    pub asn: u32,
    /// Its networks.
    pub networks: Vec<IpNet>,
}

/// Cloudflare and Fastly, as they publish them (`cloudflare.com/ips`, `api.fastly.com/public-ip-list`).
const CDN: &str = "173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18 190.93.240.0/20 \
    188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13 131.0.72.0/22 \
    2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29 2c0f:f248::/32 \
    23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20 140.248.64.0/18 140.248.128.0/17 \
    146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 167.82.128.0/20 167.82.160.0/20 167.82.224.0/20 172.111.64.0/18 \
    185.31.16.0/22 199.27.72.0/21 199.232.0.0/16 2a04:4e40::/32 2a04:4e42::/32";

/// Amazon, Google, Microsoft, Oracle, Alibaba, `DigitalOcean`, Hetzner, OVH, Linode, Vultr.
const HOSTING: [u32; 14] = [16_509, 14_618, 15_169, 396_982, 8_075, 8_068, 31_898, 45_102, 14_061, 24_940, 16_276, 63_949, 20_473, 8_987];

/// Starlink, and the relays of iCloud at Akamai.
const RELAYS: [u32; 2] = [14_593, 36_183];

impl Default for Networks {
    fn default() -> Self {
        let read = |text: &str| text.split_whitespace().map(|net| net.parse().expect("because it is written well")).collect();
        Self {
            trusted_proxies: Vec::new(),
            cdn: read(CDN),
            internal_is_distinct: false,
            ipv4_prefix: 24,
            ipv6_prefix: 48,
            system: Vec::new(),
            hosting_systems: HOSTING.to_vec(),
            relays: Vec::new(),
            relay_systems: RELAYS.to_vec(),
        }
    }
}

impl Networks {
    /// The caller's address: the right-most that no trusted proxy has; never what the caller itself may have written.
    #[must_use]
    pub fn caller(&self, record: &Record, more_proxies: &[IpNet]) -> Option<IpAddr> {
        let (source, peer) = (record.source_ip.map(canonical), record.peer_ip.map(canonical));
        let connected = peer.or(source)?;
        let ours = |ip: IpAddr| holds(&self.trusted_proxies, ip) || holds(more_proxies, ip);
        let passes_on = |ip: IpAddr| ours(ip) || holds(&self.cdn, ip);
        if !passes_on(connected) {
            return source.filter(|_| peer.is_some_and(is_internal)).or(Some(connected));
        }
        let forwarded: Vec<IpAddr> = record.forwarded_for.iter().copied().map(canonical).collect();
        let said = forwarded.iter().rev().copied().find(|ip| !passes_on(*ip));
        said.or(source.filter(|ip| !passes_on(*ip))).or_else(|| forwarded.first().copied().filter(|ip| ours(*ip)))
    }

    /// The network of an address.
    #[must_use]
    pub fn network(&self, ip: IpAddr) -> Source {
        if is_internal(ip) && !self.internal_is_distinct {
            return Source::Internal;
        }
        let prefix = if ip.is_ipv4() { self.ipv4_prefix.min(32) } else { self.ipv6_prefix.min(128) };
        let net = IpNet::new(ip, prefix).expect("because the prefix is no longer than the address");
        Source::Network(net.network(), prefix)
    }

    /// The autonomous system of an address, by the map.
    #[must_use]
    pub fn system_of(&self, ip: IpAddr) -> Option<u32> {
        self.system.iter().find(|system| holds(&system.networks, ip)).map(|system| system.asn)
    }

    /// Whether a caller came through a VPN, a relay or a satellite.
    #[must_use]
    pub fn is_relay(&self, record: &Record) -> bool {
        record.source_ip.is_some_and(|ip| holds(&self.relays, ip)) || record.asn.is_some_and(|asn| self.relay_systems.contains(&asn))
    }

    /// What a caller is compared by; `learned` are systems of networks, as records name them.
    #[must_use]
    pub fn source(&self, record: &Record, caller: Option<IpAddr>, learned: &BTreeMap<Source, u32>) -> Source {
        if is_cloud_internal(record) {
            return Source::Cloud;
        }
        let network = caller.map(|ip| self.network(ip));
        if network == Some(Source::Internal) {
            return Source::Internal;
        }
        let mapped = caller.and_then(|ip| self.system_of(ip));
        let known = mapped.or(network.and_then(|network| learned.get(&network).copied())).or(record.asn);
        match (network, known) {
            (network, Some(asn)) if network.is_none() || !self.hosting_systems.contains(&asn) => Source::System(asn),
            (Some(network), _) => network,
            (None, _) => Source::Unknown,
        }
    }
}

/// A service of a cloud called for the caller.
fn is_cloud_internal(record: &Record) -> bool {
    record.on_behalf_of.is_some() || record.user_agent.as_ref().is_some_and(|agent| names_aws(agent))
}

/// Whether a user agent says `AWS Internal`, in any case.
fn names_aws(agent: &str) -> bool {
    const NAME: &[u8] = b"aws-internal";
    agent.as_bytes().windows(NAME.len()).any(|part| part.eq_ignore_ascii_case(NAME))
}

/// Whether one of the networks holds an address.
#[must_use]
pub fn holds(networks: &[IpNet], ip: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&canonical(ip)))
}

/// An IPv4 address that is written as an IPv6 one, as IPv4.
#[must_use]
pub fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// Private use (RFC 1918, RFC 4193), carrier-grade NAT (RFC 6598), loopback and link-local.
fn is_internal(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::IpAddr;

    use crate::detect::network::Networks;
    use crate::detect::used::Source;
    use crate::model::token_use::Record;

    fn ip(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    fn record(source: &str, peer: &str, forwarded: &str) -> Record {
        let forwarded_for = forwarded.split_whitespace().filter_map(ip).collect();
        Record { source_ip: ip(source), peer_ip: ip(peer), forwarded_for, ..Record::default() }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies = ["10.0.0.0/8".parse().expect("because it is a network")];
        let networks = Networks { trusted_proxies: proxies.to_vec(), ..Networks::default() };
        for (source, peer, forwarded, expected) in [
            ("203.0.113.9", "", "", "203.0.113.9"),
            ("::ffff:203.0.113.9", "", "", "203.0.113.9"),
            ("203.0.113.9", "", "198.51.100.1", "203.0.113.9"),
            ("10.0.0.1", "", "198.51.100.1 203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "", "198.51.100.1 203.0.113.9 10.0.0.2", "203.0.113.9"),
            ("", "10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("203.0.113.9", "10.0.0.1", "", "203.0.113.9"),
            ("10.0.0.1", "", "", ""),
            ("10.0.0.1", "", "10.1.1.1", "10.1.1.1"),
            ("198.51.100.1", "203.0.113.9", "", "203.0.113.9"),
            ("198.51.100.1", "192.168.0.1", "", "198.51.100.1"),
            ("162.158.1.1", "", "", ""),
            ("162.158.1.1", "", "198.51.100.1", "198.51.100.1"),
            ("", "", "198.51.100.1", ""),
        ] {
            assert_eq!(networks.caller(&record(source, peer, forwarded), &[]), ip(expected), "{source} {peer} {forwarded}");
        }
        assert_eq!(Networks::default().caller(&record("10.0.0.1", "", "198.51.100.1"), &proxies), ip("198.51.100.1"));
    }

    #[test]
    fn callers_are_compared_by_network() {
        let source = |networks: &Networks, record: &Record| networks.source(record, networks.caller(record, &[]), &BTreeMap::new());
        let (one, distinct) = (Networks::default(), Networks { internal_is_distinct: true, ..Networks::default() });
        let same = |networks: &Networks, a: &str, b: &str| source(networks, &record(a, "", "")) == source(networks, &record(b, "", ""));
        for (a, b, expected) in [
            ("203.0.113.9", "203.0.113.200", true),
            ("203.0.113.9", "203.0.114.9", false),
            ("2001:db8:1:1::1", "2001:db8:1:2::2", true),
            ("2001:db8:1::1", "2001:db8:2::1", false),
            ("10.0.0.1", "192.168.3.4", true),
            ("100.64.0.1", "10.0.0.1", true),
            ("100.128.0.1", "10.0.0.1", false),
        ] {
            assert_eq!(same(&one, a, b), expected, "{a} {b}");
        }
        assert!(!same(&distinct, "10.0.0.1", "192.168.3.4"));
        let by_system = |asn| source(&one, &Record { asn: Some(asn), ..record("203.0.113.9", "", "") });
        assert_eq!(by_system(64_500), Source::System(64_500));
        assert!(matches!(by_system(16_509), Source::Network(..)), "neighbours in a cloud are strangers");
        assert_eq!(source(&one, &Record { on_behalf_of: Some("ec2.amazonaws.com".into()), ..record("203.0.113.9", "", "") }), Source::Cloud);
        assert_eq!(source(&one, &Record::default()), Source::Unknown);
    }
}
