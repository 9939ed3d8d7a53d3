//! One worker's place: sequences that enter, run together step by step, and leave.
//!
//! Prompts are fed in while others are already being continued; whoever ends makes room for the next
//! at once. Nothing here decides what a sequence becomes: that depends on its own tokens, settings and
//! stream of random numbers alone, so workers may take their units in any order.

use super::cache::{Cache, Chain};
use super::forward::{Forward, Row};
use super::nudge::Nudge;
use super::pick::{Pick, Picker};
use super::stop::Watch;
use super::weights::Weights;
use super::{Draft, Job};
use crate::kernels::packed_attend::BlockShape;
use crate::kernels::rope::Rope;
use crate::{Result, Tokenizer};
use autodidact_core::Rng;
use autodidact_core::chat::Finish;
use rand::Rng as _;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Something to do for one worker.
#[derive(Clone, Debug)]
pub enum Unit {
    /// Some tries at a job.
    Sample {
        /// Index of the job.
        job: usize,
        /// Which tries.
        tries: Range<u32>,
    },
    /// The log-probabilities of a sequence.
    Score {
        /// Index of the sequence.
        sequence: usize,
    },
}

/// What all workers share in one call.
pub struct Shared<'a> {
    pub weights: &'a Weights,
    pub rope: &'a Rope,
    pub tokenizer: Option<&'a Tokenizer>,
    pub eos: &'a [u32],
    pub jobs: &'a [Job<'a>],
    pub sequences: &'a [Vec<u32>],
    pub units: &'a [Unit],
    pub next: AtomicUsize,
    /// Sequences that a worker keeps running at most.
    pub slots: usize,
    /// Rows of a step at most, while prompts are fed in.
    pub rows: usize,
    /// Told how many tokens each step sampled.
    pub progress: Option<&'a (dyn Fn(u64) + Send + Sync)>,
}

/// What a worker has finished.
#[derive(Debug, Default)]
pub struct Done {
    /// Job, try and draft.
    pub drafts: Vec<(usize, u32, Draft)>,
    /// Sequence and the log-probabilities of all tokens but the first.
    pub scores: Vec<(usize, Vec<f32>)>,
}

/// Cache, buffers and the sequences in progress.
#[derive(Debug)]
pub struct Bench {
    cache: Cache,
    forward: Forward,
    picker: Picker,
    chains: Vec<Chain>,
    idle: Vec<usize>,
    rows: Vec<Row>,
    feeds: VecDeque<Feed>,
    live: Vec<Live>,
}

/// A prompt, or a sequence to be scored, that is being read.
#[derive(Debug)]
struct Feed {
    unit: Unit,
    chain: usize,
    fed: usize,
    read: usize,
    logprobs: Vec<f32>,
    logits: Vec<f32>,
}

/// A try that is being continued.
#[derive(Debug)]
struct Live {
    job: usize,
    try_: u32,
    chain: usize,
    rng: Rng,
    watch: Watch,
    nudge: Option<Nudge>,
    draft: Draft,
}

impl Bench {
    /// An empty bench for models of this shape.
    pub fn new(shape: BlockShape) -> Bench {
        Bench {
            cache: Cache::new(shape),
            forward: Forward::default(),
            picker: Picker::default(),
            chains: Vec::new(),
            idle: Vec::new(),
            rows: Vec::new(),
            feeds: VecDeque::new(),
            live: Vec::new(),
        }
    }

    /// Numbers held by the cache, in use or not.
    pub fn held(&self) -> usize {
        self.cache.blocks().len() * self.cache.shape().size()
    }

    /// Takes units until none is left and returns what became of them. After an error the bench is to
    /// be thrown away.
    pub fn work(&mut self, shared: &Shared<'_>) -> Result<Done> {
        let mut done = Done::default();
        loop {
            self.admit(shared);
            self.start_tries(shared, &mut done)?;
            if self.live.is_empty() && self.feeds.is_empty() {
                return Ok(done);
            }
            self.step(shared, &mut done)?;
        }
    }

    /// Takes units while there are slots for what they will start.
    fn admit(&mut self, shared: &Shared<'_>) {
        let coming: usize = self.feeds.iter().map(Feed::coming).sum();
        let mut taken = self.live.len() + coming;
        while taken < shared.slots {
            let Some(unit) = shared.units.get(shared.next.fetch_add(1, Ordering::Relaxed)) else { return };
            let chain = self.idle.pop().unwrap_or_else(|| {
                self.chains.push(Chain::default());
                self.chains.len() - 1
            });
            let feed =
                Feed { unit: unit.clone(), chain, fed: 0, read: 0, logprobs: Vec::new(), logits: Vec::new() };
            taken += feed.coming();
            self.feeds.push_back(feed);
        }
    }

    /// One forward pass: the next token of every try, and as much of the prompts as there is room for.
    fn step(&mut self, shared: &Shared<'_>, done: &mut Done) -> Result<()> {
        let Bench { cache, forward, picker, chains, rows, feeds, live, .. } = self;
        rows.clear();
        for one in live.iter() {
            let position = cache.extend(&mut chains[one.chain]);
            let token = *one.draft.tokens.last().expect("a live try has drawn a token");
            rows.push(Row { chain: one.chain, position, token, reads: true });
        }
        let room = shared.rows.max(live.len() + 1);
        for feed in feeds.iter_mut() {
            let text = Text::of(shared, &feed.unit);
            while feed.fed < text.len() && rows.len() < room {
                let position = cache.extend(&mut chains[feed.chain]);
                let reads = position + 1 >= text.reads_after;
                rows.push(Row { chain: feed.chain, position, token: text.at(position), reads });
                feed.fed += 1;
            }
        }
        if rows.is_empty() {
            return Ok(());
        }

        let vocab = shared.weights.config.vocab_size;
        let logits = forward.run(shared.weights, shared.rope, cache, chains, rows);
        let mut logits = logits.chunks_exact(vocab);
        for one in live.iter_mut() {
            let logits = logits.next().expect("every live try reads");
            one.draw(logits, shared, picker)?;
        }
        if let Some(progress) = shared.progress.filter(|_| !live.is_empty()) {
            progress(live.len() as u64);
        }
        for feed in feeds.iter_mut() {
            let text = Text::of(shared, &feed.unit);
            while feed.read < feed.fed {
                feed.read += 1;
                if feed.read < text.reads_after {
                    continue;
                }
                let logits = logits.next().expect("rows that read have logits");
                match text.get(feed.read) {
                    Some(token) => feed.logprobs.push(picker.read(logits)?.logprob(logits, token)),
                    None => feed.logits = logits.to_vec(),
                }
            }
        }
        self.leave(shared, done);
        Ok(())
    }

    /// Lets tries start from prompts that are read, while there are slots, and lets finished feeds go.
    fn start_tries(&mut self, shared: &Shared<'_>, done: &mut Done) -> Result<()> {
        let mut index = 0;
        while index < self.feeds.len() {
            let feed = &mut self.feeds[index];
            if feed.fed < Text::of(shared, &feed.unit).len() {
                index += 1;
                continue;
            }
            let (cache, chains, idle) = (&mut self.cache, &mut self.chains, &mut self.idle);
            if let Unit::Sample { job, tries } = &mut feed.unit {
                let mut drawn = 0;
                while tries.start < tries.end && self.live.len() < shared.slots {
                    let try_ = tries.start;
                    tries.start += 1;
                    let mut one = Live::new(*job, try_, shared, &feed.logprobs)?;
                    let left = match shared.jobs[*job].limit {
                        0 => true,
                        _ => {
                            one.draw(&feed.logits, shared, &mut self.picker)?;
                            drawn += 1;
                            one.draft.finish.is_some()
                        }
                    };
                    if left {
                        done.drafts.push((one.job, one.try_, one.draft));
                        continue;
                    }
                    one.chain = idle.pop().unwrap_or_else(|| {
                        chains.push(Chain::default());
                        chains.len() - 1
                    });
                    let [trunk, fork] = chains
                        .get_disjoint_mut([feed.chain, one.chain])
                        .expect("a try's chain is not its prompt's");
                    cache.fork(trunk, trunk.len(), fork);
                    self.live.push(one);
                }
                if let Some(progress) = shared.progress.filter(|_| drawn > 0) {
                    progress(drawn);
                }
                if tries.start < tries.end {
                    index += 1;
                    continue;
                }
            }
            let feed = self.feeds.remove(index).expect("is there");
            self.cache.clear(&mut self.chains[feed.chain]);
            self.idle.push(feed.chain);
            if let Unit::Score { sequence } = feed.unit {
                done.scores.push((sequence, feed.logprobs));
            }
        }
        Ok(())
    }

    /// Lets go of tries that ended.
    fn leave(&mut self, shared: &Shared<'_>, done: &mut Done) {
        let mut index = 0;
        while index < self.live.len() {
            if self.live[index].draft.finish.is_none() {
                index += 1;
                continue;
            }
            let one = self.live.swap_remove(index);
            self.cache.clear(&mut self.chains[one.chain]);
            self.idle.push(one.chain);
            debug_assert!(one.job < shared.jobs.len());
            done.drafts.push((one.job, one.try_, one.draft));
        }
    }
}

impl Feed {
    /// How many slots it will need.
    fn coming(&self) -> usize {
        match &self.unit {
            Unit::Sample { tries, .. } => tries.len(),
            Unit::Score { .. } => 1,
        }
    }
}

impl Live {
    fn new(job: usize, try_: u32, shared: &Shared<'_>, given: &[f32]) -> Result<Live> {
        let settings = &shared.jobs[job];
        let nudge = match shared.tokenizer {
            Some(tokenizer) => Nudge::of(settings.settings, shared.eos, tokenizer)?,
            None => None,
        };
        let room = settings.given.len() + settings.limit.min(256);
        let mut draft = Draft {
            tokens: Vec::with_capacity(room),
            logprobs: Vec::with_capacity(room),
            policy_logprobs: Vec::with_capacity(room),
            finish: (settings.limit == 0).then_some(Finish::Length),
        };
        draft.tokens.extend_from_slice(settings.given);
        draft.logprobs.extend_from_slice(given);
        draft.policy_logprobs.resize(given.len(), 0.0);
        let rng = settings.seed.at("try", u64::from(try_)).rng();
        Ok(Live { job, try_, chain: usize::MAX, rng, watch: Watch::default(), nudge, draft })
    }

    /// Draws the next token and notes whether it is the last.
    fn draw(&mut self, logits: &[f32], shared: &Shared<'_>, picker: &mut Picker) -> Result<()> {
        let job = &shared.jobs[self.job];
        let uniform = self.rng.random::<f64>();
        let pick = match (&mut self.nudge, shared.tokenizer) {
            (Some(nudge), Some(tokenizer)) => {
                let nudged = nudge.logits(logits, &self.draft.tokens, tokenizer);
                let drawn = picker.pick(nudged, job.settings, uniform)?;
                Pick { logprob: picker.read(logits)?.logprob(logits, drawn.token), ..drawn }
            }
            _ => picker.pick(logits, job.settings, uniform)?,
        };
        self.draft.tokens.push(pick.token);
        self.draft.logprobs.push(pick.logprob);
        self.draft.policy_logprobs.push(pick.policy_logprob);
        let tokenizer = shared.tokenizer.filter(|_| !job.settings.stop.is_empty());
        let stopped = shared.eos.contains(&pick.token)
            || tokenizer.is_some_and(|known| self.watch.saw(pick.token, &job.settings.stop, known));
        if stopped {
            self.draft.finish = Some(Finish::Stop);
        } else if self.draft.tokens.len() == job.given.len() + job.limit {
            self.draft.finish = Some(Finish::Length);
        }
        Ok(())
    }
}

/// The tokens that a feed reads.
struct Text<'a> {
    head: &'a [u32],
    rest: &'a [u32],
    /// Logits are wanted once this many tokens are read.
    reads_after: usize,
    /// Tokens that are read; the last token of a scored sequence is not.
    fed: usize,
}

impl<'a> Text<'a> {
    fn of(shared: &Shared<'a>, unit: &Unit) -> Text<'a> {
        match *unit {
            Unit::Sample { job, .. } => {
                let Job { prompt, given, .. } = shared.jobs[job];
                Text { head: prompt, rest: given, reads_after: prompt.len(), fed: prompt.len() + given.len() }
            }
            Unit::Score { sequence } => {
                let tokens = &shared.sequences[sequence];
                Text { head: tokens, rest: &[], reads_after: 1, fed: tokens.len() - 1 }
            }
        }
    }

    fn len(&self) -> usize {
        self.fed
    }

    fn get(&self, index: usize) -> Option<u32> {
        self.head.get(index).or_else(|| self.rest.get(index - self.head.len())).copied()
    }

    fn at(&self, index: usize) -> u32 {
        self.get(index).expect("only tokens of the text are fed")
    }
}
