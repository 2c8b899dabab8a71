//! The last step of every data set: check, standardise, hash.

use super::column::Column;
use super::preprocess::Scaling;
use super::{Dataset, Modality, Split};
use crate::error::{Error, Result};
use crate::hash::{Digest, Hasher, merkle_root};
use crate::task::Kind;
use serde::{Deserialize, Serialize};

/// The splits of a data set before standardisation.
pub struct Splits {
    pub train: Split,
    pub validation: Split,
    pub test: Split,
    /// Further test splits, with their names.
    pub further: Vec<(&'static str, Split)>,
}

/// What takes every value of every split to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Measured {
    /// By modality.
    scalings: Vec<Scaling>,
    content: Digest,
}

impl Measured {
    fn fits(&self, modalities: &[Modality]) -> bool {
        self.scalings.len() == modalities.len()
            && self.scalings.iter().zip(modalities).all(|(scaling, m)| scaling.fits(m.shape))
    }
}

/// Makes a data set of raw splits.
///
/// # Errors
/// Arrays that do not fit the declared modalities, an empty split, targets that are not those of
/// `task`, a value that is not finite, and features that cannot be read.
pub(super) fn assemble(
    task: Kind,
    modalities: Vec<Modality>,
    classes: Vec<String>,
    splits: Splits,
) -> Result<Dataset> {
    Ok(assemble_measured(task, modalities, classes, splits, None)?.0)
}

/// As [`assemble`], where `known` may have been measured before of the same splits. Gives what was
/// measured too.
///
/// # Errors
/// As [`assemble`]; of splits that are known, no value is looked at.
pub(super) fn assemble_measured(
    task: Kind,
    modalities: Vec<Modality>,
    classes: Vec<String>,
    splits: Splits,
    known: Option<Measured>,
) -> Result<(Dataset, Measured)> {
    let Splits { mut train, mut validation, mut test, further } = splits;
    let mut further: Vec<(String, Split)> =
        further.into_iter().map(|(name, split)| (name.to_string(), split)).collect();
    for (name, split) in named(&train, &validation, &test, &further) {
        check(name, split, &modalities)?;
        let fit = split.targets.check(task, task.outputs(classes.len()));
        fit.map_err(|why| wrong(name, &why))?;
    }
    let (scalings, known_content) = match known.filter(|measured| measured.fits(&modalities)) {
        Some(Measured { scalings, content }) => (scalings, Some(content)),
        None => {
            for (name, split) in named(&train, &validation, &test, &further) {
                check_values(name, split, &modalities)?;
            }
            (scalings_of(&modalities, &train)?, None)
        }
    };
    for (modality_idx, scaling) in scalings.iter().enumerate() {
        let others = [&mut validation, &mut test].into_iter();
        let others = others.chain(further.iter_mut().map(|(_, split)| split));
        for split in std::iter::once(&mut train).chain(others) {
            split.features[modality_idx].standardise(scaling);
        }
    }
    let content = match known_content {
        Some(content) => content,
        None => {
            let mut content = Vec::new();
            for (name, split) in named(&train, &validation, &test, &further) {
                content.extend(leaves(name, split, &modalities)?);
            }
            merkle_root(content)
        }
    };
    let measured = Measured { scalings, content };
    Ok((Dataset { modalities, classes, train, validation, test, further, content }, measured))
}

fn scalings_of(modalities: &[Modality], train: &Split) -> Result<Vec<Scaling>> {
    let of = |(modality, column): (&Modality, &Column)| {
        Scaling::of(modality.shape, column.len(), &|visit| column.scan(visit))
    };
    modalities.iter().zip(&train.features).map(of).collect()
}

/// All splits with their names, in order.
fn named<'a>(
    train: &'a Split,
    validation: &'a Split,
    test: &'a Split,
    further: &'a [(String, Split)],
) -> impl Iterator<Item = (&'a str, &'a Split)> {
    [("train", train), ("validation", validation), ("test", test)]
        .into_iter()
        .chain(further.iter().map(|(name, split)| (name.as_str(), split)))
}

fn wrong(name: &str, what: &str) -> Error {
    Error::input(format!("split `{name}` {what}"))
}

fn check(name: &str, split: &Split, modalities: &[Modality]) -> Result<()> {
    let wrong = |what: String| Err(wrong(name, &what));
    if split.is_empty() {
        return wrong("has no examples".into());
    }
    if split.features.len() != modalities.len() {
        return wrong(format!("has {} modalities", split.features.len()));
    }
    for (modality, column) in modalities.iter().zip(&split.features) {
        let found = (column.len(), column.size());
        let expected = (split.len(), modality.shape.size());
        if found != expected {
            let shown = |(rows, size)| format!("{rows} rows of {size} values");
            let (found, expected) = (shown(found), shown(expected));
            return wrong(format!("has {found} of `{}`, not {expected}", modality.name));
        }
    }
    Ok(())
}

fn check_values(name: &str, split: &Split, modalities: &[Modality]) -> Result<()> {
    for (modality, column) in modalities.iter().zip(&split.features) {
        if let Some(example) = first_not_finite(column)? {
            let what = format!("has a non-finite `{}` in example {example}", modality.name);
            return Err(wrong(name, &what));
        }
    }
    Ok(())
}

/// The first row with a value that is not finite.
fn first_not_finite(column: &Column) -> Result<Option<usize>> {
    let (mut before, mut found) = (0, None);
    column.scan(&mut |values| {
        let at = values.iter().position(|x| !x.is_finite());
        found = found.or(at.map(|at| (before + at) / column.size()));
        before += values.len();
        Ok(())
    })?;
    Ok(found)
}

/// One leaf per array, of its name, its shape and its little-endian bytes.
fn leaves(name: &str, split: &Split, modalities: &[Modality]) -> Result<Vec<Digest>> {
    let begin = |what: &str| {
        let mut hasher = Hasher::default();
        hasher.update(format!("{name}\n{what}\n{}\n", split.len()).as_bytes());
        hasher
    };
    let mut leaves = Vec::new();
    for (modality, column) in modalities.iter().zip(&split.features) {
        let mut hasher = begin(&format!("{}\n{:?}", modality.name, modality.shape));
        column.scan(&mut |values| {
            hash_words(&mut hasher, values.iter().map(|x| x.to_le_bytes()));
            Ok(())
        })?;
        leaves.push(hasher.finish());
    }
    let (what, words) = split.targets.content();
    let mut hasher = begin(&what);
    hash_words(&mut hasher, words);
    leaves.push(hasher.finish());
    Ok(leaves)
}

fn hash_words(hasher: &mut Hasher, words: impl Iterator<Item = [u8; 4]>) {
    const FULL: usize = 1 << 16;
    let mut bytes = Vec::with_capacity(FULL);
    for word in words {
        bytes.extend(word);
        if bytes.len() == FULL {
            hasher.update(&bytes);
            bytes.clear();
        }
    }
    hasher.update(&bytes);
}

#[cfg(test)]
mod tests {
    use super::super::Shape;
    use super::super::targets::Targets;
    use super::*;

    fn made(test_value: f32, test_label: u32) -> Result<Dataset> {
        let split = |values: &[f32], labels: &[u32]| Split {
            features: vec![Column::in_memory(1, values.to_vec())],
            targets: Targets::Classes(labels.to_vec()),
        };
        let modality = Modality { name: "a".into(), shape: Shape::Vector { size: 1 } };
        let splits = Splits {
            train: split(&[0.0, 2.0], &[0, 1]),
            validation: split(&[1.0], &[0]),
            test: split(&[test_value], &[test_label]),
            further: vec![("hard", split(&[3.0], &[1]))],
        };
        assemble(Kind::Classification, vec![modality], vec!["x".into(), "y".into()], splits)
    }

    #[test]
    fn every_split_is_standardised_and_hashed() {
        let dataset = made(5.0, 1).unwrap();
        assert_eq!(dataset.test.read(0, &[0], None).unwrap(), [4.0]);
        assert_eq!(dataset.further[0].1.read(0, &[0], None).unwrap(), [2.0]);
        assert_eq!(dataset.content, made(5.0, 1).unwrap().content);
        assert_ne!(dataset.content, made(5.1, 1).unwrap().content);
        assert_ne!(dataset.content, made(5.0, 0).unwrap().content);
    }

    #[test]
    fn impossible_labels_and_values_are_refused() {
        let message = |value, label| made(value, label).unwrap_err().message;
        assert_eq!(message(0.0, 2), "split `test` has the label 2, but there are 2 classes");
        assert_eq!(message(f32::NAN, 0), "split `test` has a non-finite `a` in example 0");
    }
}
