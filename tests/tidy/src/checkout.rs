//! The text files of the checkout, as a clean clone would have them. Must not run git: an unpacked archive has none.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that a build or a running server leaves behind, and what belongs to the person who works here.
const NOT_OURS: &[&str] = &[".git", ".cargo", ".idea", ".vscode", "target", "node_modules"];

/// A text file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// From the root, with slashes.
    pub path: String,
    /// The whole content.
    pub text: String,
}

/// The repository's root and its text files.
#[derive(Debug)]
pub struct Checkout {
    root: PathBuf,
    files: Vec<TextFile>,
}

impl Checkout {
    /// Reads the checkout that cargo runs in; not the one of the compilation, which may have been another.
    ///
    /// # Panics
    ///
    /// When a file or folder cannot be read, or outside of cargo.
    #[must_use]
    pub fn read() -> Self {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
        let root = Path::new(&package)
            .ancestors()
            .nth(2)
            .expect("this package stands two folders below the root")
            .to_path_buf();
        let mut files = Vec::new();
        collect(&root, "", &mut files);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Self { root, files }
    }

    /// The root's path on this machine.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every text file, by path.
    #[must_use]
    pub fn files(&self) -> &[TextFile] {
        &self.files
    }

    /// The files whose name ends with `.extension`.
    pub fn with_extension<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = &'a TextFile> {
        self.files
            .iter()
            .filter(move |file| file.path.rsplit_once('.').is_some_and(|(_, ending)| ending == extension))
    }

    /// The content of one file.
    ///
    /// # Panics
    ///
    /// When there is no such text file.
    #[must_use]
    pub fn text(&self, path: &str) -> &str {
        let found = self.files.iter().find(|file| file.path == path);
        &found.unwrap_or_else(|| panic!("{path} is missing")).text
    }

    /// The visible folders at the top, by name.
    ///
    /// # Panics
    ///
    /// When the root cannot be read.
    #[must_use]
    pub fn top_folders(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .files
            .iter()
            .filter_map(|file| file.path.split_once('/').map(|(folder, _)| folder.to_owned()))
            .filter(|folder| !folder.starts_with('.'))
            .collect();
        names.dedup();
        names
    }

    /// Whether a file or folder is there.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<TextFile>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap_or_else(|error| panic!("{path}: {error}"));
        if kind.is_dir() && !is_left_behind(&name) {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if kind.is_file() && name != ".git" {
            let bytes = fs::read(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(TextFile { path, text });
            }
        }
    }
}

fn is_left_behind(name: &str) -> bool {
    NOT_OURS.contains(&name) || name.ends_with(".etcd") || name.ends_with(".holdfast")
}
