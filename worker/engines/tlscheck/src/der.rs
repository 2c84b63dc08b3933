//! A small reader of DER, for what `x509-parser` does not read: answers of OCSP responders, and keys by themselves.

/// What is left of an element's content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Der<'a>(&'a [u8]);

/// An element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// Without tag and length.
    pub(crate) content: &'a [u8],
    /// With them.
    pub(crate) whole: &'a [u8],
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;

impl<'a> Der<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Option<Element<'a>> {
        let input = self.0;
        let (tag, rest) = input.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = digits.iter().fold(0_u32, |sum, digit| (sum << 8) | u32::from(*digit));
                (usize::try_from(length).ok()?, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        let whole = input.get(..input.len() - rest.len())?;
        Some(Element { tag: *tag, content, whole })
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<Element<'a>> {
        self.any().filter(|element| element.tag == tag)
    }

    /// The next element if it has this tag; otherwise it stays.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.0.first() == Some(&tag) { self.any() } else { None }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Element<'a> {
    /// A reader of the content.
    pub(crate) fn inside(&self) -> Der<'a> {
        Der::new(self.content)
    }

    /// The bits of a bit string that has whole bytes.
    pub(crate) fn bits(&self) -> Option<&'a [u8]> {
        let (unused, bits) = self.content.split_first()?;
        (self.tag == BIT_STRING && *unused == 0).then_some(bits)
    }

    /// A `GeneralizedTime` of the form that RFC 5280 asks for, as Unix seconds.
    pub(crate) fn time(&self) -> Option<i64> {
        let digits = self.content.strip_suffix(b"Z").filter(|_| self.tag == GENERALIZED_TIME)?;
        // Fractions of seconds are not allowed, but some responders write them.
        let digits = digits.split(|byte| *byte == b'.').next()?;
        if digits.len() != 14 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |from: usize, count: usize| {
            let digits = digits.get(from..from + count)?;
            Some(digits.iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0')))
        };
        let (year, month, day) = (number(0, 4)?, number(4, 2)?, number(6, 2)?);
        let (hour, minute, second) = (number(8, 2)?, number(10, 2)?, number(12, 2)?);
        let is_sound = (1..=12).contains(&month) && (1..=31).contains(&day);
        (is_sound && hour < 24 && minute < 60 && second <= 60)
            .then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
    }
}

/// Days since 1970 of a date in the Gregorian calendar.
pub(crate) const fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin with March here, so that the leap day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// An element with this tag and content.
pub(crate) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    match digits.as_slice() {
        [] => out.push(0),
        [one] if *one < 0x80 => out.push(*one),
        more => {
            out.push(0x80 | u8::try_from(more.len()).unwrap_or_default());
            out.extend(more);
        }
    }
    out.extend(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let wrapped = wrap(SEQUENCE, &vec![7; length]);
            let mut der = Der::new(&wrapped);
            let element = der.expect(SEQUENCE).unwrap();
            assert_eq!((element.content.len(), element.whole), (length, wrapped.as_slice()));
            assert!(der.is_empty());
        }
    }

    #[test]
    fn times_are_read() {
        let time = |text: &[u8]| Der::new(&wrap(GENERALIZED_TIME, text)).any().unwrap().time();
        assert_eq!(time(b"19700101000000Z"), Some(0));
        assert_eq!(time(b"20260315000000Z"), Some(1_773_532_800));
        assert_eq!(time(b"20000229123456Z"), Some(951_827_696));
        assert_eq!(time(b"20001329123456Z"), None);
        assert_eq!(time(b"2000"), None);
    }

    #[test]
    fn what_is_cut_is_nothing() {
        assert!(Der::new(&[0x30, 0x05, 1]).any().is_none());
        assert!(Der::new(&[0x30, 0x85, 0, 0, 0, 0, 1]).any().is_none());
        assert!(Der::new(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).any().is_none());
    }
}
