//! The migrations are compiled in, and live outside this package: tell Cargo to watch them.

fn main() {
    println!("cargo::rerun-if-changed=../../../migrations");
}
