//! The name that the program was started under decides some defaults. Must hold nothing else.

use std::ffi::OsStr;
use std::path::Path;

/// What the program was started as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persona {
    /// Itself.
    Holdfast,
    /// A drop-in for etcd: its defaults, its strictness, its forms.
    Etcd,
}

impl Persona {
    /// The persona for the name that stands before the arguments, which may be a path.
    pub fn of(program: &OsStr) -> Persona {
        let stem = Path::new(program).file_stem().unwrap_or_default();
        if stem == "etcd" { Persona::Etcd } else { Persona::Holdfast }
    }

    /// The name to type.
    pub fn name(self) -> &'static str {
        match self {
            Persona::Holdfast => "holdfast",
            Persona::Etcd => "etcd",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Persona;

    #[test]
    fn follows_the_file_name() {
        for (program, persona) in [
            ("etcd", Persona::Etcd),
            ("/usr/local/bin/etcd", Persona::Etcd),
            ("/opt/etcd/holdfast", Persona::Holdfast),
            ("etcdctl", Persona::Holdfast),
            ("", Persona::Holdfast),
        ] {
            assert_eq!(Persona::of(program.as_ref()), persona, "{program}");
        }
    }
}
