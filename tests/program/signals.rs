//! Ctrl-C and SIGTERM in the middle of a run. Linux, where processes are found in /proc.
#![cfg(target_os = "linux")]

use crate::bench::{Bench, Outcome};
use crate::interruptions::{UNDISTURBED, in_the_middle, long};
use crate::processes::{await_some, inside, signal};
use std::process::Child;
use std::time::{Duration, Instant};

/// What the program says when it was stopped, after it has ended with all its workers.
#[track_caller]
fn stopped(bench: &Bench, program: Child) -> Outcome {
    let outcome = Outcome::from("suite tiny", &program.wait_with_output().unwrap());
    await_some("the end of the workers", || inside(&bench.path("")).is_empty().then_some(()));
    assert!(bench.names("runs/.failed").is_empty(), "what was stopped is no failure");
    assert!(bench.names("reports").is_empty());
    outcome.exits(130).prints("").never_says("crashed")
}

#[test]
fn the_first_signal_ends_the_workers_and_says_what_is_kept_and_the_next_call_goes_on() {
    for name in ["INT", "TERM"] {
        let bench = Bench::with(&long());
        let (program, _) = in_the_middle(&bench);
        signal(name, program.id());
        let outcome = stopped(&bench, program)
            .says("of 4 runs are done, 1 in progress\n  hint: what is done is kept, ")
            .says("the same command goes on from there");
        let done = bench.roots("runs").len();
        assert!(outcome.stderr.contains(&format!("error: interrupted: {done} of 4 runs")));
        bench.run("suite tiny").exits(0).prints("reports/tiny/v1\n");
        let logs = bench.roots("runs").into_keys();
        let logs: String = logs.map(|id| bench.read(&format!("runs/{id}/log.txt"))).collect();
        assert!(logs.contains("going on after"), "{logs}");
        assert_eq!(bench.roots("runs"), *UNDISTURBED);
    }
}

#[test]
fn a_signal_that_reaches_the_workers_first_fails_no_run() {
    for name in ["INT", "TERM"] {
        let bench = Bench::with(&long());
        let (program, worker) = in_the_middle(&bench);
        signal(name, worker);
        std::thread::sleep(Duration::from_millis(100));
        signal(name, program.id());
        stopped(&bench, program).says("1 in progress");
    }
}

#[test]
fn a_second_signal_does_not_wait_for_workers() {
    let bench = Bench::with(&long());
    let (program, worker) = in_the_middle(&bench);
    // It cannot end by itself.
    signal("STOP", worker);
    signal("INT", program.id());
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    signal("INT", program.id());
    Outcome::from("suite tiny", &program.wait_with_output().unwrap()).exits(130);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    signal("KILL", worker);
}

#[test]
fn a_signal_during_runs_that_nobody_keeps_promises_nothing() {
    let bench = Bench::with(&long());
    let mut command = std::process::Command::new(crate::bench::PROGRAM);
    command.args(["accept", "tiny", "--reason", "x", "--yes", "--jobs", "1"]);
    command.current_dir(bench.path("")).env_remove("CI").stderr(std::process::Stdio::piped());
    let program = command.spawn().unwrap();
    await_some("a worker", || (1 < inside(&bench.path("")).len()).then_some(()));
    signal("INT", program.id());
    Outcome::from("accept tiny", &program.wait_with_output().unwrap())
        .exits(130)
        .says("the same command trains all of them afresh")
        .never_says("kept");
    assert_eq!(bench.names(""), ["suites"]);
}
