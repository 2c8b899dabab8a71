//! Processes that are killed in the middle of a run. Linux, where processes are found in /proc.
#![cfg(target_os = "linux")]

use crate::bench::{Bench, Outcome, PROGRAM};
use crate::suites::{TINY, edit};
use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A suite with about half a second of work in every run: long enough to be interrupted.
fn long() -> String {
    edit(TINY, "epochs: 2", "epochs: 250")
}

/// Waits for something that has to come.
fn await_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("{what} did not come");
}

/// Starts the suite with one worker, and waits until a run has kept a checkpoint, so that it is
/// in the middle. Gives the program and its worker's process id.
fn in_the_middle(bench: &Bench) -> (Child, u32) {
    let child = Command::new(PROGRAM)
        .args(["suite", "tiny", "--jobs", "1"])
        .current_dir(bench.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    await_some("a checkpoint", || {
        let ids = bench.names("runs/.work");
        let kept = |id: &String| bench.names(&format!("runs/.work/{id}"));
        let mut names = ids.iter().flat_map(kept);
        names.any(|name| name.ends_with(".safetensors")).then_some(())
    });
    let worker = await_some("a worker", || child_of(child.id()));
    (child, worker)
}

/// The process id of a child of `parent`.
fn child_of(parent: u32) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.find(|id| {
        // The fields after the name, which is in parentheses: state, parent, ...
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        fields.split_whitespace().nth(1) == Some(&parent.to_string())
    })
}

fn kill(id: u32) {
    let killed = Command::new("sh").args(["-c", &format!("kill -9 {id}")]).status().unwrap();
    assert!(killed.success(), "process {id} could not be killed");
}

/// The roots of the suite when nothing disturbs it.
static UNDISTURBED: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let bench = Bench::with(&long());
    bench.run("suite tiny").exits(0);
    bench.roots("runs")
});

#[test]
fn a_killed_worker_fails_one_run_and_the_next_call_brings_it_to_the_same_root() {
    let bench = Bench::with(&long());
    let (program, worker) = in_the_middle(&bench);
    kill(worker);
    Outcome::from("suite tiny", &program.wait_with_output().unwrap())
        .exits(3)
        .prints("reports/tiny/v1\n")
        .says("3 runs trained, 1 failed or diverged")
        .says("SIGKILL")
        .says("error: 1 runs have no usable result");
    assert_eq!(bench.roots("runs").len(), 3);
    let failed = bench.names("runs/.failed");
    let [note] = failed.as_slice() else { panic!("one note of a failure, not {failed:?}") };
    let id = note.strip_suffix(".json").unwrap();
    assert!(bench.read(&format!("runs/.failed/{note}")).contains("\"signal\":9"));
    assert!(bench.read("reports/tiny/v1/README.md").contains("SIGKILL"));
    let plan = bench.run("suite tiny --plan").exits(0).says("4 runs, 1 of them to train");
    assert!(plan.stdout.contains("1 done, 1 failed"), "{}", plan.stdout);

    bench.run("suite tiny").exits(0).prints("reports/tiny/v2\n").says("1 runs trained");
    assert!(bench.read(&format!("runs/{id}/log.txt")).contains("going on after"));
    assert!(bench.names("runs/.failed").is_empty() && bench.names("runs/.work").is_empty());
    assert_eq!(bench.roots("runs"), *UNDISTURBED);
}

#[test]
fn a_killed_program_takes_its_worker_along_and_the_next_call_goes_on() {
    let bench = Bench::with(&long());
    let (mut program, worker) = in_the_middle(&bench);
    program.kill().unwrap();
    program.wait().unwrap();
    await_some("the end of the worker", || {
        let stat = std::fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
        // One that nobody waits for stays in the list as a zombie.
        (stat.is_empty() || stat.contains(") Z ")).then_some(())
    });
    assert!(bench.roots("runs").len() < 4, "it was not interrupted");
    bench.run("suite tiny").exits(0).prints("reports/tiny/v1\n");
    assert!(bench.names("runs/.work").is_empty());
    assert_eq!(bench.roots("runs"), *UNDISTURBED);
}

#[test]
fn two_programs_on_one_store_train_each_run_once() {
    let bench = Bench::with(&long());
    let (first, _) = in_the_middle(&bench);
    bench.run("suite tiny --reports reports-2").exits(0);
    Outcome::from("suite tiny", &first.wait_with_output().unwrap()).exits(0);
    let roots = bench.roots("runs");
    for id in roots.keys() {
        assert!(!bench.read(&format!("runs/{id}/log.txt")).contains("--- next attempt"));
    }
    assert_eq!(roots, *UNDISTURBED);
    assert!(bench.files("reports") == bench.files("reports-2"), "the reports differ");
}
