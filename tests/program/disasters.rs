//! Disks that are full or cannot be written, and files that were damaged: every one has a message
//! that names the file, nothing is lost, and the next start without the trouble succeeds.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stderr, reason = "what cannot be tried here is said, not passed over")]

use crate::bench::{Bench, Outcome, PROGRAM};
use crate::suites::TINY;
use assert_cmd::Command;

/// A bench with the suite trained and reported.
fn trained() -> Bench {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    bench
}

/// Runs a shell script in the bench, where `$program` is the program.
fn script(bench: &Bench, text: &str) -> Outcome {
    Outcome::from(text, &prepared(bench, Command::new("sh"), text).output().unwrap())
}

/// As [`script`], in a mount namespace of its own; `None` where this user may not have one.
fn script_with_mounts(bench: &Bench, text: &str) -> Option<Outcome> {
    let may = |arguments: &[&str]| {
        Command::new("unshare").args(arguments).ok().is_ok_and(|output| output.status.success())
    };
    let flags = [&["-m"][..], &["-r", "-m"]]
        .into_iter()
        .find(|flags| may(&[flags, &["mount", "-t", "tmpfs", "none", "/mnt"][..]].concat()))?;
    let mut command = Command::new("unshare");
    command.args(flags).arg("sh");
    Some(Outcome::from(text, &prepared(bench, command, text).output().unwrap()))
}

fn prepared(bench: &Bench, mut command: Command, text: &str) -> Command {
    command.args(["-e", "-c", text]).current_dir(bench.path("")).env("program", PROGRAM);
    command
}

/// The number of bytes that a file may have, in the 512-byte blocks of `ulimit`, is a full disk
/// that needs no right to mount.
#[test]
fn a_disk_without_room_fails_the_run_and_keeps_what_is_done() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny --filter strategy=ogm").exits(0);
    let before = bench.files("runs");
    let limited = "trap '' XFSZ; ulimit -f 4; exec $program suite tiny";
    script(&bench, limited)
        .exits(2)
        .prints("")
        .says("[3/4] (1 failed")
        .says(": failed: cannot write ")
        .never_says("blocked")
        .says("/.resume.safetensors: File too large (os error 27)\n")
        .says("/README.md: File too large (os error 27)\n  hint: with room on the disk, `report` ");
    assert!(bench.names("reports/tiny").is_empty());
    for (path, bytes) in &before {
        assert!(bench.files("runs").get(path) == Some(bytes), "{path} was changed");
    }
    bench.run("suite tiny").exits(0).says("2 runs trained, 2 done before");
    assert_eq!(bench.roots("runs"), trained().roots("runs"));
}

#[test]
fn a_report_that_finds_no_room_is_not_half_written() {
    let bench = trained();
    let before = bench.files("reports");
    bench.write("suites/tiny.yaml", TINY.replace("Two", "2"));
    script(&bench, "trap '' XFSZ; ulimit -f 4; exec $program report tiny")
        .exits(2)
        .prints("")
        .says("File too large");
    assert!(bench.files("reports") == before, "something is left of the new version");
    bench.run("report tiny").exits(0).prints("reports/tiny/v2\n");
}

#[test]
fn a_full_file_system_is_named_and_after_making_room_the_suite_goes_on() {
    let bench = Bench::with(TINY);
    let text = "
        mkdir runs
        mount -t tmpfs -o size=64k none runs
        $program suite tiny && exit 1
        mount -o remount,size=10m runs
        $program suite tiny --reports later
        mkdir kept
        cp -r runs/[0-9a-f]* kept/";
    let Some(outcome) = script_with_mounts(&bench, text) else {
        eprintln!("not tried, for want of the right to mount");
        return;
    };
    outcome
        .exits(0)
        .says("No space left on device (os error 28)")
        .says("without a usable result")
        .prints_at_end("later/tiny/v1\n");
    assert_eq!(bench.roots("kept"), trained().roots("runs"));
}

#[test]
fn a_store_made_read_only_can_be_read_and_says_why_it_cannot_be_written() {
    let bench = trained();
    std::fs::remove_dir_all(bench.path("runs/.locks")).unwrap();
    let more = TINY.replace("seeds: [0, 1]", "seeds: [0, 1, 2]").replace("tiny", "more");
    bench.write("suites/more.yaml", more);
    let before = bench.files("runs");
    let lines = "
        $program suite tiny
        $program report tiny --reports again
        $program verify reports/tiny/v1 --store runs >verified
        $program suite more";
    let outcome = if seal(&bench) {
        let outcome = script(&bench, lines);
        std::fs::set_permissions(bench.path("runs"), permissions(0o755)).unwrap();
        outcome
    } else {
        let text = format!("mount --bind runs runs; mount -o remount,bind,ro runs; {lines}");
        let Some(outcome) = script_with_mounts(&bench, &text) else {
            eprintln!("not tried, for want of the right to mount");
            return;
        };
        outcome
    };
    outcome
        .exits(2)
        .prints("reports/tiny/v1\nagain/tiny/v1\n")
        .says("nothing to do: 4 runs done")
        .says("error: cannot create runs/.locks")
        .says("hint: training needs a run store on a disk that can be written and has room");
    assert!(bench.files("runs") == before);
    bench.run("suite more").exits(0).says("2 runs trained, 4 done before");
}

fn permissions(mode: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

/// Takes the right to write from the store's folder; false where that does not bind this user.
fn seal(bench: &Bench) -> bool {
    std::fs::set_permissions(bench.path("runs"), permissions(0o555)).unwrap();
    let binds = std::fs::write(bench.path("runs/probe"), "").is_err();
    if !binds {
        std::fs::remove_file(bench.path("runs/probe")).unwrap();
        std::fs::set_permissions(bench.path("runs"), permissions(0o755)).unwrap();
    }
    binds
}

/// Damages one file of the first run; every command that takes the run as done must name it, and
/// following the hint must mend it.
fn damaged(name: &str, code: i32, damage: impl Fn(&str) -> String, said: &str) {
    let bench = trained();
    let (roots, report) = (bench.roots("runs"), bench.files("reports"));
    let id = roots.keys().next().unwrap();
    let path = format!("runs/{id}/{name}");
    let (whole, broken) = (bench.read(&path), damage(&bench.read(&path)));
    assert_ne!(whole, broken);
    bench.write(&path, broken);
    for line in [
        "suite tiny",
        "report tiny --reports elsewhere",
        "accept tiny --runs runs --reason x --yes",
    ] {
        bench
            .run(line)
            .exits(code)
            .prints("")
            .says(&format!("error: {path}"))
            .says(said)
            .says(&format!("delete runs/{id}; the run is then trained again"));
    }
    assert_eq!(bench.names(""), ["reports", "runs", "suites"]);
    std::fs::remove_dir_all(bench.path(&format!("runs/{id}"))).unwrap();
    bench.run("suite tiny").exits(0).says("1 run trained, 3 done before").says("unchanged");
    assert_eq!(bench.roots("runs"), roots);
    assert!(bench.files("reports") == report);
}

#[test]
fn a_truncated_record() {
    damaged("record.json", 2, |text| text[..text.len() / 2].into(), ": not a run record: EOF");
}

#[test]
fn a_record_of_an_older_or_newer_format() {
    for (format, reader) in [
        (1, "release 0.1 wrote it and reads it"),
        (2, "release 0.2 wrote it and reads it"),
        (4, "use the release that wrote it"),
    ] {
        let said = format!(
            ": the record has format {format}, this program reads format 3\n  hint: {reader}, or \
             delete "
        );
        let other = format!("\"format\":{format},\"id\"");
        damaged("record.json", 2, |text| text.replacen("\"format\":3,\"id\"", &other, 1), &said);
    }
}

#[test]
fn a_record_or_root_with_another_digit() {
    let said = " is not the root of the record beside it";
    damaged(
        "root",
        4,
        |text| format!("{}{}", if text.starts_with('0') { 1 } else { 0 }, &text[1..]),
        said,
    );
    let bench = trained();
    let id = bench.roots("runs").into_keys().next().unwrap();
    let path = format!("runs/{id}/record.json");
    let text = bench.read(&path).replacen("\"accuracy\":0.", "\"accuracy\":0.1", 1);
    bench.write(&path, text);
    bench.run("suite tiny").exits(4).says(&format!("runs/{id}/root{said}"));
}

#[test]
fn a_checkpoint_that_is_truncated_or_has_another_bit() {
    for name in ["final.safetensors", "selected.safetensors", "logits.safetensors"] {
        let bench = trained();
        let id = bench.roots("runs").into_keys().next().unwrap();
        let path = format!("runs/{id}/{name}");
        let whole = std::fs::read(bench.path(&path)).unwrap();
        let line = "verify reports/tiny/v1 --store runs";
        bench.run(line).exits(0);
        bench.write(&path, &whole[..whole.len() - 7]);
        bench.run(line).exits(4).says(&format!("{path} is not a whole safetensors file"));
        let mut flipped = whole;
        *flipped.last_mut().unwrap() ^= 1;
        bench.write(&path, flipped);
        bench.run(line).exits(4).says(&format!("{path}: its tensors have the root "));
    }
}

#[test]
fn a_store_that_is_full_to_the_last_byte_fails_its_runs_and_not_the_suite() {
    let bench = Bench::with(TINY);
    let text = "
        mkdir runs
        mount -t tmpfs -o size=10m none runs
        $program suite tiny --filter strategy=ogm
        cat /dev/zero >runs/.filler || true
        code=0; $program suite tiny || code=$?
        test $code = 3
        rm runs/.filler
        $program suite tiny --reports later
        mkdir kept
        cp -r runs/[0-9a-f]* kept/
        ls -A runs/.work >left";
    let Some(outcome) = script_with_mounts(&bench, text) else {
        eprintln!("not tried, for want of the right to mount");
        return;
    };
    outcome
        .exits(0)
        .says("0 runs trained, 2 done before, 2 failed or diverged")
        .says("error: 2 runs without a usable result\n  made / concat / joint / seed ")
        .says("not noted in the store: cannot write runs/.work/")
        .says("No space left on device (os error 28)")
        .says("2 runs trained, 2 done before")
        .prints_at_end("later/tiny/v1\n");
    assert_eq!(bench.roots("kept"), trained().roots("runs"));
    assert_eq!(bench.read("left"), "", "empty folders are left");
}

#[test]
fn a_cost_that_was_changed_or_that_no_run_has() {
    let cost = |with: &'static str| {
        move |text: &str| {
            let (before, after) = text.split_once("\"wall_seconds\":").unwrap();
            format!("{before}\"wall_seconds\":{with}{}", &after[after.find('}').unwrap()..])
        }
    };
    damaged("record.json", 4, cost("7.25"), ": the cost is not what its digest says");
    for number in ["1e308", "5e-324", "-1.0"] {
        damaged("record.json", 2, cost(number), ", which no training leaves");
    }
}

#[test]
fn numbers_that_no_training_leaves() {
    damaged(
        "record.json",
        2,
        |text| {
            text.replace(
                "\"kind\":\"finished\"",
                "\"epoch\":18446744073709551615,\"kind\":\"diverged\",\"step\":0,\"what\":\"loss\"",
            )
        },
        "the epoch of the divergence is 18446744073709551615",
    );
    damaged(
        "record.json",
        2,
        |text| text.replacen("\"lr\":", "\"lr\":-", 1),
        "the learning rate is -",
    );
}
