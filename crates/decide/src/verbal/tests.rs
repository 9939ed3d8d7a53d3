//! Words and numbers say the same.

use super::*;
use crate::bandit::{Algorithm, Bandit, BanditConfig};
use crate::choice::{Choice, Context, Pull};
use crate::world::{Bernoulli, LowRank, World, WorldConfig};
use autodidact_core::chat::{Body, Chat, Completion};
use autodidact_core::{
    Ask, Explore, Group, Judge, Learn, Policy, Proposals, Result, Seed, Spend, Try, Version,
};
use std::sync::{Arc, Mutex};

fn step(arm: u32, reward: f64) -> Step {
    Step { arm, reward, ..Step::default() }
}

fn in_context(features: &[f64], arm: u32, reward: f64) -> Step {
    Step { features: features.to_vec(), arm, reward, is_random: false }
}

fn speech(wording: Wording, names: &[&str]) -> Speech {
    Speech { wording, names: names.iter().map(|name| (*name).to_owned()).collect() }
}

/// Ten pulls: four of the second arm, of which two paid, three of each other, none of which did.
fn ten() -> Vec<Step> {
    let arms = [0, 1, 2, 1, 0, 2, 1, 0, 2, 1];
    let paid = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    arms.into_iter().zip(paid).map(|(arm, reward)| step(arm, reward)).collect()
}

#[test]
fn ucb_says_what_the_paper_computes() {
    // N = (3, 4, 3), ten pulls, mean 0.5: sqrt(0.5 ln 10 / 4) = 0.53649, index 1.03649.
    let guide = ucb_guide(&ten(), 3, 0.5);
    assert_eq!((guide[1].pulls, guide[1].guide.value), (4, 0.5));
    assert!((guide[1].guide.bonus - 0.536_49).abs() < 5e-6);
    assert!((guide[1].guide.bonus + guide[1].guide.value - 1.036_49).abs() < 5e-6);
    let untouched = ucb_guide(&[], 2, 0.5);
    assert_eq!(untouched[0].guide, Guide { bonus: f64::INFINITY, value: 0.0 });
}

#[test]
fn lin_ucb_without_data_gives_a_bonus_of_alpha_times_the_length() {
    let guide = LinearGuide::of(3, 2, 0.5);
    for one in guide.all(&[3.0, 4.0]) {
        assert_eq!((one.bonus, one.value), (2.5, 0.0));
    }
}

#[test]
fn lin_ucb_after_one_step_is_the_inverse_by_hand() {
    let mut guide = LinearGuide::of(2, 2, 1.0);
    guide.tell(&in_context(&[1.0, 0.0], 0, 4.0));
    // A = diag(2, 1), b = (4, 0), theta = (2, 0); x = (1, 1): bonus sqrt(1/2 + 1), value 2.
    let all = guide.all(&[1.0, 1.0]);
    assert!((all[0].bonus - 1.5f64.sqrt()).abs() < 1e-15 && (all[0].value - 2.0).abs() < 1e-15);
    assert_eq!(all[1], Guide { bonus: 2f64.sqrt(), value: 0.0 });
}

#[test]
fn histories_look_like_this() {
    let speech = speech(Wording::Videos, &["B", "A", "C"]);
    let text = |form, steps: &[Step]| History { form, ..History::default() }.text(&speech, steps);
    assert_eq!(
        text(Form::Raw, &[step(1, 1.0), step(0, 0.25)]),
        "So far you have had 2 interactions:\nA video, reward 1\nB video, reward 0.25\n"
    );
    assert_eq!(text(Form::Summary, &[]), "So far you have had 0 interactions:\n");
    assert_eq!(
        text(Form::Summary, &ten()),
        "So far you have had 10 interactions:\nB video, 3 times, average reward 0.00\nA video, 4 times, \
         average reward 0.50\nC video, 3 times, average reward 0.00\n"
    );
    assert_eq!(
        text(Form::Guided { alpha: 0.5 }, &ten()[..2]),
        "So far you have had 2 interactions:\n\
         B video, 1 times, average reward 0.00, exploration bonus 0.59, exploitation value 0.00\n\
         A video, 1 times, average reward 1.00, exploration bonus 0.59, exploitation value 1.00\n\
         C video, 0 times, average reward 0.00, exploration bonus inf, exploitation value 0.00\n"
    );
    let guided = text(Form::Guided { alpha: 0.5 }, &ten());
    assert!(
        guided.contains(
            "A video, 4 times, average reward 0.50, exploration bonus 0.54, exploitation value 0.50"
        )
    );
    let short = History { form: Form::Raw, window: 1 }.text(&speech, &ten());
    assert_eq!(short, "So far you have had 10 interactions:\nA video, reward 0\n");
}

#[test]
fn a_contextual_guide_shows_what_was_known_before_the_step() {
    let speech = speech(Wording::Films, &["Heat (1990)", "Rain (1991)"]);
    let history = History { form: Form::Guided { alpha: 0.5 }, ..History::default() };
    let steps = [in_context(&[1.0, 0.0], 0, 4.0), in_context(&[1.0, 0.0], 1, 2.0)];
    assert_eq!(
        history.text(&speech, &steps),
        "So far you have had 2 interactions:\n\
         Context: [1.0000, 0.0000]\n\
         Side information for the decision:\n\
         {\"Heat (1990)\": {\"exploration bonus\": 0.50, \"exploitation value\": 0.00}}\n\
         {\"Rain (1991)\": {\"exploration bonus\": 0.50, \"exploitation value\": 0.00}}\n\
         Action: Heat (1990)\nReward: 4\n\n\
         Context: [1.0000, 0.0000]\n\
         Side information for the decision:\n\
         {\"Heat (1990)\": {\"exploration bonus\": 0.35, \"exploitation value\": 2.00}}\n\
         {\"Rain (1991)\": {\"exploration bonus\": 0.50, \"exploitation value\": 0.00}}\n\
         Action: Rain (1991)\nReward: 2\n\n"
    );
    let raw = History::default().text(&speech, &steps[..1]);
    let expect =
        "So far you have had 1 interactions:\nContext: [1.0000, 0.0000]\nAction: Heat (1990)\nReward: 4\n\n";
    assert_eq!(raw, expect);
}

#[test]
fn prompts_are_what_they_were() {
    // A change of a prompt changes what was measured with it: it must be meant.
    let videos = speech(Wording::Videos, &["B", "A"]);
    assert_eq!(
        prompt(&videos.instruction(Instruction::Detailed), "", &videos.header(0), &videos.query()),
        include_str!("tests/videos.txt")
    );
    let films = speech(Wording::Films, &["Heat (1990)", "Rain (1991)"]);
    let history = History { form: Form::Guided { alpha: 0.5 }, ..History::default() };
    let steps = [in_context(&[1.0, 0.0], 0, 4.0)];
    let query = history.query(&films, &steps, &[0.0, 1.0]);
    assert_eq!(
        prompt(&films.instruction(Instruction::Base), "", &history.text(&films, &steps), &query),
        include_str!("tests/films.txt").strip_suffix('\n').expect("a file ends with a line")
    );
    for wording in [Wording::Buttons, Wording::Adverts, Wording::Videos, Wording::Clothes, Wording::Films] {
        let speech = Speech::of(wording, 20, Seed::root(1));
        let text = speech.instruction(Instruction::Detailed) + &speech.query() + &speech.query_in(&[0.5], "");
        assert!(!text.contains('{') && !text.contains('}'), "{text}");
        assert!(speech.names.iter().all(|name| text.contains(name)));
    }
}

#[test]
fn names_differ_whatever_their_case_and_however_many_there_are() {
    for wording in [Wording::Buttons, Wording::Adverts, Wording::Clothes, Wording::Films] {
        let names = Speech::of(wording, 100, Seed::root(0)).names;
        let distinct: std::collections::BTreeSet<String> = names.iter().map(|n| n.to_lowercase()).collect();
        assert_eq!(distinct.len(), 100);
        assert_ne!(names[..5], Speech::of(wording, 100, Seed::root(1)).names[..5]);
    }
}

#[test]
fn answers_are_read_as_the_paper_reads_them() {
    let videos = speech(Wording::Videos, &["B", "A"]);
    assert_eq!((videos.read(" a\n"), videos.read("B")), (Some(1), Some(0)));
    assert_eq!((videos.read("A."), videos.read("I choose A"), videos.read("")), (None, None, None));
    let films = speech(Wording::Films, &["Heat (1990)", "Rain (1991)", "Rain (1992)"]);
    assert_eq!(films.read(" Rain  (1992) (Drama|Crime)"), Some(2));
    assert_eq!((films.read("Rain"), films.read("Heat (1991)"), films.read("(1990)")), (None, None, None));
    let drawn = films.read_or_draw("?", &mut Seed::root(0).rng());
    assert!(drawn.is_random && drawn.arm < 3);
    assert!(!films.read_or_draw("Heat (1990)", &mut Seed::root(0).rng()).is_random);
}

/// A round of play in which judge and learner are told in turn.
fn play(world: &World, policy: &dyn Policy<Choice>, learner: &mut dyn Learn<Choice>) -> Vec<Group<Choice>> {
    let (mut rounds, judge) = (world.explore(), world.judge());
    let mut groups = Vec::new();
    loop {
        let seed = Seed::root(9).at("round", groups.len() as u64);
        let asks = rounds.ask(1, &mut seed.rng()).expect("asks");
        let Some(ask) = asks.first().cloned() else { return groups };
        let answers = policy.propose(&asks, &[seed]).expect("answers").answers;
        let verdicts = judge.judge(&asks, &answers).expect("judges").verdicts;
        let pairs = answers[0].iter().copied().zip(verdicts[0].iter().cloned());
        let tries = pairs.map(|(answer, verdict)| Try { answer, verdict }).collect();
        let group = Group { ask, tries };
        learner.learn(std::slice::from_ref(&group), seed).expect("learns");
        groups.push(group);
    }
}

/// Says the name of the arm that a bandit chooses, and every fifth time something else.
struct Says {
    bandit: Bandit,
    speech: Speech,
    asked: Mutex<Vec<String>>,
}

impl Policy<Chat> for Says {
    fn propose(&self, asks: &[Ask<Chat>], _seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let mut asked = self.asked.lock().expect("whole");
        let Body::Text(text) = &asks[0].query.body else { panic!("bare text") };
        let round = asked.len() as u64;
        asked.push(text.clone());
        let context = Context { round, ..Context::default() };
        let pull = self.bandit.choose(&context, &mut Seed::root(0).rng())?;
        let text = match round % 5 {
            4 => "whatever".to_owned(),
            _ => format!(" {} ", self.speech.names[pull.arm as usize].to_uppercase()),
        };
        let answers = vec![vec![Completion { text, ..Completion::default() }]];
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Policy::<Choice>::version(&self.bandit)
    }
}

/// Lets the inner bandit learn what the player is told.
struct Both(InWords, Bandit);

impl Learn<Choice> for Both {
    fn learn(&mut self, groups: &[Group<Choice>], seed: Seed) -> Result<autodidact_core::Lesson> {
        self.1.learn(groups, seed)?;
        self.0.learn(groups, seed)
    }

    fn save(&self) -> Result<autodidact_core::Snapshot> {
        Learn::save(&self.0)
    }

    fn restore(&mut self, snapshot: &autodidact_core::Snapshot) -> Result<()> {
        self.0.restore(snapshot)
    }
}

#[test]
fn every_verbal_step_equals_the_numeric_step_with_the_mapped_action() {
    let config = WorldConfig::Bernoulli(Bernoulli { horizon: 60, ..Bernoulli::easy(5) });
    let world = config.open(Seed::root(4)).expect("opens");
    let speech = Speech::of(Wording::Clothes, 5, Seed::root(4));
    let algorithm = Algorithm::Ucb1 { alpha: 0.5 };
    let bandit = Bandit::new(&BanditConfig { arms: 5, algorithm, ..BanditConfig::default() }).expect("valid");
    let says = Arc::new(Says { bandit: bandit.clone(), speech: speech.clone(), asked: Mutex::default() });
    let player = InWords::of(says.clone(), speech.clone(), Manner::default());
    let groups = play(&world, &player, &mut Both(player.clone(), bandit));
    assert_eq!(groups.len(), 60);
    let steps = player.steps();
    for (i, (group, step)) in groups.iter().zip(&steps).enumerate() {
        let pull = Pull { arm: step.arm, propensity: 1.0 };
        let numeric = world.verdict(&world.context(i as u64), pull, 0);
        assert_eq!(group.tries[0].verdict, numeric);
        assert_eq!(numeric.value(), Some(step.reward));
        assert_eq!(step.is_random, i % 5 == 4);
    }
    // What the player read is the representation of what went before.
    let asked = says.asked.lock().expect("whole");
    assert!(asked[30].contains(&History::default().text(&speech, &steps[..30])));
    // Restored, it remembers the same.
    let mut other = InWords::of(says.clone(), speech, Manner::default());
    other.restore(&Learn::save(&player).expect("saves")).expect("restores");
    assert_eq!(other.steps(), steps);
    assert_eq!(other.version().expect("names"), player.version().expect("names"));
}

fn teacher() -> (Speech, Vec<Step>) {
    let world = WorldConfig::default().open(Seed::root(2)).expect("opens");
    let algorithm = Algorithm::Ucb1 { alpha: 0.5 };
    let mut bandit =
        Bandit::new(&BanditConfig { arms: 5, algorithm, ..BanditConfig::default() }).expect("valid");
    let groups = play(&world, &bandit.clone(), &mut bandit);
    (Speech::of(Wording::Videos, 5, Seed::root(2)), steps(&groups))
}

#[test]
fn the_first_pulls_of_ucb_are_the_arms_in_order() {
    let (_, steps) = teacher();
    assert_eq!(steps[..5].iter().map(|step| step.arm).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_teachers_numbers_are_those_of_its_guide() {
    // From the sixth step on UCB takes the largest sum of what its guide says.
    let (_, steps) = teacher();
    for t in 5..steps.len() {
        let guide = ucb_guide(&steps[..t], 5, 0.5);
        let index = |arm: usize| guide[arm].guide.bonus + guide[arm].guide.value;
        let best = (0..5).map(index).fold(f64::MIN, f64::max);
        assert!(index(steps[t].arm as usize) >= best - 1e-12, "step {t}");
    }
}

#[test]
fn few_shot_takes_every_second_decision_after_the_second() {
    let (speech, steps) = teacher();
    let all = decisions(&speech, &History::default(), &steps[..40]);
    let chosen: Vec<u64> = FewShot::default().of(&all).iter().map(|decision| decision.step).collect();
    assert_eq!(chosen, [2, 4, 6, 8, 10]);
    let text = FewShot::default().text(&all);
    assert_eq!(text.matches("========================\n").count(), 6);
    assert!(text.contains(&format!("nothing else, without an explanation.\n{}\n===", all[10].label)));
    assert_eq!(FewShot::default().text(&all[..2]), "");
    let none = FewShot { every: 0, ..FewShot::default() };
    assert_eq!(none.of(&all).len(), 5);
}

#[test]
fn training_rows_are_what_the_teacher_knew_and_what_it_did() {
    let (speech, steps) = teacher();
    let history = History { form: Form::Summary, ..History::default() };
    let rows = rows(&speech, Instruction::Base, &history, &steps[..30]);
    assert_eq!(rows.len(), 30);
    for (t, row) in rows.iter().enumerate() {
        assert_eq!(speech.read(&row.completion), Some(steps[t].arm));
        assert!(row.prompt.contains(&history.text(&speech, &steps[..t])));
    }
    let text = lines(&rows).expect("writes");
    assert_eq!(text.lines().count(), 30);
    assert_eq!(serde_json::from_str::<Row>(text.lines().next().expect("a line")).expect("reads"), rows[0]);
}

#[test]
fn a_teacher_that_always_pulls_one_arm_leaves_nothing_to_learn() {
    // The least loss that any student can reach is the entropy of the labels given the prompt; all
    // labels are the same, so it is 0.
    let speech = speech(Wording::Videos, &["B", "A"]);
    let rows = rows(&speech, Instruction::Base, &History::default(), &vec![step(0, 1.0); 20]);
    let share = rows.iter().filter(|row| row.completion == "B").count() as f64 / rows.len() as f64;
    assert_eq!(-share.ln(), 0.0);
}

#[test]
fn contextual_trajectories_carry_their_contexts() {
    let world = WorldConfig::LowRank(LowRank { population: 220, horizon: 20, ..LowRank::default() });
    let world = world.open(Seed::root(1)).expect("opens");
    let algorithm = Algorithm::LinUcb { alpha: 0.5, ridge: 1.0 };
    let config = BanditConfig { arms: 10, features: 10, algorithm, ..BanditConfig::default() };
    let mut bandit = Bandit::new(&config).expect("valid");
    let groups = play(&world, &bandit.clone(), &mut bandit);
    let steps = steps(&groups);
    assert!(steps.iter().all(|step| step.features.len() == 10));
    let speech = Speech::of(Wording::Films, 10, Seed::root(1));
    let history = History { form: Form::Guided { alpha: 0.5 }, ..History::default() };
    let all = decisions(&speech, &history, &steps);
    // The numbers shown for a decision are those that the teacher decided by.
    let mut guide = LinearGuide::of(10, 10, 0.5);
    for (step, decision) in steps.iter().zip(&all) {
        let sums: Vec<f64> = guide.all(&step.features).iter().map(|one| one.bonus + one.value).collect();
        let best = sums.iter().copied().fold(f64::MIN, f64::max);
        assert!(sums[step.arm as usize] >= best - 1e-9);
        assert!(decision.query.ends_with("Action: ") && decision.query.contains("Side information"));
        guide.tell(step);
    }
}
