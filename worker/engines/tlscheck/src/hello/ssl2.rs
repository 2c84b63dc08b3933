//! The oldest version, which has messages of its own.

use crate::bytes::Reader;

/// What a server of SSL 2 says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    /// In DER; empty where there is none.
    pub(crate) certificate: Vec<u8>,
    /// Numbers of three bytes.
    pub(crate) ciphers: Vec<u32>,
}

/// All ciphers that the version ever had.
const CIPHERS: [[u8; 3]; 7] =
    [[1, 0, 128], [2, 0, 128], [3, 0, 128], [4, 0, 128], [5, 0, 128], [6, 0, 64], [7, 0, 192]];

/// The CLIENT-HELLO, with a challenge of 16 bytes.
pub(crate) fn client_hello(challenge: &[u8; 16]) -> Vec<u8> {
    let mut out = vec![0x80, 0, 1, 0, 2, 0, 21, 0, 0, 0, 16];
    out.extend(CIPHERS.iter().flatten());
    out.extend(challenge);
    let length = u8::try_from(out.len() - 2).unwrap_or_default();
    if let Some(field) = out.get_mut(1) {
        *field = length;
    }
    out
}

/// Reads a SERVER-HELLO. `Ok(None)` while it is not whole.
pub(crate) fn server_hello(heard: &[u8]) -> Result<Option<Hello>, ()> {
    let Some([first, second]) = heard.get(..2).and_then(|head| <[u8; 2]>::try_from(head).ok()) else {
        return Ok(None);
    };
    // A header of two bytes: without padding.
    if first & 0x80 == 0 {
        return Err(());
    }
    let length = usize::from(u16::from_be_bytes([first & 0x7f, second]));
    let Some(body) = heard.get(2..2 + length) else { return Ok(None) };
    read(body).map(Some).ok_or(())
}

fn read(body: &[u8]) -> Option<Hello> {
    let mut reader = Reader::new(body);
    if reader.u8()? != 4 {
        return None;
    }
    let (_session, _kind, version) = (reader.u8()?, reader.u8()?, reader.u16()?);
    let (certificate, ciphers) = (reader.u16()?, reader.u16()?);
    reader.u16()?;
    let certificate = reader.take(usize::from(certificate))?.to_vec();
    let ciphers = reader.take(usize::from(ciphers))?;
    let numbers =
        ciphers.chunks_exact(3).map(|bytes| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
    (version == 2).then(|| Hello { certificate, ciphers: numbers.collect() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hello_is_read() {
        let mut body = vec![4, 0, 1, 0, 2, 0, 2, 0, 3, 0, 1, 0xaa, 0xbb, 7, 0, 192, 9];
        let length = u8::try_from(body.len()).unwrap();
        let mut heard = vec![0x80, length];
        heard.append(&mut body);
        let hello = server_hello(&heard).unwrap().unwrap();
        assert_eq!((hello.certificate, hello.ciphers), (vec![0xaa, 0xbb], vec![0x07_00_c0]));
        assert_eq!(server_hello(&heard[..9]), Ok(None));
        assert_eq!(server_hello(b"\x15\x03\x01"), Err(()));
        assert_eq!(client_hello(&[7; 16]).len(), 2 + usize::from(client_hello(&[7; 16])[1]));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_not(heard: Vec<u8>) {
            server_hello(&heard).ok();
        }
    }
}
