//! The arguments that every command shares.

use crate::commands::Command;
use crate::context::{Context, DIR_VARIABLE, USUAL_DIR};
use crate::error::{CommandError, EXIT_CODES, Kind, Result};
use crate::files::check_directory;
use crate::shell::{Color, Shell};
use clap::{Args, Parser};
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

/// Makes a language model better on problems whose answers can be checked.
///
/// It samples answers, checks them, learns from the right ones, and shows the gain on problems it
/// never learned from. Every answer and every learning step is recorded in a workspace directory
/// before it is used, so that any run can be stopped, even killed, and resumed.
#[derive(Debug, Parser)]
#[command(name = "autodidact", version, max_term_width = 100, after_help = after_help())]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// More threads than any machine can use here; starting many more brings it to a standstill.
const MOST_THREADS: usize = 1024;

/// What every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Workspace directory: the ledger, checkpoints, reports and plots.
    #[arg(long, global = true, env = DIR_VARIABLE, default_value = USUAL_DIR, value_name = "DIR")]
    pub dir: PathBuf,
    /// Threads to compute with; results do not depend on it. Default: all that the machine has.
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<usize>,
    /// Say nothing but results, alarms and errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to colour what is said; NO_COLOR is respected.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

const EXAMPLES: &str = "\
Examples:
  autodidact improve                               the bundled model, from start to end
  autodidact improve --model DIR --problems FILE.jsonl --checker number
  autodidact recipes show b-star                   a method and its settings
  autodidact run my.toml --set sft.lr=1e-4         a method with settings of your own
  autodidact resume b-star-1                       go on with a run that was stopped
  autodidact runs samples b-star-1 --order worst   what was answered, and how it was judged";

fn after_help() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}")
}

impl Global {
    /// The streams to talk on.
    pub fn shell(&self) -> Shell {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Shell::new(self.quiet, self.color, no_color)
    }

    /// What a command works in: logging and the thread pool are set up here, once.
    pub fn context(&self, shell: Shell) -> Result<Context> {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
        // A second call in one process would fail; the first one's logging then stays.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(shell.is_colored())
            .with_target(false)
            .without_time()
            .try_init();
        check_directory("--dir", &self.dir)?;
        let available = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = match self.threads {
            Some(0) => return Err(CommandError::new(Kind::Usage, "--threads must be at least 1, but is 0")),
            Some(n) if n > MOST_THREADS => {
                let message = format!("--threads must be at most {MOST_THREADS}, but is {n}");
                return Err(CommandError::new(Kind::Usage, message)
                    .hint(format!("this machine has {available}; more than that is slower")));
            }
            Some(n) => n,
            None => available.min(MOST_THREADS),
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
        pool.map_err(|error| CommandError::new(Kind::Failed, format_args!("no threads: {error}")))?;
        Ok(Context { dir: self.dir.clone(), threads, shell })
    }
}
