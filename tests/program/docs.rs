//! `docs`: pages say of parts, suites and reports what the program says.

use crate::bench::{Bench, Outcome};
use crate::suites::TINY;

/// A page with blocks that need nothing but suites.
const PAGE: &str = "\
# Ours

<!-- counterpoise:suites -->
<!-- end -->
Exit codes:
<!-- counterpoise:exit-codes -->
<!-- end -->
";

/// This is how CI sees that a table or a part changed and a page did not.
#[test]
fn the_pages_of_this_repository_are_as_the_program_says() {
    let bench = Bench::with(TINY);
    let line = "docs --check --repository";
    let mut command = bench.command(line);
    Outcome::of(line, command.arg(env!("CARGO_MANIFEST_DIR"))).exits(0).says("is what the program");
}

#[test]
fn a_changed_number_is_found_and_mended() {
    let bench = Bench::with(TINY);
    bench.write("docs/ours.md", PAGE);
    bench.run("docs").exits(0).says("2 blocks written").says("docs/ours.md:4: block `suites`");
    bench.run("docs --check").exits(0);
    let page = bench.read("docs/ours.md");
    assert!(page.contains("| 2 | 4 |\n<!-- end -->"), "{page}");

    let changed = page.replace("| 2 | 4 |", "| 2 | 5 |");
    bench.write("docs/ours.md", &changed);
    bench
        .run("docs --check")
        .exits(4)
        .says("1 block not as the program says")
        .says("docs/ours.md:6: block `suites` has")
        .says("| 5 |`, not")
        .says("hint: run `counterpoise docs` and commit the pages");
    assert_eq!(bench.read("docs/ours.md"), changed, "a check writes nothing");
    bench.run("docs").exits(0);
    assert_eq!(bench.read("docs/ours.md"), page);
}

#[test]
fn a_block_that_nobody_knows_is_named_with_its_place() {
    let bench = Bench::with(TINY);
    bench.write("docs/ours.md", "<!-- counterpoise:exit-code -->\n<!-- end -->\n");
    bench
        .run("docs")
        .exits(2)
        .says("docs/ours.md, line 1: ")
        .says("no block is called `exit-code`");
    let elsewhere = bench.path("suites");
    bench
        .run(&format!("docs --repository {}", elsewhere.display()))
        .exits(2)
        .says("hint: run it in the repository");
}
