//! What the benchmarks have in common: turning many measurements into few figures.

pub mod figures;
pub mod process;
pub mod rounds;
