//! The engine against the real kernel, on loopback only.

#[cfg(test)]
mod child;
#[cfg(test)]
mod events;
#[cfg(test)]
mod file_limit;
#[cfg(test)]
mod full_backlog;
#[cfg(test)]
mod open_ports;
#[cfg(test)]
mod own_ports;
#[cfg(test)]
mod record;
#[cfg(test)]
mod stop;
