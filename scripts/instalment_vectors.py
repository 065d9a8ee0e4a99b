#!/usr/bin/env python3
"""Writes src/instalments/schedule/vectors.txt: what instalments come to, as numpy-financial calculates them.

    python3 -m venv /tmp/instalments && /tmp/instalments/bin/pip install numpy-financial==1.0.0
    /tmp/instalments/bin/python scripts/instalment_vectors.py > src/instalments/schedule/vectors.txt

Amounts are in minor units and not rounded: the instalment of an annuity (pmt), and the interest of its first, middle and
last instalment (ipmt). A line has the credit, the yearly rate in percent, the number of instalments, what is left for the
last one besides (the balloon), and those four. The rate of a period is a twelfth of the yearly one.
"""

import random

import numpy_financial as npf

chance = random.Random(20261129)
CASES = [(10_000_000, "5", 360, 0), (120_000, "0.01", 12, 0), (100_000, "99.9", 24, 0), (250_000, "12", 1, 0)]
for _ in range(56):
    rate = f"{chance.randint(1, 9999) / 100:.2f}"
    credit = chance.randint(50_000, 50_000_000)
    terms = chance.choice([2, 3, 6, 10, 12, 24, 36, 48, 60, 120, 240, 360])
    balloon = chance.choice([0, 0, credit * chance.randint(5, 50) // 100])
    CASES.append((credit, rate, terms, balloon))

print("# Made by scripts/instalment_vectors.py: credit, rate, terms, balloon, pmt, first, middle and last ipmt.")
for credit, rate, terms, balloon in CASES:
    period = float(rate) / 100 / 12
    values = [-npf.pmt(period, terms, credit, -balloon)]
    for number in (1, (terms + 1) // 2, terms):
        values.append(-float(npf.ipmt(period, number, terms, credit, -balloon)))
    print(credit, rate, terms, balloon, *(f"{value:.6f}" for value in values))
