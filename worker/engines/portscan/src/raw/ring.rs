#![expect(unsafe_code, reason = "memory shared with the kernel; no safe wrapper of it exists")]

//! The one module with unsafe code: a packet socket whose packets the kernel puts into memory of ours.

use std::{
    ffi::c_void,
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    ptr::{self, NonNull},
    slice,
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::{
    io::Errno,
    mm::{MapFlags, ProtFlags, mmap, munmap},
};

/// Packets that were received and not read yet, and the socket that they came from.
///
/// The second form of the kernel's ring: a frame for each packet, given to us at once. The third one hands over blocks
/// of packets when they are full or some milliseconds old, which answers over a short link would have to wait for.
pub(super) struct Ring {
    socket: OwnedFd,
    memory: NonNull<u8>,
    /// The frame that is filled next.
    next: usize,
}

/// Holds the kernel's header, 80 bytes, and as much of a packet as [`super::filter`] keeps.
const FRAME: usize = 256;
const BLOCK: usize = 64 * 1024;
const BLOCKS: usize = 32;
const LENGTH: usize = BLOCK * BLOCKS;
const FRAMES: usize = LENGTH / FRAME;
/// Behind it, a frame is left alone by the kernel as long as it is ours.
const STATUS: usize = size_of::<u32>();
const OURS: u32 = libc::TP_STATUS_USER;
const KERNELS: u32 = libc::TP_STATUS_KERNEL;

// SAFETY: the memory belongs to this value alone, and nothing about it is bound to a thread.
unsafe impl Send for Ring {}

impl Ring {
    /// Takes over a packet socket.
    pub(super) fn new(socket: OwnedFd) -> Result<Self, Errno> {
        let version = libc::tpacket_versions::TPACKET_V2;
        set(&socket, libc::PACKET_VERSION, &version)?;
        let size = |bytes: usize| u32::try_from(bytes).map_err(|_| Errno::INVAL);
        let request = libc::tpacket_req {
            tp_block_size: size(BLOCK)?,
            tp_block_nr: size(BLOCKS)?,
            tp_frame_size: size(FRAME)?,
            tp_frame_nr: size(FRAMES)?,
        };
        set(&socket, libc::PACKET_RX_RING, &request)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping, at a place of the kernel's choice, overlaps nothing.
        let memory = unsafe { mmap(ptr::null_mut(), LENGTH, access, MapFlags::SHARED, &socket, 0) }?;
        let memory = NonNull::new(memory.cast()).ok_or(Errno::NOMEM)?;
        Ok(Self { socket, memory, next: 0 })
    }

    /// Gives the packets that have come to `take`, at most one ring of them.
    pub(super) fn read(&mut self, mut take: impl FnMut(&[u8])) {
        for _ in 0..FRAMES {
            // SAFETY: `next` is below FRAMES, so the whole frame lies within the mapping.
            let frame = unsafe { self.memory.add(self.next * FRAME) };
            // SAFETY: a frame begins at a multiple of 256 in a mapping of whole pages, so its status is aligned; the
            // kernel changes it at any time, which is what atomics are for.
            let status = unsafe { AtomicU32::from_ptr(frame.cast().as_ptr()) };
            if status.load(Ordering::Acquire) & OURS == 0 {
                return;
            }
            // SAFETY: it lies within the frame, and the kernel writes nothing there before the status is stored below;
            // the slice does not outlive the call.
            let bytes = unsafe { slice::from_raw_parts(frame.add(STATUS).as_ptr(), FRAME - STATUS) };
            if let Some(packet) = packet(bytes) {
                take(packet);
            }
            status.store(KERNELS, Ordering::Release);
            self.next = (self.next + 1) % FRAMES;
        }
    }

    /// Packets that found no free frame since this was last asked.
    pub(super) fn dropped(&self) -> u64 {
        let mut statistics = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
        let Ok(mut length) = libc::socklen_t::try_from(size_of_val(&statistics)) else { return 0 };
        // SAFETY: both pointers are to values of ours that live through the call, and the length is that of the first.
        let result = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                ptr::from_mut(&mut statistics).cast::<c_void>(),
                &raw mut length,
            )
        };
        if result == 0 { statistics.tp_drops.into() } else { 0 }
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: it is our mapping, of that length, and no slice of it is left.
        let _unmapped = unsafe { munmap(self.memory.as_ptr().cast(), LENGTH) };
    }
}

fn set<T>(socket: &OwnedFd, option: i32, value: &T) -> Result<(), Errno> {
    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(|_| Errno::INVAL)?;
    // SAFETY: the value lives through the call, and the length is its own.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            option,
            ptr::from_ref(value).cast::<c_void>(),
            length,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::INVAL))
    }
}

/// The packet in a frame, given without its status; `None` where the header points out of it.
fn packet(frame: &[u8]) -> Option<&[u8]> {
    let kept = frame.get(4..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))?;
    let place = frame.get(10..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))?;
    let start = usize::from(place).checked_sub(STATUS)?;
    frame.get(start..)?.get(..usize::try_from(kept).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn frame(kept: u32, place: u16) -> Vec<u8> {
        let mut frame: Vec<u8> = (0..=255).collect();
        frame[8..12].copy_from_slice(&kept.to_ne_bytes());
        frame[14..16].copy_from_slice(&place.to_ne_bytes());
        frame.split_off(STATUS)
    }

    #[test]
    fn a_packet_lies_where_its_header_says() {
        assert_eq!(packet(&frame(3, 80)), Some(&[80, 81, 82][..]));
        assert_eq!(packet(&frame(176, 80)).map(<[u8]>::len), Some(176));
        assert_eq!(
            [packet(&frame(177, 80)), packet(&frame(u32::MAX, 80)), packet(&frame(1, 256))],
            [None; 3]
        );
        assert_eq!(packet(&frame(1, 3)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_frame_is_read_or_refused(bytes in vec(any::<u8>(), 0..FRAME)) {
            let _packet = packet(&bytes);
        }
    }
}
