//! The `konto` command. What it does is in the library: see [`konto::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    konto::cli::main()
}
