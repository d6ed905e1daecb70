//! Metrics of the process, from `/proc`. What cannot be read is left out.

use std::fs;

use super::exposition::Exposition;

/// Adds them.
pub(super) fn add(exposition: &mut Exposition) {
    let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
    if let Some(stat) = read("self/stat").and_then(|text| Stat::parse(&text)) {
        exposition.counters("process_cpu_seconds_total", "Time on the processors.", |family| {
            family.counter(&[], stat.cpu_ticks as f64 / ticks_per_second);
        });
        let name = "process_virtual_memory_bytes";
        exposition.gauge(name, "Size of the address space.", stat.virtual_bytes as f64);
        let resident_bytes = stat.resident_pages as f64 * rustix::param::page_size() as f64;
        exposition.gauge("process_resident_memory_bytes", "Memory held.", resident_bytes);
        if let Some(boot_seconds) = read("stat").and_then(|text| parse_boot_seconds(&text)) {
            let started = boot_seconds as f64 + stat.start_ticks as f64 / ticks_per_second;
            exposition.gauge("process_start_time_seconds", "Start, since the Unix epoch.", started);
        }
    }
    if let Ok(descriptors) = fs::read_dir("/proc/self/fd") {
        // One of them is the folder that is being read.
        let open = descriptors.count().saturating_sub(1) as f64;
        exposition.gauge("process_open_fds", "Open file descriptors.", open);
        exposition.gauge("os_fd_used", "Open file descriptors.", open);
    }
    if let Some(limit) = read("self/limits").and_then(|text| parse_descriptors_max(&text)) {
        exposition.gauge("process_max_fds", "File descriptors that may be open.", limit as f64);
        exposition.gauge("os_fd_limit", "File descriptors that may be open.", limit as f64);
    }
}

fn read(name: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{name}")).ok()
}

/// What `/proc/self/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    cpu_ticks: u64,
    start_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Stat> {
        // The name in brackets before may hold spaces and brackets. Behind it stands field 3.
        let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Stat {
            cpu_ticks: field(14)? + field(15)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

fn parse_boot_seconds(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn parse_descriptors_max(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_proc_are_read() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 10 0 0 0 30 12 0 0 20 0 9 0 555 1048576 256 184467 1 1";
        let expected = Stat { cpu_ticks: 42, start_ticks: 555, virtual_bytes: 1 << 20, resident_pages: 256 };
        assert_eq!(Stat::parse(stat), Some(expected));
        assert_eq!(Stat::parse("7 (a"), None);
        assert_eq!(parse_boot_seconds("cpu 1 2\nbtime 1700000000\nprocesses 5\n"), Some(1_700_000_000));
        let limits = "Limit Soft Hard Units\nMax open files            1024                 4096                 files\n";
        assert_eq!(parse_descriptors_max(limits), Some(1024));
    }
}
