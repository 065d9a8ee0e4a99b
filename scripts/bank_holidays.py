#!/usr/bin/env python3
"""Writes src/primitives/calendar/holidays.txt, the days on which banks are closed.

    python3 -m venv /tmp/holidays && /tmp/holidays/bin/pip install holidays==0.109
    /tmp/holidays/bin/python scripts/bank_holidays.py > src/primitives/calendar/holidays.txt

The days come from the Python package `holidays`, in a fixed version, so that the file changes only when somebody means
it to. Where the package has no list of the days on which banks are closed, what is added to its public holidays is
written below, with the reason. `--check` compares the file with what would be written.

With QuantLib in the same environment, `--quantlib` says where its calendars of settlement days differ on weekdays.
"""

import datetime
import pathlib
import sys

import holidays
from holidays.financial.european_central_bank import EuropeanCentralBank

VERSION = "0.109"
YEARS = range(2000, 2076)
FILE = pathlib.Path(__file__).parent.parent / "src/primitives/calendar/holidays.txt"

HEAD = f"""\
# Days on which banks are closed, {YEARS[0]} to {YEARS[-1]}, whether or not they fall on a weekend.
#
# Made by scripts/bank_holidays.py from the Python package holidays {VERSION} (MIT licence): do not edit.
#
# TARGET  what the European Central Bank has published for TARGET, and its long-term calendar from 2002 on
# SE      public holidays and the eves that the law on annual leave treats alike (Midsummer, Christmas, New Year);
#         the half days before holidays are open
# NO      public holidays; Christmas Eve is a short day, not a closed one
# DK      public holidays; 5 June, 24 and 31 December, and from 2009 on the day after Ascension, when banks are closed
# FI      public holidays, with the eves of Midsummer and Christmas
# DE      public holidays of the whole country, not of single states
# NL      public holidays, with Good Friday, and Liberation Day every fifth year
# EE LV LT FR  public holidays of the whole country
# GB      bank holidays of England and Wales, which the clearing systems keep
#
# A line has a calendar and the month and day of what is closed in each year (*), or in one year.
"""


def country(code, **options):
    return lambda year: set(holidays.country_holidays(code, years=year, **options))


def denmark(year):
    days = set(holidays.country_holidays("DK", years=year))
    # No public holidays, but bank holidays: Finans Danmark lists them every year.
    days |= {datetime.date(year, 6, 5), datetime.date(year, 12, 24), datetime.date(year, 12, 31)}
    if year >= 2009:
        named = holidays.country_holidays("DK", years=year, language="en_US")
        days.add(named.get_named("Ascension Day")[0] + datetime.timedelta(days=1))
    return days


CALENDARS = {
    "TARGET": lambda year: set(EuropeanCentralBank(years=year)),
    # The package's category "bank" has the half days (from 2 pm), on which payments are still made.
    "SE": country("SE", categories=("public", "de_facto")),
    "NO": country("NO"),
    "DK": denmark,
    "FI": country("FI"),
    "DE": country("DE"),
    "NL": country("NL"),
    "EE": country("EE"),
    "LV": country("LV"),
    "LT": country("LT"),
    "GB": country("GB", subdiv="ENG"),
    "FR": country("FR"),
}


def table():
    lines = [HEAD]
    for name, of in CALENDARS.items():
        years = {}
        for year in YEARS:
            # A holiday that is observed on another day may fall into the year before or after.
            around = of(year - 1) | of(year) | of(year + 1)
            years[year] = {day.strftime("%m%d") for day in around if day.year == year}
        always = set.intersection(*years.values())
        lines.append(f"{name} * {' '.join(sorted(always))}\n")
        for year, days in years.items():
            if days - always:
                lines.append(f"{name} {year} {' '.join(sorted(days - always))}\n")
    return "".join(lines)


def quantlib():
    import QuantLib as ql

    others = {
        "TARGET": ql.TARGET(),
        "SE": ql.Sweden(),
        "NO": ql.Norway(),
        "DK": ql.Denmark(),
        "FI": ql.Finland(),
        "DE": ql.Germany(ql.Germany.Settlement),
        "GB": ql.UnitedKingdom(ql.UnitedKingdom.Settlement),
    }
    for name, other in others.items():
        for year in YEARS:
            ours = {day for day in CALENDARS[name](year) if day.weekday() < 5}
            found = other.holidayList(ql.Date(1, 1, year), ql.Date(31, 12, year))
            theirs = {datetime.date(day.year(), day.month(), day.dayOfMonth()) for day in found}
            for day in sorted(ours ^ theirs):
                print(name, day, "closed here only" if day in ours else "closed there only")


def main():
    if holidays.__version__ != VERSION:
        sys.exit(f"holidays {VERSION} is needed, not {holidays.__version__}")
    match sys.argv[1:]:
        case []:
            sys.stdout.write(table())
        case ["--check"]:
            if FILE.read_text() != table():
                sys.exit(f"{FILE} is not what this script writes")
        case ["--quantlib"]:
            quantlib()
        case _:
            sys.exit(__doc__)


main()
