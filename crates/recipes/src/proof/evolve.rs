//! The proof of EVOLvE without its language model: the references' regret, who beats whom, how regret
//! grows, and one table of every player in every world.
//!
//! A seed of this proof is a block of ten runs of each player in each world, so that three seeds are the
//! paper's 30 runs. Within a run all players meet the same arms and the same luck. The claims about the
//! references compare two means of 30 runs, a reference implementation's and ours: the band around its value
//! is that of the difference of two such means, wide enough that all twelve hold together with 95 %.

mod arena;
mod everyone;
mod growth;
mod references;
#[cfg(test)]
mod tests;

use super::{Proof, ProofOptions, ProofReport, Scale};
use arena::Arena;
use autodidact_core::Result;
use autodidact_decide::world::{Bernoulli, Drifting, Gaussian, LowRank, Switching, WorldConfig};

/// The proof.
pub const PROOF: Proof = Proof {
    id: "evolve",
    about: "bandits in BanditBench's worlds: reference regrets, win rates, growth of regret, the table of all",
    run,
};

/// Runs of each player in each world, for each seed.
const RUNS: u32 = 10;

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let runs = if options.scale == Scale::Quick { 2 } else { RUNS };
    let mut arena = Arena::default();
    for world in worlds(options.scale) {
        arena.play(&world, &everyone::players(&world), runs, options)?;
    }
    let mut report = ProofReport::of("evolve", options);
    references::report(&arena, &mut report);
    growth::report(&arena, &mut report);
    growth::longer(runs, options, &mut report)?;
    everyone::report(&arena, &mut report);
    report.notes.push(format!("a seed is a block of {runs} runs of each player in each world"));
    report.notes.push("ratings are made up (1,000 users), not MovieLens".to_owned());
    report.notes.push("the language model's half of the paper is not part of this proof".to_owned());
    Ok(report)
}

/// The worlds: the eight of BanditBench that differ in numbers, its contextual pair, and two that change.
fn worlds(scale: Scale) -> Vec<WorldConfig> {
    let coins = [Bernoulli::easy(5), Bernoulli::hard(5), Bernoulli::easy(20), Bernoulli::hard(20)];
    let mut worlds: Vec<WorldConfig> = coins.map(WorldConfig::Bernoulli).into();
    if scale == Scale::Quick {
        worlds.push(WorldConfig::LowRank(LowRank { population: 220, ..LowRank::default() }));
        return worlds;
    }
    let bells = [Gaussian::easy(5), Gaussian::hard(5), Gaussian::easy(20), Gaussian::hard(20)];
    worlds.extend(bells.map(WorldConfig::Gaussian));
    worlds.extend([10, 30].map(|arms| WorldConfig::LowRank(LowRank { arms, ..LowRank::default() })));
    worlds.push(WorldConfig::Switching(Switching::default()));
    worlds.push(WorldConfig::Drifting(Drifting::default()));
    worlds
}
