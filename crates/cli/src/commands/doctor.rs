//! `doctor`: what this machine and workspace offer, and what would be slow.

use crate::context::Context;
use crate::error::Result;
use crate::machine;
use crate::shell::{JsonShape, Paint};
use crate::units;
use clap::Args;
use serde::Serialize;
use std::time::Duration;

/// Look at this machine and this workspace, and say what would be slow or fail.
///
/// Measures the rate of matrix products for about a second. Changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  autodidact doctor\n  autodidact doctor --json | jq .gflops")]
pub struct Doctor {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Findings {
    version: &'static str,
    processor: Option<String>,
    threads: usize,
    cores: usize,
    load: Option<f64>,
    instruction_sets: Vec<&'static str>,
    gflops: f64,
    memory: Option<u64>,
    memory_available: Option<u64>,
    disk_free: Option<u64>,
    workspace: String,
    ledger: LedgerHealth,
    advice: Vec<String>,
}

/// Whether the ledger can be read.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum LedgerHealth {
    /// There is none yet; the first run makes it.
    None,
    /// It opens.
    Sound { runs: usize },
    /// It does not.
    Unreadable { reason: String },
}

impl Doctor {
    /// Looks and prints.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let findings = examine(context);
        if self.json {
            return context.shell.json(&findings, JsonShape::Pretty);
        }
        context.shell.out(&told(&findings, context))
    }
}

fn examine(context: &Context) -> Findings {
    let memory = machine::memory();
    let sets = machine::instruction_sets();
    let mut findings = Findings {
        version: env!("CARGO_PKG_VERSION"),
        processor: machine::processor(),
        threads: context.threads,
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        load: machine::load(),
        instruction_sets: sets.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect(),
        gflops: autodidact_lm::sgemm_peak(Duration::from_millis(800)),
        memory: memory.total,
        memory_available: memory.available,
        disk_free: machine::disk_free(&context.dir),
        workspace: context.dir.display().to_string(),
        ledger: ledger(context),
        advice: Vec::new(),
    };
    findings.advice = advice(&findings);
    findings
}

fn advice(found: &Findings) -> Vec<String> {
    let mut advice = Vec::new();
    let has = |name: &str| found.instruction_sets.contains(&name);
    if cfg!(target_arch = "x86_64") && !has("avx2") {
        advice.push("this processor has no AVX2: expect a quarter of the usual speed or less".to_owned());
    } else if cfg!(target_arch = "x86_64") && !has("avx512f") {
        advice.push("this processor has no AVX-512: expect about half of the figures in the book".to_owned());
    }
    if cfg!(debug_assertions) {
        advice.push("this is a debug build, 10 to 50 times slower: build with --release".to_owned());
    }
    if found.threads > found.cores {
        advice.push(format!("--threads {} is more than the {} cores: slower", found.threads, found.cores));
    }
    if let Some(load) = found.load
        && load > 0.5 * found.cores as f64
    {
        advice
            .push(format!("other programs keep {load:.1} of {} cores busy: timings are noisy", found.cores));
    }
    if found.memory_available.is_some_and(|free| free < 2_000_000_000) {
        advice.push("less than 2 GB of memory is free: keep to models below 50M parameters".to_owned());
    }
    if found.disk_free.is_some_and(|free| free < 2_000_000_000) {
        advice.push("less than 2 GB of disk is free: every learning step stores a checkpoint".to_owned());
    }
    if let LedgerHealth::Unreadable { .. } = found.ledger {
        advice.push("the ledger does not open: use another --dir, or mend or move it away".to_owned());
    }
    advice
}

fn told(found: &Findings, context: &Context) -> String {
    let known = |n: Option<u64>| n.map_or_else(|| "unknown".to_owned(), units::bytes);
    let ledger = match &found.ledger {
        LedgerHealth::None => "none yet; the first run makes it".to_owned(),
        LedgerHealth::Sound { runs } => format!("sound, {runs} runs"),
        LedgerHealth::Unreadable { reason } => format!("unreadable: {reason}"),
    };
    let lines = [
        ("version", found.version.to_owned()),
        ("processor", found.processor.clone().unwrap_or_else(|| "unknown".to_owned())),
        ("threads", format!("{} of {} cores", found.threads, found.cores)),
        ("instructions", found.instruction_sets.join(" ")),
        ("matrix products", format!("{:.0} GFLOP/s (f32)", found.gflops)),
        ("memory", format!("{}, {} available", known(found.memory), known(found.memory_available))),
        ("disk", format!("{} free", known(found.disk_free))),
        ("workspace", found.workspace.clone()),
        ("ledger", ledger),
    ];
    let mut out = String::new();
    for (name, value) in lines {
        out.push_str(&format!("{name:<16} {value}\n"));
    }
    if found.advice.is_empty() {
        out.push_str(&format!("{}\n", context.shell.paint(Paint::Green, "nothing to mend")));
    }
    for line in &found.advice {
        out.push_str(&format!("{} {line}\n", context.shell.paint(Paint::Yellow, "advice:")));
    }
    out
}

fn ledger(context: &Context) -> LedgerHealth {
    if !context.has_ledger() {
        return LedgerHealth::None;
    }
    match context.existing_ledger().and_then(|store| Ok(store.runs()?.len())) {
        Ok(runs) => LedgerHealth::Sound { runs },
        Err(error) => LedgerHealth::Unreadable { reason: error.to_string() },
    }
}
