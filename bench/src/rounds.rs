//! From the lines of all rounds, each a name and a figure, to medians, ratios and bars.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::HashMap;

use crate::figures::Figures;

/// The figures of all rounds by their names.
#[derive(Clone, Debug, Default)]
pub struct Rounds(HashMap<String, Figures>);

impl Rounds {
    /// Reads lines of a name and a figure; passes over all others.
    #[must_use]
    pub fn read(lines: &str) -> Self {
        let mut measured: HashMap<String, Vec<f64>> = HashMap::new();
        for line in lines.lines() {
            if let Some((name, figure)) = line.split_once(' ')
                && let Ok(figure) = figure.trim().parse()
            {
                measured.entry(name.to_owned()).or_default().push(figure);
            }
        }
        Self(measured.into_iter().map(|(name, figures)| (name, figures.into_iter().collect())).collect())
    }

    /// The median of a figure; not a number where it was not measured.
    #[must_use]
    pub fn median(&self, name: &str) -> f64 {
        self.0.get(name).map_or(f64::NAN, Figures::median)
    }

    /// The largest of a figure; not a number where it was not measured.
    #[must_use]
    pub fn most(&self, name: &str) -> f64 {
        self.0.get(name).map_or(f64::NAN, Figures::most)
    }

    /// Prints a line for each name that was measured, with its unit and meaning.
    pub fn print<N: AsRef<str>>(&self, rows: &[(N, &str, &str)]) {
        println!(
            "{:<26} {:>10} {:>10} {:>10}  {:<6} rounds",
            "median of rounds", "median", "least", "most", ""
        );
        for (name, unit, meaning) in rows {
            let name = name.as_ref();
            let Some(figures) = self.0.get(name) else { continue };
            let (median, least, most) = (figures.median(), figures.least(), figures.most());
            let count = figures.count();
            println!("{name:<26} {median:>10.2} {least:>10.2} {most:>10.2}  {unit:<6} {count:>2}  {meaning}");
        }
    }
}

/// Prints a bar that a figure must reach; whether it does.
#[must_use]
pub fn at_least(what: &str, is: f64, bar: f64) -> bool {
    bar_line(what, is, &format!(">= {bar}"), is >= bar)
}

/// Prints a bar that a figure must not exceed; whether it does not.
#[must_use]
pub fn at_most(what: &str, is: f64, bar: f64) -> bool {
    bar_line(what, is, &format!("<= {bar}"), is <= bar)
}

fn bar_line(what: &str, is: f64, bar: &str, met: bool) -> bool {
    println!("{what:<46} {is:>9.2}  bar {bar:<8} {}", if met { "met" } else { "MISSED" });
    met
}
