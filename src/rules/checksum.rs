//! Checksums inside tokens: recomputed from the octets, and written into generated ones.
//!
//! CRC-32 is the ordinary reflected IEEE polynomial throughout.

use crate::rules::spec::Check;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether a checksum fits; `None` for checks that are no checksums.
#[must_use]
pub fn verify(check: Check, token: &[u8]) -> Option<bool> {
    let (at, expected) = expected(check, token)?;
    Some(match expected {
        Some(sum) => token[at..].eq_ignore_ascii_case(&sum) && (check != Check::Crc32Base62 || token[at..] == sum[..]),
        None => false,
    })
}

/// Overwrites the place of the checksum with the right one.
pub fn mend(check: Check, token: &mut [u8]) {
    if check == Check::GitlabRoutable && token.len() > 9 {
        let payload = token.iter().position(|b| *b == b'-').map_or(0, |dash| token.len() - dash - 1 - 4 - 9);
        let at = token.len() - 9;
        token[at..at + 2].copy_from_slice(&base36(payload as u64, 2));
    }
    if let Some((at, Some(sum))) = expected(check, token) {
        token[at..].copy_from_slice(&sum);
    }
}

/// Where the checksum stands and what it should be; the inner `None` for a token too short to hold one.
fn expected(check: Check, token: &[u8]) -> Option<(usize, Option<Vec<u8>>)> {
    let width = match check {
        Check::Crc32Base62 => 6,
        Check::GitlabRoutable => 7,
        Check::Crc32HexAll | Check::Crc32HexBody | Check::GrafanaCrc32 => 8,
        Check::Jwt | Check::Jwe | Check::Base64Json | Check::DiscordId | Check::Random | Check::Basic | Check::Pem => return None,
    };
    let Some(at) = token.len().checked_sub(width) else { return Some((0, None)) };
    let before = &token[..at];
    let sum = match check {
        Check::Crc32Base62 => Some(base62(crc32fast::hash(body(before)), width)),
        Check::GitlabRoutable => Some(base36(u64::from(crc32fast::hash(before)), width)),
        Check::Crc32HexAll => Some(hex(crc32fast::hash(before))),
        Check::Crc32HexBody => Some(hex(crc32fast::hash(body(before)))),
        _ => before.strip_suffix(b"_").map(|body| hex(crc32fast::hash(body).swap_bytes())),
    };
    Some((at, sum))
}

/// What stands after the prefix: up to the first `_`, else four letters.
fn body(token: &[u8]) -> &[u8] {
    let prefix = token.iter().take(8).position(|b| *b == b'_').map_or(4, |at| at + 1);
    &token[prefix.min(token.len())..]
}

fn base62(mut number: u32, width: usize) -> Vec<u8> {
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(number % 62) as usize];
        number /= 62;
    }
    digits
}

fn base36(mut number: u64, width: usize) -> Vec<u8> {
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
        number /= 36;
    }
    digits
}

fn hex(number: u32) -> Vec<u8> {
    format!("{number:08x}").into_bytes()
}

#[cfg(test)]
mod tests {
    use crate::rules::checksum::{mend, verify};
    use crate::rules::spec::Check;

    const ALL: [(Check, &[u8]); 6] = [
        (Check::Crc32Base62, b"ghx_012345678901234567890123456789______"),
        (Check::GitlabRoutable, b"glxxx-012345678901234567890123456.01.000000000"),
        (Check::Crc32HexAll, b"ATXTT3-abcdefghijklmnopqrstuvwxyz=00000000"),
        (Check::Crc32HexBody, b"cfxx_0123456789012345678901234567890123456789________"),
        (Check::Crc32HexBody, b"ATXX012345678901234567890123________"),
        (Check::GrafanaCrc32, b"glxx_01234567890123456789012345678901_________"),
    ];

    #[test]
    fn what_was_mended_fits_and_one_changed_byte_does_not() {
        for (check, draft) in ALL {
            let mut token = draft.to_vec();
            if check == Check::GrafanaCrc32 {
                let at = token.len() - 9;
                token[at] = b'_';
            }
            mend(check, &mut token);
            assert_eq!(verify(check, &token), Some(true), "{check:?}");
            for at in [6, 12, token.len() - 1] {
                let mut changed = token.clone();
                changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
                assert_eq!(verify(check, &changed), Some(false), "{check:?} at {at}");
            }
        }
    }

    #[test]
    fn known_sums_come_out() {
        let mut token = b"ghx_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000".to_vec();
        mend(Check::Crc32Base62, &mut token);
        let sum = token[34..].iter().fold(0_u64, |n, b| {
            n * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".find(char::from(*b)).map_or(0, |d| d as u64)
        });
        assert_eq!(sum, u64::from(crc32fast::hash(&[b'a'; 30])));
        assert_eq!(verify(Check::Jwt, b"x"), None);
        assert_eq!(verify(Check::Crc32Base62, b"x"), Some(false));
    }
}
