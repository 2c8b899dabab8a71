//! What is known about a data set's splits before any of it is loaded: how large the validation
//! split is, and whether people stand on both sides of the line to the test.

/// How the examples of a data set are divided into splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Examples of the validation split; 0 where there is none, an estimate where the number
    /// depends on the recordings.
    pub n_validation: usize,
    /// The people behind the examples, by kind; none where examples are drawn independently.
    pub groups: &'static [Group],
    /// What makes the validation split unlike the test by construction, as half a sentence; `None`
    /// where both are drawn alike.
    pub unlike_test: Option<&'static str>,
}

/// Examples that belong together, because one person made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// In the singular: `speaker`.
    pub name: &'static str,
    pub overlap: Overlap,
}

/// Whether examples of one person stand both in the test and in training or validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// Never: the split is by person.
    Disjoint,
    /// Yes: the split is drawn over examples, whoever made them.
    Shared,
    /// The source does not say who made which example, so nobody can tell.
    Unknown,
}
