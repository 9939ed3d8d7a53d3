"""Break points, indentation, sub-task places and step matches as web-arena-x/synatra @ 1e3e79f computes them.

python steps.py CHECKOUT > steps.json
"""
import ast, json, random, re, sys
import numpy as np

ROOT = sys.argv[1]


def functions(path, names):
    """The functions of a file, without running the rest of it."""
    tree = ast.parse(open(f"{ROOT}/{path}").read())
    kept = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    space = {"np": np, "random": random, "re": re}
    exec(compile(ast.Module(kept, []), path, "exec"), space)
    return [space[name] for name in names]


_, split = functions("data_generation/wikihow/generate_data.py", ["is_qualified_api_call", "split_and_sample"])
(tabs,) = functions("data_generation/clueweb/extract_data.py", ["remove_tabs"])

CODES = [
    "# sub-task 1: write\n# step 1: open\nclick(\"New\")\n# step 2: name\ntype(\"To\", \"a\")\n# step 3: send\nclick(\"Send\")",
    "click(\"A\")\n# one\n# two\nhover(\"B\")\ngoto(\"c.com\")\n\n# back\ngo_back()\n# rest",
    "# nothing\nclick(\"A\")",
    "# nothing at all",
]
points = []
for code in CODES:
    found = split(code, k=99)
    points.append({"code": code, "points": sorted([past, following] for past, following in found)})

LINES = [["\t\ta", "\t\t\tb"], ["\ta", "\tb"], ["a", "\tb"], ["\t\t\t\tx"]]
indents = [{"lines": lines, "keep": keep, "out": tabs(lines, keep)} for lines in LINES for keep in (0, 1)]


def matched(label, predict):
    """The comparison in `count` of evaluation/mind2web/eval/count_m2w.py, whose loop reads a file."""
    source = open(f"{ROOT}/evaluation/mind2web/eval/count_m2w.py").read()
    body = ast.parse(source).body
    (count,) = [node for node in body if isinstance(node, ast.FunctionDef)]
    space = {"re": re, "json": json, "defaultdict": dict, "out": []}
    import io
    space["open"] = lambda *_: io.StringIO(json.dumps({"label": label, "predict": predict}) + "\n")
    space["print"] = lambda *parts, **_: space["out"].append(parts[-1])
    exec(compile(ast.Module([count], []), "count", "exec"), space)
    space["count"]("name")
    return space["out"][-1] == 1.0


PAIRS = [
    ('click(element_id="3")', 'click(element_id="3")'),
    ('hover(element_id="3")', 'click(element_id="3")'),
    ('click(element_id="3")', 'click(element_id="4")'),
    ('type(element_id="3",string="a-b c")', 'type(element_id="3",string="ab c")'),
    ('type(element_id="3",string="ab")', 'type(element_id="3",string="ac")'),
    ('type(element_id="3",string="ab")', 'type(element_id="4",string="ab")'),
    ('type(element_id="3",string="ab")', 'click(element_id="3")'),
]
matches = [{"label": label, "predict": predict, "match": bool(matched(label, predict))} for label, predict in PAIRS]
json.dump({"points": points, "indents": indents, "matches": matches}, sys.stdout, indent=1)
print()
