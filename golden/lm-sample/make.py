"""Golden values of sampling, tokenizers and chat templates, from transformers.

    python golden/lm-sample/make.py

reads the tokenizer files in `bytes/`, the templates in `templates/` and the checkpoints of
`../lm/`, and writes beside this script:

* `tokens.json`: ids of texts under `bytes/` and under `pieces/`, a small vocabulary with byte fallback
  that is also written here, with what decoding gives back;
* `templates.json`: conversations rendered by each template, and the assistant masks under `bytes/`;
* `warpers.json`: distributions after temperature, top-k, top-p and min-p;
* `greedy.json`: greedy continuations with their log-probabilities;
* `nano.json`: greedy answers of the bundled model to texts; to be made again when that model is.

Made with torch 2.15.0, transformers 5.23.0 and jinja2 3.1.6 on CPU, in f32.
"""

import datetime
import json
import pathlib

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, processors, trainers
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast
from transformers import LogitsProcessorList, MinPLogitsWarper, TemperatureLogitsWarper
from transformers import TopKLogitsWarper, TopPLogitsWarper
from transformers.utils import chat_template_utils

HERE = pathlib.Path(__file__).parent
TEXTS = [
    "",
    "a",
    " two  blanks ",
    "3 + 4 = 7\n",
    "na\u00efve caf\u00e9 \u2014 \u4f60\u597d \U0001f600",
    "tab\tand\r\nlines\n\n\nend",
    "<|user|>what?<|end|><|assistant|>that<|eos|>",
    "<|bos|><|nothing|><s></s>",
    "\u0000\u007f\u0080",
]
CONVERSATIONS = [
    [{"role": "user", "content": "2 + 2?"}],
    [
        {"role": "system", "content": "  Be brief.\n"},
        {"role": "user", "content": "tell me\tmore "},
        {"role": "assistant", "content": "na\u00efve <b> & 'so'"},
    ],
    [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "<think>\nfirst\n</think>\n\nis one"},
        {"role": "tool", "content": '{"x": 1}'},
        {"role": "tool", "content": "two"},
        {"role": "user", "content": "<tool>odd</tool>"},
        {"role": "assistant", "content": "<think>\nthen\n</think>\n\nis two"},
    ],
]
SETTINGS = [
    {"temperature": 0.7},
    {"top_k": 5},
    {"top_p": 0.8},
    {"min_p": 0.1},
    {"temperature": 1.4, "top_k": 20, "top_p": 0.9},
    {"temperature": 0.6, "top_k": 30, "top_p": 0.95, "min_p": 0.05},
]
NANO = ["A:7+10-4?", "C:4,1,10>7?", "A:3+4?", "M:12*7?", "A:12-5+9-2?", "C:3,5,2>10?", "anything else"]


class Then(datetime.datetime):
    """The clock that templates see."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def pieces():
    """A vocabulary of the kind that Llama 2 has: blanks as U+2581, unknown characters as bytes."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    specials = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=340, special_tokens=specials, show_progress=False)
    tokenizer.train_from_iterator(["one and two and three and the end of the blanks"] * 3, trainer)
    # Bytes are tokens of the vocabulary, not added ones.
    whole = json.loads(tokenizer.to_str())
    whole["added_tokens"] = [one for one in whole["added_tokens"] if one["content"] in specials[:3]]
    tokenizer = Tokenizer.from_str(json.dumps(whole))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", clean_up_tokenization_spaces=False
    )
    fast.save_pretrained(HERE / "pieces")


def tokens():
    pieces()
    out = {}
    for name in ["bytes", "pieces"]:
        tokenizer = AutoTokenizer.from_pretrained(HERE / name)
        rows = []
        for text in TEXTS:
            bare = tokenizer(text, add_special_tokens=False).input_ids
            full = tokenizer(text).input_ids
            assert full[-len(bare) or len(full) :] == bare
            decoded = tokenizer.decode(bare, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            rows.append({"text": text, "ids": bare, "opening": full[: len(full) - len(bare)], "decoded": decoded})
        out[name] = rows
    write("tokens.json", out)


def templates():
    chat_template_utils.datetime = Then
    tokenizer = AutoTokenizer.from_pretrained(HERE / "bytes")
    out = {}
    for path in sorted((HERE / "templates").glob("*.jinja")):
        tokenizer.chat_template = path.read_text()
        rows = []
        for messages in CONVERSATIONS:
            row = {"messages": messages}
            row["whole"] = tokenizer.apply_chat_template(messages, tokenize=False)
            row["prompt"] = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            if "generation %}" in tokenizer.chat_template:
                masked = tokenizer.apply_chat_template(
                    messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
                )
                row["ids"], row["mask"] = masked["input_ids"], masked["assistant_masks"]
            rows.append(row)
        out[path.stem] = rows
    write("templates.json", out)


def warpers():
    generator = torch.Generator().manual_seed(3)
    rows = []
    for settings in SETTINGS:
        logits = 3 * torch.randn(1, 40, generator=generator)
        chain = LogitsProcessorList()
        if "temperature" in settings:
            chain.append(TemperatureLogitsWarper(settings["temperature"]))
        if "top_k" in settings:
            chain.append(TopKLogitsWarper(settings["top_k"]))
        if "top_p" in settings:
            chain.append(TopPLogitsWarper(settings["top_p"]))
        if "min_p" in settings:
            chain.append(MinPLogitsWarper(settings["min_p"]))
        probabilities = torch.softmax(chain(None, logits.clone()), -1)[0]
        rows.append({"settings": settings, "logits": logits[0].tolist(), "probabilities": probabilities.tolist()})
    write("warpers.json", rows)


def greedy():
    out = {}
    for path in sorted((HERE.parent / "lm").iterdir()):
        if not (path / "config.json").exists():
            continue
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
        generator = torch.Generator().manual_seed(11)
        rows = []
        while len(rows) < 6:
            length = 1 + 9 * len(rows)
            prompt = torch.randint(3, model.config.vocab_size, (1, length), generator=generator)
            ids = model.generate(
                prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=70, pad_token_id=0
            )[0]
            with torch.no_grad():
                logits = model(ids[None]).logits[0]
            top = logits[length - 1 : -1].topk(2).values
            # A draw that another order of summation could decide otherwise shows nothing.
            if (top[:, 0] - top[:, 1]).min() < 1e-3:
                continue
            logprobs = torch.log_softmax(logits, -1)[torch.arange(len(ids) - 1), ids[1:]]
            rows.append({"prompt": prompt[0].tolist(), "tokens": ids[length:].tolist(), "logprobs": logprobs.tolist()})
        out[path.name] = rows
    write("greedy.json", out)


def nano():
    path = HERE.parent.parent / "models" / "nano"
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    rows = []
    for text in NANO:
        prompt = tokenizer(text, return_tensors="pt")
        length = prompt.input_ids.shape[1]
        ids = model.generate(**prompt, do_sample=False, max_new_tokens=100)[0]
        with torch.no_grad():
            top = model(ids[None]).logits[0, length - 1 : -1].topk(2).values
        assert (top[:, 0] - top[:, 1]).min() > 1e-3, text
        answer = tokenizer.decode(ids[length:], skip_special_tokens=True)
        rows.append({"text": text, "prompt": ids[:length].tolist(), "tokens": ids[length:].tolist(), "answer": answer})
    write("nano.json", rows)


if __name__ == "__main__":
    tokens()
    templates()
    warpers()
    greedy()
    nano()
