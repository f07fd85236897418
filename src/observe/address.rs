//! Network addresses as logs and proxies write them: bare, with a port, in brackets, in lists.

use std::net::IpAddr;

/// Most addresses that are taken over from one list.
const MAX_HOPS: usize = 32;

/// The address in `ip`, `ip:port`, `[ip]` or `[ip]:port`, perhaps quoted or with a zone; IPv4 inside IPv6 comes out as IPv4.
#[must_use]
pub fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => host,
            _ => text,
        },
    };
    let host = host.split_once('%').map_or(host, |(host, _)| host);
    host.parse::<IpAddr>().ok().or_else(|| padded(host)).map(|address| address.to_canonical())
}

/// The addresses of `X-Forwarded-For`, the left-most first; names and `unknown` are left out.
#[must_use]
pub fn list(text: &str) -> Vec<IpAddr> {
    text.split(',').take(MAX_HOPS).filter_map(ip).collect()
}

/// The addresses of `Forwarded` (RFC 7239, section 5.2), the left-most first; obfuscated ones are left out.
#[must_use]
pub fn forwarded(text: &str) -> Vec<IpAddr> {
    let node = |element: &str| {
        let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for")).and_then(|(_, node)| ip(node))
    };
    text.split(',').take(MAX_HOPS).filter_map(node).collect()
}

/// IPv4 whose numbers are padded with zeros, as some logs write them; they are decimal all the same.
fn padded(text: &str) -> Option<IpAddr> {
    let mut numbers = text.split('.').map(|number| number.parse::<u8>().ok().filter(|_| number.len() <= 3 && !number.starts_with('+')));
    let mut next = || numbers.next().flatten();
    let octets = [next()?, next()?, next()?, next()?];
    numbers.next().is_none().then(|| octets.into())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use crate::observe::address::{forwarded, ip, list};

    fn addresses(expected: &[&str]) -> Vec<IpAddr> {
        expected.iter().map(|text| text.parse().expect("because it is an address")).collect()
    }

    #[test]
    fn one_address_is_read_in_every_form() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1:443 ", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1"),
            ("192.000.002.010", "192.0.2.10"),
        ] {
            assert_eq!(ip(text).map(|ip| ip.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "-", "unknown", "s3.amazonaws.com", "AWS Internal", "[", "[x]:1", "1.2.3.4.5"] {
            assert_eq!(ip(text), None, "{text}");
        }
    }

    #[test]
    fn lists_keep_their_order() {
        assert_eq!(list("192.0.2.1, unknown, 2001:db8::1,198.51.100.7:80"), addresses(&["192.0.2.1", "2001:db8::1", "198.51.100.7"]));
        let text = "for=192.0.2.43;proto=https, For=\"[2001:db8::17]:4711\";by=203.0.113.4, for=_hidden";
        assert_eq!(forwarded(text), addresses(&["192.0.2.43", "2001:db8::17"]));
        assert!(list("").is_empty() && forwarded("").is_empty());
    }
}
