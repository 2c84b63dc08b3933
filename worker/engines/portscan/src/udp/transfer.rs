use std::net::SocketAddr;

use super::payload::TFTP;
use crate::waiting::{Peer, Waiting};

/// Opcodes of TFTP (RFC 1350): data, and error.
const DATA: [u8; 2] = [0, 3];
const ERROR: [u8; 2] = [0, 5];

/// Whether a datagram may be a file server's answer, which comes from a port of its own for each transfer.
pub(super) fn is_transfer(datagram: &[u8]) -> bool {
    datagram.starts_with(&DATA) || datagram.starts_with(&ERROR)
}

/// Which port was asked, by who answered.
pub(super) fn asked(from: SocketAddr, is_transfer: bool, waiting: &Waiting) -> Peer {
    let peer = (from.ip(), from.port());
    let server = (from.ip(), TFTP);
    if is_transfer && !waiting.has(peer) && waiting.has(server) { server } else { peer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_from_another_port_answers_for_the_file_server_if_it_was_asked() {
        let from: SocketAddr = "198.18.0.2:40000".parse().unwrap();
        let mut waiting = Waiting::default();
        assert!(is_transfer(&[0, 5, 0, 1]) && is_transfer(&[0, 3, 0, 1]) && !is_transfer(&[0, 4]));
        assert_eq!(asked(from, true, &waiting), (from.ip(), 40_000));
        waiting.add(0, (from.ip(), TFTP));
        assert_eq!(asked(from, true, &waiting), (from.ip(), TFTP));
        assert_eq!(asked(from, false, &waiting), (from.ip(), 40_000));
        waiting.add(1, (from.ip(), 40_000));
        assert_eq!(asked(from, true, &waiting), (from.ip(), 40_000), "it may answer for itself");
    }
}
