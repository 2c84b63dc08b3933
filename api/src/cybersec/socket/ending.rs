//! How a WebSocket ends: close codes, and what they say.

use axum::extract::ws::close_code;

/// Why a session ends: a close code and a reason.
pub(super) type End = (u16, &'static str);

pub(super) const COMPLETE: End = (close_code::NORMAL, "complete");
pub(super) const RESTART: End = (close_code::AWAY, "the server restarts; resume by number");
pub(super) const TOO_SLOW: End = (close_code::AGAIN, "too slow; resume by number");
pub(super) const TOO_LARGE: End = (close_code::SIZE, "the message is too large");
pub(super) const REVOKED: End = (close_code::POLICY, "the key does not hold any more");
/// Nobody is left to read it.
pub(super) const GONE: End = (close_code::AWAY, "");

/// A broken protocol, or a message larger than allowed.
pub(super) fn fault(error: &axum::Error) -> End {
    let text = error.to_string();
    if text.contains("too long") || text.contains("too large") {
        TOO_LARGE
    } else if text.contains("UTF-8") || text.contains("utf-8") {
        (close_code::INVALID, "not UTF-8")
    } else {
        (close_code::PROTOCOL, "not a WebSocket message")
    }
}
