//! vedette
fn main() {}
