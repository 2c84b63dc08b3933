use socket2::SockFilter;

/// Bytes of a packet that are kept: the largest quotation of a probe, and its headers.
const KEPT: u32 = 160;

const LOAD_BYTE: u16 = 0x30;
const LOAD_SHORT: u16 = 0x28;
const LOAD_BYTE_BEHIND: u16 = 0x50;
const LOAD_SHORT_BEHIND: u16 = 0x48;
const LOAD_HEADER_LENGTH: u16 = 0xb1;
const IF_EQUAL: u16 = 0x15;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

fn jump(code: u16, value: u32, if_so: u8, if_not: u8) -> SockFilter {
    SockFilter::new(code, if_so, if_not, value)
}

fn step(code: u16, value: u32) -> SockFilter {
    SockFilter::new(code, 0, 0, value)
}

/// The kernel's own filter: of all IPv4 packets, TCP to `port`, ICMP destination unreachable and echo replies. Jumps count
/// the instructions that are passed over; the last two accept and drop.
pub(crate) fn ipv4(port: u16) -> [SockFilter; 13] {
    [
        step(LOAD_HEADER_LENGTH, 0),
        step(LOAD_SHORT, 6),
        jump(IF_ANY_BIT, 0x1fff, 9, 0),
        step(LOAD_BYTE, 9),
        jump(IF_EQUAL, 6, 0, 2),
        step(LOAD_SHORT_BEHIND, 2),
        jump(IF_EQUAL, port.into(), 4, 5),
        jump(IF_EQUAL, 1, 0, 4),
        step(LOAD_BYTE_BEHIND, 0),
        jump(IF_EQUAL, 3, 1, 0),
        jump(IF_EQUAL, 0, 0, 1),
        step(RETURN, KEPT),
        step(RETURN, 0),
    ]
}

/// The same for IPv6.
pub(crate) fn ipv6(port: u16) -> [SockFilter; 10] {
    [
        step(LOAD_BYTE, 6),
        jump(IF_EQUAL, 6, 0, 2),
        step(LOAD_SHORT, 42),
        jump(IF_EQUAL, port.into(), 4, 5),
        jump(IF_EQUAL, 58, 0, 4),
        step(LOAD_BYTE, 40),
        jump(IF_EQUAL, 1, 1, 0),
        jump(IF_EQUAL, 129, 0, 1),
        step(RETURN, KEPT),
        step(RETURN, 0),
    ]
}
