"""Least squares inside a box and of least norm, by scipy and numpy: python box.py > box.json."""

import json

import numpy as np
from scipy.optimize import lsq_linear

rng = np.random.default_rng(0)
cases = []
for rows, columns, box in [(12, 6, 0.3), (12, 6, 0.1), (40, 6, 0.2), (8, 3, 10.0), (30, 4, 0.05), (3, 6, 10.0)]:
    x = rng.uniform(-1, 1, rows)
    a = np.polynomial.chebyshev.chebvander(x, columns - 1).round(6)
    b = (rng.normal(size=rows) * 0.5 + x).round(6)
    bounds = box / np.arange(1, columns + 1)
    free = np.linalg.lstsq(a, b, rcond=None)[0]
    if np.all(np.abs(free) <= bounds):
        fit = free
    else:
        fit = lsq_linear(a, b, (-bounds, bounds), method="bvls", tol=1e-14).x
    cases.append({"a": a.tolist(), "b": b.tolist(), "bounds": bounds.tolist(), "fit": fit.tolist()})
print(json.dumps({"cases": cases}))
