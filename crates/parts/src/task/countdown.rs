//! Family C: countdown, `C:4,1,10>7?10-4=6;6+1=7#7`.
//!
//! Two of the numbers at hand are replaced by their sum, difference or product until the target
//! is reached; the level is how many numbers there are. Problems are made by legal random play, so
//! the same play solves them with a chance that the rules alone set: at 3, 4 and 5 numbers about
//! 0.19, 0.09 and 0.05 a try. The checker replays any legal order and allows division too.

use super::checked::{Checked, integer};
use super::hand::{Hand, Step, Worked};
use super::operation::{Operation, split_operation};
use super::puzzle::Puzzle;
use autodidact_core::Rng;
use rand::Rng as _;
use rand::seq::SliceRandom;

/// The largest number given.
const NUMBER: u32 = 12;
/// The smallest and the largest target; no value on the way is larger.
const TARGET: std::ops::RangeInclusive<i64> = 2..=60;
/// The most numbers of a problem that is read.
const MOST: usize = 6;

/// The numbers at hand and the number to make.
pub(crate) struct Countdown {
    numbers: Vec<i64>,
    target: i64,
}

/// Two numbers and what is done with them.
#[derive(Clone, Copy)]
struct Move {
    a: i64,
    operation: Operation,
    b: i64,
    value: i64,
}

impl Countdown {
    pub(crate) fn draw(level: u32, rng: &mut Rng) -> Countdown {
        let mut all: Vec<i64> = (1..=i64::from(NUMBER)).collect();
        loop {
            all.shuffle(rng);
            let numbers = all[..level as usize].to_vec();
            let last = play(&numbers, rng).last().map_or(0, |step| step.value);
            if TARGET.contains(&last) && !numbers.contains(&last) {
                return Countdown { numbers, target: last };
            }
        }
    }

    pub(crate) fn parse(body: &str) -> Option<Countdown> {
        let (numbers, target) = body.strip_suffix('?')?.split_once('>')?;
        let numbers: Option<Vec<i64>> = numbers.split(',').map(integer).collect();
        let countdown = Countdown { numbers: numbers?, target: integer(target)? };
        let small = countdown.numbers.iter().all(|number| (0..1_000_000).contains(number));
        ((2..=MOST).contains(&countdown.numbers.len()) && small).then_some(countdown)
    }

    /// A legal rollout that does not reach the target, if 64 tries find one.
    fn failing(&self, rng: &mut Rng) -> Option<Vec<Move>> {
        (0..64).find_map(|_| {
            let rollout = play(&self.numbers, rng);
            rollout.iter().all(|step| step.value != self.target).then_some(rollout)
        })
    }

    /// The solution that a fixed order of search finds first, or a random one; `None` when there
    /// is none.
    fn solution(&self, rng: Option<&mut Rng>) -> Option<Vec<Move>> {
        let mut moves = Vec::new();
        let mut rng = rng;
        let found = search(&self.numbers, self.target, PLAYED, rng.as_deref_mut(), &mut moves)
            || search(&self.numbers, self.target, ALLOWED, rng, &mut moves);
        found.then_some(moves)
    }

    /// A legal random play, written as an answer.
    #[cfg(test)]
    pub(crate) fn random_play(&self, rng: &mut Rng) -> String {
        let moves = play(&self.numbers, rng);
        let steps: Vec<String> = moves.iter().map(|step| step.text()).collect();
        format!("{}#{}", steps.join(";"), moves.last().map_or(0, |step| step.value))
    }
}

impl Move {
    /// The move, if it leaves no remainder and no negative number.
    fn legal(a: i64, operation: Operation, b: i64) -> Option<Move> {
        let value = operation.apply(a, b).filter(|value| *value >= 0)?;
        Some(Move { a, operation, b, value })
    }

    fn text(&self) -> String {
        format!("{}{}{}={}", self.a, self.operation.sign(), self.b, self.value)
    }

    /// The numbers at hand after this move; `None` when it uses one that is not there.
    fn applied(&self, numbers: &[i64]) -> Option<Vec<i64>> {
        let mut left = numbers.to_vec();
        for used in [self.a, self.b] {
            left.swap_remove(left.iter().position(|number| *number == used)?);
        }
        left.push(self.value);
        Some(left)
    }
}

/// Plays random legal moves until one number is left. Sums come three times, differences twice as
/// often as products; no value is zero or larger than the largest target.
fn play(numbers: &[i64], rng: &mut Rng) -> Vec<Move> {
    let mut numbers = numbers.to_vec();
    let mut moves = Vec::new();
    // Fifty moves that are not allowed in a row end the play: two large numbers may have no sum.
    let mut refused = 0;
    while numbers.len() > 1 && refused < 50 {
        match random_move(&numbers, rng) {
            Some((one, rest)) => {
                refused = 0;
                moves.push(one);
                numbers = rest;
            }
            None => refused += 1,
        }
    }
    moves
}

fn random_move(numbers: &[i64], rng: &mut Rng) -> Option<(Move, Vec<i64>)> {
    let operation = match rng.random_range(0..6u32) {
        0..=2 => Operation::Plus,
        3 | 4 => Operation::Minus,
        _ => Operation::Times,
    };
    let first = rng.random_range(0..numbers.len() as u32) as usize;
    let second = (first + rng.random_range(1..numbers.len() as u32) as usize) % numbers.len();
    let (mut a, mut b) = (numbers[first], numbers[second]);
    if operation == Operation::Minus && a < b {
        (a, b) = (b, a);
    }
    let one = Move::legal(a, operation, b).filter(|one| (1..=*TARGET.end()).contains(&one.value))?;
    one.applied(numbers).map(|rest| (one, rest))
}

/// What problems are made with, so that it solves every drawn one.
const PLAYED: &[Operation] = &[Operation::Plus, Operation::Minus, Operation::Times];
/// What answers may use.
const ALLOWED: &[Operation] = &[Operation::Plus, Operation::Minus, Operation::Times, Operation::Over];

/// Depth-first search for the target; the moves that lead there are appended to `moves`.
fn search(
    numbers: &[i64],
    target: i64,
    operations: &[Operation],
    mut rng: Option<&mut Rng>,
    moves: &mut Vec<Move>,
) -> bool {
    let mut choices = Vec::new();
    for (idx, &x) in numbers.iter().enumerate() {
        for &y in &numbers[idx + 1..] {
            let (a, b) = (x.max(y), x.min(y));
            choices.extend(operations.iter().filter_map(|&operation| Move::legal(a, operation, b)));
        }
    }
    if let Some(rng) = rng.as_deref_mut() {
        choices.shuffle(rng);
    }
    // Nearest first: whoever sees the target takes it.
    if let Some(hit) = choices.iter().find(|one| one.value == target) {
        moves.push(*hit);
        return true;
    }
    if numbers.len() <= 2 {
        return false;
    }
    for one in choices {
        let Some(rest) = one.applied(numbers) else { continue };
        moves.push(one);
        if search(&rest, target, operations, rng.as_deref_mut(), moves) {
            return true;
        }
        moves.pop();
    }
    false
}

/// Whether the target can still be made without division.
fn reachable(numbers: &[i64], target: i64) -> bool {
    numbers.contains(&target) || search(numbers, target, PLAYED, None, &mut Vec::new())
}

impl Puzzle for Countdown {
    fn body(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(i64::to_string).collect();
        format!("{}>{}?", numbers.join(","), self.target)
    }

    fn key(&self) -> String {
        let mut numbers = self.numbers.clone();
        numbers.sort_unstable();
        Countdown { numbers, target: self.target }.body()
    }

    fn sentence(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(i64::to_string).collect();
        format!(
            "Using the numbers {}, each at most once, make {}. Write the steps as in 3*4=12;12+5=17.",
            numbers.join(", "),
            self.target
        )
    }

    fn level(&self) -> u32 {
        self.numbers.len() as u32
    }

    fn answer(&self) -> String {
        self.target.to_string()
    }

    fn work(&self, mut hand: Hand<'_>) -> Worked {
        let noise = hand.noise();
        let fails = hand.chance(noise.fail);
        let moves = match hand.rng() {
            Some(rng) if fails => self.failing(rng).or_else(|| self.solution(Some(rng))),
            rng => self.solution(rng),
        };
        let moves = moves.unwrap_or_default();
        let mut numbers = self.numbers.clone();
        let mut lost = false;
        for one in &moves {
            let retried = hand.chance(noise.retry);
            let dead_end = |rng: &mut Rng| {
                let (wrong, rest) = random_move(&numbers, rng)?;
                (!reachable(&rest, self.target)).then(|| wrong.text())
            };
            let struck = match hand.rng() {
                Some(rng) if retried => (0..8).find_map(|_| dead_end(rng)),
                _ => None,
            };
            numbers = one.applied(&numbers).unwrap_or_default();
            // A step of a failing rollout is wrong once the target is out of reach.
            lost = lost || (fails && !reachable(&numbers, self.target));
            hand.push(Step { text: one.text(), right: !lost, struck });
        }
        let last = moves.last().map_or(0, |one| one.value);
        hand.finish(";", Some(last.to_string()))
    }

    fn check(&self, said: &str) -> Checked {
        let Some((steps, last)) = said.rsplit_once('#') else { return Checked::malformed() };
        let steps: Option<Vec<Written>> = steps.split(';').map(Written::parse).collect();
        match (steps, integer(last)) {
            (Some(steps), Some(last)) => {
                let right = last == self.target && self.replay(&steps) == Some(self.target);
                Checked::formed(right, last.to_string())
            }
            _ => Checked::malformed(),
        }
    }
}

/// A step as somebody wrote it, right or not.
struct Written {
    a: i64,
    operation: Operation,
    b: i64,
    value: i64,
}

impl Written {
    fn parse(step: &str) -> Option<Written> {
        let kept = step.rsplit_once('<').map_or(step, |(_, kept)| kept);
        let (sides, value) = kept.split_once('=')?;
        let (a, operation, b) = split_operation(sides)?;
        Some(Written { a: integer(a)?, operation, b: integer(b)?, value: integer(value)? })
    }
}

impl Countdown {
    /// The value of the last step, if every step is legal and uses numbers that are at hand.
    fn replay(&self, steps: &[Written]) -> Option<i64> {
        let mut numbers = self.numbers.clone();
        for step in steps {
            let legal = Move::legal(step.a, step.operation, step.b).filter(|one| one.value == step.value)?;
            numbers = legal.applied(&numbers)?;
        }
        steps.last().map(|step| step.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, said: &str) -> Checked {
        Countdown::parse(body).expect("a problem").check(said)
    }

    #[test]
    fn any_legal_order_with_each_number_at_most_once_is_right() {
        for right in ["10-4=6;6+1=7#7", "10+1=11;11-4=7#7", "1+10=11;11-4=7#7", "1-1=9<10-4=6;6+1=7#7"] {
            assert!(check("4,1,10>7?", right).right, "{right}");
        }
        assert!(check("4,3,10>7?", "4+3=7#7").right, "a number may be left over");
        assert!(check("8,2,3>7?", "8/2=4;4+3=7#7").right);
    }

    #[test]
    fn reuse_remainders_and_negative_values_are_wrong_but_well_formed() {
        let cases = [
            ("4,1,10>7?", "10-4=6;6+4=10;10-1=9#7"),
            ("3,4,10>7?", "4+3=7;10-3=7#7"),
            ("7,2,4>7?", "7/2=3;3+4=7#7"),
            ("4,1,10>7?", "1-4=-3;-3+10=7#7"),
            ("4,1,10>7?", "10-4=5;5+1=6#7"),
            ("4,1,10>7?", "10-4=6;6+1=7#8"),
            ("4,1,10>7?", "10-4=6#6"),
            ("4,1,10>7?", "5+2=7#7"),
        ];
        for (body, said) in cases {
            let checked = check(body, said);
            assert!(checked.well_formed && !checked.right, "{said}");
        }
    }

    #[test]
    fn text_that_is_no_calculation_is_not_well_formed() {
        for said in
            ["", "#7", "7", "10-4=6;6+1=7", "10-4;6+1=7#7", "a+b=7#7", "10-4=6;;6+1=7#7", "10-4=6#seven"]
        {
            assert!(!check("4,1,10>7?", said).well_formed, "{said}");
        }
    }
}
