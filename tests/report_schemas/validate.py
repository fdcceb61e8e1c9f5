"""Validates every NAME.sarif and NAME.xml of a folder, and holds their counts against NAME.json.

Usage: validate.py FOLDER_WITH_SCHEMAS FOLDER_WITH_REPORTS
"""

import collections
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

import jsonschema
import xmlschema

schemas, reports = map(pathlib.Path, sys.argv[1:])
sarif_schema = json.loads((schemas / "sarif.schema.json").read_text(encoding="utf-8"))
sarif = jsonschema.Draft7Validator(sarif_schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
junit = xmlschema.XMLSchema(str(schemas / "junit.xsd"))

# The name of each verdict in JUnit.
OUTCOME = {
    "conforms": "passed", "deviates": "passed", "violates": "failure", "skipped": "skipped", "expected": "skipped",
    "inconclusive": "error", "broken": "error",
}
WITH_RESULTS = {"violates", "deviates", "expected"}

passed = failed = 0


def check(is_right, what):
    global passed, failed
    if is_right:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what}")


def trials(path):
    """The trials of a run document, which may be broken off."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines()[2:]:
        try:
            event = json.loads(line.removeprefix(","))
        except ValueError:
            continue
        if event.get("event") == "trial-finished":
            found.append(event)
    return found


def outcome(case):
    kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    return kinds[0] if kinds else "passed"


def check_junit(name, run):
    path = reports / f"{name}.xml"
    errors = [f"{error.path}: {error.reason}" for error in junit.iter_errors(str(path))]
    check(not errors, f"{path.name} is no valid JUnit: {errors[:3]}")
    cases = {case.get("name"): outcome(case) for case in ElementTree.parse(path).iter("testcase")}
    broke_off = cases.pop("the run is complete", None)
    check(cases == {trial["id"]: OUTCOME[trial["verdict"]] for trial in run}, f"{path.name} has other outcomes than the run")
    check((broke_off == "error") == (name == "broken-off"), f"{path.name} says wrongly whether the run broke off")


def check_sarif(name, run):
    path = reports / f"{name}.sarif"
    log = json.loads(path.read_text(encoding="utf-8"))
    errors = [f"{error.json_path}: {error.message[:200]}" for error in sarif.iter_errors(log)]
    check(not errors, f"{path.name} is no valid SARIF: {errors[:3]}")
    results = log["runs"][0]["results"]
    causes = [result["partialFingerprints"]["originproof/cause"] for result in results]
    findings = {verdict: sum(len(trial["findings"]) for trial in run if trial["verdict"] == verdict) for verdict in WITH_RESULTS}
    suppressed = sum("suppressions" in result for result in results)
    failed = sum(count for verdict, count in findings.items() if verdict != "expected")
    check(len(set(causes)) == len(causes) - suppressed or suppressed > 0, f"{path.name} names a cause twice: {causes}")
    check((len(results) - suppressed > 0) == (failed > 0), f"{path.name} has {len(results)} results for {failed} findings")
    check(len(results) <= failed + findings["expected"], f"{path.name} has more results than findings")
    check((suppressed > 0) == (findings["expected"] > 0), f"{path.name} suppresses {suppressed} results")


for document in sorted(reports.glob("*.json")):
    name = document.stem
    if not (reports / f"{name}.xml").exists():
        continue
    run = trials(document)
    verdicts = collections.Counter(trial["verdict"] for trial in run)
    print(f"{name}: {dict(sorted(verdicts.items()))}")
    # Each run must contain the verdicts that it was made for.
    for verdict in {"faulty": ["violates"], "expected": ["expected"], "skipped": ["skipped"], "deviating": ["deviates"],
                    "inconclusive": ["inconclusive"]}.get(name, []):
        check(verdicts[verdict] > 0, f"no case of the run '{name}' ended as {verdict}")
    check_junit(name, run)
    check_sarif(name, run)

check(passed > 30, "some report is missing")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
