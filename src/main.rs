//! The `pryvctl` command: parses arguments, runs one command, exits with its documented code.

fn main() -> std::process::ExitCode {
    pryvctl::cli::main()
}
