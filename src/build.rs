//! Tells cargo that the shipped roles and controls are part of the program, also those that are new.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    writeln!(
        io::stdout(),
        "cargo::rerun-if-changed=roles\ncargo::rerun-if-changed=hardening\ncargo::rerun-if-changed=src/build.rs"
    )
}
