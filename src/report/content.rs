//! The page of a report, block by block, in the order in which it is read.

use crate::document::number::count;
use crate::document::{Block, Chapter, Inline, Page, Table, text};
use crate::figure::data::{Role, distinct};
use crate::hash::Digest;
use crate::lint::{self, Finding};
use crate::report::sections::{SECTIONS, Section};
use crate::report::{caveat, explorer, findings, tables};
use crate::results::analysis::Analysis;
use crate::results::{manifest, rows};
use crate::task::words;

/// The page: the answer first, then everything else by chapter.
pub fn page(
    analysis: &Analysis<'_>,
    version: u32,
    root: Digest,
    figures: Vec<(&'static str, Block)>,
) -> Page {
    let (leading, figures): (Vec<_>, Vec<_>) =
        figures.into_iter().partition(|(name, _)| *name == LEADING);
    let mut lead = vec![identity(analysis, version, root)];
    lead.extend(findings::answer(analysis));
    lead.extend(leading.into_iter().take(1).map(|(_, figure)| figure));
    let mut chapters = vec![
        Chapter::new("The question", prose(&analysis.input.analysis)),
        Chapter::new("What was run", extent(analysis)),
        Chapter::new("Findings", findings::findings(analysis)),
        Chapter::new("Protocol warnings", warnings(analysis)),
        Chapter::new("Caveats", caveats(analysis)),
        Chapter::new("Cells and runs", vec![Block::Explorer(explorer::explorer(analysis))]),
        Chapter::new("Results", results(analysis)),
    ];
    let table = |title: &str, table: Table| Chapter::new(title, vec![Block::Table(table)]);
    chapters.extend(tables::variants(analysis).map(|of| table("Variants of strategies", of)));
    chapters
        .extend(tables::components(analysis).map(|of| table("Spread of splits and of seeds", of)));
    chapters.extend(tables::further(analysis).map(|of| table("Further test splits", of)));
    chapters.extend(SECTIONS.iter().filter_map(|section| section_of(analysis, section)));
    chapters.push(Chapter::new("Selection rules", selection(analysis)));
    chapters.push(Chapter::new("Figures", figures.into_iter().map(|(_, block)| block).collect()));
    chapters.push(Chapter::new("Protocol", vec![Block::Table(tables::protocol(analysis))]));
    chapters.push(Chapter::new("Reproduce", reproduction(analysis)));
    chapters.push(Chapter::new("Left out", left_out(analysis)));
    chapters.retain(|chapter| !chapter.blocks.is_empty());
    Page { title: analysis.input.title.clone(), lead, chapters }
}

/// The figure that stands beside the answer.
const LEADING: &str = "effects";

fn results(analysis: &Analysis<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph(vec![text(tables::reading(analysis))])];
    blocks.push(Block::Table(tables::overall(analysis)));
    for dataset in analysis.datasets() {
        blocks.push(Block::Heading(dataset.to_string()));
        blocks.push(Block::Table(tables::dataset(analysis, dataset)));
        blocks.push(Block::Table(tables::modalities(analysis, dataset)));
    }
    blocks
}

fn section_of(analysis: &Analysis<'_>, section: &Section) -> Option<Chapter> {
    let tables = (section.tables)(analysis);
    let about = words::of(&analysis.metrics(), section.about);
    let noted = tables.iter().cloned().map(|table| Table { note: about.clone(), ..table });
    let paragraph = Block::Paragraph(vec![text(about.clone())]);
    let blocks = std::iter::once(paragraph).chain(noted.map(Block::Table));
    (!tables.is_empty()).then(|| Chapter::new(section.title, blocks.collect()))
}

/// The analyses that have nothing to show, and why.
fn left_out(analysis: &Analysis<'_>) -> Vec<Block> {
    let empty = SECTIONS.iter().filter(|section| (section.tables)(analysis).is_empty());
    let items = empty.map(|section| {
        vec![text(format!("“{}” is left out: there is {}.", section.title, section.needs))]
    });
    let items: Vec<Vec<Inline>> = items.collect();
    if items.is_empty() { Vec::new() } else { vec![Block::List(items)] }
}

fn selection(analysis: &Analysis<'_>) -> Vec<Block> {
    let path = "tables/selection.md".to_string();
    let link = Inline::Link { text: "The same for every cell".into(), path };
    vec![Block::Table(tables::selection_summary(analysis)), Block::Paragraph(vec![link, text(".")])]
}

/// Tables that are too long for the page and only linked there.
pub fn linked_tables(analysis: &Analysis<'_>) -> Vec<Table> {
    vec![tables::selection(analysis)]
}

fn identity(analysis: &Analysis<'_>, version: u32, root: Digest) -> Block {
    Block::Paragraph(vec![
        text("Suite "),
        Inline::Code(analysis.input.suite.clone()),
        text(format!(", version {version}, root ")),
        Inline::Code(root.to_string()),
        text(". Generated from the records of its runs; not to be edited."),
    ])
}

/// The suite's own words: paragraphs between empty lines.
fn prose(analysis: &str) -> Vec<Block> {
    let paragraphs = analysis.split("\n\n").map(str::trim).filter(|part| !part.is_empty());
    paragraphs.map(|part| Block::Paragraph(vec![text(part)])).collect()
}

fn extent(analysis: &Analysis<'_>) -> Vec<Block> {
    let cells = &analysis.cells;
    let finished: usize = cells.iter().map(|cell| cell.runs.len()).sum();
    let failed: usize = cells.iter().map(|cell| cell.failures.len()).sum();
    let mut seeds: Vec<u64> = cells.iter().flat_map(|cell| cell.input.seeds.clone()).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let rules = cells.iter().map(|cell| cell.input.spec.protocol.selection.name());
    let multimodal = || cells.iter().filter(|cell| cell.role != Role::Unimodal);
    let strategies = multimodal().filter(|cell| cell.variant_of.is_none());
    let variants = multimodal().filter(|cell| cell.variant_of.is_some());
    // As code: a label may hold a comma.
    let item = |name: &str, values: &[&str]| {
        let mut content = vec![Inline::Strong(name.to_string())];
        for (i, value) in values.iter().enumerate() {
            content.push(text(if i == 0 { ": " } else { ", " }));
            content.push(Inline::Code(value.to_string()));
        }
        (!values.is_empty()).then_some(content)
    };
    let seeds: Vec<&str> = seeds.iter().map(String::as_str).collect();
    let alone = cells.iter().any(|cell| cell.role == Role::Unimodal);
    let alone = alone.then(|| {
        vec![Inline::Strong("Reference".into()), text(": each modality trained by itself")]
    });
    let items = [
        item("Data sets", &analysis.datasets()),
        item("Fusion", &analysis.fusions()),
        item("Strategies", &distinct(strategies.map(|cell| cell.strategy.as_str()))),
        item("Variants", &distinct(variants.map(|cell| cell.strategy.as_str()))),
        alone,
        item("Seeds", &seeds),
        item("Selection rule", &distinct(rules)),
    ];
    vec![
        Block::Paragraph(vec![text(format!(
            "{}, {}: {finished} finished, {failed} missing or diverged. A cell is one strategy \
             under one fusion method on one data set, a run a cell with one seed; joint is plain \
             joint training, which every strategy is compared with. A run is judged by its test \
             {} at the epoch that the selection rule picks.",
            count(cells.len(), "cell"),
            count(finished + failed, "planned run"),
            words::noun(&analysis.metrics()),
        ))]),
        Block::List(items.into_iter().flatten().collect()),
    ]
}

/// What the protocol lint finds, said also where it is nothing.
fn warnings(analysis: &Analysis<'_>) -> Vec<Block> {
    let findings = analysis.input.lint();
    let said = format!(
        "Of {} for what makes results biased or incomparable, applied to the resolved suite: {}.",
        count(lint::RULES.len(), "rule"),
        lint::tally(&findings)
    );
    let item = |finding: &Finding| {
        let mut content = vec![
            Inline::Strong(finding.severity.to_string()),
            text(" "),
            Inline::Code(finding.rule.clone()),
            text(format!(" – {}: {}. ", finding.places(6), finding.message)),
        ];
        let advice =
            format!("It matters because {}. To change it: {}.", finding.why, finding.remedy);
        // What a suite would say stands between backquotes.
        content.extend(advice.split('`').enumerate().map(|(at, part)| match at % 2 {
            0 => text(part),
            _ => Inline::Code(part.to_string()),
        }));
        content
    };
    let list = Block::List(findings.iter().map(item).collect());
    let list = (!findings.is_empty()).then_some(list);
    std::iter::once(Block::Paragraph(vec![text(said)])).chain(list).collect()
}

fn caveats(analysis: &Analysis<'_>) -> Vec<Block> {
    let caveats = caveat::collect(analysis);
    if caveats.is_empty() {
        return vec![Block::Paragraph(vec![text("None was found by the checks of the report.")])];
    }
    let items = caveats.iter().map(|caveat| vec![text(caveat.to_string())]).collect();
    let failures = tables::failures(analysis).map(Block::Table);
    std::iter::once(Block::List(items)).chain(failures).collect()
}

/// A link to a file of the report, by its name.
fn file(name: &str) -> Inline {
    Inline::Link { text: name.into(), path: name.into() }
}

fn reproduction(analysis: &Analysis<'_>) -> Vec<Block> {
    let suite = &analysis.input.suite;
    vec![
        Block::Code(format!(
            "cargo run -- suite {suite}\n\
             cargo run -- suite {suite} --store again/runs --reports again/reports\n\
             cargo run -- report {suite}"
        )),
        Block::Paragraph(vec![
            text("The first trains what is not yet recorded and writes a new version if the root "),
            text("changes. The second trains everything anew, into another store: in the same "),
            text("determinism class its report has the root of this one, to the bit. The third "),
            text("renders from the records alone. "),
            file(rows::RESULTS),
            text(" has one row per run, "),
            file(rows::SUMMARY),
            text(" one per cell, "),
            file(rows::EFFECTS),
            text(" one per strategy and data set; "),
            file(rows::RESULTS_TIDY),
            text(" and "),
            file(rows::EPOCHS_TIDY),
            text(" have a value a row, for data frames. "),
            file(manifest::FILE),
            text(
                " has the resolved descriptions and the digests. The root covers the suite file and \
                 the records of all runs, but neither measured times nor the machine.",
            ),
        ]),
    ]
}
