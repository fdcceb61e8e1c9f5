//! Cases and schemas are embedded; a new file among them must rebuild the crate.

fn main() {
    for folder in ["cases", "schemas"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
