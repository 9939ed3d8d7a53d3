//! What this machine has: processors, memory, disk.
//!
//! Figures come from the operating system; where it does not say, they are `None`.

use std::path::Path;

/// Memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All of it, or the limit set on this process's group where that is lower.
    pub total: Option<u64>,
    /// What can be had without swapping.
    pub available: Option<u64>,
}

/// The memory of this machine.
pub fn memory() -> Memory {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = kilobytes(&info, "MemTotal:");
    let available = kilobytes(&info, "MemAvailable:");
    match group_memory() {
        Some((limit, used)) if total.is_none_or(|total| limit < total) => {
            let left = limit.saturating_sub(used);
            Memory { total: Some(limit), available: Some(available.map_or(left, |all| all.min(left))) }
        }
        _ => Memory { total, available },
    }
}

/// The most memory this process has held, in bytes.
pub fn peak_memory() -> Option<u64> {
    kilobytes(&std::fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// Bytes free for this user on the disk that holds `dir` or the nearest parent that exists.
#[cfg(not(unix))]
pub fn disk_free(_dir: &Path) -> Option<u64> {
    None
}

/// Bytes free for this user on the disk that holds `dir` or the nearest parent that exists.
#[cfg(unix)]
pub fn disk_free(dir: &Path) -> Option<u64> {
    let dir = std::path::absolute(dir).ok()?;
    let existing = dir.ancestors().find(|path| path.exists())?;
    let disk = rustix::fs::statvfs(existing).ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

/// The processor's own name.
pub fn processor() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The instruction sets that matter here, each with whether this processor has it.
#[cfg(target_arch = "x86_64")]
pub fn instruction_sets() -> Vec<(&'static str, bool)> {
    vec![
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
        ("avx512bf16", is_x86_feature_detected!("avx512bf16")),
    ]
}

/// The instruction sets that matter here, each with whether this processor has it.
#[cfg(not(target_arch = "x86_64"))]
pub fn instruction_sets() -> Vec<(&'static str, bool)> {
    vec![("neon", cfg!(target_arch = "aarch64"))]
}

/// How many processes want to run, averaged over the last minute.
pub fn load() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// The limit on memory and what is in use, where this process runs in a limited group.
fn group_memory() -> Option<(u64, u64)> {
    let read = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let limit = read("/sys/fs/cgroup/memory.max")?;
    Some((limit, read("/sys/fs/cgroup/memory.current").unwrap_or(0)))
}

fn kilobytes(text: &str, label: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(label))?;
    let kilobytes: u64 = rest.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read() {
        assert_eq!(kilobytes("MemTotal:       16 kB\nMemFree: 3 kB\n", "MemTotal:"), Some(16 * 1024));
        assert_eq!(kilobytes("MemTotal: much\n", "MemTotal:"), None);
    }

    #[cfg(unix)]
    #[test]
    fn free_space_is_found_for_a_directory_that_does_not_exist_yet() {
        assert!(disk_free(Path::new("not/there/yet")).is_some());
    }
}
