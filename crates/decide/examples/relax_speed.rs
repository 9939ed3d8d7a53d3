//! What tuning costs: a sequence of shifted systems solved while a method learns, beside the bare solves
//! of the same systems at the same settings.
//!
//!     cargo run --release -p autodidact-decide --example relax_speed

use autodidact_core::{Alarms, Caps, Loop, MemoryLedger, Result, Run, RunId, RunOptions, Seed, Silent, Stop};
use autodidact_decide::dial::{Bins, Chebyshev, Dial, Grid, Method, TsallisInf, Tuner};
use autodidact_decide::systems::{InOrder, Shifted, Solve, Systems};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SYSTEMS: u64 = 5000;

/// Each timing is the least of so many.
const REPEATS: usize = 7;

fn main() -> Result<()> {
    let systems: Arc<dyn Systems> = Arc::new(Shifted::default().open(Seed::root(0).at("world", 0)));
    let (grid, range) = (Grid::default(), systems.range());
    let methods = [
        ("tsallis-inf", Method::TsallisInf { state: TsallisInf::new(grid, 2.0) }),
        ("tsallis-inf-cb", Method::Bins { state: Bins::new(grid, 2.0, 5, range) }),
        ("cheb-cb", Method::Chebyshev { state: Chebyshev::new(grid, 6, range) }),
    ];
    println!("{SYSTEMS} systems of 100 unknowns; microseconds a system; (ratio to the bare solves)");
    println!("{:<16}{:>10}{:>18}{:>18}", "method", "bare", "ask/tell", "recorded run");
    for (name, method) in methods {
        let (learned, settings) = least(|| loop_alone(&*systems, method.clone()));
        let (bare, _) = least(|| {
            let started = Instant::now();
            for (round, value) in settings.iter().enumerate() {
                black_box(systems.iterations(round as u64, *value));
            }
            (started.elapsed(), Vec::new())
        });
        let (whole, _) = least(|| {
            let started = Instant::now();
            recorded(&systems, method.clone()).expect("the run is sound");
            (started.elapsed(), Vec::new())
        });
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / SYSTEMS as f64;
        let beside = |time: Duration| format!("{:.2} ({:.2})", micros(time), micros(time) / micros(bare));
        println!("{name:<16}{:>10.2}{:>18}{:>18}", micros(bare), beside(learned), beside(whole));
    }
    Ok(())
}

fn least(mut once: impl FnMut() -> (Duration, Vec<f64>)) -> (Duration, Vec<f64>) {
    (0..REPEATS).map(|_| once()).min_by_key(|(time, _)| *time).expect("several repeats")
}

/// Ask, solve, tell; returns the settings too.
fn loop_alone(systems: &dyn Systems, mut method: Method) -> (Duration, Vec<f64>) {
    let draws = Seed::root(1);
    let started = Instant::now();
    let settings = (0..SYSTEMS)
        .map(|round| {
            let context = systems.context(round);
            let setting = method.ask(context, &mut draws.at("draw", round).rng());
            method.tell(context, &setting, f64::from(systems.iterations(round, setting.value)));
            setting.value
        })
        .collect();
    (started.elapsed(), settings)
}

/// The same as a recorded run that could be resumed.
fn recorded(systems: &Arc<dyn Systems>, method: Method) -> Result<()> {
    let ledger = MemoryLedger::default();
    let mut run = Run::new(RunOptions {
        ledger: &ledger,
        id: RunId("speed".to_owned()),
        seed: 1,
        caps: Caps::default(),
        alarms: Alarms::default(),
        observer: &Silent,
        stop: Stop::default(),
        complete: false,
    })?;
    let tuner = Tuner::of(method);
    let mut parts = Loop::<Dial> {
        explore: Box::new(InOrder::of(systems.clone())),
        policy: Box::new(tuner.clone()),
        judge: Box::new(Solve::of(systems.clone())),
        learn: Box::new(tuner),
    };
    run.play("solve", &mut parts, SYSTEMS, 1)?;
    Ok(())
}
