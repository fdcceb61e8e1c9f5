"""The adapter of scripts that use curl, for `originproof clients`.

    originproof clients -- python3 clients/curl/adapter.py

Each request is one curl command, as the vendor's documentation shows them, with the options that a careful script has:
--compressed, and --retry 2, which repeats what may pass (408, 429, 5xx) and waits as retry-after says.
"""

import json
import subprocess
import sys
import tempfile
from urllib.parse import quote

V1, V2 = "cache/origin_cloud_regions", "origin/cloud_regions"
METHODS = {
    "v1.list": ("GET", V1), "v1.create": ("POST", V1), "v1.upsert": ("PATCH", V1), "v1.get": ("GET", V1 + "/ADDRESS"),
    "v1.delete": ("DELETE", V1 + "/ADDRESS"), "v1.batch_upsert": ("PATCH", V1 + "/batch"),
    "v1.batch_delete": ("DELETE", V1 + "/batch"), "v1.supported_regions": ("GET", V1 + "/supported_regions"),
    "v2.list": ("GET", V2), "v2.get": ("GET", V2 + "/ADDRESS"), "v2.put": ("PUT", V2 + "/ADDRESS"),
    "v2.delete": ("DELETE", V2 + "/ADDRESS"), "v2.batch_put": ("PUT", V2 + "/batch"),
    "v2.batch_delete": ("DELETE", V2 + "/batch"), "v2.supported_regions": ("GET", V2 + "/supported_regions"),
}


class Failed(Exception):
    def __init__(self, kind, message, status=None, code=None):
        super().__init__(message)
        self.told = {"kind": kind, "message": message, "status": status, "code": code}


def body(operation, given):
    name = "ip" if operation.startswith("v1") else "origin_ip"
    item = lambda one: {name: one["address"], "vendor": one["vendor"], "region": one["region"]}
    if "items" in given:
        return [item(one) for one in given["items"]]
    return given.get("addresses") or (item(given) if "vendor" in given else None)


def curl(ask, query=""):
    """Sends one request, and returns the body of a success."""
    given, credentials = ask["arguments"], ask["credentials"]
    method, path = METHODS[ask["operation"]]
    path = path.replace("ADDRESS", quote(given.get("address", ""), safe=":"))
    command = ["curl", "-sS", "--compressed", "--retry", "2", "--retry-max-time", "20", "-X", method, "-w", "%{http_code}"]
    if credentials["scheme"] == "token":
        command += ["-H", f"Authorization: Bearer {credentials['token']}"]
    else:
        command += ["-H", f"X-Auth-Email: {credentials['email']}", "-H", f"X-Auth-Key: {credentials['key']}"]
    if "timeout_ms" in ask:
        command += ["--max-time", str(ask["timeout_ms"] / 1000)]
    sent = body(ask["operation"], given)
    if sent is not None:
        command += ["-H", "Content-Type: application/json", "--data", json.dumps(sent)]
    # Into a file, which curl empties before it repeats a request; on stdout, the bodies would follow one another.
    with tempfile.NamedTemporaryFile() as kept:
        command += ["-o", kept.name, f"{ask['base_url']}/zones/{ask['zone']}/{path}{query}"]
        done = subprocess.run(command, capture_output=True, text=True)
        text, status = kept.read().decode(errors="replace"), done.stdout
    if done.returncode != 0:
        raise Failed("timeout" if done.returncode == 28 else "network", done.stderr.strip())
    try:
        answer = json.loads(text)
    except ValueError:
        raise Failed("decode", "the answer is not JSON", int(status)) from None
    if not 200 <= int(status) < 300 or not isinstance(answer, dict) or answer.get("success") is not True:
        errors = answer.get("errors") if isinstance(answer, dict) else None
        code = errors[0].get("code") if errors else None
        raise Failed("api", text[:300], int(status), code)
    if answer.get("result") is None:
        raise Failed("decode", "the answer has no result", int(status))
    return answer


def call(ask):
    given = ask["arguments"]
    if ask["operation"] != "v2.list":
        return curl(ask)["result"]
    if "page" in given:
        return curl(ask, f"?page={given['page']}&per_page={given.get('per_page', 20)}")["result"]
    found, page = [], 1
    while True:
        answer = curl(ask, f"?page={page}&per_page={given.get('per_page', 100)}")
        found += answer["result"]
        if not answer["result"] or page >= answer["result_info"]["total_pages"]:
            return found
        page += 1


for line in sys.stdin:
    ask = json.loads(line)
    answer = {"id": ask["id"]}
    try:
        answer["ok"] = call(ask)
    except Failed as failed:
        answer["error"] = failed.told
    print(json.dumps(answer), flush=True)
