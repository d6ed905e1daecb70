//! CPU time and memory of processes from /proc, and the disk space of a folder. Must only read.

use std::path::Path;
use std::time::Duration;

use crate::error::BenchError;

/// Memory of processes, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident bytes, mapped files included.
    pub resident_bytes: u64,
    /// Resident bytes that are not backed by a file.
    pub anonymous_bytes: u64,
}

/// User and system time that the processes have used since their start.
///
/// # Errors
/// If a process is gone.
pub fn cpu_time(pids: &[u32]) -> Result<Duration, BenchError> {
    let ticks_per_second = rustix::param::clock_ticks_per_second();
    let mut ticks = 0;
    for pid in pids {
        let path = format!("/proc/{pid}/stat");
        let text = read(&path)?;
        ticks += stat_ticks(&text).ok_or(BenchError::Proc { path })?;
    }
    Ok(Duration::from_micros(ticks * 1_000_000 / ticks_per_second))
}

/// Memory of the processes now.
///
/// # Errors
/// If a process is gone.
pub fn memory(pids: &[u32]) -> Result<Memory, BenchError> {
    let mut sum = Memory::default();
    for pid in pids {
        let path = format!("/proc/{pid}/status");
        let text = read(&path)?;
        let field = |name| status_bytes(&text, name).ok_or(BenchError::Proc { path: path.clone() });
        sum.resident_bytes += field("VmRSS:")?;
        sum.anonymous_bytes += field("RssAnon:")?;
    }
    Ok(sum)
}

/// Bytes that the files below a folder take on disk: holes and preallocated room count as the file system counts them.
///
/// # Errors
/// If the folder cannot be read. A file that vanishes meanwhile counts nothing.
pub fn disk_bytes(folder: &Path) -> Result<u64, BenchError> {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(folder)
        .map_err(|source| BenchError::Read { path: folder.display().to_string(), source })?;
    let mut sum = 0;
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        sum += if metadata.is_dir() { disk_bytes(&entry.path())? } else { metadata.blocks() * 512 };
    }
    Ok(sum)
}

fn read(path: &str) -> Result<String, BenchError> {
    std::fs::read_to_string(path).map_err(|source| BenchError::Read { path: path.to_owned(), source })
}

/// utime + stime of a `stat` line: fields 14 and 15, counted after the name, which may hold blanks and brackets.
fn stat_ticks(text: &str) -> Option<u64> {
    let after_name = &text[text.rfind(')')? + 1..];
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn status_bytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let line = "15954 (a) b (c) S 1 15947 12212 0 -1 4194560 8539 0 0 0 72 16 0 0 30 10 10 0 654303";
        assert_eq!(stat_ticks(line), Some(88));
    }

    #[test]
    fn this_process_has_memory_and_cpu_time() {
        let pid = std::process::id();
        let memory = memory(&[pid]).unwrap();
        assert!(memory.resident_bytes >= memory.anonymous_bytes && memory.anonymous_bytes > 0);
        cpu_time(&[pid, pid]).unwrap();
    }

    #[test]
    fn disk_space_counts_folders_below() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("below");
        std::fs::create_dir(&below).unwrap();
        std::fs::write(below.join("file"), vec![1; 10_000]).unwrap();
        assert!(disk_bytes(folder.path()).unwrap() >= 10_000);
    }
}
