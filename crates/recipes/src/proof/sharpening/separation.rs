//! Part two: one response in a thousand is the likeliest, and only exploration finds it.

use super::super::{Chart, Line, ProofOptions, ProofReport, Scale, Table, between, claim};
use super::shown;
use autodidact_core::{Error, Result, Seed};
use autodidact_math::sharpening::law::miss;
use autodidact_math::sharpening::{Data, Explore, Residual, Search, one_in_thousands};
use autodidact_math::summary::mean;

/// An arm: what it is called, how it explores, and what the card's reference simulation found.
struct Arm {
    name: &'static str,
    explore: Explore,
    card: &'static str,
}

/// What an arm found with one seed: shares of worlds, and the mean of the largest `J` by round.
struct Outcome {
    best: f64,
    last: f64,
    objectives: Vec<f64>,
}

fn arms() -> Vec<Arm> {
    let of = |name, explore, card| Arm { name, explore, card };
    vec![
        of("XPO, alpha .003, 60 rounds", Explore::of(0.003, 60), "0.90"),
        of("XPO, alpha .001, 60 rounds", Explore::of(0.001, 60), "0.70"),
        of("XPO, alpha .003, 100 rounds", Explore::of(0.003, 100), "1.0"),
        of("no optimism, alpha 0, 60 rounds", Explore::of(0.0, 60), "0.10"),
        of("offline, 60 pairs of the base", Explore { data: Data::Base, ..Explore::of(0.0, 60) }, "0.10"),
        of(
            "printed minus sign, alpha .003, 60 rounds",
            Explore { residual: Residual::Subtracted, ..Explore::of(0.003, 60) },
            "0",
        ),
        of("XPO, alpha .03, 100 rounds", Explore::of(0.03, 100), "0"),
        of(
            "XPO, alpha .003, 60 rounds, inner problem by gradient steps",
            Explore { search: Search::NearBase, ..Explore::of(0.003, 60) },
            "-",
        ),
        of(
            "XPO, alpha .03, 60 rounds, inner problem by gradient steps",
            Explore { search: Search::NearBase, ..Explore::of(0.03, 60) },
            "-",
        ),
    ]
}

pub(super) fn add(report: &mut ProofReport, options: &ProofOptions<'_>) -> Result<()> {
    let worlds = match options.scale {
        Scale::Full => 20,
        Scale::Quick => 3,
    };
    let arms = arms();
    let mut outcomes: Vec<Vec<Outcome>> = arms.iter().map(|_| Vec::new()).collect();
    let mut drawn = Vec::new();
    for &seed in &options.seeds {
        let root = Seed::root(seed).at("separation", 0);
        drawn.push(best_of_120(root, worlds));
        for (arm, outcomes) in arms.iter().zip(&mut outcomes) {
            if options.stop.requested() {
                return Err(Error::Interrupted);
            }
            outcomes.push(measure(&arm.explore, root, worlds));
        }
    }
    let found = |idx: usize| outcomes[idx].iter().map(|one| one.best).collect::<Vec<f64>>();
    let last = |idx: usize| outcomes[idx].iter().map(|one| one.last).collect::<Vec<f64>>();

    let mut table = Table::of(
        "Separation: P[policy(y*) > 1/2] over 20 worlds a seed",
        &["arm", "iterate with the largest J", "last iterate", "the card's simulation"],
    );
    for (idx, arm) in arms.iter().enumerate() {
        table.push([arm.name.to_owned(), shown(&found(idx), 3), shown(&last(idx), 3), arm.card.to_owned()]);
    }
    table.push(["best of 120, closed form".to_owned(), shown(&drawn, 3), "-".to_owned(), "0.09".to_owned()]);
    report.tables.push(table);

    let mut chart = Chart::of("Separation: the largest J so far", "round", "J");
    for idx in [0, 1, 3, 5] {
        let rounds = outcomes[idx].first().map_or(0, |one| one.objectives.len());
        let at = |round: usize| {
            let values: Vec<f64> = outcomes[idx].iter().map(|one| one.objectives[round]).collect();
            (round as f64 + 1.0, mean(&values).unwrap_or(f64::NAN))
        };
        chart.lines.push(Line { name: arms[idx].name.to_owned(), points: (0..rounds).map(at).collect() });
    }
    report.charts.push(chart);

    let low = f64::NEG_INFINITY;
    report.claims.extend([
        claim("separation: XPO, alpha .003, after 60 rounds", &found(0), 0.9),
        claim("separation: XPO, alpha .001, after 60 rounds", &found(1), 0.7),
        claim("separation: XPO, alpha .003, after 100 rounds", &found(2), 1.0),
        between("separation: without optimism, after 60 rounds", &found(3), low, 0.25),
        between("separation: offline, 60 pairs", &last(4), low, 0.25),
        between("separation: best of 120, closed form", &drawn, 0.08, 0.11),
        between("separation: with the printed minus sign", &found(5), low, 0.0),
        between("separation: too large an alpha, .03, after 100 rounds", &found(6), low, 0.1),
    ]);
    report.notes.push(
        "Separation: the inner problem is solved from ten starts by a concave-convex procedure whose every step is an exact \
         lowest point on the ball; J is exact. The card's simulation left its inner solver open."
            .to_owned(),
    );
    Ok(())
}

/// The mean over worlds of the chance that 120 draws hold the response.
fn best_of_120(root: Seed, worlds: u64) -> f64 {
    let one = |world: u64| {
        let (softmax, base) = one_in_thousands(&mut root.at("world", world).rng());
        1.0 - miss(softmax.law(&base)[7], 120)
    };
    (0..worlds).map(one).sum::<f64>() / worlds as f64
}

fn measure(explore: &Explore, root: Seed, worlds: u64) -> Outcome {
    let mut outcome = Outcome { best: 0.0, last: 0.0, objectives: vec![0.0; explore.rounds as usize] };
    let share = 1.0 / worlds as f64;
    for world in 0..worlds {
        let mut rng = root.at("world", world).rng();
        let (softmax, base) = one_in_thousands(&mut rng);
        let explored = explore.run(&softmax, &base, &mut rng);
        let hit = |theta: &[f64]| if softmax.law(theta)[7] > 0.5 { share } else { 0.0 };
        outcome.best += hit(&explored.best);
        outcome.last += hit(&explored.last);
        outcome
            .objectives
            .iter_mut()
            .zip(&explored.objectives)
            .for_each(|(sum, value)| *sum += share * value);
    }
    outcome
}
