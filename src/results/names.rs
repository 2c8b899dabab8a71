//! The names of a report's files: one for every label, and no two alike.

use crate::error::{Error, Result};
use crate::hash::Digest;
use std::collections::BTreeMap;

/// The names of tables that are of no single data set.
pub const OVERALL: &str = "overall";
pub const VARIANTS: &str = "variants";
pub const FURTHER: &str = "further-splits";
pub const SELECTION: &str = "selection";
pub const PROTOCOL: &str = "protocol";
pub const EFFECTS: &str = "effects";
pub const EFFECTS_IN_FULL: &str = "effects-in-full";
pub const OVERALL_EFFECTS: &str = "effects-over-data-sets";
pub const COMPONENTS: &str = "components-of-variance";
pub const WITHOUT: &str = "missing-modality";
pub const NOISE: &str = "noisy-modality";
pub const PROBES: &str = "linear-probes";
pub const GRADIENTS: &str = "gradients";
pub const PAIRS: &str = "item-by-item";
pub const CLASSES: &str = "classes";
pub const CONFUSIONS: &str = "confusions";
pub const CALIBRATION: &str = "calibration";
pub const COST: &str = "cost";
const TABLES: [&str; 18] = [
    OVERALL,
    VARIANTS,
    FURTHER,
    SELECTION,
    PROTOCOL,
    EFFECTS,
    EFFECTS_IN_FULL,
    OVERALL_EFFECTS,
    COMPONENTS,
    WITHOUT,
    NOISE,
    PROBES,
    GRADIENTS,
    PAIRS,
    CLASSES,
    CONFUSIONS,
    CALIBRATION,
    COST,
];

/// What the name of a data set's table of modalities ends with.
const MODALITIES: &str = "modalities";

/// The words that Windows takes for devices, whatever follows the dot.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

/// The longest slug that is a name by itself: with what stands around it in the name of a file,
/// it is well below the 255 bytes that file systems take.
const LONGEST: usize = 100;
/// The bytes of a slug that stand before a digest.
const SHORTENED: usize = 60;
/// The hex digits of a digest in a name.
const DIGITS: usize = 16;

/// The stem of file names for each of a set of labels.
///
/// It is the label's [`slug`] where that is short and no other label's, and no name that something
/// else may have. Otherwise it is the beginning of the slug and a digest of the label. No slug that
/// looks like one with a digest stands by itself, so that two stems are never equal, also not for
/// a file system that knows no upper case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stems(BTreeMap<String, String>);

impl Stems {
    /// The stems of `labels`, which may repeat.
    pub fn new<'a>(labels: impl IntoIterator<Item = &'a str>) -> Self {
        let slugs: BTreeMap<&str, String> =
            labels.into_iter().map(|label| (label, slug(label))).collect();
        let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
        for slug in slugs.values() {
            *shared.entry(slug).or_default() += 1;
        }
        let stems = slugs.iter().map(|(label, slug)| {
            let alone = shared.get(slug.as_str()) == Some(&1);
            let stem = if alone && is_free(slug) { slug.clone() } else { digested(label, slug) };
            (label.to_string(), stem)
        });
        Self(stems.collect())
    }

    /// The stem of a label; of one that is none of the set, the stem with a digest.
    pub fn of(&self, label: &str) -> String {
        self.0.get(label).cloned().unwrap_or_else(|| digested(label, &slug(label)))
    }
}

/// The stem of a data set's table of modalities, from the stem of the data set.
pub fn modalities(stem: &str) -> String {
    format!("{stem}-{MODALITIES}")
}

/// A label as part of a file name: letters, digits and single hyphens.
pub fn slug(label: &str) -> String {
    let words: Vec<&str> =
        label.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-").to_ascii_lowercase()
}

/// Whether a slug can stand by itself without the risk of being another name.
fn is_free(slug: &str) -> bool {
    let last = slug.rsplit('-').next().unwrap_or(slug);
    let looks_digested = last.len() == DIGITS && last.bytes().all(|b| b.is_ascii_hexdigit());
    let port = slug.strip_prefix("com").or(slug.strip_prefix("lpt"));
    let is_device = DEVICES.contains(&slug) || port.is_some_and(|number| number.len() == 1);
    let is_taken = TABLES.contains(&slug) || last == MODALITIES || is_device || looks_digested;
    !slug.is_empty() && slug.len() <= LONGEST && !is_taken
}

fn digested(label: &str, slug: &str) -> String {
    let digest = Digest::of(label.as_bytes()).to_string();
    // A slug is ASCII, and so cut between characters.
    let words = slug[..slug.len().min(SHORTENED)].trim_end_matches('-');
    let hyphen = if words.is_empty() { "" } else { "-" };
    format!("{words}{hyphen}{}", &digest[..DIGITS])
}

/// Adds a file to those of a report.
///
/// # Errors
/// When there is one of that name already, which would be lost.
pub fn add(files: &mut BTreeMap<String, Vec<u8>>, path: String, bytes: Vec<u8>) -> Result<()> {
    if files.contains_key(&path) {
        return Err(Error::unexpected(format!("two files of the report would be `{path}`"))
            .with_hint("give the data sets or fusions of the suite other labels"));
    }
    files.insert(path, bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// The names of a report's tables, for data sets with these stems.
    fn tables(stems: &Stems) -> Vec<String> {
        let of_sets = stems.0.values().flat_map(|stem| [stem.clone(), modalities(stem)]);
        of_sets.chain(TABLES.map(str::to_string)).collect()
    }

    fn assert_apart(labels: &[&str]) {
        let stems = Stems::new(labels.iter().copied());
        let names = tables(&stems);
        let different: BTreeSet<&String> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{stems:?}");
        for name in names {
            assert!(!name.is_empty() && name.len() <= 120, "{name}");
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
        }
    }

    #[test]
    fn the_names_of_published_reports_stay() {
        let labels =
            ["mfeat", "mfeat(views=fou+mor+zer)", "cg-mnist", "cg-mnist(correlation=0.95)"];
        let stems = Stems::new(labels);
        let found = labels.map(|label| stems.of(label));
        let names = ["mfeat", "mfeat-views-fou-mor-zer", "cg-mnist", "cg-mnist-correlation-0-95"];
        assert_eq!(found, names);
    }

    #[test]
    fn labels_that_differ_in_what_a_name_leaves_out_are_kept_apart() {
        assert_apart(&["noise < 1", "noise > 1", "Noise 1", "图像", "音频", "…", "a", "A"]);
    }

    #[test]
    fn no_label_takes_the_name_of_another_table() {
        assert_apart(&["overall", "protocol", "selection", "variants", "further-splits"]);
        assert_apart(&["a", "a-modalities", "modalities", "a modalities", "modalities-modalities"]);
        let stem = Stems::new(["con", "COM1", "lpt9"]);
        assert!(stem.0.values().all(|stem| DIGITS < stem.len()), "{stem:?}");
    }

    #[test]
    fn no_label_takes_the_name_of_one_with_a_digest() {
        let stems = Stems::new(["noise < 1", "noise > 1", "图像"]);
        for label in ["noise < 1", "图像"] {
            let same = stems.of(label);
            assert_apart(&["noise < 1", "noise > 1", "图像", &same]);
        }
    }

    #[test]
    fn a_long_label_has_a_short_name() {
        let long = "word ".repeat(13_000);
        let longer = format!("{long}more");
        assert_apart(&[&long, &longer]);
        let stem = Stems::new([long.as_str()]).of(&long);
        assert!(stem.starts_with("word-word-") && !stem.contains("--"), "{stem}");
    }

    #[test]
    fn a_file_takes_the_place_of_no_other() {
        let mut files = BTreeMap::new();
        add(&mut files, "tables/a.md".into(), vec![1]).unwrap();
        let error = add(&mut files, "tables/a.md".into(), vec![2]).unwrap_err();
        assert_eq!(error.message, "two files of the report would be `tables/a.md`");
        assert_eq!(files["tables/a.md"], [1]);
    }

    proptest! {
        #[test]
        fn different_labels_have_different_names(
            labels in prop::collection::btree_set("[aA1<> -]{0,4}|a(-modalities){0,2}|\\PC{0,9}", 1..12)
        ) {
            assert_apart(&labels.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
