//! Prints the custom resource definitions as one YAML stream, which `crds/` and the chart hold. Reads nothing.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

fn main() {
    for definition in holdfast_operator::crd::definitions() {
        let text = serde_yaml::to_string(&definition).expect("a definition made of plain values is YAML");
        println!("---\n{text}");
    }
}
