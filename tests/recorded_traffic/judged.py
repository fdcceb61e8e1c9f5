"""Reads the run documents in which `originproof check` leaves its judgement.

Usage: judged.py clean REPORT    tells what was counted; fails on a finding, or if an operation is missing
       judged.py finds CLAUSE... REPORT    fails unless one of the clauses is among the broken ones
"""

import json
import re
import sys
from pathlib import Path

what, *clauses, path = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    run = json.load(file)
trials = [event for event in run["events"] if event["event"] == "trial-finished"]
operations = {trial["id"].rsplit("/", 1)[1] for trial in trials}
found = {entry["finding"]["clause"] for trial in trials for entry in trial["findings"]}
notes = "; ".join(run["header"]["notes"])
broken = " ".join(sorted(found)) or "nothing"

if what == "finds":
    if not found & set(clauses):
        sys.exit(f"it breaks {clauses[0]}, but found was {broken}; {notes}")
else:
    counted = int(re.search(r"(\d+) of this API", notes).group(1))
    contract = Path(__file__).parents[2] / "schemas" / "contract.yaml"
    all_of_them = len(re.findall(r"^  - id: v[12]\.", contract.read_text(), re.MULTILINE))
    if found or len(operations) != all_of_them:
        sys.exit(f"{len(operations)} of {all_of_them} operations, broken: {broken}; {notes}")
    lost = re.search(r"(\d+) times the state", notes)
    unsure = f", {lost.group(1)} times unsure of a zone's state" if lost else ""
    print(f"{counted} exchanges, {len(operations)} operations, no finding{unsure}")
