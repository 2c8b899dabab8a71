//! The features of one modality of a split: rows of one size, read by their numbers, from memory or
//! from shards.

use crate::data::preprocess::Scaling;
use crate::data::store::shards::Shards;
use crate::error::{Error, Result};
use crate::stream::Stream;
use std::fmt;
use std::sync::Arc;

/// The rows of one modality, in the order of its split.
#[derive(Clone, Debug)]
pub struct Column {
    /// Values of a row.
    size: usize,
    rows: Rows,
    augmentation: Option<Augmentation>,
}

#[derive(Clone, Debug)]
enum Rows {
    /// Row after row.
    Memory(Vec<f32>),
    /// Some rows of an array, in the order of the split.
    Shards { shards: Arc<Shards>, rows: Vec<usize>, scaling: Option<Arc<Scaling>> },
}

/// As many values are held at once where all are looked at, or those of one row if that has more.
pub(super) const SCANNED: usize = if cfg!(test) { 1 << 9 } else { 1 << 18 };

/// Names the draws of an epoch of training. With it, a row's number and its modality key the stream
/// that a row is augmented from, so a row of an epoch is the same in any batch, by any worker and
/// after an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The seed of the run.
    pub seed: u64,
    /// From 0.
    pub epoch: usize,
}

/// A random change of a row's values in place, such as a flip. It depends on nothing but them and
/// what it draws.
pub type Change = dyn Fn(&mut [f32], &mut Stream) + Send + Sync;

/// How rows are augmented in training.
#[derive(Clone)]
struct Augmentation {
    modality: String,
    change: Arc<Change>,
}

impl fmt::Debug for Augmentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Augmentation of {}", self.modality)
    }
}

impl Column {
    /// A column that is held in memory: rows of `size` values, one after another.
    pub fn in_memory(size: usize, values: Vec<f32>) -> Self {
        Self { size, rows: Rows::Memory(values), augmentation: None }
    }

    /// The given rows of an array in shards, in this order. None of them is held in memory.
    pub fn in_shards(shards: Arc<Shards>, rows: Vec<usize>) -> Self {
        let size = shards.layout().size;
        Self { size, rows: Rows::Shards { shards, rows, scaling: None }, augmentation: None }
    }

    /// The same rows, which training changes at random, after they were standardised. `modality`
    /// tells the draws of one modality from those of another.
    pub fn augmented(self, modality: &str, change: Arc<Change>) -> Self {
        let modality = modality.to_string();
        Self { augmentation: Some(Augmentation { modality, change }), ..self }
    }

    /// The number of values of a row.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Memory(values) => values.len().checked_div(self.size).unwrap_or(0),
            Rows::Shards { rows, .. } => rows.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether training sees other values than evaluation.
    pub fn is_augmented(&self) -> bool {
        self.augmentation.is_some()
    }

    pub fn is_in_memory(&self) -> bool {
        matches!(self.rows, Rows::Memory(_))
    }

    /// Puts the given rows, in this order, in place of what `into` held: `rows.len() * size()`
    /// values. With a key they are augmented, where the column declares how.
    ///
    /// # Errors
    /// A row that the column does not have, and one that is damaged or cannot be read.
    pub fn read(&self, rows: &[usize], key: Option<&Key>, into: &mut Vec<f32>) -> Result<()> {
        into.clear();
        if let Some(row) = rows.iter().find(|row| self.len() <= **row) {
            let n = self.len();
            return Err(Error::unexpected(format!("row {row} was asked for, and there are {n}")));
        }
        match &self.rows {
            Rows::Memory(values) => {
                into.reserve_exact(rows.len() * self.size);
                for row in rows {
                    into.extend_from_slice(&values[row * self.size..][..self.size]);
                }
            }
            Rows::Shards { shards, rows: of, scaling } => {
                let stored: Vec<usize> = rows.iter().map(|row| of[*row]).collect();
                into.resize(rows.len() * self.size, 0.0);
                shards.read(&stored, into)?;
                if let Some(scaling) = scaling {
                    scaling.apply(into);
                }
            }
        }
        if let (Some(key), Some(augmentation)) = (key, &self.augmentation) {
            for (&row, values) in rows.iter().zip(into.chunks_exact_mut(self.size)) {
                augmentation.apply(key, row, values);
            }
        }
        Ok(())
    }

    /// Shows all values in order, some whole rows at a time, as evaluation sees them.
    ///
    /// # Errors
    /// The first one of `visit`, and a row that cannot be read.
    pub fn scan(&self, visit: &mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()> {
        if let Rows::Memory(values) = &self.rows {
            return visit(values);
        }
        let rows: Vec<usize> = (0..self.len()).collect();
        let mut values = Vec::new();
        for some in rows.chunks((SCANNED / self.size).max(1)) {
            self.read(some, None, &mut values)?;
            visit(&values)?;
        }
        Ok(())
    }

    /// All values, row after row, as evaluation sees them.
    ///
    /// # Errors
    /// As [`Column::scan`].
    pub fn values(&self) -> Result<Vec<f32>> {
        let mut values = Vec::with_capacity(self.len() * self.size);
        self.scan(&mut |some| {
            values.extend_from_slice(some);
            Ok(())
        })?;
        Ok(values)
    }

    /// Standardises every row, from now on.
    pub(super) fn standardise(&mut self, by: &Scaling) {
        match &mut self.rows {
            Rows::Memory(values) => by.apply(values),
            Rows::Shards { scaling, .. } => *scaling = Some(Arc::new(by.clone())),
        }
    }
}

impl Augmentation {
    fn apply(&self, key: &Key, row: usize, values: &mut [f32]) {
        let purpose = format!("augment/{}/{}/{row}", self.modality, key.epoch);
        (self.change)(values, &mut Stream::new(key.seed, &purpose));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: usize = 40;

    /// Rows of two values that differ; one of two is turned around in training.
    fn flipped() -> Column {
        let flip: Arc<Change> = Arc::new(|values, stream| {
            if stream.below(2) == 0 {
                values.reverse();
            }
        });
        let values = (0..2 * ROWS).map(|x| x as f32).collect();
        Column::in_memory(2, values).augmented("a", flip)
    }

    fn read(column: &Column, rows: &[usize], key: Option<Key>) -> Vec<f32> {
        let mut into = vec![f32::NAN; 3];
        column.read(rows, key.as_ref(), &mut into).unwrap();
        into
    }

    #[test]
    fn rows_come_in_the_order_that_was_asked_for() {
        let column = flipped();
        assert_eq!((column.size(), column.len()), (2, ROWS));
        assert_eq!(read(&column, &[3, 0, 3], None), [6.0, 7.0, 0.0, 1.0, 6.0, 7.0]);
        assert!(read(&column, &[], None).is_empty());
        for row in [ROWS, usize::MAX / 2, usize::MAX] {
            let error = column.read(&[0, row], None, &mut Vec::new()).unwrap_err();
            assert_eq!(error.message, format!("row {row} was asked for, and there are 40"));
        }
    }

    #[test]
    fn a_row_of_an_epoch_is_augmented_alike_in_any_batch() {
        let column = flipped();
        let key = |seed, epoch| Some(Key { seed, epoch });
        let all: Vec<usize> = (0..ROWS).collect();
        let whole = read(&column, &all, key(1, 2));
        for size in [1, 3, 7] {
            let batches = all.chunks(size).map(|rows| read(&column, rows, key(1, 2)));
            assert_eq!(batches.collect::<Vec<_>>().concat(), whole);
        }
        let backwards: Vec<usize> = all.iter().rev().copied().collect();
        let backwards = read(&column, &backwards, key(1, 2));
        let rows: Vec<&[f32]> = backwards.chunks(2).rev().collect();
        assert_eq!(rows.concat(), whole);
        assert_ne!(whole, read(&column, &all, None));
        assert_ne!(whole, read(&column, &all, key(0, 2)));
        assert_ne!(whole, read(&column, &all, key(1, 3)));
        let other = Column { augmentation: None, ..column.clone() };
        let other = other.augmented("b", column.augmentation.unwrap().change);
        assert_ne!(whole, read(&other, &all, key(1, 2)));
    }

    #[test]
    fn evaluation_draws_nothing() {
        let column = flipped();
        let plain: Vec<f32> = (0..2 * ROWS).map(|x| x as f32).collect();
        assert_eq!(column.values().unwrap(), plain);
        assert_eq!(read(&column, &(0..ROWS).collect::<Vec<_>>(), None), plain);
    }
}
