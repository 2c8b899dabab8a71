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

/// What makes a terminal do things, in forms that can stand in an argument and a file name.
const HOSTILE: &str = "a\u{1b}[31m\u{9b}2J\u{1b}]0;x\u{7}\u{202e}b";

#[test]
fn nothing_that_others_wrote_steers_a_terminal() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    bench.write(&format!("photos/{HOSTILE}"), "");
    bench.write(&format!("reports/tiny/v1/{HOSTILE}"), "");
    for line in [
        "suite tiny --filter strategy=HOSTILE",
        "suite tiny --store photos",
        "suite HOSTILE",
        "suite suites/HOSTILE.yaml",
        "suite tiny --device HOSTILE",
        "suite tiny --jobs HOSTILE",
        "suite tiny --plant HOSTILE",
        "suite tiny --HOSTILE",
        "accept tiny --metric HOSTILE --reason x",
        "check tiny --output HOSTILE",
        "HOSTILE",
        "verify reports/tiny/v1",
        "diff HOSTILE reports/tiny/v1",
        "bisect HOSTILE b",
        "data prepare HOSTILE",
        "data prepare mfeat --from HOSTILE",
    ] {
        let line = line.replace("HOSTILE", HOSTILE);
        let plain = bench.run(&line);
        let coloured = Outcome::of(&line, bench.command(&line).env("CLICOLOR_FORCE", "1"));
        assert!(matches!(plain.code, Some(2 | 4)), "`{line}` exits {:?}", plain.code);
        let is_raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!plain.stderr.contains(is_raw), "{:?}", plain.stderr);
        let coloured = coloured.says("\u{1b}[").never_says("[31m\u{9b}").never_says("\u{7}");
        // What is said is the same but for our own colours.
        assert!(!plain.stderr.contains("\u{1b}") && plain.stderr.contains("a\\u001b[31m"));
        let stripped = without_colours(&coloured.stderr);
        assert_eq!(stripped, plain.stderr);
    }
}

/// `text` without the sequences that set colours.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut kept = parts.next().unwrap_or_default().to_string();
    for part in parts {
        kept += part.split_once('m').map_or(part, |(_, rest)| rest);
    }
    kept
}

#[test]
fn json_holds_no_raw_control_characters_and_the_same_values() {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    bench.write(&format!("reports/tiny/v1/{HOSTILE}"), "");
    let outcome = bench.run("verify reports/tiny/v1 --format json").exits(4);
    assert!(!outcome.stdout.contains(|c: char| c.is_control() && c != '\n'));
    let path = &outcome.json()["predicate"]["checks"][0]["mismatches"][0]["path"];
    assert_eq!(path, HOSTILE);
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
