//! A small file system of its own: ext4 on a loop device, or memory with a limit where there are no loop devices. It
//! needs root. Must be unmounted whatever happens, and only after whoever uses it has ended.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use tempfile::TempDir;

/// 2^20 bytes.
pub const MIB: u64 = 1 << 20;

/// A mounted file system.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

fn mount_loop(folder: &Path, bytes: u64) -> Result<(), String> {
    let image = folder.join("image");
    let file = File::create(&image).map_err(|error| error.to_string())?;
    file.set_len(bytes).map_err(|error| error.to_string())?;
    let (image, mount) = (image.display().to_string(), folder.join("mount").display().to_string());
    run("mkfs.ext4", &["-q", "-F", "-m", "0", &image])?;
    run("mount", &["-o", "loop", &image, &mount])
}

fn mount_memory(folder: &Path, bytes: u64) -> Result<(), String> {
    let mount = folder.join("mount").display().to_string();
    run("mount", &["-t", "tmpfs", "-o", &format!("size={bytes}"), "holdfast-test", &mount])
}

impl Disk {
    /// Mounts a file system of `bytes`. Where that cannot be done, the test counts as not run, said loudly.
    ///
    /// # Panics
    ///
    /// Under `CI=true`, when it cannot be done.
    pub fn mount(bytes: u64) -> Option<Disk> {
        let folder = TempDir::with_prefix("holdfast-disk-").expect("the temporary folder is writable");
        std::fs::create_dir(folder.path().join("mount")).expect("the temporary folder is writable");
        let reason = match mount_loop(folder.path(), bytes) {
            Ok(()) => return Some(Disk { folder }),
            Err(reason) => reason,
        };
        println!("no loop device ({reason}): memory with a limit instead");
        let reason = match mount_memory(folder.path(), bytes) {
            Ok(()) => return Some(Disk { folder }),
            Err(second) => format!("{reason}; {second}"),
        };
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no small disk can be mounted: {reason}");
        let text = format!("\n*** NOT RUN: a full disk: no small disk can be mounted: {reason}\n\n");
        let _ = std::io::stderr().write_all(text.as_bytes());
        None
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("mount")
    }

    /// Takes so much space that `left_bytes` are free.
    pub fn fill(&self, name: &str, left_bytes: u64) {
        let stat = statvfs(self.path()).expect("the disk is mounted");
        let free_bytes = stat.f_bavail * stat.f_frsize;
        let file = File::create(self.path().join(name)).expect("an empty file needs no room");
        let mut bytes = free_bytes.saturating_sub(left_bytes);
        // The file system needs some of the free blocks itself, and somebody else may be quicker.
        while bytes > 0 && fallocate(&file, FallocateFlags::empty(), 0, bytes).is_err() {
            bytes -= bytes.min(MIB / 4);
        }
    }

    /// Gives the space of a filler back.
    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.path().join(name)).expect("the filler is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that a failing test leaves behind must not keep it.
        if let Err(reason) = run("umount", &["-l", &self.path().display().to_string()]) {
            println!("{reason}");
        }
    }
}
