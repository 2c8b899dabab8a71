//! Processes at work in a folder, and their violent end. Linux, where they are found in /proc.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Waits for something that has to come.
pub(crate) fn await_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("{what} did not come");
}

/// The ids of the live processes whose working folder is `folder`, in no order: the program
/// and its workers, also those whose parent is gone. One that has ended and that nobody waits for
/// has no working folder.
pub(crate) fn inside(folder: &Path) -> Vec<u32> {
    let folder = folder.canonicalize().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| std::fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|cwd| cwd == folder))
        .collect()
}

/// Sends SIGKILL. False where the process has ended already.
pub(crate) fn kill(id: u32) -> bool {
    signal("KILL", id)
}

/// Sends the signal of a name such as `INT`. False where the process has ended already.
pub(crate) fn signal(name: &str, id: u32) -> bool {
    Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status().unwrap().success()
}
