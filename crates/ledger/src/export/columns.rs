//! The columns of each shape of export, with their types in Parquet.

use super::{Shape, Tokens};
use arrow_schema::{DataType, Field, Fields, Schema};
use std::sync::Arc;

/// Whether prompts are text or conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Messages,
}

/// The columns, in order.
pub(super) fn columns(shape: Shape, tokens: Tokens, form: Form) -> Schema {
    let turns = match form {
        Form::Text => DataType::Utf8,
        Form::Messages => {
            let turn = ["role", "content"].map(|name| Field::new(name, DataType::Utf8, false));
            list(DataType::Struct(Fields::from(turn.to_vec())))
        }
    };
    let always = |name: &str, kind: DataType| Field::new(name, kind, false);
    let maybe = |name: &str, kind: DataType| Field::new(name, kind, true);
    let text = DataType::Utf8;

    let mut fields = match shape {
        Shape::Messages => vec![always("messages", turns.clone())],
        _ => vec![always("prompt", turns.clone())],
    };
    match shape {
        Shape::Messages => {}
        Shape::PromptCompletion => fields.push(always("completion", turns)),
        Shape::Unpaired { .. } => {
            fields.extend([always("completion", turns), always("label", DataType::Boolean)]);
        }
        Shape::Preference { .. } => {
            fields.extend([always("chosen", turns.clone()), always("rejected", turns)]);
            fields.extend(["score_chosen", "score_rejected"].map(|name| always(name, DataType::Float64)));
        }
    }
    fields.extend([
        always("run", text.clone()),
        always("recipe", text.clone()),
        always("stage", text.clone()),
        always("round", DataType::UInt32),
        always("occurrence", DataType::UInt32),
        always("evaluation", DataType::Boolean),
        maybe("query_id", text.clone()),
        always("fields", text.clone()),
        always("parents", list(text.clone())),
        always("verdicts", text.clone()),
        always("policy", text.clone()),
        always("judge", text.clone()),
        always("knobs", text.clone()),
    ]);
    if !matches!(shape, Shape::Preference { .. }) {
        fields.extend([
            always("attempt", DataType::UInt32),
            always("outcome", text.clone()),
            maybe("score", DataType::Float64),
            maybe("reason", text.clone()),
            always("detail", text),
            maybe("truncated", DataType::Boolean),
        ]);
        if tokens == Tokens::With {
            fields.extend(["prompt_ids", "completion_ids"].map(|name| always(name, list(DataType::Int64))));
            fields.extend(["logprobs", "policy_logprobs"].map(|name| always(name, floats())));
        }
    }
    Schema::new(fields)
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, false)))
}

/// Log-probabilities; one that is not finite is NULL.
fn floats() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Float32, true)))
}
