//! Resuming and refusing; the exact checks of the method stand beside its parts.

use super::*;
use crate::testing::resumes_exactly;
use autodidact_decide::inquiry::{AdversaryConfig, AttackConfig, TrainConfig};

fn small(world: WorldConfig, levels: Vec<f64>) -> LearnActive {
    let adversary = AdversaryConfig { particles: 8, renew: 3, ..AdversaryConfig::default() };
    let mapo = MapoConfig {
        levels,
        network: informed(vec![8]),
        train: TrainConfig { rollouts: 16, adversary, ..TrainConfig::default() },
        iterations: 6,
        blocks: 2,
        attack: AttackConfig { pool: 4, tries: 8, finalists: 2, steps: 1, reach: 0.05, final_tries: 16 },
    };
    LearnActive { world, mapo }
}

#[test]
fn a_killed_run_goes_on_with_the_same_weights() {
    let arms = WorldConfig::Arms { arms: 3, budget: 4, answers: Answers::Normal };
    let questions = WorldConfig::TwentyQuestions { objects: 4, questions: 5, budget: 3, reach: 0.3 };
    for (world, levels) in [(arms, vec![8.0, 50.0]), (questions, vec![5.0])] {
        resumes_exactly(LearnActive::CARD, |run| small(world, levels.clone()).run(run));
    }
}

#[test]
fn one_level_is_plain_minimax_and_its_specialist_has_no_gap() {
    let recipe = small(WorldConfig::Arms { arms: 3, budget: 4, answers: Answers::Normal }, vec![20.0]);
    let open = recipe.world.open(Seed::root(1));
    let attacks = Seed::root(2);
    let mut mapo = Mapo::new(open.world.clone(), &recipe.mapo, Seed::root(3), attacks).expect("sound");
    for block in 0..recipe.mapo.blocks {
        mapo.learn(&[], Seed::root(4).at("block", u64::from(block))).expect("learns");
    }
    assert_eq!((mapo.stage(), mapo.targets().len()), (1, 1));
    let losses = worst_losses(&open, &mapo.network(), &recipe.mapo, attacks);
    assert_eq!(worst_gap(&losses, &mapo.targets()), 0.0);
}

#[test]
fn settings_that_cannot_be_are_refused_by_name() {
    let refused = |recipe: LearnActive| recipe.check().expect_err("refused").to_string();
    let with = |world| LearnActive { world, ..LearnActive::default() };
    assert!(
        refused(with(WorldConfig::Arms { arms: 1, budget: 4, answers: Answers::Normal }))
            .contains("world.arms")
    );
    let flip = WorldConfig::Thresholds { points: 25, budget: 20, flip: 0.5, reach: 0.0 };
    assert!(refused(with(flip)).contains("world.flip"));
    let few = WorldConfig::TwentyQuestions { objects: 5, questions: 3, budget: 4, reach: 0.0 };
    assert!(refused(with(few)).contains("world.questions"));
    let mut falling = LearnActive::default();
    falling.mapo.levels = vec![2.0, 1.0];
    assert!(refused(falling).contains("levels"));
    assert!(LearnActive::default().check().is_ok());
}
