"""Runs schemathesis against a running Konto: fuzz.py URL SECONDS SEED REPORT

KONTO_FUZZ_CLIENT and KONTO_FUZZ_SECRET name a client with all scopes. REPORT is a file for the figures (JSON). Every
query and mutation of the schema must have been asked for at least once. The last line reads
`N passed, M failed`, by query and mutation; the exit code is 0 when none failed.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import requests

base, seconds, seed, report = sys.argv[1:]
client = (os.environ["KONTO_FUZZ_CLIENT"], os.environ["KONTO_FUZZ_SECRET"])


def token():
    answer = requests.post(f"{base}/oauth2/token", data={"grant_type": "client_credentials"}, auth=client, timeout=30)
    answer.raise_for_status()
    return answer.json()["access_token"]


headers = {"Authorization": f"Bearer {token()}"}

QUERY = """{
  accounts(first: 40) { edges { cursor } nodes { id number holds(first: 2) { nodes { id } } } }
  customers(first: 20) { nodes { id number } }
  products(first: 20) { nodes { id code } }
  entries(first: 30) { edges { cursor } nodes { id } }
  viewer { scopes tenant { businessDate } }
  __schema { queryType { fields { name } } mutationType { fields { name } } }
}"""
data = requests.post(f"{base}/graphql", json={"query": QUERY}, headers=headers, timeout=30).json()["data"]
accounts, customers, products, entries = (data[name]["nodes"] for name in ("accounts", "customers", "products", "entries"))
samples = {
    "accounts": [account["id"] for account in accounts],
    "numbers": [account["number"] for account in accounts],
    "holds": [hold["id"] for account in accounts for hold in account["holds"]["nodes"]],
    "customers": [customer["id"] for customer in customers],
    "customer_numbers": [customer["number"] for customer in customers],
    "products": [product["id"] for product in products],
    "product_codes": [product["code"] for product in products],
    "entries": [entry["id"] for entry in entries],
    "cursors": [edge["cursor"] for name in ("accounts", "entries") for edge in data[name]["edges"]],
    "days": [data["viewer"]["tenant"]["businessDate"]],
    "limits": ["0", "100.00", "5000.00"],
    "words": ["a word", "två ord", "x"],
    "currencies": ["EUR", "EUR", "EUR", "SEK"],
    "keys": [f"fuzz-{n}" for n in range(2_000)],
    "ibans": ["SE4550000000058398257466", "DE89370400440532013000", "SE4550000000058398257467"],
}
folder = Path(__file__).resolve().parent
environment = {
    **os.environ,
    "SCHEMATHESIS_HOOKS": "hooks",
    "PYTHONPATH": str(folder),
    "PYTHONDONTWRITEBYTECODE": "1",
    "KONTO_FUZZ_URL": base,
    "KONTO_FUZZ_REPORT": report,
    "KONTO_FUZZ_SAMPLES": json.dumps(samples),
}
command = [
    str(Path(sys.executable).with_name("schemathesis")), "run", f"{base}/graphql",
    "--header", f"Authorization: {headers['Authorization']}",
    "--phases", "fuzzing", "--max-time", seconds, "--seed", seed, "--mode", "all",
    "--checks", "no_fault_of_the_server", "--suppress-health-check", "all", "--warnings", "off",
    "--continue-on-failure", "--no-shrink", "--request-timeout", "30", "--no-color",
    "--generation-database", "none",
]
ended = subprocess.run(command, env=environment, check=False)
figures = json.loads(Path(report).read_text(encoding="utf-8"))

wanted = {
    f"{kind}.{field['name']}"
    for kind, type_ in (("Query", "queryType"), ("Mutation", "mutationType"))
    for field in data["__schema"][type_]["fields"]
}
problems = set(figures["failures"])
for label in sorted(wanted - set(figures["operations"])):
    print(f"never asked for: {label}")
    problems.add(label)
if ended.returncode != 0 and not problems:
    print(f"schemathesis ended with {ended.returncode}")
    problems.add("schemathesis")

# What the mutations have come to, as the audit trail tells it.
AUDIT = """query($after: String) {
  auditRecords(first: 100, after: $after, filter: { client: "%s" }) {
    nodes { operation outcome code } pageInfo { hasNextPage endCursor }
  }
}""" % client[0]
outcomes, after = Counter(), None
headers = {"Authorization": f"Bearer {token()}"}
while True:
    body = {"query": AUDIT, "variables": {"after": after}}
    page = requests.post(f"{base}/graphql", json=body, headers=headers, timeout=30).json()["data"]["auditRecords"]
    outcomes.update(" ".join(filter(None, (record["outcome"], record["code"]))) for record in page["nodes"])
    if not page["pageInfo"]["hasNextPage"]:
        break
    after = page["pageInfo"]["endCursor"]
figures["mutations"] = dict(outcomes.most_common())
Path(report).write_text(json.dumps(figures, indent=2), encoding="utf-8")

print(f"{figures['requests']} requests, the slowest in {figures['slowest_ms']} ms")
for name in ("statuses", "outcomes", "mutations"):
    print(f"{name}: " + ", ".join(f"{what} {count}" for what, count in figures[name].items()))
print(f"{len(wanted - problems)} passed, {len(problems)} failed")
sys.exit(1 if problems else 0)
