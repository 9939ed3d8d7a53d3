//! The tempered evidence bound of some users' clicks, and its gradient by reparameterised draws.
//!
//! `log-likelihood / T_likelihood + log-prior / T_prior - log q`, averaged over draws. A draw is
//! `mean + sd * noise`, so `-log q` pulls on a standard deviation by `1 / sd` and on a mean not at all.

use super::guide::{Guide, Moments};
use super::history::{History, Part, Step};
use super::layout::Layout;
use super::sequence::{Model, Pulls};
use super::start::Start;
use super::{FitConfig, Likelihood, UserModel};
use autodidact_core::{Rng, Seed};
use rand::Rng as _;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::PI;

/// Some sequences of a log.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub history: &'a History,
    /// What each step is for; see [`super::history::parts`].
    pub parts: &'a [Vec<Part>],
    /// The sequences of this batch.
    pub chosen: &'a [usize],
}

/// Minus the bound, and its derivative with respect to the guide's unbounded numbers.
///
/// The batch stands for the whole log: what belongs to users is scaled up to all sequences.
pub(super) fn loss(
    config: &FitConfig,
    layout: &Layout,
    user: UserModel,
    guide: &Guide,
    batch: Batch<'_>,
    seed: Seed,
) -> (f64, Vec<f64>) {
    let moments = guide.moments(config, layout);
    let model = Model { layout, user, score: config.score };
    let n = layout.len();
    let mut pull = Moments { mean: vec![0.0; n], sd: vec![0.0; n], factor: 0.0 };
    let mut bound = 0.0;
    let share = 1.0 / f64::from(config.particles);
    let starts: Vec<(Vec<Step>, Vec<f64>, Start)> =
        batch.chosen.iter().map(|&index| prepared(config, layout, &moments, batch, index, seed)).collect();

    for particle in 0..config.particles {
        let mut rng = seed.at("particle", u64::from(particle)).rng();
        let mut at = moments.mean.clone();
        let mut noise = vec![0.0; n];
        for i in layout.active(user).into_iter().flatten() {
            noise[i] = StandardNormal.sample(&mut rng);
            at[i] += moments.sd[i] * noise[i];
        }
        let mut grad = vec![0.0; n];
        let mut prior = vec![0.0; n];
        bound += share * layout.log_prior(config, user, &at, &mut prior) / config.prior_temperature;
        grad.iter_mut().zip(&prior).for_each(|(sum, own)| *sum += own / config.prior_temperature);

        let scale = batch.history.sequences.len() as f64 / batch.chosen.len() as f64;
        let mut of_users = vec![0.0; n];
        for (&index, (compared, weights, start)) in batch.chosen.iter().zip(&starts) {
            let steps = &batch.history.sequences[index].steps;
            let clicked = start_clicks(layout, &moments, steps, &batch.parts[index]);
            let d = layout.dims;
            let drawn: Vec<f64> = (0..d).map(|_| StandardNormal.sample(&mut rng)).collect();
            let first: Vec<f64> = (0..d).map(|i| start.mean[i] + start.sd[i] * drawn[i]).collect();
            let mut d_first = vec![0.0; d];
            let pulls = Pulls { at: &mut of_users, start: &mut d_first };
            let value = model.log_likelihood(&at, &first, (steps, compared), weights, Some(pulls));
            bound += share * scale * value / config.likelihood_temperature;
            let mut d_sd = vec![0.0; d];
            for i in 0..d {
                let off = first[i] / config.start_spread;
                let density = -0.5 * off * off - config.start_spread.ln() - 0.5 * (2.0 * PI).ln();
                let entropy = start.sd[i].ln() + 0.5 * (2.0 * PI).ln() + 0.5 * drawn[i] * drawn[i];
                bound += share * scale * (density / config.prior_temperature + entropy);
                d_first[i] = scale * (d_first[i] / config.likelihood_temperature)
                    - scale * off / (config.start_spread * config.prior_temperature);
                d_sd[i] = d_first[i] * drawn[i] + scale / start.sd[i];
            }
            let items = start_items(steps, &batch.parts[index]);
            let add = |k: usize, i: usize, by: f64| pull.mean[layout.item(items[k]).start + i] += share * by;
            pull.factor += share * start.back(&clicked, moments.factor, (&d_first, &d_sd), add);
        }
        let by = scale / config.likelihood_temperature;
        grad.iter_mut().zip(&of_users).for_each(|(sum, own)| *sum += by * own);
        for i in layout.active(user).into_iter().flatten() {
            bound += share * (moments.sd[i].ln() + 0.5 * (2.0 * PI).ln() + 0.5 * noise[i] * noise[i]);
            pull.mean[i] += share * grad[i];
            pull.sd[i] += share * (grad[i] * noise[i] + 1.0 / moments.sd[i]);
        }
    }
    let mut gradient = guide.back(config, layout, &pull);
    gradient.iter_mut().for_each(|x| *x = -*x);
    (-bound, gradient)
}

/// What a sequence's clicks are compared with, how much each step counts, and its first state.
fn prepared(
    config: &FitConfig,
    layout: &Layout,
    moments: &Moments,
    batch: Batch<'_>,
    index: usize,
    seed: Seed,
) -> (Vec<Step>, Vec<f64>, Start) {
    let (steps, parts) = (&batch.history.sequences[index].steps, &batch.parts[index]);
    let mut rng = seed.at("compared", index as u64).rng();
    let compared = compared(config.likelihood, steps, layout.group.len() as u32, &mut rng);
    let weights = parts.iter().map(|part| f64::from(u8::from(*part == Part::Train))).collect();
    let start = Start::of(config, &start_clicks(layout, moments, steps, parts), moments.factor);
    (compared, weights, start)
}

/// The items that a first state is read off: those clicked in the training part.
fn start_items(steps: &[Step], parts: &[Part]) -> Vec<u32> {
    let trained = steps.iter().zip(parts).filter(|(_, part)| **part == Part::Train);
    trained.filter_map(|(step, _)| step.clicked()).collect()
}

/// Their posterior means.
pub(super) fn start_clicks<'a>(
    layout: &Layout,
    moments: &'a Moments,
    steps: &[Step],
    parts: &[Part],
) -> Vec<&'a [f64]> {
    start_items(steps, parts).into_iter().map(|item| &moments.mean[layout.item(item)]).collect()
}

/// The lists that clicks are compared with.
fn compared(likelihood: Likelihood, steps: &[Step], items: u32, rng: &mut Rng) -> Vec<Step> {
    match likelihood {
        Likelihood::Slate => steps.to_vec(),
        Likelihood::AllItems { entries } => {
            let one = |step: &Step| against(step, entries, || rng.random_range(0..items));
            steps.iter().map(one).collect()
        }
    }
}

/// A list of `entries` items, the clicked one, if any, first and then `other`s. An item may stand in it
/// twice, as upstream.
pub(super) fn against(step: &Step, entries: u32, other: impl FnMut() -> u32) -> Step {
    let mut shown: Vec<u32> = step.clicked().into_iter().collect();
    let missing = entries as usize - shown.len().min(entries as usize);
    let click = (!shown.is_empty()).then_some(0);
    shown.extend(std::iter::repeat_with(other).take(missing));
    Step { shown, click }
}
