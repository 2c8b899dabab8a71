//! Bad input: one screen that says where and what, exit code 2, and nothing left behind.

use crate::bench::{Bench, Outcome};
use crate::suites::{TINY, edit};

/// A screen of a small terminal.
const SCREEN: usize = 24;

/// Runs the suite `tiny` with this text, which must be refused at `place` in these words.
#[track_caller]
fn refused(text: impl AsRef<[u8]>, place: &str, said: &[&str]) {
    let bench = Bench::with(TINY);
    bench.write("suites/tiny.yaml", text);
    for command in ["suite tiny", "suite tiny --plan", "report tiny"] {
        let mut outcome = bench
            .run(command)
            .exits(2)
            .prints("")
            .says("error: ")
            .says(&format!("suites/tiny.yaml:{place}"));
        for words in said {
            outcome = outcome.says(words);
        }
        let lines = outcome.stderr.lines().count();
        assert!(lines <= SCREEN, "{lines} lines:\n{}", outcome.stderr);
        assert_eq!(bench.names(""), ["suites"], "`{command}` left something behind");
    }
}

#[test]
fn a_suite_that_is_not_yaml() {
    refused(edit(TINY, "[0, 1]", "[0, 1"), "5:", &["5 | datasets:"]);
    refused(edit(TINY, "suite: tiny\n", "suite: tiny\n\tbad: 1\n"), "1:8: ", &["tab"]);
    refused(edit(TINY, "seeds: [0, 1]", "seeds: [0, 1]\nseeds: [2]"), "5:1: ", &["twice"]);
}

#[test]
fn a_suite_that_is_no_text_or_empty() {
    let mut bytes = TINY.as_bytes().to_vec();
    bytes[TINY.find("Two").unwrap()] = 0xff;
    refused(bytes, "2", &["not UTF-8"]);
    refused("", "1:1: ", &["the suite is empty", "hint: "]);
    refused("# nothing but a comment\n", "1:1: ", &["the suite is empty", "hint: "]);
}

#[test]
fn a_suite_in_a_file_of_another_name() {
    let text = edit(TINY, "suite: tiny", "suite: huge");
    refused(text, "1:", &["`huge`", "hint: rename the file to `huge.yaml`"]);
}

#[test]
fn an_unknown_key_with_the_one_that_was_meant() {
    let text = edit(TINY, "hidden: 8, features: 8}, b", "hiden: 8, features: 8}, b");
    refused(text, "11:31: ", &["`hiden`, did you mean `hidden`?", "      | "]);
    let text = format!("{TINY}exlude: []\n");
    refused(text, "14:1: ", &["`exlude`, did you mean `exclude`?"]);
}

#[test]
fn an_unknown_name_with_the_one_that_was_meant() {
    let text = edit(TINY, "name: synthetic", "name: synthetik");
    refused(text, "6:11: ", &["data set `synthetik`, did you mean `synthetic`?"]);
    let text = edit(TINY, "[concat]", "[conact]");
    refused(text, "12:10: ", &["fusion `conact`, did you mean `concat`?"]);
    let text = edit(TINY, "preset: small", "preset: smal");
    refused(text, "3:20: ", &["preset `smal`, did you mean `small`?"]);
}

#[test]
fn values_that_are_impossible() {
    let strategies = |with: &str| edit(TINY, "[joint, ogm]", with);
    refused(strategies("[{name: ogm, alpha: -1}]"), "13:33: ", &["`alpha`", "`-1`"]);
    refused(strategies("[{name: opm, q_base: 1.5}]"), "13:34: ", &["`q_base`", "from 0 to 1"]);
    refused(strategies("[{name: ogm, alpha: high}]"), "13:33: ", &["`alpha`", "`high`"]);
    refused(edit(TINY, "epochs: 2", "epochs: 0"), "3:35: ", &["`epochs`", "at least 1"]);
    refused(edit(TINY, "seeds: [0, 1]", "seeds: []"), "4:8: ", &["`seeds` is empty"]);
}

#[test]
fn cells_that_stand_twice_or_cannot_be() {
    let text = edit(TINY, "[joint, ogm]", "[joint, joint]");
    refused(text, "13:21: ", &["made / concat / joint", "from line 13", "hint: "]);
    let text = edit(TINY, "[concat]", "[film]");
    let text = edit(&text, "train: 64", "modalities: 3\n    train: 64");
    refused(text, "13:10: ", &["joins two modalities, not 3", "hint: leave the cell out"]);
}

#[test]
fn text_that_no_page_can_show() {
    let label = |with: &str| edit(TINY, "label: made", &format!("label: {with}"));
    for (escape, name) in [
        (r"\e[31m", "U+001B"),
        (r"\0", "U+0000"),
        (r"\x9b", "U+009B"),
        (r"\uFFFE", "U+FFFE"),
        (r"\uFFFF", "U+FFFF"),
        (r"\U0001FFFE", "U+1FFFE"),
        (r"\u202e", "U+202E"),
        (r"\r", "U+000D"),
    ] {
        let text = format!("\"a{escape}b\"");
        refused(label(&text), "7:12: ", &[name, "`label`"]);
        refused(edit(TINY, "Two strategies on made data", &text), "2:8: ", &[name, "`title`"]);
        let analysis = format!("{TINY}analysis: {text}\n");
        refused(analysis, "14:11: ", &[name, "`analysis`"]);
    }
    refused(label(r#""two\nlines""#), "7:12: ", &["a line feed is not taken in `label`"]);
    refused(label(r#""a\tb""#), "7:12: ", &["a tab is not taken in `label`"]);
    refused(label("\"a\u{fffe}b\""), "7:14: ", &["the character U+FFFE is not taken here"]);
    refused(label("\"a\u{7f}b\""), "7:14: ", &["a control character is not taken here"]);
    refused(label("\" \""), "7:12: ", &["a `label` is some text on one line"]);
}

#[test]
fn text_that_is_too_long() {
    let long = |n: usize| "é".repeat(n);
    let text = edit(TINY, "label: made", &format!("label: {}", long(101)));
    refused(text, "7:12: ", &["`label` has at most 100 characters, not 101"]);
    let text = edit(TINY, "Two strategies on made data", &long(201));
    refused(text, "2:8: ", &["`title` has at most 200 characters, not 201"]);
    let text = format!("{TINY}analysis: {}\n", long(20_001));
    refused(text, "14:11: ", &["`analysis` has at most 20000 characters"]);
    let name = "a".repeat(101);
    refused(
        edit(TINY, "suite: tiny", &format!("suite: {name}")),
        "1:8: ",
        &["1 to 100 lower-case"],
    );
    let bench = Bench::with(&edit(TINY, "label: made", &format!("label: {}", long(100))));
    bench.run("suite tiny --plan").exits(0);
}

#[test]
fn many_problems_are_still_a_screen() {
    let wrong: Vec<String> = (1..=30).map(|i| format!("{{name: ogm, alpha: -{i}}}")).collect();
    let text = edit(TINY, "[joint, ogm]", &format!("[{}]", wrong.join(", ")));
    refused(text, "13:33: ", &["for 30 reasons", "and 24 more"]);
}

#[test]
fn names_on_the_command_line_with_the_one_that_was_meant() {
    let bench = Bench::with(TINY);
    for (line, said) in [
        ("suite tny", "unknown suite `tny`, did you mean `tiny`?"),
        ("report tny", "unknown suite `tny`, did you mean `tiny`?"),
        ("suite tiny --device cppu", "unknown device `cppu`, did you mean `cpu`?"),
        ("report tiny --device cppu", "unknown device `cppu`, did you mean `cpu`?"),
        ("doctor --device cppu", "unknown device `cppu`, did you mean `cpu`?"),
        ("data prepare mfaet", "unknown data set `mfaet`, did you mean `mfeat`?"),
        ("suit tiny", "a similar subcommand exists: 'suite'"),
        ("suite tiny --jbos 2", "a similar argument exists: '--jobs'"),
        ("suite tiny --jobs 0", "invalid value '0' for '--jobs <N>'"),
        ("suite", "required arguments were not provided"),
        ("", "Usage: "),
    ] {
        bench.run(line).exits(2).prints("").says(said);
        assert_eq!(bench.names(""), ["suites"], "`{line}` left something behind");
    }
}

#[test]
fn a_label_without_end_is_shown_or_refused_and_never_a_panic() {
    let bench = Bench::with(TINY);
    bench.write(
        "suites/tiny.yaml",
        edit(TINY, "label: made", &format!("label: {}", "x".repeat(65_536))),
    );
    for line in ["suite tiny --plan", "suite --list"] {
        let outcome = bench.run(line).never_says("panicked");
        assert!(matches!(outcome.code, Some(0 | 2)), "`{line}` exits {:?}", outcome.code);
    }
}

#[test]
fn a_suite_file_that_is_not_there() {
    let bench = Bench::with(TINY);
    bench.run("suite other/tiny.yaml").exits(2).prints("").says("other/tiny.yaml");
    bench.run("suite tiny --suites elsewhere").exits(2).prints("").says("elsewhere");
    assert_eq!(bench.names(""), ["suites"]);
}

#[test]
fn a_store_that_is_a_file_or_a_folder_of_something_else() {
    let bench = Bench::with(TINY);
    bench.write("taken", "no store");
    bench.write("photos/cat.jpg", "no store either");
    for (store, said) in [
        ("taken", "cannot read taken/store.json: Not a directory"),
        ("photos", "photos is not a run store: it holds `cat.jpg`"),
        ("taken/inside", "taken/inside"),
    ] {
        for command in ["suite", "report"] {
            let line = format!("{command} tiny --store {store}");
            bench.run(&line).exits(2).prints("").says(said);
        }
    }
    assert_eq!(bench.read("taken"), "no store");
    assert_eq!(bench.names("photos"), ["cat.jpg"]);
    assert_eq!(bench.names(""), ["photos", "suites", "taken"]);
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::with(TINY);
    let sealed = bench.path("sealed");
    std::fs::create_dir(&sealed).unwrap();
    std::fs::set_permissions(&sealed, PermissionsExt::from_mode(0o555)).unwrap();
    if std::fs::write(sealed.join("probe"), "").is_ok() {
        // Permissions do not bind this user, as they do not bind root.
        return;
    }
    let Outcome { stderr, .. } =
        bench.run("suite tiny --store sealed").exits(2).prints("").says("hint: ");
    assert!(stderr.contains("sealed"), "{stderr}");
    bench.run("suite tiny --store sealed/runs").exits(2).prints("").says("hint: ");
}

#[test]
fn memory_to_be_filled_with_what_is_no_byte() {
    let bench = Bench::with(TINY);
    for value in ["256", "-1", "x", ""] {
        let line = "suite tiny --plan";
        let mut command = bench.command(line);
        Outcome::of(line, command.env("COUNTERPOISE_FILL_MEMORY", value))
            .exits(2)
            .prints("")
            .says(&format!("COUNTERPOISE_FILL_MEMORY is `{value}`"))
            .says("hint: give a number from 0 to 255");
    }
}
