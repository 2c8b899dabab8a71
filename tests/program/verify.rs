//! A published report against itself, its runs, and runs trained again.

use crate::bench::Bench;
use crate::suites::{TINY, diverging, edit};
use counterpoise::hash::{Digest, merkle_root};
use serde_json::Value;

const MANIFEST: &str = "reports/tiny/v1/manifest.json";

/// A bench with the report of the tiny suite.
fn published() -> Bench {
    let bench = Bench::with(TINY);
    bench.run("suite tiny").exits(0);
    bench
}

/// Flips the lowest bit of the byte in the middle of a file.
fn flip(bench: &Bench, path: &str) {
    let mut bytes = std::fs::read(bench.path(path)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bench.write(path, bytes);
}

/// Changes the manifest and writes it as the program would.
fn edit_manifest(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let mut manifest: Value = serde_json::from_str(&bench.read(MANIFEST)).unwrap();
    change(&mut manifest);
    bench.write(MANIFEST, manifest.to_string());
}

/// Replaces a text in every text file of the report, and mends all digests and the root: a
/// forgery that agrees with itself.
fn forge(bench: &Bench, from: &str, to: &str) {
    let replace = |from: &str, to: &str| {
        for (path, bytes) in bench.files("reports/tiny/v1") {
            if let Ok(text) = String::from_utf8(bytes) {
                bench.write(&format!("reports/tiny/v1/{path}"), text.replace(from, to));
            }
        }
    };
    replace(from, to);
    let manifest: Value = serde_json::from_str(&bench.read(MANIFEST)).unwrap();
    let digest = |value: &Value| Digest::parse(value.as_str().unwrap()).unwrap();
    let runs = manifest["runs"].as_array().unwrap().iter().map(|run| digest(&run["root"]));
    let root = merkle_root(std::iter::once(digest(&manifest["suite_text"])).chain(runs));
    replace(manifest["root"].as_str().unwrap(), &root.to_string());
    for (path, old) in manifest["files"].as_object().unwrap() {
        let new = Digest::of_file(&bench.path(&format!("reports/tiny/v1/{path}"))).unwrap();
        let text = bench.read(MANIFEST).replace(old.as_str().unwrap(), &new.to_string());
        bench.write(MANIFEST, text);
    }
}

#[test]
fn a_report_verifies_with_its_runs_and_with_runs_trained_again() {
    let bench = published();
    let before = (bench.files("reports"), bench.files("runs"));
    let line = "verify reports/tiny/v1 --store runs --retrain 2 --attest verified.json";
    let outcome = bench.run(line).exits(0);
    let rows = outcome.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let counts: Vec<_> = rows.filter(|row| row.len() > 3 && row[2] == "0").collect();
    assert!(counts.iter().any(|row| row[..2] == ["checkpoints", "12"]), "{}", outcome.stdout);
    assert!(counts.iter().any(|row| row[0] == "rendering"), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("\nverified\n"), "{}", outcome.stdout);
    assert_eq!(outcome.stdout.matches("equal to the bit").count(), 2, "{}", outcome.stdout);
    assert!(before == (bench.files("reports"), bench.files("runs")), "something was changed");

    let attested = bench.read("verified.json");
    let statement: Value = serde_json::from_str(&attested).unwrap();
    let manifest: Value = serde_json::from_str(&bench.read(MANIFEST)).unwrap();
    assert_eq!(statement["subject"][0]["digest"]["counterpoise-root"], manifest["root"]);
    assert_eq!(statement["predicate"]["verdict"], "verified");
    let runs = statement["predicate"]["retraining"]["runs"].as_array().unwrap();
    assert!(runs.iter().all(|run| run["root_here"] == run["root_there"]));
    // The same verification gives the same bytes, and is what JSON output shows.
    let again = bench.run(&format!("{line} --format json")).exits(0);
    assert_eq!(again.json(), statement);
    assert_eq!(bench.read("verified.json"), attested);
}

#[test]
fn runs_trained_by_somebody_else_render_to_the_same_report() {
    let bench = published();
    bench.run("suite tiny --store again --reports elsewhere").exits(0);
    bench.run("verify reports/tiny/v1 --store again").exits(0);
}

#[test]
fn a_changed_byte_in_any_kind_of_file_is_a_mismatch_by_path() {
    let bench = published();
    for name in [
        "README.md",
        "figures/accuracy-double.pdf",
        "figures/accuracy-double.png",
        "figures/accuracy-double.svg",
        "index.html",
        "results.csv",
        "summary.csv",
        "tables/overall.tex",
    ] {
        let path = format!("reports/tiny/v1/{name}");
        let before = std::fs::read(bench.path(&path)).unwrap();
        flip(&bench, &path);
        let said = format!("error: reports/tiny/v1: {name}: has the SHA-256 ");
        bench.run("verify reports/tiny/v1 --attest verified.json").exits(4).says(&said);
        let statement: Value = serde_json::from_str(&bench.read("verified.json")).unwrap();
        assert_eq!(statement["predicate"]["verdict"], "mismatch");
        assert_eq!(statement["predicate"]["checks"][0]["mismatches"][0]["path"], name);
        bench.write(&path, before);
    }
    bench.run("verify reports/tiny/v1").exits(0);
}

#[test]
fn files_that_are_gone_or_never_named_are_mismatches() {
    let bench = published();
    bench.write("reports/tiny/v1/extra.txt", "x");
    std::fs::remove_file(bench.path("reports/tiny/v1/summary.csv")).unwrap();
    bench
        .run("verify reports/tiny/v1 --retrain 1")
        .exits(4)
        .says("reports/tiny/v1: extra.txt: is not named in the manifest\n  and 2 more")
        .says("nothing was trained")
        .never_says("[1/1]");
}

#[test]
fn what_a_file_manager_leaves_behind_is_no_part_of_a_report() {
    let bench = published();
    for name in [".DS_Store", "figures/Thumbs.db", "tables/desktop.ini", "._README.md"] {
        bench.write(&format!("reports/tiny/v1/{name}"), "\0");
    }
    bench.run("verify reports/tiny/v1 --store runs").exits(0);
    bench.write("reports/tiny/v1/x.DS_Store", "");
    bench.run("verify reports/tiny/v1").exits(4).says("x.DS_Store: is not named in the manifest");
}

#[test]
fn a_report_verifies_in_a_clone_with_other_line_ends() {
    let bench = published();
    let attributes = concat!(env!("CARGO_MANIFEST_DIR"), "/.gitattributes");
    bench.write(".gitattributes", std::fs::read(attributes).unwrap());
    let git = |words: &[&str]| {
        let mut command = std::process::Command::new("git");
        let identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
        command.args(identity).args(words).current_dir(bench.path(""));
        // Nothing of the person's own settings.
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "--quiet", "."]);
    git(&["add", ".gitattributes", "suites", "reports"]);
    git(&["commit", "--quiet", "-m", "x"]);
    git(&["clone", "--quiet", "-c", "core.autocrlf=true", ".", "clone"]);
    assert!(bench.files("clone/reports") == bench.files("reports"));
    let outcome = bench.run("verify clone/reports/tiny/v1 --suites clone/suites").exits(0);
    assert!(outcome.stdout.contains("cells "), "the suite was compared: {}", outcome.stdout);
}

#[test]
fn a_value_that_nothing_could_have_measured_is_a_mismatch_and_no_panic() {
    for value in ["1e308", "-1", "1e999", "18446744073709551616"] {
        let bench = published();
        let sheet = bench.read("reports/tiny/v1/results.csv");
        let columns: Vec<&str> = sheet.lines().next().unwrap().split(',').collect();
        let at = columns.iter().position(|column| *column == "wall_seconds").unwrap();
        // No entry after it holds a comma.
        let row: Vec<&str> = sheet.lines().nth(1).unwrap().rsplit(',').collect();
        let seconds = row[columns.len() - 1 - at];
        let forged = sheet.replacen(&format!(",{seconds},"), &format!(",{value},"), 1);
        forge(&bench, &sheet, &forged);
        for options in ["", " --store runs", " --retrain 1"] {
            bench
                .run(&format!("verify reports/tiny/v1{options}"))
                .exits(4)
                .says(&format!("results.csv:2: `wall_seconds` is `{value}`, not a number"));
        }
        bench.run("diff reports/tiny/v1 reports/tiny/v1").exits(2).says("`wall_seconds`");
    }
}

#[test]
fn a_cost_of_any_size_is_drawn_or_refused_and_never_a_panic() {
    let bench = published();
    let id = bench.roots("runs").into_keys().next().unwrap();
    let path = format!("runs/{id}/record.json");
    let record: Value = serde_json::from_str(&bench.read(&path)).unwrap();
    for seconds in [1e308, 5e-324, 0.0, -1.0] {
        let mut changed = record.clone();
        changed["cost"]["wall_seconds"] = seconds.into();
        bench.write(&path, changed.to_string());
        let outcome = bench.run("report tiny --reports elsewhere").never_says("panicked");
        assert!(matches!(outcome.code, Some(0 | 2 | 3 | 4)), "{seconds}: {:?}", outcome.code);
        let _ = std::fs::remove_dir_all(bench.path("elsewhere"));
    }
}

#[test]
fn a_changed_root_is_a_mismatch_of_the_manifest() {
    let bench = published();
    let manifest = bench.read(MANIFEST);
    let root = bench.roots("runs").into_values().next().unwrap();
    for text in ["\"root\": \"", root.trim_end()] {
        let at = manifest.find(text).unwrap() + text.len() - 1 + usize::from(text.ends_with('"'));
        let mut bytes = manifest.clone().into_bytes();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        bench.write(MANIFEST, bytes);
        bench.run("verify reports/tiny/v1").exits(4).says("v1: manifest.json: root: is ");
    }
}

#[test]
fn a_manifest_that_cannot_be_judged_is_bad_input() {
    let bench = published();
    let manifest = bench.read(MANIFEST);
    let refused = |said: &str| {
        bench.run("verify reports/tiny/v1").exits(2).prints("").says(MANIFEST).says(said);
    };
    bench.write(MANIFEST, &manifest[..manifest.len() / 2]);
    refused("not a manifest: EOF");
    bench.write(MANIFEST, edit(&manifest, "{\n  \"format\": 3,", "{\n  \"format\": 4,"));
    refused("format 4 is not readable, only up to 3");
    // A format whose fields these are not.
    bench.write(MANIFEST, edit(&manifest, "{\n  \"format\": 3,", "{\n  \"format\": 1,"));
    refused("cells[0] is not of format 1");
    std::fs::remove_file(bench.path(MANIFEST)).unwrap();
    refused("cannot read");

    bench.write(MANIFEST, &manifest);
    edit_manifest(&bench, |manifest| {
        manifest["files"]["../../../etc/passwd"] = manifest["root"].clone();
    });
    bench
        .run("verify reports/tiny/v1")
        .exits(2)
        .prints("")
        .says("files: `../../../etc/passwd` is outside the report");
}

#[test]
fn what_could_only_fail_later_is_refused_at_once() {
    let bench = published();
    for (options, said) in [
        ("--attest reports/tiny/v1/verified.json", "would be written into the report"),
        ("--attest nowhere/verified.json", "nowhere"),
        ("--attest suites", "suites is a folder"),
        ("--tolerance -1", "a tolerance of -1 points is none"),
        ("--retrain 0", "invalid value '0'"),
        ("--device cppu", "unknown device `cppu`, did you mean `cpu`?"),
        ("--store nowhere", "nowhere is not a run store"),
    ] {
        let options = options.replace("--tolerance -1", "--tolerance=-1");
        bench.run(&format!("verify reports/tiny/v1 {options}")).exits(2).prints("").says(said);
        assert_eq!(bench.names(""), ["reports", "runs", "suites"], "`{options}` left something");
    }
}

#[test]
fn a_report_forged_throughout_is_found_by_its_runs_and_by_training() {
    let bench = published();
    let choice = bench.run("verify reports/tiny/v1 --retrain 1 --format json").exits(0).json();
    let run = &choice["predicate"]["retraining"]["runs"][0];
    let (id, root) = (run["run"].as_str().unwrap(), run["root_there"].as_str().unwrap());
    forge(&bench, root, &Digest::of(b"forged").to_string());
    bench.run("verify reports/tiny/v1").exits(0);
    bench
        .run("verify reports/tiny/v1 --store runs")
        .exits(4)
        .says(&format!("reports/tiny/v1: runs/{id}/record.json: record: {root}"));
    bench
        .run("verify reports/tiny/v1 --retrain 1")
        .exits(4)
        .says(&format!("reports/tiny/v1: run {id}: made / concat / "))
        .says("the weights are equal, what was measured of them differs")
        .says("hint: keep what is trained here by --keep DIR, and `bisect` ");
}

#[test]
fn damage_in_the_store_is_named() {
    let bench = published();
    let id = bench.roots("runs").into_keys().next().unwrap();
    let weights = format!("runs/{id}/selected.safetensors");
    let mut bytes = std::fs::read(bench.path(&weights)).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    bench.write(&weights, bytes);
    let line = "verify reports/tiny/v1 --store runs";
    bench.run(line).exits(4).says(&format!("{weights}: its tensors have the root "));
    let record = format!("runs/{id}/record.json");
    bench.write(&record, "{");
    bench.run(line).exits(4).says(&format!("{record}: not a run record"));
    std::fs::remove_dir_all(bench.path(&format!("runs/{id}"))).unwrap();
    bench.run(line).exits(3).says(&format!("lacks 1 of the report's runs, such as {id}"));
}

#[test]
fn a_report_of_another_class_is_not_comparable_to_the_bit() {
    let bench = published();
    let id = bench.roots("runs").into_keys().next().unwrap();
    let record: Value =
        serde_json::from_str(&bench.read(&format!("runs/{id}/record.json"))).unwrap();
    let mut class = record["environment"]["class"].clone();
    class["libm"] = "another".into();
    let class_id = counterpoise::hash::digest_json(&class).unwrap();
    let libm = record["environment"]["class"]["libm"].as_str().unwrap();
    forge(&bench, record["environment"]["class_id"].as_str().unwrap(), &class_id.to_string());
    forge(&bench, &format!("\"libm\": \"{libm}\""), "\"libm\": \"another\"");
    let line = "verify reports/tiny/v1 --retrain 4";
    // Equal roots are equal, whatever the class.
    let outcome = bench.run(line).exits(0);
    assert_eq!(outcome.stdout.matches("equal to the bit").count(), 4, "{}", outcome.stdout);

    for (at, root) in bench.roots("runs").into_values().enumerate() {
        forge(&bench, root.trim_end(), &Digest::of(&[at as u8]).to_string());
    }
    let outcome = bench.run(line).exits(0);
    let said = format!("not comparable to the bit: libm is `another` in the report, `{libm}` here");
    assert!(outcome.stdout.contains(&said), "{}", outcome.stdout);
    assert_eq!(outcome.stdout.matches("other bits, within ").count(), 4);
}

#[test]
fn runs_that_diverged_are_part_of_the_report() {
    let bench = Bench::with(&diverging());
    bench.run("suite div").exits(3);
    bench.run("verify reports/div/v1 --store runs --retrain 8").exits(0);
}

#[test]
fn a_suite_that_has_changed_or_gone_is_a_note() {
    let bench = published();
    bench.write("suites/tiny.yaml", edit(TINY, "[0, 1]", "[0, 1, 2]"));
    bench.run("verify reports/tiny/v1").exits(0).says("suites/tiny.yaml has changed since");
    std::fs::remove_file(bench.path("suites/tiny.yaml")).unwrap();
    bench.run("verify reports/tiny/v1 --store runs").exits(0).says("not rendered again");
}

#[test]
fn the_name_of_a_suite_in_a_manifest_is_no_way_out_of_a_folder() {
    let bench = published();
    // A suite that is found there would be read and compared.
    bench.write("elsewhere/other.yaml", edit(TINY, "suite: tiny", "suite: other"));
    for name in ["../elsewhere/other", "/etc/passwd", "..", "", "Tiny", "ti\u{1b}ny", "v1/v2"] {
        edit_manifest(&bench, |manifest| manifest["suite"] = name.into());
        let said = "its suite's name is not 1 to 100 lower-case letters, digits and `-`";
        for command in [
            "verify reports/tiny/v1",
            "verify reports/tiny/v1 --suites suites",
            "diff reports/tiny/v1 reports/tiny/v1",
            "suite tiny",
        ] {
            bench.run(command).exits(2).prints("").says(MANIFEST).says(said);
        }
    }
}
