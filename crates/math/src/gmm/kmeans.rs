//! Clusters by k-means, as mixtures start from them: greedy k-means++ centres, then Lloyd's steps.

use rand::Rng;

/// Lloyd's steps at most.
const STEPS: u32 = 300;

/// Lloyd's steps end when the centres' squared moves sum to less than this share of the mean variance of
/// a coordinate.
const TOLERANCE: f64 = 1e-4;

/// A partition of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// The cluster of each point.
    pub labels: Vec<usize>,
    /// The centres, row by row.
    pub centres: Vec<f64>,
    /// The sum of the points' squared distances to their centres.
    pub inertia: f64,
}

/// Clusters points of `dims` coordinates into `k`; `None` without points or clusters, with fewer points
/// than clusters or with coordinates that are not finite.
pub fn kmeans(points: &[f64], dims: usize, k: usize, rng: &mut impl Rng) -> Option<Clusters> {
    let sound = dims > 0 && k > 0 && points.len().is_multiple_of(dims) && points.len() >= k * dims;
    if !sound || points.iter().any(|x| !x.is_finite()) {
        return None;
    }
    lloyd(points, dims, spread(points, dims, k, rng))
}

/// Lloyd's steps from given centres, row by row: assign, average, until nothing changes or the centres
/// move too little. A cluster that loses all its points takes the point farthest from its centre.
pub fn lloyd(points: &[f64], dims: usize, mut centres: Vec<f64>) -> Option<Clusters> {
    let n = points.len() / dims.max(1);
    let k = centres.len() / dims.max(1);
    if n == 0 || k == 0 || n < k {
        return None;
    }
    let tolerance = TOLERANCE * mean_variance(points, dims);
    let (mut labels, mut distances) = (vec![usize::MAX; n], vec![0.0; n]);
    for _ in 0..STEPS {
        let changed = assign(points, dims, &centres, &mut labels, &mut distances);
        let next = averages(points, dims, k, &labels, &distances);
        let moved: f64 = centres.iter().zip(&next).map(|(a, b)| (a - b) * (a - b)).sum();
        centres = next;
        if !changed {
            break;
        }
        if moved <= tolerance {
            assign(points, dims, &centres, &mut labels, &mut distances);
            break;
        }
    }
    let centre = |label: usize| &centres[label * dims..][..dims];
    let inertia = points.chunks_exact(dims).zip(&labels).map(|(p, &label)| squared(p, centre(label))).sum();
    Some(Clusters { labels, centres, inertia })
}

/// Greedy k-means++: every further centre is the best of a few points drawn in proportion to their
/// squared distance from the centres so far.
fn spread(points: &[f64], dims: usize, k: usize, rng: &mut impl Rng) -> Vec<f64> {
    let n = points.len() / dims;
    let point = |i: usize| &points[i * dims..][..dims];
    let trials = 2 + (k as f64).ln() as usize;
    let first = point(rng.random_range(0..n));
    let mut centres = first.to_vec();
    let mut nearest: Vec<f64> = (0..n).map(|i| squared(point(i), first)).collect();
    for _ in 1..k {
        let total: f64 = nearest.iter().sum();
        let tried = (0..trials).map(|_| {
            let candidate = place(&nearest, rng.random::<f64>() * total);
            let closer: Vec<f64> =
                (0..n).map(|i| nearest[i].min(squared(point(i), point(candidate)))).collect();
            (closer.iter().sum::<f64>(), candidate, closer)
        });
        let (_, candidate, closer) = tried
            .reduce(|best, next| if next.0 < best.0 { next } else { best })
            .expect("at least two trials");
        centres.extend_from_slice(point(candidate));
        nearest = closer;
    }
    centres
}

/// The first index at which the running sum of `parts` reaches `target`; the last one past the end.
fn place(parts: &[f64], target: f64) -> usize {
    let mut sum = 0.0;
    let reached = parts.iter().position(|part| {
        sum += part;
        sum >= target
    });
    reached.unwrap_or(parts.len() - 1)
}

/// Labels every point with its nearest centre, the first on ties; true when a label changed.
fn assign(points: &[f64], dims: usize, centres: &[f64], labels: &mut [usize], distances: &mut [f64]) -> bool {
    let mut changed = false;
    for ((point, label), distance) in points.chunks_exact(dims).zip(labels).zip(distances) {
        let mut best = (f64::INFINITY, 0);
        for (idx, centre) in centres.chunks_exact(dims).enumerate() {
            let found = squared(point, centre);
            if found < best.0 {
                best = (found, idx);
            }
        }
        changed |= *label != best.1;
        (*distance, *label) = best;
    }
    changed
}

/// The mean of each cluster.
fn averages(points: &[f64], dims: usize, k: usize, labels: &[usize], distances: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; k * dims];
    let mut counts = vec![0.0f64; k];
    for (point, &label) in points.chunks_exact(dims).zip(labels) {
        counts[label] += 1.0;
        for (sum, x) in sums[label * dims..][..dims].iter_mut().zip(point) {
            *sum += x;
        }
    }
    if counts.contains(&0.0) {
        let mut farthest: Vec<usize> = (0..labels.len()).collect();
        farthest.sort_by(|&a, &b| distances[b].total_cmp(&distances[a]).then(a.cmp(&b)));
        let empty: Vec<usize> = (0..k).filter(|&idx| counts[idx] == 0.0).collect();
        for (idx, from) in empty.into_iter().zip(farthest) {
            for d in 0..dims {
                let x = points[from * dims + d];
                sums[idx * dims + d] = x;
                sums[labels[from] * dims + d] -= x;
            }
            counts[idx] = 1.0;
            counts[labels[from]] -= 1.0;
        }
    }
    // A cluster that gave away its only point is left without one; its centre stays at the origin of
    // an empty sum.
    sums.chunks_exact(dims)
        .zip(&counts)
        .flat_map(|(sum, n)| sum.iter().map(move |x| x / n.max(1.0)))
        .collect()
}

fn mean_variance(points: &[f64], dims: usize) -> f64 {
    let n = (points.len() / dims) as f64;
    let variance = |d: usize| {
        let column = || points.iter().skip(d).step_by(dims);
        let mean = column().sum::<f64>() / n;
        column().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n
    };
    (0..dims).map(variance).sum::<f64>() / dims as f64
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}
