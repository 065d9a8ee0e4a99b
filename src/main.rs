//! The `konto` command. What it does is in the library: see [`konto::cli`].

use std::process::ExitCode;

/// A request is several hundred small allocations: the C library's took a fifth of the server's time in the profile,
/// this one a sixth. Without huge pages (a feature in `Cargo.toml`): they made the process a quarter larger and nothing
/// faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    konto::cli::main()
}
