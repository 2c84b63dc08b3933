//! Reading and writing the length-prefixed fields that TLS is made of.

/// What is left of a message. Every read fails on a message that is too short.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    pub(crate) fn u24(&mut self) -> Option<usize> {
        let [high, middle, low]: [u8; 3] = self.take(3)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_be_bytes)
    }

    /// A field behind its length in one byte.
    pub(crate) fn vec8(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    /// A field behind its length in two bytes.
    pub(crate) fn vec16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// A field behind its length in three bytes.
    pub(crate) fn vec24(&mut self) -> Option<&'a [u8]> {
        let length = self.u24()?;
        self.take(length)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends `field` behind its length in one byte; a longer one is cut.
pub(crate) fn put8(out: &mut Vec<u8>, field: &[u8]) {
    let length = u8::try_from(field.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend(field.iter().take(usize::from(length)));
}

/// Appends `field` behind its length in two bytes; a longer one is cut.
pub(crate) fn put16(out: &mut Vec<u8>, field: &[u8]) {
    let length = u16::try_from(field.len()).unwrap_or(u16::MAX);
    out.extend(length.to_be_bytes());
    out.extend(field.iter().take(usize::from(length)));
}

/// Appends `field` behind its length in three bytes; a longer one is cut.
pub(crate) fn put24(out: &mut Vec<u8>, field: &[u8]) {
    let length = u32::try_from(field.len()).unwrap_or(u32::MAX).min(0x00ff_ffff);
    out.extend(length.to_be_bytes().iter().skip(1));
    out.extend(field.iter().take(usize::try_from(length).unwrap_or_default()));
}

/// Two bytes for each of `words`.
pub(crate) fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut out = Vec::new();
        put8(&mut out, b"a");
        put16(&mut out, b"bc");
        put24(&mut out, b"def");
        let mut reader = Reader::new(&out);
        assert_eq!(reader.vec8(), Some(&b"a"[..]));
        assert_eq!(reader.vec16(), Some(&b"bc"[..]));
        assert_eq!(reader.vec24(), Some(&b"def"[..]));
        assert!(reader.is_empty() && reader.u8().is_none());
        assert_eq!(hex(&[0x00, 0xaf]), "00af");
    }

    #[test]
    fn what_is_too_short_is_nothing() {
        assert_eq!(Reader::new(&[2, 1]).vec8(), None);
        assert_eq!(Reader::new(&[0, 2, 1]).vec16(), None);
        assert_eq!(Reader::new(&[0, 0, 2, 1]).vec24(), None);
    }
}
