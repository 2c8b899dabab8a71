//! Accuracy, confusion matrix, macro F1 and average precision.

use crate::vectors::{assert_close, json, numbers};
use counterpoise::train::metrics::Predictions;

const TOLERANCE: f64 = 1e-9;

#[test]
fn every_case() {
    let golden = json("metrics.json");
    for case in golden["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let scores = numbers(&case["scores"]);
        let labels: Vec<u32> = numbers(&case["label"]).iter().map(|x| *x as u32).collect();
        let classes = case["classes"].as_u64().unwrap() as usize;
        let p = Predictions::new(&scores, &labels, classes).unwrap();
        let close = |what: &str, ours: &[f64]| {
            let theirs = numbers(&serde_json::json!([case[what]]));
            assert_close(&format!("{name} {what}"), ours, &theirs, TOLERANCE, 0.0);
        };
        let confusion: Vec<f64> = p.confusion().iter().flatten().map(|n| *n as f64).collect();
        let precision = p.average_precision();
        close("confusion_rows_true_cols_pred", &confusion);
        close("accuracy", &[p.accuracy()]);
        close("macro_f1", &[p.macro_f1()]);
        close("average_precision_per_class", &precision);
        let mean = precision.iter().sum::<f64>() / precision.len() as f64;
        close("macro_average_precision", &[mean]);
        close("macro_average_precision_present_classes_only", &[p.mean_average_precision()]);
    }
}
