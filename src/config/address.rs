//! Where a server listens, as people type it.

use std::net::{Ipv4Addr, SocketAddr};

/// A port of this machine, such as `9464` or `localhost:9464`, or a whole address such as `0.0.0.0:9464` or `[::]:9464`.
///
/// # Errors
///
/// What is none.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    let local = port.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    local
        .or_else(|_| text.parse())
        .map_err(|_| "write a port of this machine such as `9464`, or an address with its port such as `0.0.0.0:9464`".into())
}

#[cfg(test)]
mod tests {
    use crate::config::address::address;

    #[test]
    fn a_bare_port_is_one_of_this_machine() {
        for (text, expected) in [
            ("9464", Some("127.0.0.1:9464")),
            ("0", Some("127.0.0.1:0")),
            ("localhost:80", Some("127.0.0.1:80")),
            ("0.0.0.0:80", Some("0.0.0.0:80")),
            ("[::1]:80", Some("[::1]:80")),
            ("0.0.0.0", None),
            ("65536", None),
            ("example.org:80", None),
        ] {
            assert_eq!(address(text).ok().map(|address| address.to_string()).as_deref(), expected, "{text}");
        }
    }
}
