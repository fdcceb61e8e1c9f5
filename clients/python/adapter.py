"""The adapter of the vendor's Python SDK (PyPI: cloudflare), for `originproof clients`.

    originproof clients -- python clients/python/adapter.py

Version 5.9.0 has the v2 operations, version 5.0.0 those of v1. The SDK is used as its documentation shows: no option is
set but the base URL, the credentials and the time limit.
"""

import json
import sys

import cloudflare
from cloudflare import Cloudflare


def client(ask):
    """A client with what it is given, and everything else as the SDK has it."""
    credentials = ask["credentials"]
    options = {"base_url": ask["base_url"]}
    if credentials["scheme"] == "token":
        options["api_token"] = credentials["token"]
    else:
        options["api_email"], options["api_key"] = credentials["email"], credentials["key"]
    if "timeout_ms" in ask:
        options["timeout"] = ask["timeout_ms"] / 1000
    return Cloudflare(**options)


def items(ask, name):
    return [{name: item["address"], "vendor": item["vendor"], "region": item["region"]} for item in ask["arguments"]["items"]]


def call(regions, ask):
    """Calls the method of the operation; None if the SDK does not have it."""
    zone, given = ask["zone"], ask["arguments"]
    address = given.get("address")
    place = {"vendor": given.get("vendor"), "region": given.get("region")}
    is_v2 = hasattr(regions, "bulk_update")
    pages = {name: given[name] for name in ("page", "per_page") if name in given}

    def listed():
        found = regions.list(zone_id=zone, **pages)
        # A page that is asked for is that page; else the SDK walks through all of them.
        return found.result if "page" in pages else list(found)

    v1 = {
        "v1.list": lambda: regions.list(zone_id=zone),
        "v1.create": lambda: regions.create(zone_id=zone, ip=address, **place),
        "v1.upsert": lambda: regions.edit(zone_id=zone, ip=address, **place),
        "v1.get": lambda: regions.get(address, zone_id=zone),
        "v1.delete": lambda: regions.delete(address, zone_id=zone),
        "v1.batch_upsert": lambda: regions.bulk_edit(zone_id=zone, body=items(ask, "ip")),
        "v1.batch_delete": lambda: regions.bulk_delete(zone_id=zone),
        "v1.supported_regions": lambda: regions.supported_regions(zone_id=zone),
    }
    v2 = {
        "v2.list": listed,
        "v2.get": lambda: regions.get(address, zone_id=zone),
        "v2.put": lambda: regions.update(address, zone_id=zone, body_origin_ip=address, **place),
        "v2.delete": lambda: regions.delete(address, zone_id=zone),
        "v2.batch_put": lambda: regions.bulk_update(zone_id=zone, body=items(ask, "origin_ip")),
        "v2.batch_delete": lambda: regions.bulk_delete(zone_id=zone),
        "v2.supported_regions": lambda: regions.supported_regions(zone_id=zone),
    }
    return (v2 if is_v2 else v1).get(ask["operation"])


def plain(value):
    """A result as JSON has it."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def told(error):
    """An error in the words of the protocol."""
    answer = {"message": str(error)[:500], "kind": "other"}
    if isinstance(error, cloudflare.APITimeoutError):
        answer["kind"] = "timeout"
    elif isinstance(error, cloudflare.APIConnectionError):
        answer["kind"] = "network"
    elif isinstance(error, cloudflare.APIStatusError):
        codes = [one.code for one in getattr(error, "errors", None) or []]
        answer.update(kind="api", status=error.status_code, code=codes[0] if codes else None)
    elif isinstance(error, ValueError):
        answer["kind"] = "decode"
    return answer


for line in sys.stdin:
    ask = json.loads(line)
    answer = {"id": ask["id"]}
    try:
        method = call(client(ask).cache.origin_cloud_regions, ask)
        if method is None:
            answer["unsupported"] = True
        else:
            answer["ok"] = plain(method())
    except Exception as error:  # whatever the SDK raises is its report
        answer["error"] = told(error)
    print(json.dumps(answer), flush=True)
