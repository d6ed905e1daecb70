//! Writes the lines of the audit log on a thread of its own, and begins a new file when one is full; the oldest go. A disk
//! that is too slow costs lines, never requests: how many were lost is written when it goes on. Must not know what a line
//! says.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::limits::{AUDIT_FILE_BYTES_MAX, AUDIT_FILES_MAX, AUDIT_LINES_QUEUED_MAX};

/// The audit log.
pub struct AuditLog {
    lines: SyncSender<String>,
    lost: Arc<AtomicU64>,
}

impl AuditLog {
    /// Opens the file and starts the thread, which ends when this is dropped.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> io::Result<AuditLog> {
        let (lines, queue) = sync_channel(AUDIT_LINES_QUEUED_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let mut files = Files::open(path, AUDIT_FILE_BYTES_MAX)?;
        let counted = Arc::clone(&lost);
        std::thread::Builder::new().name("audit".to_owned()).spawn(move || files.run(&queue, &counted))?;
        Ok(AuditLog { lines, lost })
    }

    /// Leaves a line, without its end, to be written.
    pub fn write(&self, line: String) {
        if self.lines.try_send(line).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The file being written and those before it: `FILE.1` is the youngest of them.
struct Files {
    path: PathBuf,
    file: File,
    len_bytes: u64,
    bytes_max: u64,
}

impl Files {
    fn open(path: &Path, bytes_max: u64) -> io::Result<Files> {
        let file = append(path)?;
        let len_bytes = file.metadata()?.len();
        Ok(Files { path: path.to_path_buf(), file, len_bytes, bytes_max })
    }

    fn run(&mut self, queue: &Receiver<String>, lost: &AtomicU64) {
        while let Ok(line) = queue.recv() {
            let lost_lines = lost.swap(0, Ordering::Relaxed);
            let mut written = Ok(());
            if lost_lines > 0 {
                written = self.write(&format!("{{\"lost\":{lost_lines}}}"));
            }
            if let Err(error) = written.and_then(|()| self.write(&line)) {
                lost.fetch_add(lost_lines + 1, Ordering::Relaxed);
                tracing::error!(%error, path = %self.path.display(), "the audit log cannot be written");
            }
        }
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let bytes = line.len() as u64 + 1;
        if self.len_bytes > 0 && self.len_bytes + bytes > self.bytes_max {
            self.begin_next()?;
        }
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.len_bytes += bytes;
        Ok(())
    }

    fn begin_next(&mut self) -> io::Result<()> {
        for number in (1..AUDIT_FILES_MAX).rev() {
            let older = self.numbered(number + 1);
            // Not all of them need be there.
            let _ = std::fs::rename(self.numbered(number), older);
        }
        std::fs::rename(&self.path, self.numbered(1))?;
        self.file = append(&self.path)?;
        self.len_bytes = 0;
        Ok(())
    }

    fn numbered(&self, number: usize) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        name.into()
    }
}

/// Only whoever runs the member may read who did what.
fn append(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_files_are_set_aside_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let mut files = Files::open(&path, 20).unwrap();
        for number in 0..40 {
            files.write(&format!("line {number:04}")).unwrap();
        }
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
        assert_eq!(read(path.clone()), "line 0038\nline 0039\n");
        assert_eq!(read(files.numbered(1)), "line 0036\nline 0037\n");
        assert!(files.numbered(AUDIT_FILES_MAX).exists());
        assert!(!files.numbered(AUDIT_FILES_MAX + 1).exists());
        let mut again = Files::open(&path, 20).unwrap();
        again.write("x").unwrap();
        assert_eq!(read(path), "x\n", "what was there before counts");
    }
}
