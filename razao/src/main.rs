//! razao
fn main() {}
