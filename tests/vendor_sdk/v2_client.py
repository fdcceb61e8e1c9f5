"""Calls the seven v2 operations of the mock through the vendor's SDK (cloudflare 5.9.0) and checks what comes back.

Usage: v2_client.py BASE_URL
"""

import sys
import uuid
from collections import Counter
from datetime import datetime

import cloudflare
from cloudflare.types import cache as types

calls = Counter()
base_url = sys.argv[1] if len(sys.argv) == 2 else sys.exit("usage: v2_client.py BASE_URL")


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
        sys.exit(f"v2_client.py: not as promised: {promise}")


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
    print(f"v2 {name}: {what}")


def item(ip, vendor="aws", region="eu-west-1"):
    return {"origin_ip": ip, "vendor": vendor, "region": region}


def put(zone_id, ip, vendor="aws", region="eu-west-1"):
    return call("update", ip, zone_id=zone_id, body_origin_ip=ip, vendor=vendor, region=region)


def need_entry(entry, kind, ip, vendor="aws", region="eu-west-1"):
    need(isinstance(entry, kind), f"a {kind.__name__}, but it was {entry!r}")
    seen = (entry.origin_ip, entry.vendor, entry.region)
    need(seen == (ip, vendor, region), f"the mapping {(ip, vendor, region)}, but it was {seen}")
    need(entry.modified_on is None or isinstance(entry.modified_on, datetime), f"a time, but it was {entry!r}")


def held(zone_id):
    """All that the zone holds, as a dictionary."""
    return {entry.origin_ip: (entry.vendor, entry.region) for entry in call("list", zone_id=zone_id)}


def check_supported_regions():
    found = call("supported_regions", zone_id=zone())
    need(isinstance(found, types.OriginCloudRegionSupportedRegionsResponse), f"typed regions, but it was {found!r}")
    need(set(found.vendors) <= {"aws", "azure", "gcp", "oci"}, f"known vendors, but it was {set(found.vendors)}")
    need("eu-west-1" in [region.name for region in found.vendors["aws"]], "aws has eu-west-1")
    items = [
        item(f"192.0.2.{number}", vendor, listed[0].name)
        for number, (vendor, listed) in enumerate(found.vendors.items(), 1)
    ]
    answer = call("bulk_update", zone_id=zone(), body=items)
    need(len(answer.succeeded) == len(items), f"each vendor's first region is accepted, but it was {answer!r}")
    passed("supported_regions", f"{sum(map(len, found.vendors.values()))} regions of {len(found.vendors)} vendors")


def check_list():
    zone_id = zone()
    need(held(zone_id) == {}, "an empty zone lists nothing")
    ips = {f"198.51.100.{number}" for number in range(1, 46)}
    call("bulk_update", zone_id=zone_id, body=[item(ip) for ip in ips])

    seen = list(call("list", zone_id=zone_id))
    need(len(seen) == 45 and {entry.origin_ip for entry in seen} == ips, f"45 mappings, but it was {len(seen)}")
    for entry in seen:
        need_entry(entry, types.OriginCloudRegionListResponse, entry.origin_ip)

    # The SDK requests pages until one is empty.
    for per_page, sizes in [(None, [20, 20, 5, 0]), (10, [10, 10, 10, 10, 5, 0]), (100, [45, 0])]:
        asked = {"per_page": per_page} if per_page else {}
        pages = list(call("list", zone_id=zone_id, **asked).iter_pages())
        need([len(page.result) for page in pages] == sizes, f"pages of {sizes}, but it was {pages!r}")
        for number, page in enumerate(pages, 1):
            info = page.result_info
            need((info.page, info.per_page) == (number, per_page or 20), f"page {number}, but it was {info!r}")
            need(info.count == len(page.result) and info.total_count == 45, f"right counts, but it was {info!r}")
            need(info.total_pages == len(sizes) - 1, f"{len(sizes) - 1} pages in all, but it was {info!r}")

    refused(cloudflare.BadRequestError, [1146], "list", zone_id=zone_id, per_page=101)
    refused(cloudflare.APIStatusError, [], "list", zone_id=zone_id, using=connect("another-token"))
    need(held(zone()) == {}, "another zone shows nothing of it")
    passed("list", "45 mappings over pages of 20, 10 and 100; per_page 101 and a wrong token refused")


def check_get():
    zone_id = zone()
    refused(cloudflare.NotFoundError, [1142], "get", "2001:db8::1", zone_id=zone_id)
    put(zone_id, "2001:db8::1", "gcp", "europe-west1")
    for spelling in ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1"]:
        entry = call("get", spelling, zone_id=zone_id)
        need_entry(entry, types.OriginCloudRegionGetResponse, "2001:db8::1", "gcp", "europe-west1")
    refused(cloudflare.NotFoundError, [1142], "get", "2001:db8::2", zone_id=zone_id)
    passed("get", "found in either spelling; 404 with 1142 for an unknown address")


def check_update():
    zone_id = zone()
    put(zone_id, "192.0.2.1")
    need_entry(put(zone_id, "192.0.2.2"), types.OriginCloudRegionUpdateResponse, "192.0.2.2")
    replaced = put(zone_id, "192.0.2.2", "azure", "westeurope")
    need_entry(replaced, types.OriginCloudRegionUpdateResponse, "192.0.2.2", "azure", "westeurope")
    expected = {"192.0.2.1": ("aws", "eu-west-1"), "192.0.2.2": ("azure", "westeurope")}
    need(held(zone_id) == expected, "update creates and replaces, and the other mapping stays")

    for wrong, kind, code in [
        ({"body_origin_ip": "192.0.2.3", "vendor": "aws", "region": "eu-west-1"}, cloudflare.BadRequestError, 1146),
        ({"body_origin_ip": "192.0.2.1", "vendor": "aws", "region": "westeurope"}, cloudflare.APIStatusError, 1157),
        ({"body_origin_ip": "192.0.2.1", "vendor": "nimbus", "region": "x"}, cloudflare.APIStatusError, 1157),
    ]:
        refused(kind, [code], "update", "192.0.2.1", zone_id=zone_id, **wrong)
    need(held(zone_id) == expected, "a refused update changes nothing")

    full = zone()
    for block in range(35):
        call("bulk_update", zone_id=full, body=[item(f"2001:db8:{block:x}::{host:x}") for host in range(1, 101)])
    one_more = {"body_origin_ip": "192.0.2.1", "vendor": "aws", "region": "eu-west-1"}
    refused(cloudflare.PermissionDeniedError, [1164], "update", "192.0.2.1", zone_id=full, **one_more)
    passed("update", "created, replaced; body and path differ 400 with 1146; 1157; 403 with 1164 at 3,500 mappings")


def check_delete():
    zone_id = zone()
    put(zone_id, "2001:db8::1")
    gone = call("delete", "2001:DB8::0001", zone_id=zone_id)
    need(isinstance(gone, types.OriginCloudRegionDeleteResponse), f"a typed result, but it was {gone!r}")
    need(gone.origin_ip == "2001:db8::1", f"the deleted address, but it was {gone.origin_ip}")
    refused(cloudflare.NotFoundError, [1142], "delete", "2001:db8::1", zone_id=zone_id)
    need(held(zone_id) == {}, "the zone is empty again")
    passed("delete", "deleted and gone; 404 with 1142 the second time")


def need_parts(answer, kind, succeeded, failed):
    """Checks a batch's answer: which items succeeded, with what, and which failed."""
    need(isinstance(answer, kind), f"a {kind.__name__}, but it was {answer!r}")
    seen = {part.origin_ip: (part.vendor, part.region) for part in answer.succeeded}
    need(len(answer.succeeded) == len(seen) and seen == succeeded, f"succeeded {succeeded}, but it was {answer!r}")
    need(all(part.error is None for part in answer.succeeded), f"no error on what succeeded, but it was {answer!r}")
    need(sorted(part.origin_ip for part in answer.failed) == sorted(failed), f"failed {failed}, but it was {answer!r}")
    need(all(part.error for part in answer.failed), f"an error on what failed, but it was {answer!r}")


def check_bulk_update():
    zone_id, kind = zone(), types.OriginCloudRegionBulkUpdateResponse
    put(zone_id, "192.0.2.1")
    body = [item("192.0.2.2", "oci", "eu-frankfurt-1"), item("2001:DB8::0:1"), item("192.0.2.3", "aws", "nowhere")]
    answer = call("bulk_update", zone_id=zone_id, body=body + [item("no-address")])
    good = {"192.0.2.2": ("oci", "eu-frankfurt-1"), "2001:db8::1": ("aws", "eu-west-1")}
    need_parts(answer, kind, good, ["192.0.2.3", "no-address"])
    need(held(zone_id) == {"192.0.2.1": ("aws", "eu-west-1"), **good}, "the valid items are merged in")

    too_many = [item(f"203.0.113.{number}") for number in range(101)]
    refused(cloudflare.APIStatusError, [], "bulk_update", zone_id=zone_id, body=too_many)
    need(len(held(zone_id)) == 3, "a refused batch applies nothing")
    passed("bulk_update", "two applied, two failed, the rest stays; 101 items refused")


def check_bulk_delete():
    zone_id, kind = zone(), types.OriginCloudRegionBulkDeleteResponse
    call("bulk_update", zone_id=zone_id, body=[item("192.0.2.1"), item("192.0.2.2"), item("2001:db8::1")])
    # The method has no parameter for the addresses, and it sends no body without extra_body.
    refused(cloudflare.APIStatusError, [], "bulk_delete", zone_id=zone_id)
    need(len(held(zone_id)) == 3, "a batch delete without a body deletes nothing")
    asked = ["192.0.2.1", "2001:DB8::0:1", "192.0.2.9", "no-address"]
    answer = call("bulk_delete", zone_id=zone_id, extra_body=asked)
    gone = {"192.0.2.1": ("aws", "eu-west-1"), "2001:db8::1": ("aws", "eu-west-1")}
    need_parts(answer, kind, gone, ["192.0.2.9", "no-address"])
    need(set(held(zone_id)) == {"192.0.2.2"}, "the other mapping stays")
    passed("bulk_delete", "two deleted, two failed, the rest stays; refused without a body")


for check in [
    check_supported_regions,
    check_list,
    check_get,
    check_update,
    check_delete,
    check_bulk_update,
    check_bulk_delete,
]:
    try:
        check()
    except cloudflare.CloudflareError as error:
        sys.exit(f"v2_client.py: {check.__name__} failed: {type(error).__name__}: {error} {error.__cause__ or ''}")
methods = {"supported_regions", "list", "get", "update", "delete", "bulk_update", "bulk_delete"}
need(set(calls) == methods, f"all methods are called, but it was {set(calls)}")
print(f"v2: cloudflare {cloudflare.__version__}, {len(calls)} methods, {sum(calls.values())} calls")
