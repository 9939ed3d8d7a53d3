//! Layouts split what they join, whatever is in it.

use super::*;
use proptest::prelude::*;

fn escaping(layout: Segments) -> Segments {
    Segments { look_alikes: LookAlikes::Escape, ..layout }
}

#[track_caller]
fn check(layout: &Segments, text: &str, expect: Result<&[&str], &str>) {
    let found = layout.split(text);
    let found = found.as_ref().map(|parts| parts.iter().map(String::as_str).collect::<Vec<_>>());
    match (&found, expect) {
        (Ok(found), Ok(expect)) => assert_eq!(found, expect, "{text:?}"),
        (Err(found), Err(expect)) => assert_eq!(found.reason(), expect, "{text:?}"),
        _ => panic!("{text:?}: {found:?} is not {expect:?}"),
    }
}

#[test]
fn an_output_splits_into_its_parts_or_says_why_not() {
    let role = Segments::role_then_answer();
    check(&role, "[role]you are a cook[/role]42", Ok(&["you are a cook", "42"]));
    check(&role, " \n[role][/role]", Ok(&["", ""]));
    check(&role, "42", Err("missing_marker"));
    check(&role, "[role]you are a cook 42", Err("missing_marker"));
    check(&role, "you are[/role]42", Err("unexpected_marker"));
    check(&role, "[role]a[/role]4[/role]2", Err("unexpected_marker"));
    check(&role, "so: [role]a[/role]42", Err("stray_text"));
    let refine = Segments::feedback_then_refinement();
    check(&refine, "[feedback] too long [refinement] short", Ok(&[" too long ", " short"]));
    check(&refine, "[refinement] short", Err("unexpected_marker"));
    check(&Segments::thoughts_then_reply(), "<think>hm</think>yes", Ok(&["hm", "yes"]));
    let closed = Segments::of(&[("a", "<a>", "</a>"), ("b", "<b>", "</b>")]);
    check(&closed, "<a>1</a>\n<b>2</b>\n", Ok(&["1", "2"]));
    check(&closed, "<a>1</a><b>2</b>3", Err("stray_text"));
}

#[test]
fn a_look_alike_is_refused_or_escaped() {
    let refuse = Segments::role_then_answer();
    let error = refuse.join(&["a [/role] b", "c"]).expect_err("it holds a marker");
    assert_eq!(error.to_string(), "the role contains the marker \"[/role]\"");
    let escape = escaping(refuse);
    let joined = escape.join(&["a [/role] b\\", "\\[role]"]).expect("joins");
    assert_eq!(joined, "[role]a \\[/role] b\\\\[/role]\\\\\\[role]");
    check(&escape, &joined, Ok(&["a [/role] b\\", "\\[role]"]));
    // Backslashes that stand before no marker mean themselves.
    check(&escape, "[role]\\frac[/role]\\\\x", Ok(&["\\frac", "\\\\x"]));
}

#[test]
fn spans_are_the_parts_as_they_are_written() {
    let text = "[role]ab[/role]cd";
    assert_eq!(Segments::role_then_answer().spans(text).expect("splits"), [6..8, 15..17]);
}

#[test]
fn layouts_that_could_not_be_split_are_refused() {
    let said = |layout: Segments| layout.check("segments").expect_err("refused").to_string();
    let of = Segments::of;
    assert!(said(of(&[])).contains("at least one part"));
    assert!(said(of(&[("a", "", "")])).contains("at least one part with a marker"));
    assert!(said(of(&[("a", "<a>", ""), ("b", "", "")])).contains("a marker between neighbours"));
    assert!(said(of(&[("a", "<a>", "</a>"), ("a", "", "")])).contains("names that differ"));
    assert!(said(of(&[("a", "--", "---"), ("b", "", "")])).contains("neither hold nor overlap"));
    assert!(said(of(&[("a", "aba", ""), ("b", "x", "")])).contains("neither hold nor overlap"));
    assert!(said(of(&[("a", "\\a", "x")])).contains("without backslashes"));
    for sound in
        [Segments::role_then_answer(), Segments::feedback_then_refinement(), Segments::thoughts_then_reply()]
    {
        sound.check("segments").expect("sound");
    }
}

/// Texts made of what is hard to tell apart.
fn tricky() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[role]", "[/role]", "[", "/role]", "[/ro", "\\", "\\\\", "a", " ", "\u{e9}",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_joined_splits_into_the_same_parts(role in tricky(), answer in tricky()) {
        let refuse = Segments::role_then_answer();
        let escape = escaping(Segments::role_then_answer());
        let parts = [role.as_str(), answer.as_str()];
        let joined = escape.join(&parts).expect("escaping joins everything");
        prop_assert_eq!(escape.split(&joined).expect("splits"), parts);
        if let Ok(joined) = refuse.join(&parts) {
            prop_assert_eq!(refuse.split(&joined).expect("splits"), parts);
        } else {
            prop_assert!(parts.iter().any(|part| part.contains("[role]") || part.contains("[/role]")));
        }
    }

    #[test]
    fn splitting_is_total(text in tricky(), any in any::<String>()) {
        for layout in [Segments::role_then_answer(), escaping(Segments::feedback_then_refinement())] {
            let _ = layout.split(&text);
            let _ = layout.split(&any);
        }
    }
}
