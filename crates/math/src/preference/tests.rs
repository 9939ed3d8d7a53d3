//! The card's numbers, derivatives, and PyTorch's losses and gradients.

use super::*;
use proptest::prelude::*;

const LN_2: f64 = std::f64::consts::LN_2;

fn dpo(beta: f64) -> PairLoss {
    PairLoss::LogSigmoid { beta, smoothing: 0.0 }
}

fn row(n: usize) -> Row {
    Row { tokens: vec![0; n + 1], weight: vec![1.0; n] }
}

fn scored(logprob: &[f32]) -> Scored {
    Scored { logprob: logprob.to_vec(), entropy: vec![0.0; logprob.len()] }
}

fn evaluate(objective: &Preference, rows: &[Row], scored: &[Scored]) -> (f64, Vec<Pull>) {
    let at: Vec<usize> = (0..rows.len()).collect();
    objective.pull(&at, &rows.iter().collect::<Vec<_>>(), scored)
}

#[test]
fn the_loss_has_the_values_of_the_card() {
    // Log-ratios 0.5 and -0.5: -ln s(0.1 * 1) = 0.644397.
    assert!((dpo(0.1).loss(1.0, 0.0).0 - 0.644397).abs() < 5e-7);
    // Equal log-ratios: ln 2, and a slope of -beta / 2 on the gap, so that of each side with opposite signs.
    for beta in [0.01, 0.1, 5.0] {
        assert_eq!(dpo(beta).loss(0.0, 0.0), (LN_2, -beta / 2.0));
    }
}

#[test]
fn at_the_reference_every_pair_costs_ln_2() {
    let rows = [row(3), row(2), row(1), row(4)];
    let scored: Vec<Scored> =
        [&[-0.1, -2.0, -0.7][..], &[-3.0, -0.4], &[-1.0], &[-0.2; 4]].map(scored).into();
    let references: Vec<f64> = rows.iter().zip(&scored).map(|(row, scored)| logprob(row, scored)).collect();
    for ratio in [LogRatio::Sum, LogRatio::TokenMean] {
        let terms = Terms { loss: dpo(0.3), ratio, ..Terms::default() };
        let objective = Preference::of(terms, references.clone(), vec![0.0; 2]).expect("valid");
        let (loss, pulls) = evaluate(&objective, &rows, &scored);
        assert_eq!(loss, LN_2);
        assert_eq!(objective.rewards(&rows, &scored), [0.0; 4]);
        // 0.3 / 2 on each side of each of two pairs, over the tokens where these are averaged.
        let lengths = if ratio == LogRatio::Sum { [1.0; 4] } else { [3.0, 2.0, 1.0, 4.0] };
        for ((pull, sign), length) in pulls.iter().zip([-1.0, 1.0, -1.0, 1.0]).zip(lengths) {
            assert!(pull.logprob.iter().all(|&pull| (pull - sign * 0.075 / length).abs() < 1e-7));
        }
    }
}

#[test]
fn identical_answers_pull_nowhere() {
    let (rows, logprobs) = ([row(3), row(3)], [-0.1, -2.0, -0.7]);
    for loss in [dpo(0.5), PairLoss::Squared { beta: 0.5 }] {
        let terms = Terms { loss, ..Terms::default() };
        let objective = Preference::of(terms, vec![-1.0; 2], vec![0.3]).expect("valid");
        let (_, pulls) = evaluate(&objective, &rows, &[scored(&logprobs), scored(&logprobs)]);
        for (up, down) in pulls[0].logprob.iter().zip(&pulls[1].logprob) {
            assert_eq!(up + down, 0.0);
        }
    }
}

#[test]
fn the_gradient_vanishes_with_beta_in_a_line() {
    for gap in [-3.0, 0.0, 2.0] {
        let (loss, slope) = dpo(1e-6).loss(gap, 0.0);
        assert!((loss - LN_2).abs() < 1e-5);
        let (_, half) = dpo(5e-7).loss(gap, 0.0);
        assert!((slope / half - 2.0).abs() < 1e-5);
    }
}

#[test]
fn a_large_beta_pulls_at_misordered_pairs_alone() {
    let weight = |gap| -dpo(50.0).loss(gap, 0.0).1 / 50.0;
    assert!(weight(0.5) < 1e-10);
    assert!(weight(-0.5) > 1.0 - 1e-10);
}

#[test]
fn huge_gaps_stay_finite() {
    for gap in [-1e6, 1e6] {
        let (loss, slope) = dpo(1.0).loss(gap, 0.0);
        assert!(loss.is_finite() && slope.is_finite(), "{gap}: {loss}, {slope}");
    }
    assert_eq!(dpo(1.0).loss(-1e6, 0.0), (1e6, -1.0));
}

#[test]
fn smoothing_leaves_a_best_gap() {
    // s(z) = 1 - smoothing there.
    let loss = PairLoss::LogSigmoid { beta: 1.0, smoothing: 0.1 };
    assert!(loss.loss(9f64.ln(), 0.0).1.abs() < 1e-12);
    assert!(loss.loss(3.0, 0.0).1 > 0.0);
}

#[test]
fn the_square_is_zero_at_the_tempered_policy() {
    // p = (.4, .3, .2, .1), beta = .5, reward ln p: the solution is p^3, normalised; ranks 1 and 3 of it
    // have a log-ratio of 2 ln p + c, so that both sides are ln 2 (card 12).
    let p = [0.4f64, 0.3, 0.2, 0.1];
    let norm: f64 = p.iter().map(|p| p.powi(3)).sum();
    let ratio = |p: f64| (p.powi(3) / norm).ln() - p.ln();
    let margin = p[0].ln() - p[2].ln();
    assert!((margin - LN_2).abs() < 1e-12);
    let (loss, slope) = PairLoss::Squared { beta: 0.5 }.loss(ratio(p[0]) - ratio(p[2]), margin);
    assert!(loss < 1e-24 && slope.abs() < 1e-12);
}

#[test]
fn optimism_pushes_base_samples_down_and_the_residual_is_made_small() {
    let terms = Terms { loss: PairLoss::Squared { beta: 1.0 }, optimism: 0.01, ..Terms::default() };
    let objective = Preference::of(terms, vec![-2.0, -1.0], vec![0.5]).expect("valid");
    let (rows, scored) = ([row(1), row(1)], [scored(&[-2.0]), scored(&[-1.0])]);
    let (loss, pulls) = evaluate(&objective, &rows, &scored);
    // (0 - 0.5)^2 + 0.01 * -1: the square is added, not subtracted as the paper prints it.
    assert!((loss - 0.24).abs() < 1e-12);
    // 2 * -0.5 on the first; +1 and the optimism on the second: descent lowers its log-probability.
    assert_eq!(pulls[0].logprob, [-1.0]);
    assert!((pulls[1].logprob[0] - 1.01).abs() < 1e-6);
}

#[test]
fn numbers_out_of_range_make_no_objective() {
    let refused = |terms: Terms| Preference::of(terms, vec![0.0; 2], vec![0.0]).is_none();
    assert!(!refused(Terms::default()));
    for beta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(refused(Terms { loss: dpo(beta), ..Terms::default() }));
        assert!(refused(Terms { loss: PairLoss::Squared { beta }, ..Terms::default() }));
    }
    let smoothed = PairLoss::LogSigmoid { beta: 0.1, smoothing: 0.5 };
    assert!(refused(Terms { loss: smoothed, ..Terms::default() }));
    assert!(refused(Terms { sft: -1.0, ..Terms::default() }));
    assert!(refused(Terms { optimism: f64::NAN, ..Terms::default() }));
    assert_eq!(Preference::of(Terms::default(), vec![0.0; 3], vec![0.0]), None);
}

#[derive(serde::Deserialize)]
struct Golden {
    name: String,
    terms: GoldenTerms,
    weights: Vec<Vec<f32>>,
    logprobs: Vec<Vec<f32>>,
    references: Vec<Vec<f32>>,
    margins: Vec<f64>,
    loss: f64,
    rewards: Vec<f64>,
    gradients: Vec<Vec<f32>>,
}

#[derive(serde::Deserialize)]
struct GoldenTerms {
    loss: PairLoss,
    ratio: LogRatio,
    sft: f64,
    optimism: f64,
}

#[test]
fn losses_rewards_and_gradients_are_those_of_pytorch() {
    let cases: Vec<Golden> =
        serde_json::from_str(include_str!("../../../../golden/preference/losses.json")).expect("parses");
    assert!(cases.len() >= 7);
    for case in cases {
        let GoldenTerms { loss, ratio, sft, optimism } = case.terms;
        let rows: Vec<Row> = (case.weights.iter())
            .map(|weight| Row { tokens: vec![0; weight.len() + 1], weight: weight.clone() })
            .collect();
        let at = |table: &[Vec<f32>]| table.iter().map(|one| scored(one)).collect::<Vec<_>>();
        let references = rows.iter().zip(at(&case.references)).map(|(row, scored)| logprob(row, &scored));
        let terms = Terms { loss, ratio, sft, optimism };
        let objective = Preference::of(terms, references.collect(), case.margins).expect("valid");
        let scored = at(&case.logprobs);
        let (loss, pulls) = evaluate(&objective, &rows, &scored);
        assert!((loss - case.loss).abs() < 1e-9, "{}: {loss} != {}", case.name, case.loss);
        for (found, expect) in objective.rewards(&rows, &scored).iter().zip(&case.rewards) {
            assert!((found - expect).abs() < 1e-9, "{}: {found} != {expect}", case.name);
        }
        for (pull, expect) in pulls.iter().zip(&case.gradients) {
            for (found, expect) in pull.logprob.iter().zip(expect) {
                assert!((found - expect).abs() < 1e-7, "{}: {found} != {expect}", case.name);
            }
        }
    }
}

fn terms() -> impl Strategy<Value = Terms> {
    let loss = prop_oneof![
        (0.05f64..2.0, 0.0f64..0.4).prop_map(|(beta, smoothing)| PairLoss::LogSigmoid { beta, smoothing }),
        (0.05f64..2.0).prop_map(|beta| PairLoss::Squared { beta }),
    ];
    let ratio = prop_oneof![Just(LogRatio::Sum), Just(LogRatio::TokenMean)];
    (loss, ratio, 0.0f64..1.0, 0.0f64..0.2).prop_map(|(loss, ratio, sft, optimism)| Terms {
        loss,
        ratio,
        sft,
        optimism,
    })
}

proptest! {
    #[test]
    fn every_pull_is_the_derivative(
        terms in terms(),
        pairs in prop::collection::vec((prop::collection::vec(-3.0f32..0.0, 1..4),
            prop::collection::vec(-3.0f32..0.0, 1..4), -2.0f64..2.0, -6.0f64..0.0, -6.0f64..0.0), 1..4),
    ) {
        let logprobs: Vec<Vec<f32>> =
            pairs.iter().flat_map(|pair| [pair.0.clone(), pair.1.clone()]).collect();
        let rows: Vec<Row> = logprobs.iter().map(|one| row(one.len())).collect();
        let references = pairs.iter().flat_map(|pair| [pair.3, pair.4]).collect();
        let margins = pairs.iter().map(|pair| pair.2).collect();
        let objective = Preference::of(terms, references, margins).expect("valid");
        let at = |logprobs: &[Vec<f32>]| logprobs.iter().map(|one| scored(one)).collect::<Vec<_>>();
        let (_, pulls) = evaluate(&objective, &rows, &at(&logprobs));
        for (i, pull) in pulls.iter().enumerate() {
            for (t, &pull) in pull.logprob.iter().enumerate() {
                // A power of two, so that the f32 step is exact.
                let step = 1.0 / 1024.0;
                let moved = |by: f32| {
                    let mut logprobs = logprobs.clone();
                    logprobs[i][t] += by;
                    (evaluate(&objective, &rows, &at(&logprobs)).0, f64::from(logprobs[i][t]))
                };
                let ((up, x_up), (down, x_down)) = (moved(step), moved(-step));
                let numeric = (up - down) / (x_up - x_down);
                let close = 1e-4 * (1.0 + numeric.abs());
                prop_assert!((numeric - f64::from(pull)).abs() < close, "{terms:?}: {numeric} != {pull}");
            }
        }
    }
}
