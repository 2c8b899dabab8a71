//! What goes to stdout and stderr, and what becomes of it when nobody reads.

use crate::bench::{Bench, Outcome};
use crate::suites::{TINY, diverging};
use std::process::{Command, Stdio};

/// Runs the program with a stdout that its reader has closed already.
fn run_unread(bench: &Bench, line: &str) -> Outcome {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(crate::bench::PROGRAM);
    command.args(line.split_whitespace()).current_dir(bench.path(""));
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    // The command holds the writing end.
    drop(command);
    Outcome::from(line, &child.wait_with_output().unwrap())
}

#[test]
fn a_reader_that_is_gone_is_no_failure() {
    let bench = Bench::with(TINY);
    for line in [
        "--help",
        "--version",
        "suite --list",
        "suite --schema",
        "suite tiny --plan",
        "suite tiny",
        "suite tiny",
        "report tiny",
        "data list",
        "data status --format json",
        "doctor",
    ] {
        run_unread(&bench, line).exits(0).never_says("panicked").never_says("error");
    }
    assert_eq!(bench.names("reports/tiny"), ["v1"]);
}

#[test]
fn a_reader_that_is_gone_hides_no_failure() {
    let bench = Bench::with(&diverging());
    run_unread(&bench, "suite div").exits(3).says("4 runs without a usable result");
}

#[test]
fn nothing_but_text_goes_where_no_terminal_is() {
    let bench = Bench::with(&diverging());
    for line in ["suite div", "suite div --plan", "suite nope", "nope", "--help", "doctor"] {
        let Outcome { stdout, stderr, .. } = bench.run(line);
        let is_control = |c: char| c.is_control() && c != '\n';
        assert!(!stdout.contains(is_control) && !stderr.contains(is_control), "{stdout}{stderr}");
    }
}

#[test]
fn colours_are_left_out_on_request() {
    let bench = Bench::with(TINY);
    for line in ["suite nope", "nope"] {
        let forced = Outcome::of(line, bench.command(line).env("CLICOLOR_FORCE", "1"));
        forced.exits(2).says("\u{1b}[");
        let mut command = bench.command(line);
        command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
        Outcome::of(line, &mut command).exits(2).never_says("\u{1b}");
    }
}

#[test]
fn the_help_of_every_command_has_an_example() {
    let bench = Bench::with(TINY);
    let mut paths = vec![String::new()];
    let mut seen = Vec::new();
    while let Some(path) = paths.pop() {
        let help = bench.run(&format!("{path} --help")).exits(0).stdout;
        assert!(help.contains("Example: counterpoise "), "`{path}` has none:\n{help}");
        paths.extend(commands(&help).into_iter().map(|name| format!("{path} {name}")));
        seen.push(path);
    }
    for command in ["", " suite", " report", " data", " data prepare", " doctor"] {
        assert!(seen.iter().any(|path| path == command), "`{command}` is not in {seen:?}");
    }
}

/// The commands that a help page lists, without `help` itself.
fn commands(help: &str) -> Vec<&str> {
    let Some((_, listed)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = listed.lines().take_while(|line| !line.is_empty());
    // A name stands two characters in; a description that goes on stands further in.
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !["", "help"].contains(name)).collect()
}
