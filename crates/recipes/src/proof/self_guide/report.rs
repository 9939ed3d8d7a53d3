//! From outcomes to the report.

use super::{Arm, CONTROLS, Found, Outcome, Plan};
use crate::proof::{Chart, Line, ProofOptions, ProofReport, Table, between, claim};
use autodidact_math::summary::mean;
use autodidact_parts::task::instructions::Instruction;

pub fn report(plan: &Plan, found: &[Found], options: &ProofOptions<'_>) -> ProofReport {
    let mut report = ProofReport::of("self-guide", options);
    let seeds = |value: &dyn Fn(&Found) -> f64| -> Vec<f64> { found.iter().map(value).collect() };
    let gain = |one: &Found| one.exact(Some(Arm::Full)) - one.exact(None);

    report.claims = vec![
        claim("exact match, mean over tasks, self-guide less prompting", &seeds(&gain), 0.05),
        claim("tasks that improve over prompting", &seeds(&|one| one.improved(&plan.tasks) as f64), 9.0),
        claim(
            "share of the gain that is lost without self-consistency",
            &seeds(&|one| (one.exact(Some(Arm::Full)) - one.exact(Some(Arm::NoVote))) / gain(one)),
            1.0 / 3.0,
        ),
        claim(
            "exact match, self-guide less fine-tuning on the 3 examples",
            &seeds(&|one| one.exact(Some(Arm::Full)) - one.exact(Some(Arm::ThreeExamples))),
            0.01,
        ),
        claim(
            "right labels, those learned from less all samples",
            &seeds(&|one| one.noted(Arm::Full, "label_accuracy") - one.noted(Arm::Full, "sample_accuracy")),
            0.05,
        ),
    ];
    for (place, task) in CONTROLS.into_iter().enumerate() {
        report.claims.push(between(
            format!(
                "negative control, {}: self-guide less prompting, where most labels are wrong",
                task.text()
            ),
            &seeds(&|one| one.controls[place][1].exact - one.controls[place][0].exact),
            f64::NEG_INFINITY,
            0.0,
        ));
    }
    report.tables = vec![by_arm(found), by_task(plan, found), balance(plan, found), control(found)];
    report.charts = vec![chart(plan, found)];
    report.notes.push(format!(
        "the base is trained for {} updates of {} documents, in the first {} of which every output is right; each \
         task has {} test inputs; least share {}, temperature {}",
        plan.world.steps,
        plan.world.rows,
        plan.world.right_steps,
        plan.tests,
        plan.recipe.outputs.least_share,
        plan.recipe.outputs.sampling.temperature
    ));
    report
}

impl Found {
    fn of(&self, arm: Option<Arm>) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(move |one| one.arm == arm)
    }

    fn one(&self, arm: Option<Arm>, task: Instruction) -> Option<&Outcome> {
        self.of(arm).find(|one| one.task == task)
    }

    fn mean(&self, arm: Option<Arm>, value: impl Fn(&Outcome) -> f64) -> f64 {
        let values: Vec<f64> = self.of(arm).map(value).filter(|value| !value.is_nan()).collect();
        mean(&values).unwrap_or(f64::NAN)
    }

    fn exact(&self, arm: Option<Arm>) -> f64 {
        self.mean(arm, |one| one.exact)
    }

    fn noted(&self, arm: Arm, name: &str) -> f64 {
        self.mean(Some(arm), |one| one.track.last(name).unwrap_or(f64::NAN))
    }

    fn improved(&self, tasks: &[Instruction]) -> usize {
        let gain =
            |task: Instruction| Some(self.one(Some(Arm::Full), task)?.exact - self.one(None, task)?.exact);
        tasks.iter().filter(|task| gain(**task).is_some_and(|gain| gain > 0.0)).count()
    }
}

/// The mean over seeds, and their standard deviation where there are several.
fn cell(values: &[f64], digits: usize) -> String {
    let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let Some(middle) = mean(&known) else { return String::new() };
    if known.len() < 2 {
        return format!("{middle:.digits$}");
    }
    let square: f64 = known.iter().map(|value| (value - middle).powi(2)).sum();
    format!("{middle:.digits$} ± {:.digits$}", (square / (known.len() - 1) as f64).sqrt())
}

fn by_arm(found: &[Found]) -> Table {
    let mut table = Table::of(
        "By arm, means over tasks",
        &[
            "arm",
            "exact match",
            "gain",
            "samples right",
            "labels right",
            "pairs",
            "pool",
            "another task",
            "drift, nats",
        ],
    );
    for arm in [None].into_iter().chain(Arm::ALL.map(Some)) {
        // Arms for tasks with labels alone are compared with prompting on those.
        let gain = |one: &Found| {
            let gains: Vec<f64> = one
                .of(arm)
                .filter_map(|outcome| Some(outcome.exact - one.one(None, outcome.task)?.exact))
                .collect();
            mean(&gains).unwrap_or(f64::NAN)
        };
        let over = |value: &dyn Fn(&Found) -> f64| found.iter().map(value).collect::<Vec<f64>>();
        let noted = |name: &'static str| over(&|one| arm.map_or(f64::NAN, |arm| one.noted(arm, name)));
        table.push([
            arm.map_or("prompting", Arm::name).to_owned(),
            cell(&over(&|one| one.exact(arm)), 3),
            arm.map(|_| cell(&over(&gain), 3)).unwrap_or_default(),
            cell(&noted("sample_accuracy"), 3),
            cell(&noted("label_accuracy"), 3),
            cell(&noted("outputs/kept"), 0),
            cell(&noted("pool"), 0),
            cell(&over(&|one| one.mean(arm, |outcome| outcome.other)), 3),
            cell(&over(&|one| one.mean(arm, |outcome| outcome.kl)), 3),
        ]);
    }
    table
}

fn by_task(plan: &Plan, found: &[Found]) -> Table {
    let mut table = Table::of(
        "By task",
        &[
            "task",
            "prompting",
            "self-guide",
            "n = 1",
            "samples right",
            "labels right",
            "pairs",
            "repeated inputs",
        ],
    );
    for &task in &plan.tasks {
        let exact = |arm: Option<Arm>| -> Vec<f64> {
            found.iter().map(|one| one.one(arm, task).map_or(f64::NAN, |one| one.exact)).collect()
        };
        let noted = |name: &str| -> Vec<f64> {
            let of = |one: &Found| one.one(Some(Arm::Full), task).and_then(|one| one.track.last(name));
            found.iter().map(|one| of(one).unwrap_or(f64::NAN)).collect()
        };
        table.push([
            task.text().to_owned(),
            cell(&exact(None), 3),
            cell(&exact(Some(Arm::Full)), 3),
            cell(&exact(Some(Arm::NoVote)), 3),
            cell(&noted("sample_accuracy"), 3),
            cell(&noted("label_accuracy"), 3),
            cell(&noted("outputs/kept"), 0),
            cell(&noted("inputs-duplicate/dropped"), 0),
        ]);
    }
    table
}

/// What class balance does, on the tasks with labels.
fn balance(plan: &Plan, found: &[Found]) -> Table {
    let mut table = Table::of(
        "Tasks with labels",
        &["task", "prompting", "self-guide", "without class balance", "inputs with the label asked for"],
    );
    for &task in plan.tasks.iter().filter(|task| !task.labels().is_empty()) {
        let of = |arm: Option<Arm>, value: &dyn Fn(&Outcome) -> f64| -> Vec<f64> {
            found.iter().map(|one| one.one(arm, task).map_or(f64::NAN, value)).collect()
        };
        table.push([
            task.text().to_owned(),
            cell(&of(None, &|one| one.exact), 3),
            cell(&of(Some(Arm::Full), &|one| one.exact), 3),
            cell(&of(Some(Arm::NoBalance), &|one| one.exact), 3),
            cell(&of(Some(Arm::NoBalance), &|one| one.track.last("requested_label").unwrap_or(f64::NAN)), 3),
        ]);
    }
    table
}

fn control(found: &[Found]) -> Table {
    let mut table = Table::of(
        "Negative controls: tasks taught the wrong way round",
        &["task", "prompting", "self-guide", "samples right", "labels right", "pairs"],
    );
    for (place, task) in CONTROLS.into_iter().enumerate() {
        let of = |value: &dyn Fn(&[Outcome; 2]) -> f64| -> Vec<f64> {
            found.iter().map(|one| value(&one.controls[place])).collect()
        };
        let noted = |name: &str| of(&|one| one[1].track.last(name).unwrap_or(f64::NAN));
        table.push([
            task.text().to_owned(),
            cell(&of(&|one| one[0].exact), 3),
            cell(&of(&|one| one[1].exact), 3),
            cell(&noted("sample_accuracy"), 3),
            cell(&noted("label_accuracy"), 3),
            cell(&noted("outputs/kept"), 0),
        ]);
    }
    table
}

/// Exact match by task, tasks in the order of what prompting reaches.
fn chart(plan: &Plan, found: &[Found]) -> Chart {
    let mut chart = Chart::of("Exact match by task", "task, by what prompting reaches", "exact match");
    let of = |arm: Option<Arm>, task: Instruction| {
        let values: Vec<f64> = found.iter().filter_map(|one| Some(one.one(arm, task)?.exact)).collect();
        mean(&values).unwrap_or(f64::NAN)
    };
    let mut tasks = plan.tasks.clone();
    tasks.sort_by(|a, b| of(None, *a).total_cmp(&of(None, *b)));
    for arm in [None, Some(Arm::Full), Some(Arm::NoVote), Some(Arm::ThreeExamples)] {
        let points = tasks.iter().enumerate().map(|(place, task)| ((place + 1) as f64, of(arm, *task)));
        chart
            .lines
            .push(Line { name: arm.map_or("prompting", Arm::name).to_owned(), points: points.collect() });
    }
    chart
}
