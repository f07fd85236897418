//! The program: everything is in the library.

fn main() -> beartrap::cli::exit::Exit {
    beartrap::cli::main()
}
