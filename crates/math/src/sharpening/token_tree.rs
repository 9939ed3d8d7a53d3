//! Responses token by token: where greedy decoding finds the likeliest response and where not.

/// The law of a response as a tree of next tokens: each branch has the probability of its token and
/// what may follow; a branch that nothing follows ends the response.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenTree {
    /// Probabilities of the next token, in the tokens' order, with the trees behind them.
    pub next: Vec<(f64, TokenTree)>,
}

impl TokenTree {
    /// The end of a response.
    pub fn end() -> TokenTree {
        TokenTree::default()
    }

    /// A choice among tokens after each of which the response ends.
    pub fn last(masses: &[f64]) -> TokenTree {
        TokenTree { next: masses.iter().map(|&mass| (mass, TokenTree::end())).collect() }
    }

    /// All responses as token indices with their probabilities, in lexicographic order.
    pub fn responses(&self) -> Vec<(Vec<usize>, f64)> {
        if self.next.is_empty() {
            return vec![(Vec::new(), 1.0)];
        }
        let mut all = Vec::new();
        for (token, (mass, after)) in self.next.iter().enumerate() {
            for (mut rest, p) in after.responses() {
                rest.insert(0, token);
                all.push((rest, mass * p));
            }
        }
        all
    }

    /// What taking the likeliest token each time gives, the first on ties.
    pub fn greedy(&self) -> Vec<usize> {
        let (mut tree, mut tokens) = (self, Vec::new());
        while let Some(token) = highest(tree.next.iter().map(|(mass, _)| *mass)) {
            tokens.push(token);
            tree = &tree.next[token].1;
        }
        tokens
    }

    /// The likeliest response, the first on ties.
    pub fn likeliest(&self) -> Vec<usize> {
        let mut responses = self.responses();
        match highest(responses.iter().map(|(_, mass)| *mass)) {
            Some(idx) => responses.swap_remove(idx).0,
            None => Vec::new(),
        }
    }

    /// The tree whose responses have the probabilities `p^(1 + 1/beta)`, normalised over responses: the
    /// exact tempered law of sequences, which no temperature on tokens gives.
    pub fn tempered(&self, beta: f64) -> TokenTree {
        self.weighted(1.0 + 1.0 / beta).1
    }

    /// The sum over responses of `p^power`, and the tree that draws responses in proportion to it.
    fn weighted(&self, power: f64) -> (f64, TokenTree) {
        if self.next.is_empty() {
            return (1.0, TokenTree::end());
        }
        let behind: Vec<(f64, TokenTree)> = (self.next.iter())
            .map(|(mass, after)| {
                let (sum, tree) = after.weighted(power);
                (mass.powf(power) * sum, tree)
            })
            .collect();
        let total: f64 = behind.iter().map(|(weight, _)| weight).sum();
        let next = behind.into_iter().map(|(weight, tree)| (weight / total, tree)).collect();
        (total, TokenTree { next })
    }
}

fn highest(masses: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (idx, mass) in masses.enumerate() {
        if best.is_none_or(|(_, known)| mass > known) {
            best = Some((idx, mass));
        }
    }
    best.map(|(idx, _)| idx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// First a .6 or b .4; a goes on in four equal ways, b by c .9 or d .1.
    fn misleading() -> TokenTree {
        TokenTree { next: vec![(0.6, TokenTree::last(&[0.25; 4])), (0.4, TokenTree::last(&[0.9, 0.1]))] }
    }

    fn mass(tree: &TokenTree, tokens: &[usize]) -> f64 {
        tree.responses().into_iter().find(|(known, _)| known == tokens).expect("a response").1
    }

    #[test]
    fn greedy_decoding_fails_as_on_the_card() {
        let base = misleading();
        assert_eq!((base.greedy(), base.likeliest()), (vec![0, 0], vec![1, 0]));
        assert!((mass(&base, &base.greedy()) - 0.15).abs() < 1e-12);
        assert!((mass(&base, &base.likeliest()) - 0.36).abs() < 1e-12);
    }

    #[test]
    fn tempering_sequences_mends_it_from_one_half_on() {
        let base = misleading();
        #[track_caller]
        fn check(tree: &TokenTree, bc: f64, b: Option<f64>, right: bool) {
            assert!((mass(tree, &[1, 0]) - bc).abs() < 5e-5);
            assert!(b.is_none_or(|b| (tree.next[1].0 - b).abs() < 5e-4));
            assert_eq!(tree.greedy() == [1, 0], right);
        }
        // beta = 2: .36^1.5 = .216, .04^1.5 = .008, 4 * .15^1.5 = .23238; .216 / .45638 = .4733.
        check(&base.tempered(2.0), 0.4733, Some(0.491), false);
        check(&base.tempered(1.0), 0.5859, Some(0.593), true);
        check(&base.tempered(0.5), 0.7748, None, true);
        check(&base.tempered(0.25), 0.9522, None, true);
    }

    #[test]
    fn one_half_is_tight_for_greedy_decoding() {
        // The likeliest response has almost one half, and greedy decoding starts elsewhere.
        let split = TokenTree::last(&[0.25; 4]);
        let base = TokenTree { next: vec![(0.501, split), (0.499, TokenTree::last(&[1.0]))] };
        assert_eq!((base.greedy(), base.likeliest()), (vec![0, 0], vec![1, 0]));
    }

    proptest! {
        #[test]
        fn a_response_above_one_half_is_what_greedy_decoding_gives(
            first in prop::collection::vec(0.01f64..1.0, 1..4),
            second in prop::collection::vec(prop::collection::vec(0.01f64..1.0, 1..4), 3),
            beta in 0.05f64..4.0,
        ) {
            let shares = |weights: &[f64]| -> Vec<f64> {
                let sum: f64 = weights.iter().sum();
                weights.iter().map(|weight| weight / sum).collect()
            };
            let next = shares(&first).into_iter().zip(&second);
            let base = TokenTree { next: next.map(|(mass, rest)| (mass, TokenTree::last(&shares(rest)))).collect() };
            for tree in [base.clone(), base.tempered(beta)] {
                let likeliest = tree.likeliest();
                prop_assert!((tree.responses().iter().map(|(_, mass)| mass).sum::<f64>() - 1.0).abs() < 1e-9);
                if mass(&tree, &likeliest) > 0.5 {
                    prop_assert_eq!(tree.greedy(), likeliest);
                }
            }
            // Tempering keeps the order of responses.
            prop_assert_eq!(base.tempered(beta).likeliest(), base.likeliest());
        }
    }
}
