"""Calls the eight v1 operations of the mock through the vendor's SDK (cloudflare 5.0.0) and checks what comes back.

Usage: v1_client.py BASE_URL
"""

import sys
import uuid
from collections import Counter
from datetime import datetime

import cloudflare
from cloudflare.types import cache as types

calls = Counter()
base_url = sys.argv[1] if len(sys.argv) == 2 else sys.exit("usage: v1_client.py BASE_URL")


def connect(token):
    # By default the SDK does not check answers against its types; strict validation makes it do so.
    client = cloudflare.Cloudflare(
        api_token=token, base_url=base_url, max_retries=0, timeout=20, _strict_response_validation=True
    )
    return client.cache.origin_cloud_regions


regions = connect("mock-token")


def zone():
    """A zone of its own, empty at first."""
    return uuid.uuid4().hex


def need(condition, promise):
    if not condition:
        sys.exit(f"v1_client.py: not as promised: {promise}")


def call(name, *args, using=regions, **kwargs):
    """Calls one method of the SDK and counts it."""
    calls[name] += 1
    return getattr(using, name)(*args, **kwargs)


def refused(kind, codes, name, *args, **kwargs):
    """Makes a call that is to fail with this exception and, where codes are given, with one of them in the body."""
    try:
        call(name, *args, **kwargs)
    except cloudflare.APIStatusError as error:
        need(isinstance(error, kind), f"{name} raises {kind.__name__}, but it was {type(error).__name__}: {error}")
        need(400 <= error.status_code < 500, f"{name} is refused with 4xx, but it was {error.status_code}")
        body = error.body if isinstance(error.body, dict) else {}
        need(body.get("success") is False and body.get("errors"), f"{name} fails with an envelope, but it was {error}")
        seen = [item.get("code") for item in body["errors"]]
        need(not codes or set(codes) & set(seen), f"{name} is refused with {codes}, but it was {seen}")
    else:
        need(False, f"{name} raises {kind.__name__}, but it succeeded: {args} {kwargs}")


def passed(name, what):
    print(f"v1 {name}: {what}")


def item(ip, vendor="aws", region="eu-west-1"):
    return {"ip": ip, "vendor": vendor, "region": region}


def need_form(answer, kind):
    """Checks the frame that all v1 answers but the regions have."""
    need(isinstance(answer, kind), f"a {kind.__name__}, but it was {answer!r}")
    need(answer.id == "origin_public_cloud_region", f"the setting's id, but it was {answer.id!r}")
    need(answer.modified_on is None or isinstance(answer.modified_on, datetime), f"a time, but it was {answer!r}")


def need_single(answer, kind, ip, vendor="aws", region="eu-west-1"):
    need_form(answer, kind)
    need(isinstance(answer.value, types.OriginCloudRegion), f"a typed mapping, but it was {answer.value!r}")
    seen = (answer.value.origin_ip, answer.value.vendor, answer.value.region)
    need(seen == (ip, vendor, region), f"the mapping {(ip, vendor, region)}, but it was {seen}")


def mappings(answer, kind):
    """The mappings of a complete list, as a dictionary."""
    need_form(answer, kind)
    found = {entry.origin_ip: (entry.vendor, entry.region) for entry in answer.value}
    need(len(found) == len(answer.value), f"each mapping once, but it was {answer.value!r}")
    return found


def held(zone_id):
    return mappings(call("list", zone_id=zone_id), types.OriginCloudRegionListResponse)


def check_supported_regions():
    found = call("supported_regions", zone_id=zone())
    need(isinstance(found, types.OriginCloudRegionSupportedRegionsResponse), f"typed regions, but it was {found!r}")
    need(set(found.vendors) <= {"aws", "azure", "gcp", "oci"}, f"known vendors, but it was {set(found.vendors)}")
    need("eu-west-1" in [region.name for region in found.vendors["aws"]], "aws has eu-west-1")
    for number, (vendor, listed) in enumerate(found.vendors.items(), 1):
        call("create", zone_id=zone(), **item(f"192.0.2.{number}", vendor, listed[0].name))
    passed("supported_regions", f"{sum(map(len, found.vendors.values()))} regions of {len(found.vendors)} vendors")


def check_list():
    zone_id = zone()
    empty = call("list", zone_id=zone_id)
    need(mappings(empty, types.OriginCloudRegionListResponse) == {}, "an empty zone lists nothing")
    need(empty.modified_on is None, f"an empty zone has no time, but it was {empty.modified_on}")
    ips = {f"198.51.100.{number}" for number in range(1, 46)}
    call("bulk_edit", zone_id=zone_id, body=[item(ip) for ip in ips])
    need(set(held(zone_id)) == ips, "the list is exactly what was written")
    refused(cloudflare.APIStatusError, [], "list", zone_id=zone_id, using=connect("another-token"))
    need(held(zone()) == {}, "another zone shows nothing of it")
    passed("list", "empty without a time; 45 mappings; a wrong token refused")


def check_create():
    zone_id = zone()
    created = call("create", zone_id=zone_id, **item("2001:0DB8::0:1", "gcp", "europe-west1"))
    need_single(created, types.OriginCloudRegionCreateResponse, "2001:db8::1", "gcp", "europe-west1")
    refused(cloudflare.BadRequestError, [1145], "create", zone_id=zone_id, **item("2001:db8::1"))
    refused(cloudflare.APIStatusError, [1146], "create", zone_id=zone_id, **item("no-address"))
    refused(cloudflare.APIStatusError, [1157], "create", zone_id=zone_id, **item("192.0.2.1", "aws", "europe-west1"))
    need(held(zone_id) == {"2001:db8::1": ("gcp", "europe-west1")}, "a refused create changes nothing")
    passed("create", "created; 400 with 1145 the second time; 1146; 1157")


def check_edit():
    zone_id, kind = zone(), types.OriginCloudRegionEditResponse
    call("create", zone_id=zone_id, **item("192.0.2.1"))
    added = call("edit", zone_id=zone_id, **item("192.0.2.2"))
    expected = {"192.0.2.1": ("aws", "eu-west-1"), "192.0.2.2": ("aws", "eu-west-1")}
    need(mappings(added, kind) == expected, f"edit adds and gives the complete list, but it was {added!r}")
    need(added.modified_on is not None, "edit gives the time of the change")
    replaced = call("edit", zone_id=zone_id, **item("192.0.2.2", "azure", "westeurope"))
    expected["192.0.2.2"] = ("azure", "westeurope")
    need(mappings(replaced, kind) == expected, f"edit overwrites, but it was {replaced!r}")
    refused(cloudflare.APIStatusError, [1157], "edit", zone_id=zone_id, **item("192.0.2.1", "nimbus", "x"))
    need(held(zone_id) == expected, "a refused edit changes nothing")

    full = zone()
    for block in range(35):
        call("bulk_edit", zone_id=full, body=[item(f"2001:db8:{block:x}::{host:x}") for host in range(1, 101)])
    refused(cloudflare.PermissionDeniedError, [1164], "edit", zone_id=full, **item("192.0.2.1"))
    passed("edit", "added, overwritten, the complete list; 1157; 403 with 1164 at 3,500 mappings")


def check_get():
    zone_id = zone()
    refused(cloudflare.NotFoundError, [1142], "get", "2001:db8::1", zone_id=zone_id)
    call("create", zone_id=zone_id, **item("2001:db8::1"))
    for spelling in ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1"]:
        need_single(call("get", spelling, zone_id=zone_id), types.OriginCloudRegionGetResponse, "2001:db8::1")
    refused(cloudflare.NotFoundError, [1142], "get", "2001:db8::2", zone_id=zone_id)
    passed("get", "found in either spelling; 404 with 1142 for an unknown address")


def check_delete():
    zone_id = zone()
    call("create", zone_id=zone_id, **item("2001:db8::1"))
    gone = call("delete", "2001:DB8::0001", zone_id=zone_id)
    need_single(gone, types.OriginCloudRegionDeleteResponse, "2001:db8::1")
    refused(cloudflare.NotFoundError, [1163, 1142], "delete", "2001:db8::1", zone_id=zone_id)
    need(held(zone_id) == {}, "the zone is empty again")
    passed("delete", "deleted and gone; 404 with 1163 or 1142 the second time")


def need_parts(answer, kind, succeeded, failed):
    """Checks a batch's answer: which items succeeded, with what, and which failed."""
    need_form(answer, kind)
    good, bad = answer.value.succeeded, answer.value.failed
    need(sorted(part.origin_ip for part in good) == sorted(succeeded), f"succeeded {succeeded}, but it was {good!r}")
    need(all(part.error is None for part in good), f"no error on what succeeded, but it was {good!r}")
    need(sorted(part.origin_ip for part in bad) == sorted(failed), f"failed {failed}, but it was {bad!r}")
    need(all(part.error for part in bad), f"an error on what failed, but it was {bad!r}")


def check_bulk_edit():
    zone_id, kind = zone(), types.OriginCloudRegionBulkEditResponse
    call("create", zone_id=zone_id, **item("192.0.2.1"))
    body = [item("192.0.2.2", "oci", "eu-frankfurt-1"), item("2001:DB8::0:1"), item("192.0.2.3", "aws", "nowhere")]
    answer = call("bulk_edit", zone_id=zone_id, body=body + [item("no-address")])
    good = {"192.0.2.2": ("oci", "eu-frankfurt-1"), "2001:db8::1": ("aws", "eu-west-1")}
    need_parts(answer, kind, good, ["192.0.2.3", "no-address"])
    seen = {part.origin_ip: (part.vendor, part.region) for part in answer.value.succeeded}
    need(seen == good, f"succeeded items show the new values, but it was {seen}")
    need(held(zone_id) == {"192.0.2.1": ("aws", "eu-west-1"), **good}, "the valid items are merged in")

    nothing = call("bulk_edit", zone_id=zone_id, body=[item("192.0.2.3", "aws", "nowhere")])
    need_parts(nothing, kind, [], ["192.0.2.3"])
    need(nothing.modified_on is None, f"no time when nothing was applied, but it was {nothing.modified_on}")
    too_many = [item(f"203.0.113.{number}") for number in range(101)]
    refused(cloudflare.APIStatusError, [], "bulk_edit", zone_id=zone_id, body=too_many)
    need(len(held(zone_id)) == 3, "a refused batch applies nothing")
    passed("bulk_edit", "two applied, two failed, the rest stays; 101 items refused")


def check_bulk_delete():
    zone_id, kind = zone(), types.OriginCloudRegionBulkDeleteResponse
    call("bulk_edit", zone_id=zone_id, body=[item("192.0.2.1"), item("192.0.2.2"), item("2001:db8::1")])
    # The method has no parameter for the addresses, and it sends no body without extra_body.
    refused(cloudflare.APIStatusError, [], "bulk_delete", zone_id=zone_id)
    need(len(held(zone_id)) == 3, "a batch delete without a body deletes nothing")
    asked = ["192.0.2.1", "2001:DB8::0:1", "192.0.2.9", "no-address"]
    answer = call("bulk_delete", zone_id=zone_id, extra_body=asked)
    need_parts(answer, kind, ["192.0.2.1", "2001:db8::1"], ["192.0.2.9", "no-address"])
    need(set(held(zone_id)) == {"192.0.2.2"}, "the other mapping stays")
    passed("bulk_delete", "two deleted, two failed, the rest stays; refused without a body")


for check in [
    check_supported_regions,
    check_list,
    check_create,
    check_edit,
    check_get,
    check_delete,
    check_bulk_edit,
    check_bulk_delete,
]:
    try:
        check()
    except cloudflare.CloudflareError as error:
        sys.exit(f"v1_client.py: {check.__name__} failed: {type(error).__name__}: {error} {error.__cause__ or ''}")
methods = {"supported_regions", "list", "create", "edit", "get", "delete", "bulk_edit", "bulk_delete"}
need(set(calls) == methods, f"all methods are called, but it was {set(calls)}")
print(f"v1: cloudflare {cloudflare.__version__}, {len(calls)} methods, {sum(calls.values())} calls")
