//! Matrix products of packed blocks.

use crate::scratch::Scratch;
use crate::tile::{COLUMNS, Float, ROWS, Tile, vectors};
use crate::transpose::transpose;
use rayon::prelude::*;
use std::ops::Range;

/// The length of a block of the inner dimension. Sums are grouped by it.
pub(crate) const DEPTH: usize = 256;

/// The blocks of an inner dimension.
pub(crate) fn blocks(depth: usize) -> impl Iterator<Item = Range<usize>> {
    (0..depth).step_by(DEPTH).map(move |from| from..depth.min(from + DEPTH))
}

/// A left factor, packed whole: by block of the inner dimension, by panel of eight rows, then
/// `[depth][ROWS]`. Rows that fill up the last panel hold anything.
pub(crate) struct Left<T> {
    values: Scratch<T>,
    pub(crate) panels: usize,
}

impl<T: Float> Left<T> {
    /// Packs `values`, which is `[images][rows][places]`; the inner dimension goes over the places
    /// of an image, then over images.
    pub(crate) fn of_rows(values: &[T], rows: usize, places: usize) -> Self {
        let depth = values.len() / rows;
        let mut packed = Self::new(rows, depth);
        for block in blocks(depth) {
            for panel in 0..packed.panels {
                let first = panel * ROWS;
                let lines = ROWS.min(rows - first);
                let into = packed.panel_mut(&block, panel);
                let mut k = block.start;
                while k < block.end {
                    let (image, place) = (k / places, k % places);
                    let len = (places - place).min(block.end - k);
                    let from = (image * rows + first) * places + place;
                    let into = &mut into[(k - block.start) * ROWS..];
                    transpose(&values[from..], places, lines, len, into, ROWS);
                    k += len;
                }
            }
        }
        packed
    }

    /// Packs the columns of `values`, which is `[depth][rows]`.
    pub(crate) fn of_columns(values: &[T], rows: usize, depth: usize) -> Self {
        let mut packed = Self::new(rows, depth);
        for block in blocks(depth) {
            for panel in 0..packed.panels {
                let here = panel * ROWS..rows.min((panel + 1) * ROWS);
                let (into, _) = packed.panel_mut(&block, panel).as_chunks_mut::<ROWS>();
                for (into, k) in into.iter_mut().zip(block.clone()) {
                    let line = &values[k * rows..][here.clone()];
                    match line.first_chunk() {
                        Some(line) => *into = *line,
                        None => into[..line.len()].copy_from_slice(line),
                    }
                }
            }
        }
        packed
    }

    fn new(rows: usize, depth: usize) -> Self {
        let panels = rows.div_ceil(ROWS);
        Self { values: Scratch::of(panels * ROWS * depth), panels }
    }

    fn place(&self, block: &Range<usize>, panel: usize) -> Range<usize> {
        let from = (block.start * self.panels + panel * block.len()) * ROWS;
        from..from + block.len() * ROWS
    }

    fn panel(&self, block: &Range<usize>, panel: usize) -> &[T] {
        &self.values[self.place(block, panel)]
    }

    fn panel_mut(&mut self, block: &Range<usize>, panel: usize) -> &mut [T] {
        let place = self.place(block, panel);
        &mut self.values[place]
    }
}

/// Consecutive values of a source: where they begin, beside what the row or column adds, and how
/// many there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) from: usize,
    pub(crate) len: usize,
}

/// The runs that the columns of a right factor take from its source.
pub(crate) struct Runs {
    runs: Vec<Run>,
    /// The column after each run.
    ends: Vec<usize>,
}

impl Runs {
    /// Those that follow on each other are made one.
    pub(crate) fn new(runs: impl Iterator<Item = Run>) -> Self {
        let mut joined: Vec<Run> = Vec::new();
        for run in runs {
            match joined.last_mut() {
                Some(last) if last.from + last.len == run.from => last.len += run.len,
                _ => joined.push(run),
            }
        }
        let ends = joined.iter().scan(0, |end, run| {
            *end += run.len;
            Some(*end)
        });
        Self { ends: ends.collect(), runs: joined }
    }

    /// What the panel of `COLUMNS` columns from `first` on takes; less where they end.
    pub(crate) fn panel(&self, first: usize) -> Vec<Run> {
        let index = self.ends.partition_point(|end| *end <= first);
        let (mut first, mut left, mut found) = (first, COLUMNS, Vec::new());
        for (run, end) in self.runs[index..].iter().zip(&self.ends[index..]) {
            let past = first + run.len - end;
            let len = left.min(run.len - past);
            found.push(Run { from: run.from + past, len });
            (first, left) = (*end, left - len);
            if left == 0 {
                break;
            }
        }
        found
    }
}

/// Packs a panel of a right factor: row `k` of `into`, `[depth][COLUMNS]`, takes the runs of
/// `source` from the k-th of `offsets` on. Columns beyond the runs keep what they hold.
pub(crate) fn pack<T: Float>(
    source: &[T],
    offsets: impl Iterator<Item = usize>,
    runs: &[Run],
    into: &mut [T],
) {
    let longest = runs.iter().map(|run| run.len).max().unwrap_or(0);
    if longest <= 4 {
        pack_by::<T, 4>(source, offsets, runs, into);
    } else if longest <= 8 {
        pack_by::<T, 8>(source, offsets, runs, into);
    } else {
        pack_by::<T, 16>(source, offsets, runs, into);
    }
}

/// Copies `W` values at a time, so that a short run costs no loop. What is copied too much is
/// overwritten by the next run or row.
#[inline(always)]
fn pack_by<T: Float, const W: usize>(
    source: &[T],
    offsets: impl Iterator<Item = usize>,
    runs: &[Run],
    into: &mut [T],
) {
    for (k, offset) in offsets.enumerate() {
        let mut at = k * COLUMNS;
        for run in runs {
            let (mut from, end) = (offset + run.from, at + run.len);
            while at < end {
                match (source[from..].first_chunk::<W>(), into[at..].first_chunk_mut()) {
                    (Some(source), Some(into)) => *into = *source,
                    _ => {
                        let len = W.min(end - at);
                        into[at..at + len].copy_from_slice(&source[from..from + len]);
                    }
                }
                (from, at) = (from + W, at + W);
            }
            at = end;
        }
    }
}

/// Multiplies some panels of rows of a left factor with packed panels of a right one, over one
/// block of the inner dimension: `c`, `[rows][stride]`, is written with the first block and added
/// to with the others.
pub(crate) fn multiply<T: Float>(
    left: &Left<T>,
    panels: Range<usize>,
    right: &[T],
    columns: usize,
    block: &Range<usize>,
    c: &mut [T],
) {
    let stride = columns.next_multiple_of(COLUMNS);
    assert!(panels.len() * ROWS * stride <= c.len() && block.len() * stride <= right.len());
    for (j, right) in right.chunks_exact(block.len() * COLUMNS).enumerate() {
        let from = j * COLUMNS;
        if columns <= from {
            break;
        }
        for (i, panel) in panels.clone().enumerate() {
            let tile = Tile {
                depth: block.len(),
                a: left.panel(block, panel).as_ptr(),
                b: right.as_ptr(),
                c: c[i * ROWS * stride + from..].as_mut_ptr(),
                stride,
                vectors: vectors(columns - from),
                first: block.start == 0,
            };
            // Safety: the panels are as long as a tile reads, and `c` is by the assertion.
            unsafe { T::tile(tile) }
        }
    }
}

/// Columns that are computed together: what a product needs stays in the second-level cache.
pub(crate) const TOGETHER: usize = 4 * COLUMNS;

/// The product of a left factor of so many rows with a right factor of so many columns.
///
/// `pack` packs a panel of the right factor, `[block][COLUMNS]`, from a block of the inner dimension
/// and its first column. `take` gets some columns of the result and their values, `[rows][stride]`,
/// one range of columns after the other.
pub(crate) fn product<T: Float>(
    left: &Left<T>,
    [rows, columns, depth]: [usize; 3],
    pack: impl Fn(&Range<usize>, usize, &mut [T]) + Sync,
    mut take: impl FnMut(Part<T>),
) {
    let part = |columns: Range<usize>| {
        let stride = columns.len().next_multiple_of(COLUMNS);
        let mut values = Scratch::of(left.panels * ROWS * stride);
        let mut right = Scratch::of(depth.min(DEPTH) * stride);
        for block in blocks(depth) {
            let right = &mut right[..block.len() * stride];
            let panels = right.chunks_exact_mut(block.len() * COLUMNS);
            for (first, panel) in columns.clone().step_by(COLUMNS).zip(panels) {
                pack(&block, first, panel);
            }
            multiply(left, 0..left.panels, right, columns.len(), &block, &mut values);
        }
        Part { columns, stride, values }
    };
    let parts = (0..columns).step_by(TOGETHER).map(|from| from..columns.min(from + TOGETHER));
    if shared(rows, columns, depth) {
        let parts: Vec<_> = parts.collect::<Vec<_>>().into_par_iter().map(part).collect();
        parts.into_iter().for_each(take);
    } else {
        parts.map(part).for_each(&mut take);
    }
}

/// Some columns of a product.
pub(crate) struct Part<T> {
    pub(crate) columns: Range<usize>,
    pub(crate) stride: usize,
    pub(crate) values: Scratch<T>,
}

impl<T: Float> Part<T> {
    /// The values of a row.
    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.values[row * self.stride..][..self.columns.len()]
    }
}

/// Whether a product of so many multiply-adds is worth more than one thread, where there are any.
pub(crate) fn shared(rows: usize, columns: usize, depth: usize) -> bool {
    1 << 21 < rows * columns * depth && 1 < rayon::current_num_threads()
}
