//! What processes use, as `/proc` tells it.

use std::{fs, io};

/// Ticks of the processor time in `/proc`, in microseconds.
const TICK: f64 = 10_000.0;

/// Processor time of a process in microseconds, in its own name and in the system's.
///
/// # Errors
/// When there is no such process.
pub fn cpu_microseconds(pid: u32) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the program may hold anything; what follows it are numbers.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let mut numbers = fields.split_whitespace().skip(11).map_while(|field| field.parse::<f64>().ok());
    let ticks = numbers.next().zip(numbers.next()).map(|(user, system)| user + system);
    ticks.map(|ticks| ticks * TICK).ok_or_else(|| io::Error::other("no processor time"))
}

/// Memory of a process in KiB; what it shares with others counts in part.
///
/// # Errors
/// When there is no such process, or it is not to be looked at.
pub fn proportional_kib(pid: u32) -> io::Result<f64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other("no Pss"))
}
