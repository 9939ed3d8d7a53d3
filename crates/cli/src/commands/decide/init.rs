//! `decide init`: begins a process.

use crate::context::{Context, quoted};
use crate::decide::{Arms, Process, ProcessConfig};
use crate::error::Result;
use crate::shell::JsonShape;
use autodidact_decide::bandit::Memory;
use clap::Args;

/// Begin a process: its arms, the features of a context, the algorithm.
#[derive(Debug, Args)]
#[command(after_help = "Algorithms, with their settings for --set:
  random                                   any arm, for comparison
  greedy                                   the best mean so far
  epsilon-greedy    epsilon                greedy, but any arm with probability epsilon
  ucb1              alpha                  mean + sqrt(alpha ln t / n)
  ucb-v             zeta, c                the same with the variance; rewards in [0, 1]
  kl-ucb            c                      by Kullback-Leibler divergence; rewards in [0, 1]
  moss              horizon                for a known number of rounds; rewards in [0, 1]
  thompson-beta     successes, failures    draws from Beta posteriors; rewards in [0, 1]
  thompson-gaussian mean, variance, noise  draws from Gaussian posteriors
  lin-ucb           alpha, ridge           one linear model an arm; needs --features
  lin-thompson      scale, ridge           draws from linear models; needs --features
  glm-ucb           alpha, ridge           one logistic model an arm; needs --features
  exp3              gamma                  against an adversary; rewards in [0, 1]
  tsallis-inf                              the best of both worlds; rewards in [0, 1]

Examples:
  autodidact decide init button --arms red,blue,green
  autodidact decide init price --arms 5 --algorithm moss --set horizon=2000
  autodidact decide init offer --arms none,coupon --features age,visits --algorithm lin-ucb
  autodidact decide init news --arms 20 --algorithm ucb1 --discount 0.999")]
pub struct Init {
    /// The process's name.
    name: String,
    /// The arms: names with commas between them, or how many there are.
    #[arg(long, value_name = "ARMS")]
    arms: Arms,
    /// The names of a context's numbers, with commas between them.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    features: Vec<String>,
    /// The rule that chooses.
    #[arg(long, value_name = "NAME", default_value = "thompson-beta")]
    algorithm: String,
    /// Change a setting of the algorithm; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// For rewards that change over time: each counts so many times as much after every further one.
    #[arg(long, value_name = "GAMMA", conflicts_with = "window")]
    discount: Option<f64>,
    /// For rewards that change over time: only the last so many count.
    #[arg(long, value_name = "REWARDS")]
    window: Option<u32>,
    /// The root of the process's random streams.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Init {
    /// Records the process.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let memory = match (self.discount, self.window) {
            (Some(gamma), _) => Memory::Discount { gamma },
            (None, Some(rounds)) => Memory::Window { rounds },
            (None, None) => Memory::All,
        };
        let features = self.features.iter().map(|name| name.trim().to_owned()).collect();
        let config = ProcessConfig::new(self.arms.0.clone(), features, &self.algorithm, memory, &self.set)?;
        let ledger = context.ledger()?;
        let process = Process::begin(&ledger, &self.name, config, self.seed)?;
        if self.json {
            let value = serde_json::json!({
                "process": self.name, "seed": self.seed, "config": process.config(),
            });
            return context.shell.json(&value, JsonShape::Line);
        }
        context.shell.out(&format!("{}\n", self.name))?;
        context.shell.say(&format!(
            "{} arms, {} features, {}; next: {}",
            process.config().arms.len(),
            process.config().features.len(),
            process.config().algorithm.name(),
            context.command(&format!("decide ask {}", quoted(&self.name)))
        ));
        Ok(())
    }
}
