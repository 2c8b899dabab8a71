//! What metrics are called where people read them.

use super::metric::{Better, Metric};

/// What stands for the metrics of a text: the label of the one, or a word for several.
pub fn noun(metrics: &[Metric]) -> String {
    match metrics {
        [one] => one.label.into(),
        _ => "performance".into(),
    }
}

/// The title of values of a metric: `accuracy (%)`, `MAE (lower is better)`.
pub fn title(metric: Metric) -> String {
    let reading = match (metric.is_fraction(), metric.better) {
        (true, _) => " (%)",
        (false, Better::Lower) => " (lower is better)",
        (false, Better::Higher) => "",
    };
    format!("{}{reading}", metric.label)
}

/// The title of values of several metrics, each row's by its own.
pub fn titles(metrics: &[Metric]) -> String {
    match metrics {
        [one, others @ ..] if others.iter().all(|other| other == one) => title(*one),
        _ => "primary metric".into(),
    }
}

/// What amounts of a metric are counted in: points of a fraction.
pub fn unit(metric: Metric) -> &'static str {
    if metric.is_fraction() { "points" } else { metric.label }
}

/// [`unit`], of differences of which the sign matters.
pub fn signed_unit(metric: Metric) -> String {
    match metric.better {
        Better::Higher => unit(metric).into(),
        Better::Lower => format!("{}, lower is better", unit(metric)),
    }
}

/// With a capital, but where the first word has one inside: `Accuracy`, `mAP`.
pub fn capital(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !word.chars().skip(1).any(char::is_uppercase) => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => text.into(),
    }
}

/// `text` for a report whose runs are judged by `metrics`: `{metric}` stands for their [`noun`].
pub fn of(metrics: &[Metric], text: &str) -> String {
    capital(&text.replace("{metric}", &noun(metrics)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::metric::{ACCURACY, MEAN_ABSOLUTE_ERROR, MEAN_AVERAGE_PRECISION};

    #[test]
    fn one_metric_is_named_and_several_have_a_word() {
        let text = "{metric} by strategy and fusion";
        assert_eq!(of(&[ACCURACY], text), "Accuracy by strategy and fusion");
        assert_eq!(of(&[MEAN_AVERAGE_PRECISION], text), "mAP by strategy and fusion");
        let several = [ACCURACY, MEAN_ABSOLUTE_ERROR];
        assert_eq!(of(&several, text), "Performance by strategy and fusion");
        assert_eq!(titles(&[ACCURACY, ACCURACY]), "accuracy (%)");
        assert_eq!(titles(&several), "primary metric");
        assert_eq!(title(MEAN_ABSOLUTE_ERROR), "MAE (lower is better)");
        assert_eq!((unit(ACCURACY), unit(MEAN_ABSOLUTE_ERROR)), ("points", "MAE"));
        assert_eq!(signed_unit(MEAN_ABSOLUTE_ERROR), "MAE, lower is better");
    }
}
