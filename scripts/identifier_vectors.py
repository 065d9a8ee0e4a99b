#!/usr/bin/env python3
"""Writes src/customers/identifiers/vectors.txt: numbers, right and wrong, as python-stdnum judges them.

    python3 -m venv /tmp/stdnum && /tmp/stdnum/bin/pip install python-stdnum==2.2
    /tmp/stdnum/bin/python scripts/identifier_vectors.py > src/customers/identifiers/vectors.txt

Numbers are made at random, with a fixed seed, and put right where python-stdnum can say how; then each is changed in one
digit. A line has the kind, the verdict, what is kept of it and the birth date (both `-` where there is none), and what
was typed. `--check` compares the file with what would be written.
"""

import datetime
import pathlib
import random
import sys

import stdnum
from stdnum import luhn
from stdnum.de import handelsregisternummer, idnr
from stdnum.de import vat as ust
from stdnum.dk import cpr, cvr
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu, ytunnus
from stdnum.iso7064 import mod_11_10
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.no import orgnr as no_orgnr
from stdnum.se import orgnr as se_orgnr
from stdnum.se import personnummer

VERSION = "2.2"
FILE = pathlib.Path(__file__).parent.parent / "src/customers/identifiers/vectors.txt"
EACH = 16
chance = random.Random(20261127)


def digits(count):
    return "".join(chance.choice("0123456789") for _ in range(count))


def day(first=1900, last=2025):
    start = datetime.date(first, 1, 1)
    return start + datetime.timedelta(days=chance.randrange((datetime.date(last, 12, 31) - start).days))


def until_valid(module, make):
    """Numbers that the module takes, of those that are made."""
    while True:
        number = make()
        if module.is_valid(number):
            return number


def changed(number):
    """The number with another digit in one place."""
    places = [place for place, c in enumerate(number) if c.isdigit()]
    place = chance.choice(places)
    other = chance.choice([c for c in "0123456789" if c != number[place]])
    return number[:place] + other + number[place + 1 :]


def se_person():
    birth = day().strftime("%Y%m%d")
    serial = f"{chance.randrange(1, 1000):03}"
    return f"{birth}-{serial}{luhn.calc_check_digit(birth[2:] + serial)}"


def se_coordination():
    birth = day().strftime("%Y%m")
    birth += str(chance.randrange(61, 89))
    serial = f"{chance.randrange(1, 1000):03}"
    return f"{birth}-{serial}{luhn.calc_check_digit(birth[2:] + serial)}"


class Coordination:
    """python-stdnum knows no coordination numbers: the date is read here, the rest is its Luhn."""

    @staticmethod
    def validate(number):
        if not 61 <= int(number[6:8]) <= 91:
            raise ValidationError
        Coordination.get_birth_date(number)
        luhn.validate(number[2:].replace("-", ""))
        return number

    @staticmethod
    def get_birth_date(number):
        try:
            return datetime.date(int(number[:4]), int(number[4:6]), int(number[6:8]) - 60)
        except ValueError:
            raise ValidationError from None


def se_company():
    number = chance.choice("125789") + digits(1) + chance.choice("23456789") + digits(6)
    return number + luhn.calc_check_digit(number)


def no_person(plus):
    def make():
        birth = day()
        number = f"{birth.day + plus:02}{birth:%m%y}{digits(3)}"
        number += fodselsnummer.calc_check_digit1(number)
        return number + fodselsnummer.calc_check_digit2(number)

    return lambda: until_valid(fodselsnummer, make)


def no_company():
    return until_valid(no_orgnr, lambda: chance.choice("89") + digits(8))


def dk_person():
    return until_valid(cpr, lambda: f"{day():%d%m%y}{digits(4)}")


def dk_company():
    return until_valid(cvr, lambda: digits(8))


def fi_person():
    birth = day(1850)
    signs = {18: "+", 19: "-YXWVU", 20: "ABCDEF"}[birth.year // 100]
    start, individual = f"{birth:%d%m%y}", f"{chance.randrange(2, 900):03}"
    check = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(start + individual) % 31]
    return start + chance.choice(signs) + individual + check


def fi_company():
    return until_valid(ytunnus, lambda: digits(8))


def de_person():
    while True:
        ten = list("0123456789")
        chance.shuffle(ten)
        gone, twice = chance.sample(range(10), 2)
        ten[gone] = ten[twice]
        if chance.random() < 0.5:
            third = chance.choice([place for place in range(10) if place not in (gone, twice)])
            ten[third] = ten[twice]
        number = "".join(ten)
        number += mod_11_10.calc_check_digit(number)
        if idnr.is_valid(number) and not three_in_a_row(number):
            return number


def three_in_a_row(number):
    return any(digit * 3 in number[:10] for digit in "0123456789")


def de_vat():
    number = chance.choice("123456789") + digits(7)
    return "DE" + number + mod_11_10.calc_check_digit(number)


def nl_nine():
    return until_valid(bsn, lambda: digits(9))


# What is made, who judges it, and how what is kept differs from what python-stdnum keeps.
KINDS = {
    "SE_PERSONNUMMER": (se_person, personnummer, lambda number: number.replace("-", "")),
    "SE_SAMORDNINGSNUMMER": (se_coordination, Coordination, lambda number: number.replace("-", "")),
    "SE_ORGANISATIONSNUMMER": (se_company, se_orgnr, str),
    "NO_FODSELSNUMMER": (no_person(0), fodselsnummer, str),
    "NO_D_NUMMER": (no_person(40), fodselsnummer, str),
    "NO_ORGANISASJONSNUMMER": (no_company, no_orgnr, str),
    "DK_CPR": (dk_person, cpr, str),
    "DK_CVR": (dk_company, cvr, str),
    "FI_HENKILOTUNNUS": (fi_person, hetu, str),
    "FI_Y_TUNNUS": (fi_company, ytunnus, str),
    "DE_IDNR": (de_person, idnr, str),
    "DE_UST_IDNR": (de_vat, ust, lambda number: "DE" + number),
    "NL_BSN": (nl_nine, bsn, str),
    "NL_RSIN": (nl_nine, bsn, str),
}


def ours(kind, number):
    """What is judged by a rule that python-stdnum does not have, or that our kinds divide, is no vector."""
    plain = number.replace("-", "")
    match kind:
        case "SE_ORGANISATIONSNUMMER":
            return plain[2] in "01" or plain[0] == "0"
        case "SE_PERSONNUMMER" | "SE_SAMORDNINGSNUMMER":
            return plain[8:11] == "000" or not "1800" <= plain[:4] <= "2025"
        case "NO_FODSELSNUMMER":
            return not (plain[0] in "0123" and plain[2] in "01")
        case "NO_D_NUMMER":
            return not (plain[0] in "4567" and plain[2] in "01")
        case "NO_ORGANISASJONSNUMMER":
            return plain[0] == "0"
        case "DE_IDNR":
            return three_in_a_row(plain)
    return False


def vectors():
    for kind, (make, judge, kept) in KINDS.items():
        for _ in range(EACH):
            right = make()
            for typed in [right, changed(right)]:
                if ours(kind, typed):
                    continue
                try:
                    number = kept(judge.validate(typed))
                    birth = getattr(judge, "get_birth_date", lambda _: None)(typed)
                    if judge is hetu:
                        century = {"+": 18, **dict.fromkeys("-YXWVU", 19), **dict.fromkeys("ABCDEF", 20)}[typed[6]]
                        birth = datetime.date(century * 100 + int(typed[4:6]), int(typed[2:4]), int(typed[:2]))
                    yield f"{kind} valid {number} {birth or '-'} {typed}"
                except ValidationError:
                    yield f"{kind} invalid - - {typed}"
    for court in sorted(handelsregisternummer.GERMAN_COURTS):
        number = handelsregisternummer.validate(f"HRB {chance.randrange(1, 999999)}, {court}")
        yield f"DE_HANDELSREGISTERNUMMER valid {number.replace(' ', '_')} - {number}"


def main():
    if stdnum.__version__ != VERSION:
        sys.exit(f"python-stdnum {VERSION} is needed, not {stdnum.__version__}")
    head = (
        f"# Made by scripts/identifier_vectors.py with python-stdnum {VERSION}: do not edit. The numbers are random.\n"
        "# Kind, verdict, number as it is kept (with _ for spaces), birth date, and what was typed.\n"
    )
    text = head + "".join(f"{line}\n" for line in vectors())
    match sys.argv[1:]:
        case []:
            sys.stdout.write(text)
        case ["--check"]:
            if FILE.read_text() != text:
                sys.exit(f"{FILE} is not what this script writes")
        case _:
            sys.exit(__doc__)


main()
