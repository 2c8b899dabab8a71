//! What the examples of a split are to be predicted as: classes, labels, values, or the classes of
//! their segments.

use crate::task::{CLASSIFICATION, Kind, MULTI_LABEL, REGRESSION, SEGMENTS};

/// The truth of every example, by task.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// One class per example.
    Classes(Vec<u32>),
    /// Whether each of `n` labels holds, row-major: `[example, label]`.
    Labels { n: usize, values: Vec<bool> },
    /// One number per example, in the unit of the data set.
    Values(Vec<f32>),
    /// The class of every segment, row-major: `[example, segment]`.
    Segments { segments: usize, classes: Vec<u32> },
}

impl Targets {
    /// The number of examples.
    pub fn len(&self) -> usize {
        match self {
            Targets::Classes(classes) => classes.len(),
            Targets::Labels { n, values } => values.len() / (*n).max(1),
            Targets::Values(values) => values.len(),
            Targets::Segments { segments, classes } => classes.len() / (*segments).max(1),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of the task that these are the targets of.
    pub fn task(&self) -> &'static str {
        match self {
            Targets::Classes(_) => CLASSIFICATION.name,
            Targets::Labels { .. } => MULTI_LABEL.name,
            Targets::Values(_) => REGRESSION.name,
            Targets::Segments { .. } => SEGMENTS.name,
        }
    }

    /// What keeps these from being the targets of a task with `outputs` outputs, if anything.
    ///
    /// # Errors
    /// Another task, another number of labels or segments, a class beyond the outputs, a value that
    /// is not finite, and labels of which none ever holds, so that no precision is defined.
    pub fn check(&self, kind: Kind, outputs: usize) -> Result<(), String> {
        let below = |classes: &[u32], n: usize| match classes.iter().find(|&&c| n <= c as usize) {
            Some(class) => Err(format!("has the label {class}, but there are {n} classes")),
            None => Ok(()),
        };
        match (self, kind) {
            (Targets::Classes(classes), Kind::Classification) => below(classes, outputs),
            (Targets::Labels { n, values }, Kind::MultiLabel) => {
                if *n != outputs || *n == 0 || values.len() % n != 0 {
                    return Err(format!("has rows of {n} labels, not of {outputs}"));
                }
                match values.contains(&true) {
                    true => Ok(()),
                    false => Err("has no example of any label".into()),
                }
            }
            (Targets::Values(values), Kind::Regression { .. }) => {
                if outputs != 1 {
                    return Err(format!("has one value per example, not {outputs}"));
                }
                match values.iter().position(|x| !x.is_finite()) {
                    Some(example) => Err(format!("has a non-finite value in example {example}")),
                    None => Ok(()),
                }
            }
            (Targets::Segments { segments, classes }, Kind::Segments { segments: expected }) => {
                let fits = |n: usize| n.is_multiple_of(*segments);
                if *segments != expected || expected == 0 || !fits(classes.len()) {
                    return Err(format!("has rows of {segments} segments, not of {expected}"));
                }
                if !fits(outputs) {
                    return Err(format!(
                        "has {segments} segments, which cannot share {outputs} outputs"
                    ));
                }
                below(classes, outputs / segments)
            }
            _ => Err(format!("has targets of the task `{}`", self.task())),
        }
    }

    /// The targets of the given examples as the loss wants them, `[example, output]` row by row:
    /// one-hot classes, multi-hot labels, values, or one-hot classes segment after segment.
    ///
    /// # Panics
    /// For an example that is none, or outputs that [`Targets::check`] refuses.
    pub fn rows(&self, examples: &[usize], outputs: usize) -> Vec<f32> {
        let mut rows = vec![0.0; examples.len() * outputs];
        for (row, &at) in rows.chunks_exact_mut(outputs).zip(examples) {
            match self {
                Targets::Classes(classes) => row[classes[at] as usize] = 1.0,
                Targets::Labels { n, values } => {
                    let labels = row.iter_mut().zip(&values[at * n..][..*n]);
                    labels.for_each(|(x, holds)| *x = f32::from(u8::from(*holds)));
                }
                Targets::Values(values) => row[0] = values[at],
                Targets::Segments { segments, classes } => {
                    let of_example = &classes[at * segments..][..*segments];
                    let segments = row.chunks_exact_mut(outputs / segments);
                    segments.zip(of_example).for_each(|(row, class)| row[*class as usize] = 1.0);
                }
            }
        }
        rows
    }

    /// What stands in the leaf of a data set's digest: a name with the shape of a row, and words.
    pub(super) fn content(&self) -> (String, Box<dyn Iterator<Item = [u8; 4]> + '_>) {
        match self {
            Targets::Classes(classes) => {
                ("labels".into(), Box::new(classes.iter().map(|x| x.to_le_bytes())))
            }
            Targets::Labels { n, values } => {
                let words = values.iter().map(|x| u32::from(*x).to_le_bytes());
                (format!("labels\nof {n}"), Box::new(words))
            }
            Targets::Values(values) => {
                ("values".into(), Box::new(values.iter().map(|x| x.to_le_bytes())))
            }
            Targets::Segments { segments, classes } => {
                let words = classes.iter().map(|x| x.to_le_bytes());
                (format!("labels\nof {segments} segments"), Box::new(words))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENTED: Kind = Kind::Segments { segments: 2 };

    fn labels(values: &[bool]) -> Targets {
        Targets::Labels { n: 3, values: values.to_vec() }
    }

    fn segments(classes: &[u32]) -> Targets {
        Targets::Segments { segments: 2, classes: classes.to_vec() }
    }

    #[test]
    fn rows_are_laid_out_as_the_loss_wants_them() {
        let classes = Targets::Classes(vec![2, 0, 1]);
        assert_eq!(classes.rows(&[2, 0], 3), [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        let labels = labels(&[true, false, true, false, false, false]);
        assert_eq!(labels.rows(&[1, 0], 3), [0.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
        assert_eq!(Targets::Values(vec![0.5, -3.0]).rows(&[1, 1, 0], 1), [-3.0, -3.0, 0.5]);
        let segments = segments(&[0, 1, 2, 0]);
        assert_eq!(segments.rows(&[1], 6), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!([classes.len(), labels.len(), segments.len()], [3, 2, 2]);
    }

    #[test]
    fn targets_that_do_not_fit_are_refused() {
        let wrong = |targets: &Targets, kind, outputs| targets.check(kind, outputs).unwrap_err();
        let classes = Targets::Classes(vec![0, 2]);
        let regression = Kind::Regression { scale: 1.0 };
        classes.check(Kind::Classification, 3).unwrap();
        let message = wrong(&classes, Kind::Classification, 2);
        assert_eq!(message, "has the label 2, but there are 2 classes");
        let message = wrong(&classes, regression, 1);
        assert_eq!(message, "has targets of the task `classification`");
        labels(&[true, false, false]).check(Kind::MultiLabel, 3).unwrap();
        assert!(wrong(&labels(&[true, false]), Kind::MultiLabel, 3).contains("rows of 3 labels"));
        assert!(wrong(&labels(&[false; 3]), Kind::MultiLabel, 3).contains("no example of any"));
        let message = wrong(&Targets::Values(vec![0.0, f32::NAN]), regression, 1);
        assert_eq!(message, "has a non-finite value in example 1");
        assert!(wrong(&Targets::Values(vec![0.0]), regression, 2).contains("one value"));
        segments(&[0, 2]).check(SEGMENTED, 6).unwrap();
        assert!(wrong(&segments(&[0, 3]), SEGMENTED, 6).contains("there are 3 classes"));
        let message = wrong(&segments(&[0, 1]), Kind::Segments { segments: 3 }, 6);
        assert_eq!(message, "has rows of 2 segments, not of 3");
        assert!(wrong(&segments(&[0, 1]), SEGMENTED, 5).contains("cannot share 5 outputs"));
    }

    #[test]
    fn equal_words_of_other_tasks_have_another_name() {
        let of = |targets: &Targets| {
            let (name, words) = targets.content();
            (name, words.collect::<Vec<_>>())
        };
        assert_eq!(of(&Targets::Classes(vec![1])), ("labels".into(), vec![[1, 0, 0, 0]]));
        assert_ne!(of(&Targets::Classes(vec![1, 0])), of(&segments(&[1, 0])));
        assert_ne!(of(&labels(&[true, false, false])).0, of(&segments(&[1, 0])).0);
    }
}
