//! Versions that no pattern can read, because they are numbers.

/// Reads the version from an answer.
pub(crate) type Decoder = fn(&[u8]) -> Option<String>;

/// The decoder of that name.
pub(crate) fn decoder(name: &str) -> Option<Decoder> {
    match name {
        "mumble" => Some(mumble),
        "mssql" => Some(mssql),
        "oracle" => Some(oracle),
        "x11" => Some(x11),
        _ => None,
    }
}

/// The option VERSION of a PRELOGIN response (MS-TDS 2.2.6.5): a list of `token, offset, length` ends with `ff`;
/// offsets count from the list, which stands behind a header of 8 bytes.
fn mssql(answer: &[u8]) -> Option<String> {
    let options = answer.get(8..)?;
    let list = options.chunks_exact(5).take_while(|entry| !entry.starts_with(b"\xff"));
    let version = list.into_iter().find_map(|entry| match entry {
        [0, high, low, ..] => Some(usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    })?;
    let [major, minor, high, low] = options.get(version..version + 4)? else { return None };
    Some(format!("{major}.{minor}.{}", u16::from_be_bytes([*high, *low])))
}

/// The version in front of the number that comes back from a ping of Mumble: four bytes, of which the first is 0.
fn mumble(answer: &[u8]) -> Option<String> {
    let [0, major, minor, patch] = answer.get(..4)? else { return None };
    Some(format!("{major}.{minor}.{patch}"))
}

/// The number in `(VSNNUM=318767104)`: 8 bits, then 4, 8, 4 and 8; from release 18 on 8, 8, 4, 8 and 4.
fn oracle(answer: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(answer);
    let digits = text.split("(VSNNUM=").nth(1)?.split(')').next()?;
    let number: u32 = digits.parse().ok()?;
    let parts = if number >> 24 >= 18 { [24, 16, 12, 4, 0] } else { [24, 20, 12, 8, 0] };
    let mut end = 32;
    let mut version = Vec::new();
    for start in parts {
        let bits = end - start;
        version.push(((number >> start) & ((1_u32 << bits) - 1)).to_string());
        end = start;
    }
    Some(version.join("."))
}

/// The release number of a server that writes its version into it, as X.Org does: 12101007 is 1.21.1.7. It follows a
/// header of 8 bytes (X11 protocol, connection setup).
fn x11(answer: &[u8]) -> Option<String> {
    let release = u32::from_le_bytes(answer.get(8..12)?.try_into().ok()?);
    if !(10_000_000..100_000_000).contains(&release) {
        return None;
    }
    let (major, minor) = (release / 10_000_000, release / 100_000 % 100);
    Some(format!("{major}.{minor}.{}.{}", release / 1000 % 100, release % 1000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_become_versions() {
        let prelogin = b"\x04\x01\0\x2b\0\0\x01\0\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x0f\0\x10\x25\0\0\x02";
        assert_eq!(mssql(prelogin).as_deref(), Some("15.0.4133"));
        assert_eq!(oracle(b"..(VSNNUM=318767104)").as_deref(), Some("19.0.0.0.0"));
        assert_eq!(oracle(b"..(VSNNUM=186647552)").as_deref(), Some("11.2.0.4.0"));
        assert_eq!(mumble(b"\0\x01\x03\x04VEDEVEDE").as_deref(), Some("1.3.4"));
        let mut setup = [0; 12];
        setup[8..].copy_from_slice(&12_101_007_u32.to_le_bytes());
        assert_eq!(x11(&setup).as_deref(), Some("1.21.1.7"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut bytes: Vec<u8>, number: u64) {
            for decode in [mssql, mumble, oracle, x11] {
                drop(decode(&bytes));
            }
            bytes.extend(format!("(VSNNUM={number})").bytes());
            drop(oracle(&bytes));
        }
    }
}
