#!/usr/bin/env python3
"""Writes src/primitives/references/vectors.txt: payment references, right and wrong, as well-kept packages judge them.

    python3 -m venv /tmp/references && cd /tmp/references
    bin/pip install python-stdnum==2.2 norwegian-numbers==1.0.2 && npm install finnish-bank-utils@1.3.3
    NODE_PATH=node_modules bin/python <here>/scripts/reference_vectors.py > <here>/src/primitives/references/vectors.txt

Numbers are made at random, with a fixed seed, and put right by the package; then each is changed in one digit and judged
again. python-stdnum judges RF references and Luhn digits (Swedish OCR, Danish slips), norwegian-numbers KID numbers,
finnish-bank-utils Finnish references, which it also makes, at random without a seed. A line has the rule, the verdict and the reference.
"""

import json
import random
import subprocess

import norwegian_numbers
from stdnum import iso11649, luhn
from stdnum.iso7064 import mod_97_10

EACH = 24
chance = random.Random(20261128)


def digits(count):
    return chance.choice("123456789") + "".join(chance.choice("0123456789") for _ in range(count - 1))


def changed(number, first=0):
    places = [place for place, c in enumerate(number) if c.isdigit() and place >= first]
    place = chance.choice(places)
    other = chance.choice([c for c in "0123456789" if c != number[place]])
    return number[:place] + other + number[place + 1 :]


def finnish(code):
    script = "const f = require('finnish-bank-utils'); console.log(JSON.stringify(%s))" % code
    return json.loads(subprocess.run(["node", "-e", script], check=True, capture_output=True, text=True).stdout)


def finnish_are_valid(numbers):
    return finnish("%s.map(n => f.isValidFinnishRefNumber(n))" % json.dumps(numbers))


def lines(rule, right, is_valid):
    for number in right:
        assert is_valid(number), (rule, number)
        yield rule, "valid", number
        other = changed(number, 2)
        yield rule, "valid" if is_valid(other) else "invalid", other


def with_luhn(count):
    body = digits(count)
    return body + luhn.calc_check_digit(body)


def with_length(count):
    body = digits(count)
    body += str((len(body) + 2) % 10)
    return body + luhn.calc_check_digit(body)


def has_length(number):
    return luhn.is_valid(number) and number[-2] == str(len(number) % 10)


def rf():
    body = "".join(chance.choice("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(chance.randint(1, 21)))
    return "RF" + mod_97_10.calc_check_digits(body + "RF") + body


def kid(mode):
    while True:
        number = norwegian_numbers.make_kid_number(digits(chance.randint(3, 18)), mode=mode)
        if len(number) <= 25:
            return number


def is_kid(mode):
    return lambda number: norwegian_numbers.verify_kid_number(number, mode=mode)


print("# Made by scripts/reference_vectors.py: rule, verdict, reference.")
rules = [
    ("RF", [rf() for _ in range(EACH)], iso11649.is_valid),
    ("OCR_SE", [with_luhn(chance.randint(1, 24)) for _ in range(EACH)], luhn.is_valid),
    ("OCR_SE_WITH_LENGTH", [with_length(chance.randint(1, 23)) for _ in range(EACH)], has_length),
    ("KID_NO_MOD10", [kid("MOD10") for _ in range(EACH)], is_kid("MOD10")),
    ("KID_NO_MOD11", [kid("MOD11") for _ in range(EACH)], is_kid("MOD11")),
    ("FIK_DK_71", [with_luhn(14) for _ in range(EACH)], luhn.is_valid),
    ("FIK_DK_75", [with_luhn(15) for _ in range(EACH)], luhn.is_valid),
]
for rule, right, is_valid in rules:
    right = [number for number in right if len(number) > 2]
    for line in lines(rule, right, is_valid):
        print(*line)
for rule, make, first in [("REFERENCE_FI", "f.generateFinnishRefNumber()", 0), ("REFERENCE_FI_RF", "1", 4)]:
    if rule == "REFERENCE_FI":
        right = finnish("Array.from({length: %d}, () => %s)" % (EACH, make))
        national = right
    else:
        right = ["RF" + mod_97_10.calc_check_digits(number + "RF") + number for number in national]
    for number, verdict in zip(right, finnish_are_valid(right)):
        assert verdict, number
        print(rule, "valid", number)
    wrong = [changed(number, first) for number in right]
    for number, verdict in zip(wrong, finnish_are_valid(wrong)):
        print(rule, "valid" if verdict else "invalid", number)
