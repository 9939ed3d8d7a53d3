//! From what was measured to claims and a table.

use super::{ARMS, FILLER, Measured, Outcome, PLAIN, PROOF, Plan, SELF};
use crate::proof::{ProofOptions, ProofReport, Table, between, claim, spread};
use crate::self_prompt_tuning::mixture;

/// The whole report.
pub(super) fn report(plan: &Plan, outcomes: &[Outcome], options: &ProofOptions<'_>) -> ProofReport {
    let mut report = ProofReport::of(PROOF.id, options);
    let each = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).collect::<Vec<f64>>();
    let above = f64::MIN_POSITIVE;
    report.claims = vec![
        claim(
            "right, self-prompt less plain, six domains",
            &each(&|one| one.arms[SELF].multi - one.arms[PLAIN].multi),
            0.05,
        ),
        claim(
            "right, self-prompt less filler of the same length",
            &each(&|one| one.arms[SELF].multi - one.arms[FILLER].multi),
            above,
        ),
        claim(
            "right, plain less self-prompt in a random role",
            &each(&|one| one.arms[PLAIN].multi - one.random.multi),
            above,
        ),
        claim(
            "right, self-prompt in the right role less in its own",
            &each(&|one| one.oracle.multi - one.arms[SELF].multi),
            0.0,
        ),
        claim("right, after a right role less after a wrong one", &each(&|one| gap(&one.arms[SELF])), 0.2),
        // 0.03: two standard errors of the difference of two shares near 0.9 over 1,000 questions.
        between(
            "right, self-prompt less plain, one domain",
            &each(&|one| one.arms[SELF].single - one.arms[PLAIN].single),
            -0.03,
            0.03,
        ),
        between(
            "right, self-prompt less its mixture over roles",
            &each(&|one| mixed(&one.arms[SELF]) - one.arms[SELF].multi),
            -1e-9,
            1e-9,
        ),
    ];
    for claim in &mut report.claims {
        if claim.required == format!("at least {above}") {
            claim.required = "above 0".to_owned();
        }
    }
    report.tables = vec![table(outcomes)];
    report.notes = notes(plan);
    report
}

/// Right answers after a right role less those after a wrong one; not a number where all roles are right.
fn gap(one: &Measured) -> f64 {
    one.books.given_right.unwrap_or(f64::NAN) - one.books.given_wrong.unwrap_or(f64::NAN)
}

/// Accuracy as the mixture over right roles, wrong roles and outputs without a role.
fn mixed(one: &Measured) -> f64 {
    let failed = one.books.split_failed.unwrap_or(0.0);
    let named = one.books.role_right.unwrap_or(0.0);
    let (right, wrong) = (one.books.given_right.unwrap_or(0.0), one.books.given_wrong.unwrap_or(0.0));
    let none = one.books.given_none.unwrap_or(0.0);
    mixture(&[((1.0 - failed) * named, right), ((1.0 - failed) * (1.0 - named), wrong), (failed, none)])
}

fn table(outcomes: &[Outcome]) -> Table {
    let columns = [
        "arm",
        "six domains",
        "unseen words",
        "one domain",
        "right role",
        "right in right role",
        "right in wrong role",
        "role entropy",
        "domains named",
        "without a role",
        "lessons (not tuned on)",
    ];
    let mut table = Table::of("Held-out questions answered right, greedily", &columns);
    let mut push = |name: &str, of: &dyn Fn(&Outcome) -> &Measured, roles: bool| {
        let all = |value: &dyn Fn(&Measured) -> Option<f64>| {
            let values: Vec<f64> = outcomes.iter().filter_map(|one| value(of(one))).collect();
            if values.is_empty() { "-".to_owned() } else { shown(&values) }
        };
        let of_role = |value: &dyn Fn(&Measured) -> Option<f64>| match roles {
            true => all(value),
            false => "-".to_owned(),
        };
        table.push([
            name.to_owned(),
            all(&|one| Some(one.multi)),
            all(&|one| Some(one.unseen)),
            all(&|one| Some(one.single)),
            of_role(&|one| one.books.role_right),
            of_role(&|one| one.books.given_right),
            of_role(&|one| one.books.given_wrong),
            of_role(&|one| one.books.role_entropy),
            of_role(&|one| Some(one.coverage)),
            of_role(&|one| one.books.split_failed),
            all(&|one| Some(one.lessons)),
        ]);
    };
    push("base", &|one| &one.base, false);
    for (i, name) in ARMS.iter().enumerate() {
        push(name, &|one| &one.arms[i], i == SELF);
    }
    push("self-prompt, random role", &|one| &one.random, true);
    push("self-prompt, right role", &|one| &one.oracle, true);
    table
}

/// The mean over seeds and half the width of its interval.
fn shown(values: &[f64]) -> String {
    match spread(values) {
        (value, Some((_, high))) => format!("{value:.3} ± {:.3}", high - value),
        (value, None) => format!("{value:.3}"),
    }
}

fn notes(plan: &Plan) -> Vec<String> {
    let (steps, rows) = plan.base;
    vec![
        format!(
            "The base model reads lessons (words from anywhere, operation, role between its markers, value) and \
             questions without role and answer, half of each, for {steps} updates of {rows} rows; every arm tunes a copy on {} questions.",
            plan.recipe.examples
        ),
        "Roles come from the world itself, one in twenty from another domain; filler has a word for each word \
         of the role."
            .to_owned(),
        "Three of ten questions with three words or four have one word of another domain among them.".to_owned(),
        "The single domain has a sign of its own, so that no word is needed to tell what is asked; the base \
         has read four in five of its lessons without a role."
            .to_owned(),
    ]
}
