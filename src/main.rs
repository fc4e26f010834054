//! The command line of refit.

fn main() {}
