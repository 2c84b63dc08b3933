//! The engine against the real kernel, on loopback and in network namespaces that the tests make.

#[cfg(test)]
mod child;
#[cfg(test)]
mod datagrams;
#[cfg(test)]
mod events;
#[cfg(test)]
mod file_limit;
#[cfg(test)]
mod full_backlog;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod open_ports;
#[cfg(test)]
mod own_ports;
#[cfg(test)]
mod record;
#[cfg(test)]
mod skip;
#[cfg(test)]
mod stop;
