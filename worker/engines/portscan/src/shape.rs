/// What the answer of an open port to a SYN looks like: systems differ in it, and it takes no further packet to see.
///
/// Only raw packets show it. A connection is made by the kernel, which keeps neither the hops nor the order of the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The hops that were left (the time to live, the hop limit of IPv6).
    pub hops: u8,
    /// The window, before any scaling.
    pub window: u16,
    /// Whether it must not be fragmented; always so in IPv6.
    pub is_whole: bool,
    /// The kinds of its TCP options in their order, padding included; 0 from the end of the options on.
    pub options: [u8; OPTIONS],
    /// The maximum segment size that it names, if it does.
    pub segment_size: Option<u16>,
}

/// A system that has a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct System {
    /// `Linux`, `Windows`, `BSD`, `macOS` or `Network equipment`.
    pub family: &'static str,
    /// 0 to 100. Other systems may imitate a shape, and whoever answers in the place of a host shows its own.
    pub confidence: u8,
}

/// Options of a shape that are kept: more than any system sends.
pub(crate) const OPTIONS: usize = 16;

const SEGMENT_SIZE: u8 = 2;
const NOTHING: u8 = 1;
const SCALE: u8 = 3;
const SELECTIVE: u8 = 4;
const TIMES: u8 = 8;
/// Bytes of each segment that timestamps take.
const TIMES_LENGTH: u16 = 12;
/// Farther away, nobody can say which of the usual numbers of hops an answer started with.
const FARTHEST: u8 = 32;

/// How a family answers a SYN that offers all usual options.
struct Habit {
    family: &'static str,
    /// The hops that its packets start with.
    hops: u8,
    options: &'static [u8],
    window: fn(&Shape) -> bool,
}

/// From what the open systems' sources send, the vendors' documents (Windows' `DefaultTTL` is 128, the window of Cisco's
/// IOS 4128) and answers that were looked at.
const HABITS: [Habit; 8] = [
    Habit {
        family: "Linux",
        hops: 64,
        options: &[SEGMENT_SIZE, SELECTIVE, TIMES, NOTHING, SCALE],
        window: Shape::is_whole_segments,
    },
    // The same where timestamps are switched off.
    Habit {
        family: "Linux",
        hops: 64,
        options: &[SEGMENT_SIZE, NOTHING, NOTHING, SELECTIVE, NOTHING, SCALE],
        window: Shape::is_whole_segments,
    },
    // FreeBSD and NetBSD, and OpenBSD.
    Habit {
        family: "BSD",
        hops: 64,
        options: &[SEGMENT_SIZE, NOTHING, SCALE, SELECTIVE, TIMES],
        window: |shape| matches!(shape.window, 32_768 | 65_535),
    },
    Habit {
        family: "BSD",
        hops: 64,
        options: &[SEGMENT_SIZE, NOTHING, NOTHING, SELECTIVE, NOTHING, SCALE, NOTHING, NOTHING, TIMES],
        window: |shape| shape.window == 16_384,
    },
    Habit {
        family: "macOS",
        hops: 64,
        options: &[SEGMENT_SIZE, NOTHING, SCALE, NOTHING, NOTHING, TIMES, SELECTIVE],
        window: |shape| shape.window == 65_535,
    },
    // With timestamps and without, as releases differ.
    Habit {
        family: "Windows",
        hops: 128,
        options: &[SEGMENT_SIZE, NOTHING, SCALE, SELECTIVE, TIMES],
        window: |shape| matches!(shape.window, 8192 | 64_240 | 65_535),
    },
    Habit {
        family: "Windows",
        hops: 128,
        options: &[SEGMENT_SIZE, NOTHING, SCALE, NOTHING, NOTHING, SELECTIVE],
        window: |shape| matches!(shape.window, 8192 | 64_240 | 65_535),
    },
    Habit {
        family: "Network equipment",
        hops: 255,
        options: &[SEGMENT_SIZE],
        window: |shape| shape.window == 4128,
    },
];

impl Shape {
    /// The system that answers like that, if there is one that does and no other.
    ///
    /// ```
    /// use portscan::Shape;
    ///
    /// let mut options = [0; 16];
    /// options[..5].copy_from_slice(&[2, 4, 8, 1, 3]);
    /// let shape = Shape { hops: 57, window: 65_160, is_whole: true, options, segment_size: Some(1460) };
    /// assert_eq!(shape.system().map(|system| system.family), Some("Linux"));
    /// assert_eq!(Shape { hops: 121, ..shape }.system(), None);
    /// ```
    #[must_use]
    pub fn system(&self) -> Option<System> {
        let habit = HABITS.iter().find(|habit| self.is_after(habit.hops) && self.has(habit.options))?;
        // All of today's systems let the path tell its size, and so forbid to fragment; old equipment does not.
        let is_usual = (habit.window)(self) && (self.is_whole || habit.hops == u8::MAX);
        Some(System { family: habit.family, confidence: if is_usual { 80 } else { 60 } })
    }

    fn is_after(&self, hops: u8) -> bool {
        hops.checked_sub(self.hops).is_some_and(|passed| passed <= FARTHEST)
    }

    /// Whether it has these options, in this order, and none behind them.
    fn has(&self, options: &[u8]) -> bool {
        let expected = options.iter().copied().chain(std::iter::repeat(0));
        self.options.into_iter().zip(expected).all(|(kind, expected)| kind == expected)
    }

    /// Linux opens its window by whole segments, as large as timestamps leave them.
    fn is_whole_segments(&self) -> bool {
        let times = if self.options.contains(&TIMES) { TIMES_LENGTH } else { 0 };
        let segment = self.segment_size.and_then(|size| size.checked_sub(times));
        segment.and_then(|segment| self.window.checked_rem(segment)) == Some(0)
    }
}

/// The kinds of the options of a TCP header, and the maximum segment size; what cannot be read ends them (RFC 9293, 3.1).
pub(crate) fn read_options(mut bytes: &[u8]) -> ([u8; OPTIONS], Option<u16>) {
    let (mut kinds, mut segment_size) = ([0; OPTIONS], None);
    for place in &mut kinds {
        let length = match *bytes {
            [] | [0, ..] => break,
            [NOTHING, ..] => 1,
            [_, length, ..] if length >= 2 => usize::from(length),
            _ => break,
        };
        let Some((option, rest)) = bytes.split_at_checked(length) else { break };
        if let [SEGMENT_SIZE, 4, high, low] = *option {
            segment_size = Some(u16::from_be_bytes([high, low]));
        }
        *place = option.first().copied().unwrap_or_default();
        bytes = rest;
    }
    (kinds, segment_size)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const LINUX: [u8; 20] = [2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7];
    const LINUX_TIMELESS: [u8; 12] = [2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7];
    const FREEBSD: [u8; 20] = [2, 4, 5, 180, 1, 3, 3, 6, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8];
    const OPENBSD: [u8; 24] = [2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 6, 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8];
    const MACOS: [u8; 24] = [2, 4, 5, 180, 1, 3, 3, 6, 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 4, 2, 0, 0];
    const WINDOWS: [u8; 12] = [2, 4, 5, 180, 1, 3, 3, 8, 1, 1, 4, 2];
    const PLAIN: [u8; 4] = [2, 4, 2, 24];

    fn shape(hops: u8, window: u16, bytes: &[u8]) -> Shape {
        let (options, segment_size) = read_options(bytes);
        Shape { hops, window, is_whole: true, options, segment_size }
    }

    fn told(shape: Shape) -> Option<(&'static str, u8)> {
        shape.system().map(|system| (system.family, system.confidence))
    }

    #[test]
    fn each_family_is_told_from_near_and_far() {
        let families: [(&str, u8, u16, &[u8]); 8] = [
            ("Linux", 64, 64_240, &LINUX_TIMELESS),
            ("Linux", 64, 65_160, &LINUX),
            ("BSD", 64, 65_535, &FREEBSD),
            ("BSD", 64, 16_384, &OPENBSD),
            ("macOS", 64, 65_535, &MACOS),
            ("Windows", 128, 8192, &FREEBSD),
            ("Windows", 128, 64_240, &WINDOWS),
            ("Network equipment", 255, 4128, &PLAIN),
        ];
        for (family, hops, window, options) in families {
            for passed in [0, 1, FARTHEST] {
                assert_eq!(told(shape(hops - passed, window, options)), Some((family, 80)));
            }
            assert_eq!(told(shape(hops, 1000, options)), Some((family, 60)), "an unusual window");
            assert_eq!(told(shape(hops - FARTHEST - 1, window, options)), None, "{family}");
        }
    }

    #[test]
    fn what_fits_nobody_is_unknown() {
        assert_eq!(told(shape(128, 65_160, &LINUX)), None, "the hops of one, the options of another");
        assert_eq!(told(shape(64, 4128, &PLAIN)), None, "nothing but a segment size");
        assert_eq!(told(shape(64, 65_535, &[])), None);
        assert_eq!(told(shape(0, 0, &LINUX)), None);
        let longer = [&LINUX[..], &[1, 1, 34, 2]].concat();
        assert_eq!(told(shape(64, 65_160, &longer)), None, "an option more");
    }

    #[test]
    fn windows_of_linux_are_whole_segments() {
        for segments in [10, 20, 45] {
            assert_eq!(told(shape(64, 1448 * segments, &LINUX)), Some(("Linux", 80)));
        }
        let fragmentable = Shape { is_whole: false, ..shape(64, 65_160, &LINUX) };
        assert_eq!(told(fragmentable), Some(("Linux", 60)));
        let tiny = Shape { segment_size: Some(12), ..shape(64, 65_160, &LINUX) };
        assert_eq!(told(tiny), Some(("Linux", 60)), "no segment to divide by");
    }

    #[test]
    fn options_end_where_they_cannot_be_read() {
        let kinds = |bytes: &[u8]| read_options(bytes).0[..3].to_vec();
        assert_eq!(kinds(&[1, 4, 2, 0, 8]), [1, 4, 0]);
        assert_eq!(kinds(&[4, 2, 8, 10, 1]), [4, 0, 0], "cut off");
        assert_eq!(kinds(&[4, 1, 1, 1]), [0, 0, 0], "no length of an option");
        assert_eq!(kinds(&[4]), [0, 0, 0]);
        assert_eq!(read_options(&[2, 3, 5]).1, None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_options_are_read(bytes in vec(any::<u8>(), 0..60), hops: u8, window: u16) {
            let _system = shape(hops, window, &bytes).system();
        }
    }
}
