//! Hand sums of the criteria, values of scikit-learn, and what holds for every fit.

use super::{Criterion, Fitting, Gaussian, best, fit, fit_from, lloyd, parameters};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    dims: usize,
    k: usize,
    points: Vec<f64>,
    labels: Vec<usize>,
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    covariances: Vec<Vec<f64>>,
    log_likelihood: f64,
    aic: f64,
    bic: f64,
    iterations: u32,
    converged: bool,
}

#[derive(Deserialize)]
struct Clustering {
    dims: usize,
    points: Vec<f64>,
    start: Vec<f64>,
    labels: Vec<usize>,
    centres: Vec<f64>,
    inertia: f64,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../../golden/course/gmm.json");
    serde_json::from_str(text).expect("the golden file is sound")
}

#[track_caller]
fn close(found: f64, expect: f64, relative: f64) {
    assert!((found - expect).abs() <= relative * (1.0 + expect.abs()), "{found} != {expect}");
}

#[test]
fn a_mixture_of_full_gaussians_has_these_many_free_numbers() {
    // k (D (D + 1) / 2 + D) + k - 1 with D = 3: 9 k + k - 1.
    assert_eq!(parameters(2, 3), 19);
    assert_eq!(parameters(10, 3), 99);
    assert_eq!(parameters(0, 3), 0);
}

#[test]
fn a_useless_gaussian_costs_two_for_each_of_its_free_numbers() {
    // At the same likelihood: 2 (D (D + 1) / 2 + D + 1) = 2 * 10 for D = 3.
    let aic = |k| Criterion::Aic.of(-12.5, parameters(k, 3), 250);
    assert_eq!(aic(3) - aic(2), 20.0);
    assert_eq!(aic(2), 38.0 + 25.0);
}

#[test]
fn the_other_criteria_have_their_hand_sums() {
    // m = 19, n = 250: BIC 19 ln 250 - 2 log L, AICc AIC + 2 * 19 * 20 / 230.
    assert_eq!(Criterion::Bic.of(-12.5, 19, 250), 19.0 * 250f64.ln() + 25.0);
    close(Criterion::Aicc.of(-12.5, 19, 250), 63.0 + 760.0 / 230.0, 1e-15);
    assert_eq!(Criterion::Aicc.of(-12.5, 19, 20), f64::INFINITY);
}

#[test]
fn from_the_same_clusters_em_ends_where_scikit_learn_does() {
    for case in cases() {
        let fit = fit_from(&case.points, case.dims, &case.labels, case.k, &Fitting::default()).expect("fits");
        assert_eq!((fit.iterations, fit.converged), (case.iterations, case.converged));
        for (j, found) in fit.mixture.gaussians.iter().enumerate() {
            close(found.weight, case.weights[j], 1e-9);
            let numbers = found.mean.iter().chain(&found.covariance);
            for (found, expect) in numbers.zip(case.means[j].iter().chain(&case.covariances[j])) {
                close(*found, *expect, 1e-9);
            }
        }
        let (m, n) = (fit.mixture.parameters(), case.labels.len());
        close(fit.log_likelihood, case.log_likelihood, 1e-9);
        close(Criterion::Aic.of(fit.log_likelihood, m, n), case.aic, 1e-9);
        close(Criterion::Bic.of(fit.log_likelihood, m, n), case.bic, 1e-9);
    }
}

#[test]
fn from_the_same_centres_lloyd_ends_where_scikit_learn_does() {
    let text = include_str!("../../../../golden/course/kmeans.json");
    let cases: Vec<Clustering> = serde_json::from_str(text).expect("the golden file is sound");
    for case in cases {
        let found = lloyd(&case.points, case.dims, case.start).expect("clusters");
        assert_eq!(found.labels, case.labels);
        found.centres.iter().zip(&case.centres).for_each(|(found, expect)| close(*found, *expect, 1e-12));
        close(found.inertia, case.inertia, 1e-12);
    }
}

#[test]
fn the_number_of_blobs_is_found() {
    let case = &cases()[0]; // three well separated blobs of 60 points
    for criterion in [Criterion::Aic, Criterion::Bic, Criterion::Aicc] {
        let mut rng = StdRng::seed_from_u64(1);
        let fit =
            best(&case.points, case.dims, 1..=3, criterion, &Fitting::default(), &mut rng).expect("fits");
        assert_eq!(fit.mixture.gaussians.len(), 3);
    }
}

#[test]
fn what_cannot_be_fitted_is_none_and_never_a_panic() {
    let mut rng = StdRng::seed_from_u64(1);
    let how = Fitting::default();
    assert_eq!(fit(&[], 2, 1, &how, &mut rng), None);
    assert_eq!(fit(&[1.0, 2.0], 2, 2, &how, &mut rng), None);
    assert_eq!(fit(&[1.0, 2.0, 3.0], 2, 1, &how, &mut rng), None);
    assert_eq!(fit(&[1.0, f64::NAN], 1, 1, &how, &mut rng), None);
    assert_eq!(fit(&[1.0, 2.0], 0, 1, &how, &mut rng), None);
    assert_eq!(fit_from(&[1.0, 2.0], 1, &[0, 1], 1, &how), None);
    // Without a ridge equal points have no density.
    assert_eq!(fit(&[1.0; 8], 2, 1, &Fitting { ridge: 0.0, ..how }, &mut rng), None);
    assert_eq!(best(&[1.0, 2.0], 1, 3..=9, Criterion::Aic, &how, &mut rng), None);
}

#[test]
fn equal_points_are_fitted_with_the_ridge_alone() {
    let fit = fit(&[0.5; 40], 2, 3, &Fitting::default(), &mut StdRng::seed_from_u64(2)).expect("fits");
    let heaviest = fit.mixture.gaussians.iter().max_by(|a, b| a.weight.total_cmp(&b.weight)).expect("three");
    assert!(heaviest.mean.iter().all(|x| (x - 0.5).abs() < 1e-12));
    assert!((heaviest.covariance[0] - 1e-6).abs() < 1e-9);
}

#[test]
fn draws_have_the_mean_and_the_covariance_of_their_gaussian() {
    let gaussian = Gaussian { weight: 1.0, mean: vec![1.0, -2.0], covariance: vec![0.5, 0.3, 0.3, 0.4] };
    let mut rng = StdRng::seed_from_u64(3);
    let draws: Vec<Vec<f64>> = (0..40_000).map(|_| gaussian.draw(&mut rng).expect("definite")).collect();
    let mean = |of: &dyn Fn(&[f64]) -> f64| draws.iter().map(|x| of(x)).sum::<f64>() / draws.len() as f64;
    assert!((mean(&|x| x[0]) - 1.0).abs() < 0.02 && (mean(&|x| x[1]) + 2.0).abs() < 0.02);
    assert!((mean(&|x| (x[0] - 1.0) * (x[1] + 2.0)) - 0.3).abs() < 0.02);
    assert!((mean(&|x| (x[0] - 1.0).powi(2)) - 0.5).abs() < 0.02);
    let flat = Gaussian { covariance: vec![1.0, 2.0, 2.0, 1.0], ..gaussian };
    assert_eq!(flat.draw(&mut rng), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_fit_is_a_distribution_and_its_likelihood_is_that_of_its_points(
        seed: u64, dims in 1usize..5, k in 1usize..6, n in 6usize..60, coarse: bool,
    ) {
        let mut rng = StdRng::seed_from_u64(seed);
        let draw = |_| { let x: f64 = rng.random(); if coarse { (x * 3.0).round() / 3.0 } else { x } };
        let points: Vec<f64> = (0..n * dims).map(draw).collect();
        let fit = fit(&points, dims, k, &Fitting::default(), &mut StdRng::seed_from_u64(seed)).expect("fits");
        let weights: f64 = fit.mixture.gaussians.iter().map(|one| one.weight).sum();
        prop_assert!((weights - 1.0).abs() < 1e-9);
        let sum: f64 =
            points.chunks_exact(dims).map(|x| fit.mixture.log_density(x).expect("definite")).sum();
        prop_assert!((sum - fit.log_likelihood).abs() < 1e-6 * (1.0 + sum.abs()), "{sum} {}", fit.log_likelihood);
    }

    #[test]
    fn more_iterations_never_make_the_points_less_likely(seed: u64, k in 1usize..5) {
        let mut rng = StdRng::seed_from_u64(seed);
        let points: Vec<f64> = (0..80).map(|_| rng.random()).collect();
        let fitted = |iterations| {
            // No ridge and no tolerance: then every step raises the likelihood.
            let how = Fitting { tolerance: 0.0, iterations, ridge: 0.0 };
            fit(&points, 2, k, &how, &mut StdRng::seed_from_u64(seed)).map(|fit| fit.log_likelihood)
        };
        if let (Some(few), Some(many)) = (fitted(2), fitted(5)) {
            prop_assert!(many >= few - 1e-9 * few.abs());
        }
    }
}
