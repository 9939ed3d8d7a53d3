//! The stages that turn each source into examples: what is asked, judged, counted and kept.

use super::pages::{asked_history, invented, view};
use super::tutorials::{Wanted, break_points, observed, scenarios};
use super::validity::{Fault, Tally};
use super::{Articles, Synatra};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Answer as _, Ask, Group, Judge, Judged, Policy, Result, Run, Seed, Split, Verdict};
use autodidact_parts::web::Sample;
use autodidact_parts::wording::Prompts;

/// An example and the ids of the prompts that it was made from.
pub(super) type Found = (Sample, Vec<String>);

/// What turns a source into at least so many examples, where it has them.
pub(super) type Source = fn(&Synatra, &dyn Policy<Chat>, &Prompts, usize, &mut Run<'_>) -> Result<Vec<Found>>;

/// Judges by a function of one prompt and one text.
struct By<F>(&'static str, F);

impl<F: Fn(&Prompt, &str) -> Verdict + Send + Sync> Judge<Chat> for By<F> {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| (self.1)(&ask.query, &answer.text)))
    }

    fn name(&self) -> String {
        self.0.to_owned()
    }
}

/// What candidates came to, as a verdict.
fn verdict<T>(candidates: Vec<Result<T, Fault>>) -> Verdict {
    let mut tally = Tally::default();
    for candidate in candidates {
        tally.count(candidate);
    }
    tally.verdict()
}

/// The text of each group's only answer, without the failed ones.
fn answered(groups: &[Group<Chat>]) -> impl Iterator<Item = (&Prompt, &str)> {
    let tries = groups.iter().flat_map(|group| group.tries.iter().map(move |one| (&group.ask.query, one)));
    tries
        .filter(|(_, one)| one.answer.failure().is_none())
        .map(|(query, one)| (query, one.answer.text.as_str()))
}

fn note(tally: &Tally, stage: &str, run: &mut Run<'_>) -> Result<()> {
    run.note(&format!("{stage}/candidates"), tally.candidates() as f64)?;
    run.note(&format!("{stage}/kept"), tally.kept as f64)?;
    for (fault, n) in &tally.dropped {
        run.note(&format!("{}/dropped", fault.name()), *n as f64)?;
    }
    Ok(())
}

fn field<'a>(query: &'a Prompt, name: &str) -> &'a str {
    query.field(name).unwrap_or_default()
}

/// Articles: those for a screen, concrete scenarios of each, and a page for each break point.
pub(super) fn articles(
    recipe: &Synatra,
    writer: &dyn Policy<Chat>,
    prompts: &Prompts,
    wanted: usize,
    run: &mut Run<'_>,
) -> Result<Vec<Found>> {
    let articles = recipe.articles.open(&mut run.rng("articles"))?;
    let brief = Sampling { temperature: 0.0, max_tokens: 8, ..recipe.sampling.clone() };
    let mut asks = Vec::with_capacity(articles.len());
    for (place, article) in articles.iter().enumerate() {
        let query = prompts.fill("title", format!("title/{place}"), &[("title", article.title.as_str())])?;
        let query = query.with("asks", "title").with("title", article.title.clone());
        asks.push(Ask { query, knobs: brief.clone(), tries: 1 });
    }
    let yes = |text: &str| text.trim_start().to_lowercase().starts_with("yes");
    let judge = By("titles", |_: &Prompt, text: &str| Verdict::right(yes(text)));
    let titles = run.attempt("titles", writer, &judge, asks)?;

    let most = recipe.scenarios as usize;
    let mut asks = Vec::new();
    for ((place, article), group) in articles.iter().enumerate().zip(&titles) {
        if group.mean() != Some(1.0) {
            continue;
        }
        let values = [("article", article.text()), ("scenarios", most.to_string())];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let query = prompts
            .fill("scenarios", format!("scenarios/{place}"), &values)?
            .with("asks", "scenarios")
            .with("title", article.title.clone())
            .with("steps", article.steps.clone())
            .with("scenarios", most);
        asks.push(Ask { query, knobs: recipe.sampling.clone(), tries: 1 });
    }
    let judge = By("scenarios", move |_: &Prompt, text: &str| verdict(scenarios(text, most)));
    let groups = run.attempt("scenarios", writer, &judge, asks)?;

    let mut tally = Tally::default();
    let mut asks = Vec::new();
    let seed = run.seed("break points");
    for (query, text) in answered(&groups) {
        let kept = scenarios(text, most).into_iter().filter_map(|one| tally.count(one)).collect::<Vec<_>>();
        for (nth, scenario) in kept.iter().enumerate() {
            let mut rng = seed.at(&query.id, nth as u64).rng();
            let points = break_points(&scenario.code, recipe.breaks as usize, &mut rng);
            for (place, point) in points.into_iter().enumerate() {
                let id = format!("page/{}/{nth}/{place}", query.id);
                let values = [("task", &*scenario.task), ("past", &*point.past), ("next", &*point.next)];
                let page = prompts
                    .fill("page", id, &values)?
                    .with("asks", "page")
                    .with("title", field(query, "title"))
                    .with("parent", query.id.clone())
                    .with("task", scenario.task.clone())
                    .with("past", point.past.clone())
                    .with("next", point.next.clone());
                asks.push(Ask { query: page, knobs: recipe.sampling.clone(), tries: 1 });
            }
        }
    }
    note(&tally, "scenarios", run)?;
    // Pages cost most: no more of them than examples are wanted, with some for those that will be dropped.
    if matches!(recipe.articles, Articles::Generated { .. }) {
        asks.truncate(wanted + wanted / 5);
    }

    let ids = run.seed("ids");
    let (window, most_id) = (recipe.chunk, recipe.ids);
    let sample = move |query: &Prompt, text: &str| {
        let [task, past, next] = ["task", "past", "next"].map(|name| field(query, name));
        observed(text, Wanted { task, past, next }, &window, most_id, ids.at(&query.id, 0))
    };
    let judge = By("pages", move |query: &Prompt, text: &str| verdict(vec![sample(query, text)]));
    let groups = run.attempt("observations", writer, &judge, asks)?;
    let mut tally = Tally::default();
    let mut found = Vec::new();
    for (query, text) in answered(&groups) {
        if let Some(sample) = tally.count(sample(query, text)) {
            found.push((sample, vec![field(query, "parent").to_owned(), query.id.clone()]));
        }
    }
    note(&tally, "observations", run)?;
    Ok(found)
}

/// Pages: a window of each with made-up tasks.
pub(super) fn pages(
    recipe: &Synatra,
    writer: &dyn Policy<Chat>,
    prompts: &Prompts,
    _wanted: usize,
    run: &mut Run<'_>,
) -> Result<Vec<Found>> {
    let pages = recipe.pages.open(recipe.ids, run.seed("pages"))?;
    let seed = run.seed("windows");
    let mut asks = Vec::new();
    for (place, (website, page)) in pages.iter().enumerate() {
        let mut rng = seed.at("page", place as u64).rng();
        let mode = recipe.balance.draw(&mut rng);
        let Some(view) = view(page, mode, &recipe.chunk, &recipe.shown, &mut rng) else { continue };
        let mut forms = String::new();
        let (mut lengths, mut first) = (Vec::new(), 0);
        for nth in 0..recipe.tasks.written {
            let (length, form) = asked_history(&mut rng);
            forms.push_str(&super::pages::form(&form));
            lengths.push(length.to_string());
            if nth == 0 {
                first = length;
            }
        }
        let chosen = rand::seq::index::sample(&mut rng, recipe.tasks.listed as usize, lengths.len());
        let mut chosen: Vec<usize> = chosen.into_iter().map(|one| one + 1).collect();
        chosen.sort_unstable();
        let each = chosen
            .iter()
            .zip(&lengths)
            .map(|(one, length)| format!("#{one} with about {length} past actions"));
        let target = view.target.map(|id| id.to_string()).unwrap_or_default();
        let values = [
            ("website", website.clone()),
            ("window", view.shown.clone()),
            ("listed", recipe.tasks.listed.to_string()),
            ("chosen", each.collect::<Vec<_>>().join("; ")),
            ("forms", forms),
            ("rule", super::pages::rule(mode, &target)),
        ];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let query = prompts
            .fill("steps", format!("steps/{place}"), &values)?
            .with("asks", "steps")
            .with("website", website.clone())
            .with("window", view.shown)
            .with("chunk", view.chunk)
            .with("mode", mode.name())
            .with("element_id", target)
            .with("history", first);
        asks.push(Ask { query, knobs: recipe.sampling.clone(), tries: 1 });
    }
    let (ids, most_id): (Seed, u32) = (run.seed("ids"), recipe.ids);
    let samples = move |query: &Prompt, text: &str| {
        let [website, chunk, shown] = ["website", "chunk", "window"].map(|name| field(query, name));
        invented(text, website, chunk, shown, most_id, ids.at(&query.id, 0))
    };
    let judge = By("steps", move |query: &Prompt, text: &str| verdict(samples(query, text)));
    let groups = run.attempt("steps", writer, &judge, asks)?;
    let mut tally = Tally::default();
    let mut found = Vec::new();
    for (query, text) in answered(&groups) {
        let kept = samples(query, text).into_iter().filter_map(|one| tally.count(one));
        found.extend(kept.map(|sample| (sample, vec![query.id.clone()])));
    }
    note(&tally, "steps", run)?;
    Ok(found)
}

/// Demonstrations of humans on the sites for training.
pub(super) fn demonstrations(
    recipe: &Synatra,
    _writer: &dyn Policy<Chat>,
    _prompts: &Prompts,
    wanted: usize,
    run: &mut Run<'_>,
) -> Result<Vec<Found>> {
    let mut rng = run.rng("demonstrations");
    let mut found = Vec::new();
    // A goal has at least two steps.
    for start in recipe.web.starts(Split::Train, wanted.div_ceil(2), &mut rng) {
        if found.len() >= wanted {
            break;
        }
        found.extend(
            recipe.web.demonstrated(&start).into_iter().map(|sample| (sample, vec![start.id.clone()])),
        );
    }
    Ok(found)
}
