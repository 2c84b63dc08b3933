//! Reading and writing the text of a port set.

use std::fmt;

use crate::invalid::Invalid;

use super::top;

/// Bytes.
const MAX_TEXT: usize = 8 * 1024;
const MAX_TOP: u16 = 1000;
const TOP_PREFIX: &str = "top-";

/// An inclusive range of ports, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
}

impl Range {
    pub(super) fn len(self) -> usize {
        usize::from(self.last.saturating_sub(self.first)) + 1
    }

    pub(super) fn nth(self, offset: usize) -> Option<u16> {
        let port = self.first.checked_add(u16::try_from(offset).ok()?)?;
        (port <= self.last).then_some(port)
    }
}

/// What the text says: `top` ports of the list (0 for none), and ranges that are sorted and do not touch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Spec {
    top: u16,
    ranges: Vec<Range>,
}

impl Spec {
    pub(super) fn of_range(range: Range) -> Self {
        Self { top: 0, ranges: vec![range] }
    }

    pub(super) fn top_ports(&self) -> &'static [u16] {
        top::first(usize::from(self.top))
    }

    /// The explicit ranges, cut where a port of `top` is.
    pub(super) fn ranges_without(&self, top: &[u16]) -> Vec<Range> {
        let mut holes = top.to_vec();
        holes.sort_unstable();
        self.ranges.iter().flat_map(|range| cut(*range, &holes)).collect()
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        if self.top > 0 {
            write!(formatter, "{TOP_PREFIX}{}", self.top)?;
            comma = ",";
        }
        for Range { first, last } in &self.ranges {
            write!(formatter, "{comma}{first}")?;
            if first != last {
                write!(formatter, "-{last}")?;
            }
            comma = ",";
        }
        Ok(())
    }
}

/// Reads the whole text; the rules are those of [`super::PortSet::parse`].
pub(super) fn spec(text: &str) -> Result<Spec, Invalid> {
    if text.len() > MAX_TEXT {
        return Err(refuse("Port list", text, "is too long: give at most 8192 bytes"));
    }
    let mut top = 0;
    let mut ranges = Vec::new();
    for part in text.split(',').map(|part| part.trim_matches(' ')) {
        if let Some(count) = part.strip_prefix(TOP_PREFIX) {
            if top > 0 {
                return Err(refuse("Port part", part, "is a second top list: give at most one"));
            }
            top = top_count(part, count)?;
        } else {
            ranges.push(range(part)?);
        }
    }
    Ok(Spec { top, ranges: joined(ranges)? })
}

fn top_count(part: &str, count: &str) -> Result<u16, Invalid> {
    let count = decimal(count).filter(|count| (1..=MAX_TOP).contains(count));
    count.ok_or_else(|| refuse("Port part", part, "is not a top list: give top-1 to top-1000"))
}

fn range(part: &str) -> Result<Range, Invalid> {
    let Some((first, last)) = part.split_once('-') else {
        let only = port(part)?;
        return Ok(Range { first: only, last: only });
    };
    let range = Range { first: port(first)?, last: port(last)? };
    if range.first > range.last {
        return Err(refuse("Port range", part, "is reversed: give the lower number first, such as 22-25"));
    }
    Ok(range)
}

fn port(text: &str) -> Result<u16, Invalid> {
    if text.is_empty() {
        return Err(refuse("Port", text, "is empty: give numbers and ranges such as 22-25,80"));
    }
    let port = decimal(text).filter(|port| *port > 0);
    port.ok_or_else(|| refuse("Port", text, "is not a port: give a decimal number from 1 to 65535"))
}

/// Reads digits only: no sign, no space, no leading zero.
fn decimal(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

/// Sorts the ranges and joins those that touch; refuses those that overlap.
fn joined(mut ranges: Vec<Range>) -> Result<Vec<Range>, Invalid> {
    ranges.sort_unstable();
    let mut joined: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        let Some(previous) = joined.last_mut() else {
            joined.push(range);
            continue;
        };
        if range.first <= previous.last {
            let port = range.first.to_string();
            return Err(refuse(
                "Port",
                &port,
                "is named twice: give each number once, ranges without overlap",
            ));
        }
        if range.first == previous.last + 1 {
            previous.last = range.last;
        } else {
            joined.push(range);
        }
    }
    Ok(joined)
}

/// Cuts the holes (ascending) out of a range.
fn cut(range: Range, holes: &[u16]) -> Vec<Range> {
    let mut kept = Vec::new();
    let mut next = Some(range.first);
    let begin = holes.partition_point(|hole| *hole < range.first);
    for hole in holes.iter().copied().skip(begin).take_while(|hole| *hole <= range.last) {
        if let Some(first) = next.filter(|first| *first < hole) {
            kept.push(Range { first, last: hole - 1 });
        }
        next = hole.checked_add(1);
    }
    if let Some(first) = next.filter(|first| *first <= range.last) {
        kept.push(Range { first, last: range.last });
    }
    kept
}

fn refuse(what: &str, value: &str, why: &str) -> Invalid {
    Invalid::part("ports", what, value, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_text_is_refused_by_the_part_that_failed() {
        let cases = [
            ("", "", "empty"),
            (" ", "", "empty"),
            ("80,", "", "empty"),
            ("80,,81", "", "empty"),
            ("-80", "", "empty"),
            ("22-", "", "empty"),
            ("0", "0", "1 to 65535"),
            ("80,65536", "65536", "1 to 65535"),
            ("99999999999999999999", "99999999999999999999", "1 to 65535"),
            ("+80", "+80", "decimal"),
            ("080", "080", "decimal"),
            ("0x50", "0x50", "decimal"),
            ("٨٠", "٨٠", "decimal"),
            ("http", "http", "decimal"),
            ("22 - 25", "22 ", "decimal"),
            ("1-2-3", "2-3", "decimal"),
            ("22,25-22", "25-22", "reversed"),
            ("80,80", "80", "twice"),
            ("20-30,25", "25", "twice"),
            ("20-30,30-40", "30", "twice"),
            ("1-65535,65535", "65535", "twice"),
            ("top-0", "top-0", "top-1 to top-1000"),
            ("top-1001", "top-1001", "top-1 to top-1000"),
            ("top-", "top-", "top-1 to top-1000"),
            ("top-10,top-10", "top-10", "second"),
            ("all", "all", "decimal"),
        ];
        for (text, value, why) in cases {
            let error = spec(text).unwrap_err();
            assert_eq!((error.field, error.value.as_str()), ("ports", value), "{text}");
            assert!(error.message.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn the_length_is_bounded() {
        let error = spec(&"1,".repeat(4097)).unwrap_err();
        assert!(error.message.contains("too long"));
        assert_eq!(error.value.len(), 100);
    }

    #[test]
    fn holes_are_cut_out() {
        let range = |first, last| Range { first, last };
        assert_eq!(cut(range(1, 5), &[1, 3, 5]), [range(2, 2), range(4, 4)]);
        assert_eq!(cut(range(65534, 65535), &[65535]), [range(65534, 65534)]);
        assert_eq!(cut(range(4, 9), &[1, 2, 11]), [range(4, 9)]);
        assert_eq!(cut(range(7, 7), &[7]).len(), 0);
    }
}
