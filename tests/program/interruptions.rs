//! Processes that are killed in the middle of a run. Linux, where processes are found in /proc.
#![cfg(target_os = "linux")]

use crate::bench::{Bench, Outcome, PROGRAM};
use crate::processes::{await_some, inside, kill};
use crate::suites::{TINY, edit};
use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// A suite with about half a second of work in every run: long enough to be interrupted.
pub(crate) fn long() -> String {
    edit(TINY, "epochs: 2", "epochs: 250")
}

/// Starts the suite with one worker, and waits until a run has kept a checkpoint, so that it is
/// in the middle. Gives the program and its worker's process id.
pub(crate) fn in_the_middle(bench: &Bench) -> (Child, u32) {
    let mut command = Command::new(PROGRAM);
    in_the_middle_of(bench, command.args(["suite", "tiny", "--jobs", "1"]))
}

/// As [`in_the_middle`], of a command with one worker: what its runner, if any, has started last.
pub(crate) fn in_the_middle_of(bench: &Bench, command: &mut Command) -> (Child, u32) {
    let child = command
        .current_dir(bench.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    await_some("a checkpoint", || {
        let attempts = bench.attempts("runs");
        let mut names = attempts.iter().flat_map(|attempt| bench.names(attempt));
        names.any(|name| name.ends_with(".safetensors")).then_some(())
    });
    let worker = await_some("a worker", || {
        inside(&bench.path("")).into_iter().filter(|id| *id != child.id()).max()
    });
    (child, worker)
}

/// The roots of the suite when nothing disturbs it.
pub(crate) static UNDISTURBED: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let bench = Bench::with(&long());
    bench.run("suite tiny").exits(0);
    bench.roots("runs")
});

#[test]
fn a_killed_worker_fails_one_run_and_the_next_call_brings_it_to_the_same_root() {
    let bench = Bench::with(&long());
    let (program, worker) = in_the_middle(&bench);
    assert!(kill(worker));
    Outcome::from("suite tiny", &program.wait_with_output().unwrap())
        .exits(3)
        .prints("reports/tiny/v1\n")
        .says("3 runs trained, 1 failed or diverged")
        .says("SIGKILL")
        .says("error: 1 run without a usable result");
    assert_eq!(bench.roots("runs").len(), 3);
    let failed = bench.names("runs/.failed");
    let [note] = failed.as_slice() else { panic!("one note of a failure, not {failed:?}") };
    let id = note.strip_suffix(".json").unwrap();
    assert!(bench.read(&format!("runs/.failed/{note}")).contains("\"signal\":9"));
    assert!(bench.read("reports/tiny/v1/README.md").contains("SIGKILL"));
    let plan = bench.run("suite tiny --plan").exits(0).says("4 runs, 1 of them to train");
    assert!(plan.stdout.contains("1 done, 1 failed"), "{}", plan.stdout);

    bench.run("suite tiny").exits(0).prints("reports/tiny/v2\n").says("1 run trained");
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
        (!inside(&bench.path("")).contains(&worker)).then_some(())
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

#[test]
fn two_programs_with_one_store_and_one_folder_of_reports_publish_once() {
    let bench = Bench::with(TINY);
    for round in 1..=3 {
        bench.write("suites/tiny.yaml", edit(TINY, "Two", &round.to_string()));
        let start = || {
            let mut command = Command::new(PROGRAM);
            command.args(["suite", "tiny"]).current_dir(bench.path(""));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let programs = [start(), start(), start()];
        for program in programs {
            Outcome::from("suite tiny", &program.wait_with_output().unwrap())
                .exits(0)
                .prints(&format!("reports/tiny/v{round}\n"));
        }
        assert_eq!(bench.names("reports/tiny").len(), round);
    }
}

/// The id of a run that was stopped in the middle, and the file with its state.
fn kept(bench: &Bench) -> (String, String) {
    let mut files = bench.attempts("runs").into_iter().map(|path| path + "/.resume.safetensors");
    let kept = files.rfind(|path| bench.path(path).exists()).unwrap();
    (kept.split('/').nth(2).unwrap().to_string(), kept)
}

/// Damages what a killed run kept; the next call begins it anew, says so, and ends the same.
fn damaged_checkpoint(damage: fn(&mut Vec<u8>)) {
    let bench = Bench::with(&long());
    let (mut program, _) = in_the_middle(&bench);
    program.kill().unwrap();
    program.wait().unwrap();
    await_some("the end of the worker", || inside(&bench.path("")).is_empty().then_some(()));
    let (id, kept) = kept(&bench);
    let mut bytes = std::fs::read(bench.path(&kept)).unwrap();
    damage(&mut bytes);
    bench.write(&kept, bytes);
    bench.run("suite tiny").exits(0);
    let log = bench.read(&format!("runs/{id}/log.txt"));
    assert!(log.contains(".resume.safetensors") && log.contains("beginning anew"), "{log}");
    assert_eq!(bench.roots("runs"), *UNDISTURBED);
}

#[test]
fn a_truncated_checkpoint_of_a_killed_run_is_told_and_not_used() {
    damaged_checkpoint(|bytes| bytes.truncate(bytes.len() / 2));
}

#[test]
fn a_checkpoint_of_a_killed_run_with_another_bit_is_told_and_not_used() {
    damaged_checkpoint(|bytes| {
        let middle = bytes.len() - 100;
        bytes[middle] ^= 4;
    });
}

#[test]
fn a_pipe_in_the_place_of_a_kept_state_is_refused_and_not_waited_for() {
    let bench = Bench::with(&long());
    let (mut program, _) = in_the_middle(&bench);
    program.kill().unwrap();
    program.wait().unwrap();
    await_some("the end of the worker", || inside(&bench.path("")).is_empty().then_some(()));
    let (_, kept) = kept(&bench);
    std::fs::remove_file(bench.path(&kept)).unwrap();
    assert!(Command::new("mkfifo").arg(bench.path(&kept)).status().unwrap().success());
    bench.run("suite tiny").exits(2).prints("").says(&format!("{kept} is a pipe")).says("hint: ");
    std::fs::remove_file(bench.path(&kept)).unwrap();
    bench.run("suite tiny").exits(0);
    assert_eq!(bench.roots("runs"), *UNDISTURBED);
}

/// Where the locks of a store were lost, as on a cluster whose machines lost contact, two programs
/// work on one run.
#[test]
fn two_live_copies_of_a_run_write_apart_and_publish_once() {
    let bench = Bench::with(&long());
    let (first, _) = in_the_middle(&bench);
    std::fs::remove_dir_all(bench.path("runs/.locks")).unwrap();
    bench.run("suite tiny --reports reports-2").exits(0);
    Outcome::from("suite tiny", &first.wait_with_output().unwrap())
        .exits(0)
        .says("finished by another process");
    for id in bench.roots("runs").keys() {
        let names = ["final.safetensors", "log.txt", "logits.safetensors", "record.json", "root"];
        assert_eq!(bench.names(&format!("runs/{id}"))[..5], names);
        assert!(!bench.read(&format!("runs/{id}/log.txt")).contains("--- next attempt"));
    }
    assert_eq!(bench.roots("runs"), *UNDISTURBED);
    assert!(bench.names("runs/.work").is_empty() && bench.names("runs/.failed").is_empty());
    assert!(bench.files("reports") == bench.files("reports-2"), "the reports differ");
}

#[test]
fn a_copy_of_a_run_with_another_root_is_a_conflict_and_both_are_kept() {
    let bench = Bench::with(&long());
    bench.run("suite tiny --plant lr@3=0.5 --store other").exits(0);
    let (first, _) = in_the_middle(&bench);
    let id = bench.attempts("runs")[0].split('/').nth(2).unwrap().to_string();
    std::fs::rename(bench.path(&format!("other/{id}")), bench.path(&format!("runs/{id}"))).unwrap();
    let there = bench.read(&format!("runs/{id}/root"));
    Outcome::from("suite tiny", &first.wait_with_output().unwrap())
        .exits(4)
        .says("3 runs trained, 1 failed or diverged")
        .says(&format!("error: run {id} is in the store with another root: {}", there.trim()))
        .says(&format!("remove runs/.work/{id}/1"));
    let own = bench.read(&format!("runs/.work/{id}/1/root"));
    assert_eq!(own, UNDISTURBED[&id]);
    assert_eq!(bench.read(&format!("runs/{id}/root")), there);
    let others = bench.roots("runs").into_iter().filter(|(other, _)| *other != id);
    assert!(others.into_iter().all(|(other, root)| UNDISTURBED[&other] == root));
}
