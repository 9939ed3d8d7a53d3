//! Random expression trees, their text, their value and their reference program.

use super::ANSWER;
use crate::task::operation::Operation;
use autodidact_core::Rng;
use rand::Rng as _;
use std::ops::RangeInclusive;

/// The largest value of any part of an expression.
const LARGEST: i64 = 999;

/// A number, or an operation on two trees.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Number(u32),
    Node(Box<(Tree, Operation, Tree)>),
}

impl Tree {
    /// A tree with a number of leaves in `sizes`, each from 2 to `largest`, all of whose parts have
    /// values in 0..=999.
    pub(crate) fn draw(sizes: RangeInclusive<u32>, largest: u32, rng: &mut Rng) -> Tree {
        loop {
            let tree = Tree::of_size(rng.random_range(sizes.clone()), largest, rng);
            if tree.fits() {
                return tree;
            }
        }
    }

    fn of_size(leaves: u32, largest: u32, rng: &mut Rng) -> Tree {
        if leaves == 1 {
            return Tree::Number(rng.random_range(2..=largest));
        }
        let left = rng.random_range(1..leaves);
        let operation = match rng.random_range(0..3u32) {
            0 => Operation::Plus,
            1 => Operation::Minus,
            _ => Operation::Times,
        };
        let left_tree = Tree::of_size(left, largest, rng);
        let right_tree = Tree::of_size(leaves - left, largest, rng);
        Tree::Node(Box::new((left_tree, operation, right_tree)))
    }

    fn fits(&self) -> bool {
        let parts_fit = match self {
            Tree::Number(_) => true,
            Tree::Node(node) => node.0.fits() && node.2.fits(),
        };
        parts_fit && (0..=LARGEST).contains(&self.value())
    }

    /// The value of the expression.
    pub(crate) fn value(&self) -> i64 {
        match self {
            Tree::Number(number) => i64::from(*number),
            // Parts of up to six numbers below 100 stay far below the largest integer.
            Tree::Node(node) => node.1.apply(node.0.value(), node.2.value()).unwrap_or(i64::MAX),
        }
    }

    /// The numbers from left to right.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        match self {
            Tree::Number(number) => vec![*number],
            Tree::Node(node) => [node.0.numbers(), node.2.numbers()].concat(),
        }
    }

    /// The problem: the expression with every inner part in parentheses.
    pub(crate) fn text(&self) -> String {
        match self {
            Tree::Number(number) => format!("{number}?"),
            Tree::Node(node) => format!("{}{}{}?", node.0.part(), node.1.sign(), node.2.part()),
        }
    }

    fn part(&self) -> String {
        match self {
            Tree::Number(number) => number.to_string(),
            Tree::Node(node) => format!("({}{}{})", node.0.part(), node.1.sign(), node.2.part()),
        }
    }

    /// The problem's text without its numbers.
    pub(crate) fn shape(&self) -> String {
        self.text().chars().filter(|letter| !letter.is_ascii_digit()).collect()
    }

    /// The reference: one statement a node, left parts first, the last one sets `answer`.
    pub(crate) fn program(&self) -> String {
        match self {
            Tree::Number(number) => format!("{ANSWER}={number}"),
            Tree::Node(node) => {
                let mut lines = Vec::new();
                let (left, right) = (node.0.lines(&mut lines), node.2.lines(&mut lines));
                lines.push(format!("{ANSWER}={left}{}{right}", node.1.sign()));
                lines.join(";")
            }
        }
    }

    /// Appends the statements of this part and returns what it is called.
    fn lines(&self, lines: &mut Vec<String>) -> String {
        match self {
            Tree::Number(number) => number.to_string(),
            Tree::Node(node) => {
                let (left, right) = (node.0.lines(lines), node.2.lines(lines));
                let name = char::from(b'a' + lines.len() as u8).to_string();
                lines.push(format!("{name}={left}{}{right}", node.1.sign()));
                name
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_written_with_parentheses_and_programmed_left_to_right() {
        let sum = |a, b| Tree::Node(Box::new((Tree::Number(a), Operation::Plus, Tree::Number(b))));
        let tree = Tree::Node(Box::new((sum(3, 4), Operation::Times, sum(5, 2))));
        assert_eq!(tree.text(), "(3+4)*(5+2)?");
        assert_eq!(tree.shape(), "(+)*(+)?");
        assert_eq!(tree.program(), "a=3+4;b=5+2;answer=a*b");
        assert_eq!((tree.value(), tree.numbers()), (49, vec![3, 4, 5, 2]));
    }
}
