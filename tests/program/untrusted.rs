//! Stores, reports and files that somebody else made: no link in them is followed, nothing is waited
//! for that never comes, and nothing without an end is read to its end.
#![cfg(target_os = "linux")]

use crate::bench::Bench;
use crate::suites::{TINY, edit};
use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// A bench with the suite trained and reported, and a suite `more` of which a run is not done.
fn trained() -> (Bench, String) {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    let more = edit(TINY, "seeds: [0, 1]", "seeds: [0, 1, 2]");
    bench.write("suites/more.yaml", edit(&more, "suite: tiny", "suite: more"));
    let id = bench.roots("runs").into_keys().next().unwrap();
    (bench, id)
}

/// The id of a run of the suite `more` that is not done.
fn pending(bench: &Bench) -> String {
    let plan = bench.run("suite more --plan --format json").exits(0).json();
    let cells = plan["cells"].as_array().unwrap().iter();
    let mut runs = cells.flat_map(|cell| cell["runs"].as_array().unwrap());
    let run = runs.find(|run| run["state"] == "pending").unwrap();
    run["id"].as_str().unwrap().to_string()
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn zeros(path: &Path) {
    symlink("/dev/zero", path).unwrap();
}

/// More than any machine that runs these tests should read, in a file that takes no room.
fn sparse(path: &Path) {
    File::create(path).unwrap().set_len(20 << 30).unwrap();
}

/// Puts something in the place of `path`, and expects every command to refuse it by name, at once.
#[track_caller]
fn refused(bench: &Bench, path: &str, make: fn(&Path), code: i32, commands: &[&str], what: &str) {
    let (place, aside) = (bench.path(path), bench.path("aside"));
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    let was_there = std::fs::rename(&place, &aside).is_ok();
    make(&place);
    for command in commands {
        bench.run(command).exits(code).says(path).says(what);
    }
    std::fs::remove_file(&place).unwrap();
    if was_there {
        std::fs::rename(&aside, &place).unwrap();
    }
}

#[test]
fn a_working_folder_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone() {
    let (bench, _) = trained();
    let id = pending(&bench);
    bench.write("precious/.git/config", "x");
    bench.write("precious/.profile", "y");
    let before = bench.files("precious");
    for path in [".work", ".locks", ".failed"] {
        let place = bench.path(&format!("runs/{path}"));
        let _ = std::fs::remove_dir_all(&place);
        symlink(bench.path("precious"), &place).unwrap();
        let said = format!("error: runs/{path} is a link, not a folder");
        bench.run("suite more").exits(2).prints("").says(&said).says("hint: ");
        std::fs::remove_file(&place).unwrap();
    }
    for path in [format!(".work/{id}"), format!(".locks/{id}"), format!(".failed/{id}.json")] {
        let place = bench.path(&format!("runs/{path}"));
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&place);
        symlink(bench.path("precious"), &place).unwrap();
        let said = format!("error: runs/{path} is a link, not a ");
        bench.run("suite more").exits(2).prints("").says(&said).says("hint: ");
        std::fs::remove_file(&place).unwrap();
    }
    assert!(bench.files("precious") == before);
    bench.run("suite more").exits(0).says("done before");
}

#[test]
fn the_place_of_a_run_that_is_taken_is_refused_before_anything_is_trained() {
    let (bench, _) = trained();
    let id = pending(&bench);
    bench.write(&format!("runs/{id}"), "");
    let said = format!("error: runs/{id} is a plain file, not a folder\n  hint: ");
    bench.run("suite more").exits(2).prints("").says(&said).never_says("[");
    bench.run("suite more --plan").exits(2).says(&said);
    std::fs::remove_file(bench.path(&format!("runs/{id}"))).unwrap();
    bench.run("suite more").exits(0);
}

#[test]
fn a_run_that_is_a_link_or_holds_one_is_refused() {
    let (bench, id) = trained();
    std::fs::rename(bench.path(&format!("runs/{id}")), bench.path("elsewhere")).unwrap();
    let run = format!("runs/{id}");
    symlink(bench.path("elsewhere"), bench.path(&run)).unwrap();
    let bisect = format!("bisect {run} {run}");
    for command in ["suite tiny", "report tiny", &bisect] {
        bench.run(command).exits(2).prints("").says(&format!("{run} is a link, not a folder"));
    }
    std::fs::remove_file(bench.path(&run)).unwrap();
    std::fs::rename(bench.path("elsewhere"), bench.path(&run)).unwrap();
    let readers = ["suite tiny", "report tiny", bisect.as_str()];
    for name in ["record.json", "root"] {
        let path = format!("{run}/{name}");
        refused(&bench, &path, zeros, 2, &readers, "is a link, not a plain file");
        refused(&bench, &path, pipe, 2, &readers, "is a pipe, not a plain file");
        refused(&bench, &path, sparse, 2, &readers, "has more than the 256 MiB that are read of");
    }
    let verify = ["verify reports/tiny/v1 --store runs"];
    for name in ["final.safetensors", "selected.safetensors"] {
        let path = format!("{run}/{name}");
        refused(&bench, &path, zeros, 4, &verify, "is a link, not a plain file");
        refused(&bench, &path, pipe, 4, &verify, "is a pipe, not a plain file");
        refused(&bench, &path, sparse, 4, &verify, "has more than the 4096 MiB that are read of");
    }
    let all = ["suite tiny", "report tiny", "verify reports/tiny/v1 --store runs"];
    refused(&bench, "runs/store.json", pipe, 2, &all, "is a pipe, not a plain file");
    bench.run("suite tiny").exits(0).says("nothing to do");
}

#[test]
fn a_report_that_holds_something_else_than_plain_files_is_refused() {
    let (bench, _) = trained();
    let manifest = ["suite tiny", "verify reports/tiny/v1", "diff reports/tiny/v1 reports/tiny/v1"];
    for (make, what) in [
        (pipe as fn(&Path), "pipe"),
        (zeros, "link"),
        (sparse, "has more than the 256 MiB that are read of a file of a report"),
    ] {
        let said = if what.len() == 4 { "" } else { what };
        refused(&bench, "reports/tiny/v1/manifest.json", make, 2, &manifest[..1], said);
        refused(&bench, "reports/tiny/v1/manifest.json", make, 2, &manifest[1..], "manifest.json");
        refused(&bench, "reports/tiny/v1/results.csv", make, 2, &manifest[1..], "results.csv");
    }
    bench.run("verify reports/tiny/v1").exits(0);
}

#[test]
fn a_suite_may_be_a_link_to_a_plain_file_and_nothing_else() {
    let (bench, _) = trained();
    bench.write("elsewhere.yaml", TINY);
    std::fs::remove_file(bench.path("suites/tiny.yaml")).unwrap();
    symlink("../elsewhere.yaml", bench.path("suites/tiny.yaml")).unwrap();
    bench.run("suite tiny").exits(0).says("nothing to do");
    for (make, what) in [
        (pipe as fn(&Path), "is a pipe, not a plain file"),
        (zeros, "is a device, not a plain file"),
        (sparse, "has more than the 16 MiB that are read of a suite"),
    ] {
        refused(&bench, "suites/other.yaml", make, 2, &["suite suites/other.yaml"], what);
    }
}

#[test]
fn a_baseline_may_be_a_link_to_a_plain_file_and_nothing_else() {
    let (bench, _) = trained();
    bench.run("accept tiny --runs runs --reason first --yes").exits(0);
    let path = "ci/baselines/tiny.json";
    std::fs::rename(bench.path(path), bench.path("elsewhere.json")).unwrap();
    symlink("../../elsewhere.json", bench.path(path)).unwrap();
    bench.run("check tiny --exact --runs runs").exits(0);
    for (make, what) in [
        (pipe as fn(&Path), "is a pipe, not a plain file"),
        (zeros, "is a device, not a plain file"),
        (sparse, "has more than the 256 MiB that are read of a baseline"),
    ] {
        refused(&bench, path, make, 2, &["check tiny --runs runs"], what);
    }
}

#[test]
fn an_archive_without_an_end_is_refused_at_once() {
    let bench = Bench::with(TINY);
    for (make, what) in [
        (pipe as fn(&Path), "is a pipe, not a plain file"),
        (zeros, "is a device, not a plain file"),
        (sparse, "has more than the 4096 MiB that are read of an archive"),
    ] {
        refused(&bench, "archive", make, 2, &["data prepare mfeat --from archive"], what);
    }
}
