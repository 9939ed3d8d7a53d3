//! From the arms of all seeds to claims, tables and charts.

use super::{Arms, Settings};
use crate::b_star::Ancestor;
use crate::proof::{Chart, Claim, ProofOptions, ProofReport, Table, Track, between, claim, spread};
use autodidact_math::summary::mean;
use autodidact_parts::learn::Amount;

/// What counts as noise around a peak.
const NEAR: f64 = 0.02;

/// The greedy accuracy on the test problems at the end.
const FINAL: &str = "after/greedy";

/// The report over all seeds.
pub fn report(settings: &Settings, seeds: &[Arms], options: &ProofOptions<'_>) -> ProofReport {
    let mut report = ProofReport::of(super::PROOF.id, options);
    report.claims = claims(settings, seeds);
    report.tables = vec![accuracy(settings, seeds), rounds(seeds)];
    report.charts = charts(seeds);
    report.notes = notes(settings);
    report
}

fn claims(settings: &Settings, seeds: &[Arms]) -> Vec<Claim> {
    let each = |figure: &dyn Fn(&Arms) -> f64| seeds.iter().map(figure).collect::<Vec<f64>>();
    let b_star = |arms: &Arms| last(&arms.b_star, FINAL);
    let best = best_fixed(settings, seeds);
    let (name, _) = &best;
    let fall = |arms: &Arms, name: &str| 1.0 - of_peak(&online(arms).values(name));
    let kept = |arms: &Arms, name: &str| of_peak(&arms.b_star.values(name));
    let before = |arms: &Arms| last(&arms.b_star, "before/greedy");
    vec![
        // The start must be weak, but not so weak that nothing can be selected.
        between("greedy test accuracy before the first round", &each(&before), 0.2, 0.35),
        claim(
            "greedy test accuracy: B-STaR minus online RFT",
            &each(&|arms| b_star(arms) - last(online(arms), FINAL)),
            0.02,
        ),
        within_noise(
            format!("greedy test accuracy: B-STaR minus the best fixed setting ({name})"),
            &each(&|arms| {
                b_star(arms)
                    - fixed(settings, arms)
                        .into_iter()
                        .find(|(n, _)| n == name)
                        .map_or(f64::NAN, |(_, track)| last(track, FINAL))
            }),
        ),
        claim(
            "online RFT: fall of pass@k-s or diversity from its peak, the larger",
            &each(&|arms| fall(arms, "pass@k-s").max(fall(arms, "diversity"))),
            NEAR,
        ),
        claim("B-STaR: last pass@k-s over its peak", &each(&|arms| kept(arms, "pass@k-s")), 1.0 - NEAR),
        claim("B-STaR: last diversity over its peak", &each(&|arms| kept(arms, "diversity")), 1.0 - NEAR),
        between(
            "B-STaR: largest fall of the balance score below an earlier round",
            &each(&|arms| largest_fall(&arms.b_star.values("balance"))),
            f64::NEG_INFINITY,
            NEAR,
        ),
        above(
            "B-STaR: chosen temperature, mean of the last third of rounds minus the first",
            &each(&|arms| last_minus_first_third(&arms.b_star.values("temperature"))),
        ),
        above(
            "ReST-EM: optimiser steps to its best validation accuracy, minus those of online RFT to the same",
            &each(&|arms| restart_cost(settings, arms)),
        ),
        above("greedy test accuracy: B-STaR after minus before", &each(&|arms| b_star(arms) - before(arms))),
    ]
}

/// The arms that keep temperature and threshold, online RFT first.
fn fixed<'a>(settings: &Settings, arms: &'a Arms) -> Vec<(String, &'a Track)> {
    let points = std::iter::once(&(1.0, 0.0)).chain(&settings.fixed);
    let name = |&(temperature, threshold): &(f64, f64)| format!("{temperature}, {threshold}");
    points.map(name).zip(std::iter::once(online(arms)).chain(&arms.fixed)).collect()
}

/// The fixed setting with the highest accuracy over seeds.
fn best_fixed(settings: &Settings, seeds: &[Arms]) -> (String, f64) {
    let mut best = (String::new(), f64::NEG_INFINITY);
    let tracks: Vec<Vec<(String, &Track)>> = seeds.iter().map(|arms| fixed(settings, arms)).collect();
    for i in 0..=settings.fixed.len() {
        let values: Vec<f64> = tracks.iter().map(|of_seed| last(of_seed[i].1, FINAL)).collect();
        let value = mean(&values).unwrap_or(f64::NAN);
        if value > best.1 {
            best = (tracks[0][i].0.clone(), value);
        }
    }
    best
}

fn online(arms: &Arms) -> &Track {
    &arms.ancestors[0]
}

fn last(track: &Track, name: &str) -> f64 {
    track.last(name).unwrap_or(f64::NAN)
}

/// The last value over the largest.
fn of_peak(values: &[f64]) -> f64 {
    let peak = values.iter().copied().fold(f64::NAN, f64::max);
    values.last().map_or(f64::NAN, |last| last / peak)
}

fn largest_fall(values: &[f64]) -> f64 {
    let mut peak = f64::NEG_INFINITY;
    let fall = |&value: &f64| {
        peak = peak.max(value);
        peak - value
    };
    values.iter().map(fall).fold(f64::NAN, f64::max)
}

fn last_minus_first_third(values: &[f64]) -> f64 {
    let third = (values.len() / 3).max(1).min(values.len());
    let of = |values: &[f64]| mean(values).unwrap_or(f64::NAN);
    of(&values[values.len() - third..]) - of(&values[..third])
}

/// Optimiser steps that ReST-EM takes to its best validation accuracy, minus those that online RFT
/// takes to at least the same. The value before the first round is no round's; where online RFT never gets
/// there, it is taken to do so in the round after its last.
fn restart_cost(settings: &Settings, arms: &Arms) -> f64 {
    let Amount::Steps { steps } = settings.recipe.sft.amount else { return f64::NAN };
    let curve = |track: &Track| track.values("validation/greedy");
    let rest_em = curve(&arms.ancestors[2]);
    let peak = rest_em.iter().copied().fold(f64::NAN, f64::max);
    let reached = |values: &[f64]| values.iter().position(|&value| value >= peak);
    let online = curve(online(arms));
    let early = reached(&online).unwrap_or(online.len());
    reached(&rest_em).map_or(f64::NAN, |late| (late as f64 - early as f64) * steps as f64)
}

/// The claim that the mean of `values` is above 0.
fn above(name: &str, values: &[f64]) -> Claim {
    let (value, interval) = spread(values);
    Claim { name: name.to_owned(), value, interval, required: "above 0".to_owned(), met: value > 0.0 }
}

/// The claim that the mean of `values` is at least 0, or below it by no more than noise.
fn within_noise(name: String, values: &[f64]) -> Claim {
    let (value, interval) = spread(values);
    let reach = interval.map_or(value, |(_, high)| high);
    let required = "at least 0, or 0 within the interval".to_owned();
    Claim { name, value, interval, required, met: value >= 0.0 || reach >= 0.0 }
}

fn accuracy(settings: &Settings, seeds: &[Arms]) -> Table {
    let columns =
        ["arm", "greedy before", "greedy after", "pass@k-s", "diversity", "trained tokens", "sampled tokens"];
    let mut table = Table::of("Test accuracy and monitor at the end, means over seeds", &columns);
    let mut row = |name: String, tracks: Vec<&Track>| {
        let of = |figure: &dyn Fn(&Track) -> f64| {
            let values: Vec<f64> = tracks.iter().map(|track| figure(track)).collect();
            mean(&values).filter(|value| value.is_finite())
        };
        let share =
            |name: &str| of(&|track| last(track, name)).map_or("-".to_owned(), |value| format!("{value:.3}"));
        let tokens = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.0}"));
        let sampled = of(&|track| track.spend.sampled_tokens as f64);
        let trained = of(&|track| track.spend.trained_tokens as f64);
        let shares = ["before/greedy", FINAL, "pass@k-s", "diversity"].map(share);
        table.push([name].into_iter().chain(shares).chain([tokens(trained), tokens(sampled)]));
    };
    row("b-star".to_owned(), seeds.iter().map(|arms| &arms.b_star).collect());
    for (i, ancestor) in Ancestor::ALL.iter().enumerate() {
        row(ancestor.name().to_owned(), seeds.iter().map(|arms| &arms.ancestors[i]).collect());
    }
    for (i, (temperature, threshold)) in settings.fixed.iter().enumerate() {
        let name = format!("fixed {temperature}, {threshold}");
        row(name, seeds.iter().map(|arms| &arms.fixed[i]).collect());
    }
    table
}

fn rounds(seeds: &[Arms]) -> Table {
    let columns =
        ["round", "temperature", "threshold", "balance", "kept", "b-star pass@k-s", "online pass@k-s"];
    let mut table = Table::of("What B-STaR chose, means over seeds", &columns);
    let b_star = |name: &str| means(seeds, |arms| arms.b_star.values(name));
    let series = ["temperature", "threshold", "balance", "kept"].map(b_star);
    // The monitor's first value is from before the first round.
    let monitor = [b_star("pass@k-s"), means(seeds, |arms| online(arms).values("pass@k-s"))];
    for round in 0..series[0].len() {
        let cell = |value: Option<&f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
        let chosen = series.iter().map(|values| cell(values.get(round)));
        let watched = monitor.iter().map(|values| cell(values.get(round + 1)));
        table.push([(round + 1).to_string()].into_iter().chain(chosen).chain(watched));
    }
    table
}

fn charts(seeds: &[Arms]) -> Vec<Chart> {
    let mut accuracy = Chart::of("Greedy accuracy in validation", "round", "share right");
    let mut exploration = Chart::of("Exploration in validation", "round", "share");
    let mut chosen = Chart::of("What B-STaR chose", "round", "value");
    let ancestors = Ancestor::ALL.iter().enumerate();
    accuracy.push("b-star", 0, &means(seeds, |arms| arms.b_star.values("validation/greedy")));
    for (i, ancestor) in ancestors {
        let values = means(seeds, |arms| arms.ancestors[i].values("validation/greedy"));
        accuracy.push(ancestor.name(), 0, &values);
    }
    for name in ["pass@k-s", "diversity"] {
        exploration.push(&format!("b-star {name}"), 0, &means(seeds, |arms| arms.b_star.values(name)));
        exploration.push(&format!("online-rft {name}"), 0, &means(seeds, |arms| online(arms).values(name)));
    }
    for name in ["temperature", "threshold", "balance"] {
        chosen.push(name, 1, &means(seeds, |arms| arms.b_star.values(name)));
    }
    vec![accuracy, exploration, chosen]
}

/// The mean over seeds, point by point, as far as every seed has one.
fn means(seeds: &[Arms], series: impl Fn(&Arms) -> Vec<f64>) -> Vec<f64> {
    let all: Vec<Vec<f64>> = seeds.iter().map(series).collect();
    let shortest = all.iter().map(Vec::len).min().unwrap_or(0);
    (0..shortest).filter_map(|i| mean(&all.iter().map(|one| one[i]).collect::<Vec<f64>>())).collect()
}

fn notes(settings: &Settings) -> Vec<String> {
    let (recipe, warm_up) = (&settings.recipe, &settings.warm_up);
    vec![
        "Sums and products may be written either way round; otherwise every chain has one worked solution \
         and there are no distinct right answers to count."
            .to_owned(),
        format!(
            "Every arm begins with the bundled model (1.02 million weights, where the card has half a million) \
             after a warm-up on {} solved problems at a rate of {}, which ends when {} of {} validation problems \
             are solved greedily, looked at every {} updates of {} rows. A model with fresh weights does not \
             learn arithmetic modulo 100 from so few problems.",
            warm_up.solved, warm_up.lr, warm_up.until, warm_up.look.problems, warm_up.every, warm_up.rows
        ),
        format!("{} queries a round; fine-tuning goes on at a rate of {}.", recipe.queries, recipe.sft.lr),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_and_thirds_are_those_of_hand() {
        assert_eq!(of_peak(&[0.2, 0.5, 0.4]), 0.8);
        assert!(of_peak(&[]).is_nan());
        assert_eq!(largest_fall(&[0.5, 0.25, 0.75, 0.625]), 0.25);
        assert_eq!(largest_fall(&[0.25, 0.5]), 0.0);
        // (1.2 + 1.0) / 2 - (0.4 + 0.6) / 2 over eight rounds, whose thirds have two.
        let chosen = [0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 1.2, 1.0];
        assert!((last_minus_first_third(&chosen) - 0.6).abs() < 1e-12);
        assert!(last_minus_first_third(&[]).is_nan());
    }

    #[test]
    fn a_shortfall_is_noise_only_where_the_interval_reaches_zero() {
        assert!(within_noise(String::new(), &[-0.03, 0.02, -0.01]).met);
        assert!(!within_noise(String::new(), &[-0.03, -0.031, -0.032]).met);
        assert!(!within_noise(String::new(), &[-0.01]).met);
        assert!(!above("nothing", &[0.0, 0.0]).met);
    }
}
