//! Rebuilds the crate when a case or schema changes or is added, since both are embedded.

fn main() {
    for folder in ["cases", "schemas"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
