"""What schemathesis needs to know about Konto, and what it checks of every answer.

Run by `fuzz.py`, which says in the environment where Konto is and what the books hold.
"""

import atexit
import json
import os
import time
from collections import Counter
from random import Random

import requests
import schemathesis
from graphql import (
    REMOVE,
    ArgumentNode,
    GraphQLSyntaxError,
    IntValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import strategies as st
from schemathesis.graphql import nodes

BASE = os.environ["KONTO_FUZZ_URL"]
REPORT = os.environ["KONTO_FUZZ_REPORT"]
SAMPLES = json.loads(os.environ["KONTO_FUZZ_SAMPLES"])

# ------------------------------------------------------------------------------------------------ values

digits = st.text("0123456789", min_size=1, max_size=30)
decimals = st.one_of(
    st.sampled_from(["0", "0.01", "1.00", "10.00", "-1.00", "99999999999999.99"]),
    st.sampled_from(["1e3", "NaN", "-0", "00.10", ".5", "5.", ""]),
    st.builds("{}.{}".format, digits, digits),
    digits,
)
days = st.one_of(
    st.dates().map(str),
    st.sampled_from(["2026-02-30", "0000-01-01", "9999-12-31", "-2026-01-01", "2026-1-1", "20260101", ""]),
)
moments = st.one_of(
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
    st.sampled_from(["2026-01-01T00:00:00+14:00", "2026-01-01T24:00:00Z", "9999-12-31T23:59:59.999999Z"]),
    st.sampled_from(["2026-01-01T00:00:00.0000001Z", "now", ""]),
)
currencies = st.sampled_from(["EUR", "SEK", "JPY", "KWD", "XXX", "eur", "EURO", ""])
whole = st.one_of(st.integers(), st.sampled_from([0, -1, 2**63 - 1, 2**63, -(2**63)])).map(str)
names = st.text("abcdefgh_", min_size=1, max_size=6)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def literal(value):
    """A JSON value as a literal of GraphQL."""
    if value is None:
        return nodes.Null
    if isinstance(value, bool):
        return nodes.Boolean(value)
    if isinstance(value, int):
        return nodes.Int(value)
    if isinstance(value, str):
        return nodes.String(value)
    if isinstance(value, list):
        return nodes.List([literal(item) for item in value])
    return nodes.Object([field_of(key, literal(item)) for key, item in value.items()])


for name, strategy in {
    "Decimal": decimals,
    "Date": days,
    "DateTime": moments,
    "CurrencyCode": currencies,
    "BigInt": whole,
    "Cursor": st.text(max_size=40),
    "LocalTime": st.times().map(lambda time: time.strftime("%H:%M:%S")),
    # A file comes beside an operation, and never in it: whatever stands here is refused.
    "Upload": st.text(max_size=40),
}.items():
    schemathesis.graphql.scalar(name, strategy.map(nodes.String))
schemathesis.graphql.scalar("JSON", anything.map(literal))

# What names a thing of the books, by the field that it stands in. Texts made up at random would name nothing,
# and everything would end at NOT_FOUND.
BY_FIELD = {
    "id": ["accounts", "customers", "holds", "entries", "products"],
    "ids": ["accounts", "customers", "holds", "entries", "products"],
    "number": ["numbers", "customer_numbers"],
    "hold": ["holds"],
    "entry": ["entries"],
    "owner": ["customers"],
    "product": ["products"],
    "code": ["product_codes"],
    "accounts": ["accounts"],
    "account": ["accounts"],
    "target": ["accounts", "entries"],
    "after": ["cursors"],
    "before": ["cursors"],
    "currency": ["currencies"],
    "idempotencyKey": ["keys"],
    "iban": ["ibans"],
    "valueDate": ["days"],
    "creditLimit": ["limits"],
    "defaultCreditLimit": ["limits"],
    "maximumCreditLimit": ["limits"],
    "maximumBalance": ["limits"],
    "alias": ["words"],
    "closureCode": ["words"],
    "companyName": ["words"],
    "description": ["words"],
    "externalReference": ["words"],
    "firstName": ["words"],
    "lastName": ["words"],
    "messageToReceiver": ["words"],
    "messageToSender": ["words"],
    "ownMessage": ["words"],
    "reason": ["words"],
    "reference": ["words"],
}
# Inputs of which exactly one field is given (@oneOf), which schemathesis does not know, and what they name.
ACCOUNT = [("id", "accounts"), ("number", "numbers")]
CUSTOMER = [("id", "customers"), ("number", "customer_numbers")]
PRODUCT = [("id", "products"), ("code", "product_codes")]
ONE_OF = {
    "account": ACCOUNT,
    "from": ACCOUNT,
    "to": ACCOUNT,
    "transferTo": ACCOUNT,
    "owner": CUSTOMER,
    "customer": CUSTOMER,
    "product": PRODUCT,
    "by": ACCOUNT + CUSTOMER,
    "target": [],
}


def field_of(name, value):
    return ObjectFieldNode(name=NameNode(value=name), value=value)


class Fill(Visitor):
    """Puts what exists where a name is wanted, three times in four; amounts become affordable, pages short.

    What is left of the first texts keeps the server's checks of them busy.
    """

    def __init__(self, random):
        super().__init__()
        self.random = random
        self.fields = []
        self.chosen = []

    def enter(self, node, *_):
        if isinstance(node, (ArgumentNode, ObjectFieldNode)):
            self.fields.append(node.name.value)
            if self.fields[-1] in ("after", "before") and self.random.random() < 0.5:
                self.fields.pop()
                return REMOVE
        field = self.fields[-1] if self.fields else None
        if isinstance(node, ObjectValueNode) and field in ONE_OF and self.random.random() < 0.95:
            given = [one for one in node.fields if not isinstance(one.value, NullValueNode)]
            names = [(name, SAMPLES[pool]) for name, pool in ONE_OF[field] if SAMPLES[pool]]
            if names and (not given or self.random.random() < 0.8):
                name, pool = self.random.choice(names)
                self.chosen.append(StringValueNode(value=self.random.choice(pool)))
                given = [field_of(name, self.chosen[-1])]
            return ObjectValueNode(fields=(self.random.choice(given),)) if given else None
        is_chosen = any(node is one for one in self.chosen)
        if isinstance(node, StringValueNode) and not is_chosen and self.random.random() < 0.75:
            if field == "amount":
                return StringValueNode(value=self.random.choice(["0.01", "1.00", "12.50", "999.99"]))
            pools = [pool for pool in (SAMPLES[name] for name in BY_FIELD.get(field, [])) if pool]
            if pools:
                return StringValueNode(value=self.random.choice(self.random.choice(pools)))
        if isinstance(node, IntValueNode) and field in ("first", "last") and self.random.random() < 0.9:
            return IntValueNode(value=str(self.random.randint(1, 5)))
        return None

    def leave(self, node, *_):
        if isinstance(node, (ArgumentNode, ObjectFieldNode)):
            self.fields.pop()


POOLS = {"acc_": "accounts", "cus_": "customers", "hld_": "holds", "ent_": "entries", "prd_": "products"}


def remember(payload):
    """What an answer has made can be named from now on."""
    found = [payload]
    while found:
        value = found.pop()
        if isinstance(value, dict):
            found.extend(value.values())
            identity = value.get("id")
            if isinstance(identity, str):
                pool = POOLS.get(identity[:4])
                if pool and identity not in SAMPLES[pool]:
                    SAMPLES[pool].append(identity)
                    del SAMPLES[pool][:-200]
        elif isinstance(value, list):
            found.extend(value)


# --------------------------------------------------------------------------------------------- requests

token, token_until = None, 0.0


def authorization():
    """A token of the client; a long run outlives many."""
    global token, token_until
    if time.monotonic() > token_until:
        answer = requests.post(
            f"{BASE}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(os.environ["KONTO_FUZZ_CLIENT"], os.environ["KONTO_FUZZ_SECRET"]),
            timeout=30,
        )
        answer.raise_for_status()
        token, token_until = answer.json()["access_token"], time.monotonic() + 300
    return f"Bearer {token}"


@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.body, str):
        try:
            case.body = print_ast(visit(parse(case.body), Fill(Random(case.body))))
        except GraphQLSyntaxError:  # what is no GraphQL goes out as it is
            pass
    case.headers = {**(case.headers or {}), "Authorization": authorization()}


# ----------------------------------------------------------------------------------------------- checks

counts = Counter()
statuses = Counter()
operations = Counter()
failures = Counter()
slowest = 0.0


@atexit.register
def report():
    with open(REPORT, "w", encoding="utf-8") as file:
        figures = {
            "requests": sum(statuses.values()),
            "statuses": dict(statuses.most_common()),
            "outcomes": dict(counts.most_common()),
            "operations": dict(operations.most_common()),
            "failures": dict(failures.most_common()),
            "slowest_ms": round(slowest * 1000),
        }
        json.dump(figures, file, indent=2)


@schemathesis.check
def no_fault_of_the_server(ctx, response, case):
    """Whatever is asked: an answer of GraphQL, no 5xx, nothing INTERNAL, nothing outside the list of fault codes."""
    global slowest
    slowest = max(slowest, response.elapsed)
    statuses[str(response.status_code)] += 1
    operations[case.operation.label] += 1
    try:
        look_at(response)
    except Exception as problem:
        failures[case.operation.label] += 1
        raise AssertionError(f"{problem!r}: {case.body}") from problem


def look_at(response):
    assert response.status_code < 500, f"status {response.status_code}: {response.content[:500]!r}"
    payload = json.loads(response.content)
    assert isinstance(payload, dict) and ("data" in payload or "errors" in payload), payload
    for error in payload.get("errors", []):
        code = error["extensions"]["code"]
        counts[code] += 1
        assert code in ("BAD_REQUEST", "OVER_LIMIT", "FORBIDDEN"), f"{code}: {error}"
        assert error["extensions"]["requestId"], error
    data = payload.get("data") or {}
    if not payload.get("errors"):
        counts["found or done" if any(data.values()) else "nothing found"] += 1
    remember(data)
