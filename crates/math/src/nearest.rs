//! The exact nearest neighbour in a history that grows: a forest of k-d trees.
//!
//! New points wait in a short list that is searched one by one. When the list is full it becomes a tree,
//! and trees of equal size merge, so that n points are held by about log n trees and each point is built
//! into a tree log n times. The answer does not depend on how the points are cut into trees: of points
//! at the same distance the oldest is the nearest.

/// Points that wait before they become a tree.
const WAITING: usize = 256;

/// Points of a leaf.
const LEAF: usize = 12;

/// A history of points of the same number of coordinates, asked for the nearest.
#[derive(Clone, Debug)]
pub struct Nearest {
    dims: usize,
    /// How many points count, from the newest; all when absent.
    limit: Option<usize>,
    /// The kept points, row by row.
    points: Vec<f64>,
    /// The number, counted from the first point ever, of the first kept one.
    first: usize,
    /// Trees over consecutive points, oldest first; the points behind them wait.
    trees: Vec<Tree>,
}

impl Nearest {
    /// An empty history of points with `dims` coordinates, of which the newest `limit` count.
    pub fn of(dims: usize, limit: Option<usize>) -> Nearest {
        Nearest::starting(dims, limit, 0)
    }

    /// The same with `first` points added and dropped already: the next one gets that number.
    pub fn starting(dims: usize, limit: Option<usize>, first: usize) -> Nearest {
        Nearest { dims, limit, points: Vec::new(), first, trees: Vec::new() }
    }

    /// How many points were added.
    pub fn added(&self) -> usize {
        self.first + self.points.len() / self.dims.max(1)
    }

    /// How many points count.
    pub fn len(&self) -> usize {
        self.added() - self.oldest()
    }

    /// Whether no point counts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the oldest point that counts.
    pub fn oldest(&self) -> usize {
        self.limit.map_or(0, |limit| self.added().saturating_sub(limit)).max(self.first)
    }

    /// The point of that number, unless it was dropped or never added.
    pub fn point(&self, number: usize) -> Option<&[f64]> {
        let from = number.checked_sub(self.first)?.checked_mul(self.dims)?;
        self.points.get(from..from + self.dims)
    }

    /// Adds a point; its number is the count of points added before. Its coordinates must be finite.
    pub fn push(&mut self, point: &[f64]) {
        debug_assert_eq!(point.len(), self.dims);
        self.points.extend_from_slice(point);
        let built = self.trees.last().map_or(self.first, |tree| tree.end);
        if self.added() - built >= WAITING {
            self.drop_old();
            self.grow();
        }
    }

    /// The number of the nearest point in Euclidean distance, and its squared distance.
    pub fn nearest(&self, point: &[f64]) -> Option<(usize, f64)> {
        let mut best = Best { oldest: self.oldest(), found: None };
        for tree in &self.trees {
            tree.search(0, point, self, &mut best);
        }
        let built = self.trees.last().map_or(self.first, |tree| tree.end);
        for number in built.max(best.oldest)..self.added() {
            best.offer(number, self.squared(number, point));
        }
        best.found
    }

    /// Makes a tree of the waiting points and of every tree before them that is not larger.
    fn grow(&mut self) {
        let end = self.added();
        let mut start = self.trees.last().map_or(self.first, |tree| tree.end);
        while let Some(before) = self.trees.last()
            && before.end - before.start <= end - start
        {
            start = before.start;
            self.trees.pop();
        }
        let tree = Tree::over(start, end, self);
        self.trees.push(tree);
    }

    /// Lets go of trees of points that count no more, and of these points.
    fn drop_old(&mut self) {
        let oldest = self.oldest();
        self.trees.retain(|tree| tree.end > oldest);
        let first = self.trees.first().map_or(oldest, |tree| tree.start.min(oldest)).max(self.first);
        self.points.drain(..(first - self.first) * self.dims);
        self.first = first;
    }

    fn coordinate(&self, number: usize, dim: usize) -> f64 {
        self.points[(number - self.first) * self.dims + dim]
    }

    fn squared(&self, number: usize, point: &[f64]) -> f64 {
        let own = &self.points[(number - self.first) * self.dims..][..self.dims];
        own.iter().zip(point).map(|(x, y)| (x - y) * (x - y)).sum()
    }
}

/// The nearest point so far.
struct Best {
    oldest: usize,
    found: Option<(usize, f64)>,
}

impl Best {
    fn offer(&mut self, number: usize, squared: f64) {
        let better =
            self.found.is_none_or(|(known, least)| squared < least || (squared == least && number < known));
        if better && number >= self.oldest {
            self.found = Some((number, squared));
        }
    }

    /// Whether a point at that squared distance could still be the answer.
    fn open_to(&self, squared: f64) -> bool {
        self.found.is_none_or(|(_, least)| squared <= least)
    }
}

/// A k-d tree over the points `start..end`.
#[derive(Clone, Debug)]
struct Tree {
    start: usize,
    end: usize,
    /// The points' numbers, leaf by leaf.
    order: Vec<usize>,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    /// A range of the order.
    Leaf { from: usize, to: usize },
    /// Points up to `at` in coordinate `dim` are in the next node, those from `at` on in `right`.
    Fork { dim: usize, at: f64, right: usize },
}

impl Tree {
    fn over(start: usize, end: usize, of: &Nearest) -> Tree {
        let mut tree = Tree { start, end, order: (start..end).collect(), nodes: Vec::new() };
        tree.build(0, end - start, of);
        tree
    }

    /// Appends the node over that range of the order, and all below it.
    fn build(&mut self, from: usize, to: usize, of: &Nearest) {
        let slice = &mut self.order[from..to];
        let (dim, width) = widest(slice, of);
        if slice.len() <= LEAF || width <= 0.0 {
            self.nodes.push(Node::Leaf { from, to });
            return;
        }
        let middle = slice.len() / 2;
        let by = |a: &usize, b: &usize| of.coordinate(*a, dim).total_cmp(&of.coordinate(*b, dim));
        let at = of.coordinate(*slice.select_nth_unstable_by(middle, by).1, dim);
        let fork = self.nodes.len();
        self.nodes.push(Node::Fork { dim, at, right: 0 });
        self.build(from, from + middle, of);
        let next = self.nodes.len();
        if let Node::Fork { right, .. } = &mut self.nodes[fork] {
            *right = next;
        }
        self.build(from + middle, to, of);
    }

    fn search(&self, node: usize, point: &[f64], of: &Nearest, best: &mut Best) {
        match self.nodes[node] {
            Node::Leaf { from, to } => {
                for &number in &self.order[from..to] {
                    best.offer(number, of.squared(number, point));
                }
            }
            Node::Fork { dim, at, right } => {
                let apart = point[dim] - at;
                let (near, far) = if apart < 0.0 { (node + 1, right) } else { (right, node + 1) };
                self.search(near, point, of, best);
                // Rounding is monotone: no point beyond the plane is nearer than the plane.
                if best.open_to(apart * apart) {
                    self.search(far, point, of, best);
                }
            }
        }
    }
}

/// The coordinate in which these points lie widest apart, and how far.
fn widest(numbers: &[usize], of: &Nearest) -> (usize, f64) {
    let width = |dim: usize| {
        let (low, high) = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &number| {
            let x = of.coordinate(number, dim);
            (low.min(x), high.max(x))
        });
        high - low
    };
    (0..of.dims)
        .map(|dim| (dim, width(dim)))
        .fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    fn by_hand(points: &[Vec<f64>], from: usize, asked: &[f64]) -> Option<(usize, f64)> {
        let squared = |p: &[f64]| p.iter().zip(asked).map(|(x, y)| (x - y) * (x - y)).sum::<f64>();
        let all = points.iter().enumerate().skip(from).map(|(i, p)| (i, squared(p)));
        all.reduce(|best, next| if next.1 < best.1 { next } else { best })
    }

    #[test]
    fn an_empty_history_has_no_nearest() {
        assert_eq!(Nearest::of(2, None).nearest(&[0.0, 0.0]), None);
        assert!(Nearest::of(2, Some(0)).is_empty());
    }

    #[test]
    fn of_points_at_the_same_distance_the_oldest_is_nearest() {
        let mut history = Nearest::of(1, None);
        for i in 0..2_000 {
            history.push(&[f64::from(i % 2)]);
        }
        assert_eq!(history.nearest(&[1.0]), Some((1, 0.0)));
        assert_eq!(history.nearest(&[0.5]), Some((0, 0.25)));
    }

    #[test]
    fn a_limited_history_forgets_the_oldest_and_keeps_little() {
        let mut history = Nearest::of(1, Some(100));
        for i in 0..5_000 {
            history.push(&[f64::from(i)]);
        }
        assert_eq!((history.len(), history.oldest()), (100, 4_900));
        assert_eq!(history.nearest(&[0.0]), Some((4_900, 4_900.0 * 4_900.0)));
        assert!(history.points.len() < 1_000);
        assert_eq!((history.point(0), history.point(4_999)), (None, Some(&[4_999.0][..])));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_forest_finds_what_a_search_one_by_one_finds(
            seed: u64, dims in 1usize..6, n in 1usize..1_500, limit in prop::option::of(1usize..900), coarse: bool,
        ) {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut draw = || -> Vec<f64> {
                let x = (0..dims).map(|_| rng.random::<f64>());
                // Coarse coordinates make equal distances common.
                x.map(|x| if coarse { (x * 4.0).round() } else { x }).collect()
            };
            let mut history = Nearest::of(dims, limit);
            let mut points = Vec::new();
            for i in 0..n {
                let asked = draw();
                let from = limit.map_or(0, |limit| points.len().saturating_sub(limit));
                if i % 7 == 0 || i + 5 > n {
                    prop_assert_eq!(history.nearest(&asked), by_hand(&points, from, &asked));
                }
                history.push(&asked);
                points.push(asked);
            }
        }
    }
}
