//! How workers are started, and what they may write.

use crate::bench::{Bench, Outcome};
use crate::suites::TINY;

#[test]
fn a_runner_is_read_as_a_shell_reads_it() {
    let bench = Bench::with(TINY);
    let run = |runner: &str| {
        let mut command = bench.command("suite tiny --filter strategy=joint --runner");
        Outcome::of(runner, command.arg(runner))
    };
    for runner in ["sh -c 'exec \"$0\" \"$@", "env \"", "env \\"] {
        run(runner).exits(2).prints("").says("has a quote that is not closed");
    }
    for runner in ["", "  "] {
        run(runner).exits(2).says("error: the runner is empty");
    }
    assert!(bench.roots("runs").is_empty());
    if cfg!(unix) {
        run("sh -c 'echo \"two  words\" >said; exec \"$0\" \"$@\"'").exits(0);
        assert_eq!(bench.read("said"), "two  words\n");
        assert_eq!(bench.roots("runs").len(), 2);
    }
}

#[test]
fn a_stack_that_no_thread_can_have_is_refused() {
    let bench = Bench::with(TINY);
    for size in ["", "nonsense", "0", "1", "-1", "99999999999999", "18446744073709551615"] {
        let mut command = bench.command("suite tiny");
        Outcome::of(size, command.env("RUST_MIN_STACK", size))
            .exits(2)
            .prints("")
            .says(&format!("error: RUST_MIN_STACK is `{size}`: "))
            .says("hint: unset it")
            .never_says("panicked");
    }
    let mut command = bench.command("suite tiny");
    Outcome::of("8 MiB", command.env("RUST_MIN_STACK", "8388608")).exits(0);
    // A runner may set it for the workers alone.
    let mut command = bench.command("suite tiny --store again --filter strategy=joint --runner");
    Outcome::of("runner", command.arg("env RUST_MIN_STACK=nonsense"))
        .exits(3)
        .says("exit status 2")
        .never_says("panicked");
    let id = bench.names("again/.failed").remove(0);
    assert!(bench.read(&format!("again/.failed/{id}")).contains("RUST_MIN_STACK is `nonsense`"));
}

#[cfg(unix)]
#[test]
fn a_worker_that_writes_without_end_or_line_feed_fills_nothing() {
    let bench = Bench::with(TINY);
    let runner = "sh -c 'head -c 50000000 /dev/zero | tr \"\\0\" x; exec \"$0\" \"$@\"'";
    let mut command = bench.command("suite tiny --filter strategy=joint --jobs 1 --runner");
    Outcome::of(runner, command.arg(runner)).exits(0);
    let roots = bench.roots("runs").into_keys();
    let logs: Vec<String> = roots.map(|id| bench.read(&format!("runs/{id}/log.txt"))).collect();
    let long = logs.iter().find(|log| !log.is_empty()).unwrap();
    assert!(long.len() < 2_000_000, "{} bytes", long.len());
    assert!(long.contains("bytes are left out here"));
}

/// A program that replaces the one which is running says so in a file, and is never started.
#[cfg(target_os = "linux")]
#[test]
fn workers_are_the_running_program_whatever_becomes_of_its_file() {
    use crate::interruptions::{UNDISTURBED, in_the_middle_of, long};
    use crate::processes::kill;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    for arguments in
        [&[][..], &["--runner", "env AS=before"], &["--runner", "sh -c '\"$0\" \"$@\"'"]]
    {
        let bench = Bench::with(&long());
        let own = bench.path("bin/counterpoise");
        std::fs::create_dir(bench.path("bin")).unwrap();
        std::fs::copy(crate::bench::PROGRAM, &own).unwrap();
        let mut command = Command::new(&own);
        command.args(["suite", "tiny", "--jobs", "1"]).args(arguments);
        let (program, worker) = in_the_middle_of(&bench, &mut command);
        bench.write("other", "#!/bin/sh\necho other >>started\nexit 1\n");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(bench.path("other"), executable).unwrap();
        std::fs::rename(bench.path("other"), &own).unwrap();
        assert!(kill(worker), "the next run needs another worker");
        Outcome::from("suite tiny", &program.wait_with_output().unwrap())
            .exits(3)
            .says("3 runs trained, 1 failed or diverged");
        assert!(!bench.path("started").exists(), "the other program was started");
        bench.run("suite tiny").exits(0);
        assert_eq!(bench.roots("runs"), *UNDISTURBED);
    }
}
