use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Left to the rest of the process, at least.
const RESERVE: u64 = 16;

/// Raises the soft limit of open files to the hard one, for the whole process, and gives how many more files this
/// process may open, a reserve deducted; at least 1.
pub(crate) fn allowance() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let Some(most) = current else { return usize::MAX };
    // Without /proc, a guess: what is really too much is told by EMFILE.
    let used = fs::read_dir("/proc/self/fd").map_or(64, Iterator::count);
    let reserve = (most / 16).clamp(RESERVE, 256);
    let left = most.saturating_sub(reserve).saturating_sub(u64::try_from(used).unwrap_or(u64::MAX));
    usize::try_from(left).unwrap_or(usize::MAX).max(1)
}
