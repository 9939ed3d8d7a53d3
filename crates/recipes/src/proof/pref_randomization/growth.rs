//! How regret and questions grow with the number of duels T where the threshold is `T^-beta`.

use crate::pref_randomization::PrefRandomization;
use crate::proof::{Chart, Line, ProofOptions, ProofReport, Scale, Table, arm, slope, spread};
use autodidact_core::{Recipe, Result};
use autodidact_decide::preference::AskWhen;
use autodidact_math::summary::mean;

const BETAS: [f64; 3] = [0.1, 0.25, 0.5];

/// Adds a table of exponents and charts of both counts.
pub fn show(options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let lengths: &[u32] = match options.scale {
        Scale::Full => &[200, 400, 800, 1600, 3200],
        Scale::Quick => &[20, 40, 80],
    };
    let mut table = Table::of(
        "chain, eps = T^-beta: exponents of T, mean over seeds",
        &["beta", "regret", "the theory's bound", "questions", "the theory's bound "],
    );
    let mut charts = [
        Chart::of("chain, eps = T^-beta: regret", "log10 T", "log10 regret"),
        Chart::of("chain, eps = T^-beta: questions", "log10 T", "log10 questions"),
    ];
    for beta in BETAS {
        // One entry a length, one value a seed.
        let (mut regrets, mut questions) = (Vec::new(), Vec::new());
        for &duels in lengths {
            let above = f64::from(duels).powf(-beta);
            let ask = AskWhen::Disagreement { above };
            let recipe =
                PrefRandomization { rounds: 1, episodes: duels, ask, ..PrefRandomization::default() };
            let (mut regret, mut asked) = (Vec::new(), Vec::new());
            for &seed in &options.seeds {
                let name = format!("beta {beta}, {duels} duels");
                let ((), track) = arm(&name, seed, options, PrefRandomization::CARD, |run| recipe.run(run))?;
                regret.push(track.last("total_regret").unwrap_or(f64::NAN));
                asked.push(track.last("questions").unwrap_or(f64::NAN).max(1.0));
            }
            regrets.push(regret);
            questions.push(asked);
        }
        let exponent = |counts: &[Vec<f64>]| {
            let of_seed = |i: usize| {
                let point = |(duels, counts): (&u32, &Vec<f64>)| (f64::from(*duels).ln(), counts[i].ln());
                slope(&lengths.iter().zip(counts).map(point).collect::<Vec<_>>())
            };
            let (value, interval) = spread(&(0..options.seeds.len()).map(of_seed).collect::<Vec<_>>());
            match interval {
                Some((low, high)) => format!("{value:.2} [{low:.2}, {high:.2}]"),
                None => format!("{value:.2}"),
            }
        };
        table.push([
            beta.to_string(),
            exponent(&regrets),
            format!("{:.2}", 1.0 - beta),
            exponent(&questions),
            format!("{:.2}", 2.0 * beta),
        ]);
        for (chart, counts) in charts.iter_mut().zip([&regrets, &questions]) {
            let point = |(duels, counts): (&u32, &Vec<f64>)| {
                (f64::from(*duels).log10(), mean(counts).unwrap_or(f64::NAN).log10())
            };
            let points = lengths.iter().zip(counts.iter()).map(point).collect();
            chart.lines.push(Line { name: format!("beta = {beta}"), points });
        }
    }
    report.tables.push(table);
    report.charts.extend(charts);
    Ok(())
}
