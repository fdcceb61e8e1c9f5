//! Single changes of the description: each is reported with its kind, whom it breaks, and its place on both sides.

use serde_json::{Value, json};
use test_case::test_case;

use super::{Both, Breaks, Clients, Edit, Neither, Servers, V2, drift, excerpt, listed};

/// An expected difference: its kind, whom it breaks, its place in the description and its place in the contract.
type Expected = (&'static str, Breaks, &'static str, &'static str);

const V1: &str = "/paths/~1zones~1{zone_id}~1cache~1origin_cloud_regions";
const S: &str = "/components/schemas";

fn failure(code: i64, text: &str) -> Value {
    json!({"value": {"success": false, "errors": [{"code": code, "message": text}], "messages": [], "result": null}})
}

// Operations.
#[test_case(|d| { d.remove(&format!("{V2}~1{{origin_ip}}/get")); }, &[("operation-gone", Clients, "#/paths", "schemas/contract.yaml#/operations/9")]; "v2.get gone")]
#[test_case(|d| d.set(&format!("{V2}/post"), json!({"responses": {}})), &[("operation-new", Servers, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/post", "schemas/published.yaml#/prefixes/v2")]; "an operation that is new on a path of ours")]
#[test_case(|d| d.set(&format!("{V1}~1export"), json!({"get": {"responses": {}}})), &[("operation-new", Servers, "#/paths/~1zones~1{zone_id}~1cache~1origin_cloud_regions~1export/get", "schemas/published.yaml#/prefixes/v1")]; "an operation that is new below our prefix")]
#[test_case(|d| { let put = d.remove(&format!("{V2}~1{{origin_ip}}/put")); d.set(&format!("{V2}~1{{origin_ip}}/post"), put); }, &[("moved", Both, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1{origin_ip}/post", "schemas/contract.yaml#/operations/10")]; "another method")]
#[test_case(|d| { let batch = d.remove(&format!("{V2}~1batch")); d.set(&format!("{V2}~1bulk"), batch); }, &[("moved", Both, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1bulk/put", "schemas/contract.yaml#/operations/12"), ("moved", Both, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1bulk/delete", "schemas/contract.yaml#/operations/13")]; "another path")]
#[test_case(|d| { let item = d.remove(&format!("{V2}~1supported_regions")); d.set("/paths/~1zones~1{zone_id}~1settings~1cloud_regions~1supported_regions", item); }, &[("moved", Both, "#/paths/~1zones~1{zone_id}~1settings~1cloud_regions~1supported_regions/get", "schemas/contract.yaml#/operations/14")]; "another prefix")]
#[test_case(|d| d.set(&format!("{V2}/get/deprecated"), json!(true)), &[("deprecated", Neither, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/deprecated", "schemas/published.yaml#/deprecated")]; "v2.list deprecated")]
#[test_case(|d| { d.remove(&format!("{V1}/get/deprecated")); }, &[("undeprecated", Neither, "#/paths/~1zones~1{zone_id}~1cache~1origin_cloud_regions/get", "schemas/published.yaml#/deprecated")]; "v1.list not deprecated any more")]
// Parameters.
#[test_case(|d| d.set(&format!("{S}/ocr_identifier/maxLength"), json!(36)), &[("limit", Servers, "#/components/schemas/ocr_identifier/maxLength", "schemas/published.yaml#/parameters/0/schema")]; "a longer zone id")]
#[test_case(|d| d.set("/components/parameters/ocr_per_page/schema/maximum", json!(50)), &[("limit", Clients, "#/components/parameters/ocr_per_page/schema/maximum", "schemas/published.yaml#/parameters/3/schema")]; "shorter pages")]
#[test_case(|d| d.set("/components/parameters/ocr_per_page/schema/minimum", json!(5)), &[("limit", Clients, "#/components/parameters/ocr_per_page/schema/minimum", "schemas/published.yaml#/parameters/3/schema")]; "pages of five at least")]
#[test_case(|d| d.set("/components/parameters/ocr_per_page/schema/default", json!(50)), &[("limit", Both, "#/components/parameters/ocr_per_page/schema/default", "schemas/published.yaml#/parameters/3/schema")]; "another default")]
#[test_case(|d| { d.remove("/components/parameters/ocr_page/schema/default"); }, &[("limit", Neither, "#/components/parameters/ocr_page/schema", "schemas/published.yaml#/parameters/2/schema")]; "a default that is not told any more")]
#[test_case(|d| { d.remove(&format!("{V2}/get/parameters/1")); }, &[("parameter-gone", Clients, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get", "schemas/published.yaml#/parameters/2")]; "page gone")]
#[test_case(|d| d.push(&format!("{V2}/get/parameters"), json!({"name": "vendor", "in": "query", "schema": {"type": "string"}})), &[("parameter-new", Servers, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/parameters/3", "schemas/published.yaml#/parameters")]; "a parameter that is new")]
#[test_case(|d| d.push(&format!("{V2}/get/parameters"), json!({"name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"}})), &[("parameter-new", Both, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/parameters/3", "schemas/published.yaml#/parameters")]; "a header that is new and required")]
#[test_case(|d| d.set("/components/parameters/ocr_per_page/required", json!(true)), &[("required", Clients, "#/components/parameters/ocr_per_page", "schemas/published.yaml#/parameters/3")]; "per_page required")]
#[test_case(|d| d.set("/components/parameters/ocr_page/schema/type", json!("string")), &[("type", Both, "#/components/parameters/ocr_page/schema", "schemas/published.yaml#/parameters/2/schema")]; "page as text")]
// Requests.
#[test_case(|d| { d.remove(&format!("{S}/ocr_v2_item/properties/region")); d.remove(&format!("{S}/ocr_v2_item/required/2")); }, &[("member-gone", Clients, "#/components/schemas/ocr_v2_item", "schemas/request/v2-item.json#/properties/region"), ("member-gone", Clients, "#/components/schemas/ocr_v2_item", "schemas/request/v2-batch.json#/$defs/item/properties/region")]; "a request member gone")]
#[test_case(|d| d.set(&format!("{S}/ocr_v1_item/properties/port"), json!({"type": "integer"})), &[("member-new", Servers, "#/components/schemas/ocr_v1_item/properties/port", "schemas/request/v1-item.json#")]; "a request member that is new")]
#[test_case(|d| { d.set(&format!("{S}/ocr_v1_item/properties/port"), json!({"type": "integer"})); d.push(&format!("{S}/ocr_v1_item/required"), json!("port")); }, &[("member-new", Both, "#/components/schemas/ocr_v1_item/properties/port", "schemas/request/v1-batch.json#/$defs/item")]; "a request member that is new and required")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_v2_item/required/2")); }, &[("optional", Servers, "#/components/schemas/ocr_v2_item/properties/region", "schemas/request/v2-item.json#/properties/region")]; "a request member that may be left out")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_item/properties/origin_ip/type"), json!("integer")), &[("type", Both, "#/components/schemas/ocr_v2_item/properties/origin_ip", "schemas/request/v2-item.json#/properties/origin_ip")]; "an address that is a number")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_item/properties/origin_ip/format"), json!("ipv4")), &[("limit", Clients, "#/components/schemas/ocr_v2_item/properties/origin_ip/format", "schemas/request/v2-item.json#/properties/origin_ip")]; "IPv4 alone")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_item/properties/origin_ip/maxLength"), json!(15)), &[("limit", Clients, "#/components/schemas/ocr_v2_item/properties/origin_ip/maxLength", "schemas/request/v2-item.json#/properties/origin_ip")]; "short addresses alone")]
#[test_case(|d| d.push(&format!("{S}/ocr_vendor/enum"), json!("ibm")), &[("values", Servers, "#/components/schemas/ocr_vendor", "schemas/request/v1-item.json#/properties/vendor"), ("values", Clients, "#/components/schemas/ocr_vendor", "schemas/result/v2-entry.json#/properties/vendor")]; "a vendor that is new")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_vendor/enum/3")); }, &[("values", Clients, "#/components/schemas/ocr_vendor", "schemas/request/v2-item.json#/properties/vendor"), ("values", Servers, "#/components/schemas/ocr_vendor", "schemas/result/v1-list.json#/$defs/entry/properties/vendor")]; "a vendor gone")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_item/properties/vendor"), json!({"type": "string"})), &[("unrestricted", Servers, "#/components/schemas/ocr_v2_item/properties/vendor", "schemas/request/v2-item.json#/properties/vendor")]; "vendors that are not listed")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_item/properties/region"), json!({"type": "string", "enum": ["us-east-1", "us-central1"]})), &[("restricted", Clients, "#/components/schemas/ocr_v2_item/properties/region", "schemas/request/v2-item.json#/properties/region")]; "regions that are listed")]
#[test_case(|d| d.set(&format!("{S}/ocr_v1_batch_request/maxItems"), json!(200)), &[("limit", Servers, "#/components/schemas/ocr_v1_batch_request/maxItems", "schemas/request/v1-batch.json#")]; "larger batches")]
#[test_case(|d| d.set(&format!("{S}/ocr_addresses/maxItems"), json!(50)), &[("limit", Clients, "#/components/schemas/ocr_addresses/maxItems", "schemas/request/addresses.json#")]; "smaller batches")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_addresses/maxItems")); }, &[("limit", Servers, "#/components/schemas/ocr_addresses", "schemas/request/addresses.json#")]; "batches without a limit")]
#[test_case(|d| d.set(&format!("{S}/ocr_addresses/minItems"), json!(1)), &[("limit", Clients, "#/components/schemas/ocr_addresses/minItems", "schemas/request/addresses.json#")]; "batches that may not be empty")]
#[test_case(|d| { d.remove(&format!("{V1}~1batch/delete/requestBody")); }, &[("body-gone", Both, "#/paths/~1zones~1{zone_id}~1cache~1origin_cloud_regions~1batch/delete", "schemas/contract.yaml#/operations/6")]; "a body gone")]
#[test_case(|d| d.set(&format!("{V2}~1{{origin_ip}}/delete/requestBody"), json!({"content": {}})), &[("body-new", Servers, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1{origin_ip}/delete/requestBody", "schemas/contract.yaml#/operations/11")]; "a body that is new")]
#[test_case(|d| d.set(&format!("{V2}~1batch/delete/requestBody/required"), json!(false)), &[("optional", Servers, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1batch/delete/requestBody", "schemas/contract.yaml#/operations/13/request")]; "a body that may be left out")]
// Results.
#[test_case(|d| d.set(&format!("{S}/ocr_setting/properties/id/enum"), json!(["origin_cloud_region"])), &[("values", Both, "#/components/schemas/ocr_setting/properties/id", "schemas/result/v1-list.json#/properties/id"), ("values", Both, "#/components/schemas/ocr_setting/properties/id", "schemas/result/v1-single.json#/properties/id"), ("values", Both, "#/components/schemas/ocr_setting/properties/id", "schemas/result/v1-batch.json#/properties/id")]; "another id")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_deleted"), json!({"type": "object"})), &[("member-gone", Clients, "#/components/schemas/ocr_v2_deleted", "schemas/result/v2-deleted.json#/properties/origin_ip")]; "a promised member gone")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_v2_entry/properties/modified_on")); }, &[("member-gone", Neither, "#/components/schemas/ocr_v2_entry", "schemas/result/v2-entry.json#/properties/modified_on"), ("member-gone", Neither, "#/components/schemas/ocr_v2_entry", "schemas/result/v2-list.json#/$defs/entry/properties/modified_on")]; "an optional member gone")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_entry/properties/colo"), json!({"type": "string"})), &[("member-new", Neither, "#/components/schemas/ocr_v2_entry/properties/colo", "schemas/result/v2-entry.json#")]; "a member that is new")]
#[test_case(|d| { d.set(&format!("{S}/ocr_v2_entry/properties/colo"), json!({"type": "string"})); d.push(&format!("{S}/ocr_v2_entry/required"), json!("colo")); }, &[("member-new", Servers, "#/components/schemas/ocr_v2_entry/properties/colo", "schemas/result/v2-list.json#/$defs/entry")]; "a member that is new and promised")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_supported_region/required/1")); }, &[("optional", Clients, "#/components/schemas/ocr_supported_region/properties/upper_tier_colos", "schemas/result/regions.json#/$defs/region/properties/upper_tier_colos")]; "a member that is not promised any more")]
#[test_case(|d| d.push(&format!("{S}/ocr_v1_batch_item/required"), json!("error")), &[("required", Servers, "#/components/schemas/ocr_v1_batch_item/required/1", "schemas/result/v1-batch.json#/$defs/item/properties/error")]; "a member that is promised now")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_v1_list/allOf/1/properties/modified_on/nullable")); }, &[("type", Servers, "#/components/schemas/ocr_v1_list/allOf/1/properties/modified_on", "schemas/result/v1-list.json#/properties/modified_on")]; "a time that is never null")]
#[test_case(|d| d.set(&format!("{S}/ocr_v1_single/allOf/1/properties/modified_on/nullable"), json!(true)), &[("type", Clients, "#/components/schemas/ocr_v1_single/allOf/1/properties/modified_on", "schemas/result/v1-single.json#/properties/modified_on")]; "a time that may be null")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_v2_entry/properties/modified_on/format")); }, &[("limit", Clients, "#/components/schemas/ocr_v2_entry/properties/modified_on", "schemas/result/v2-entry.json#/properties/modified_on")]; "a time of any form")]
#[test_case(|d| d.set(&format!("{S}/ocr_result_info/properties/count/type"), json!("number")), &[("type", Clients, "#/components/schemas/ocr_result_info/properties/count", "schemas/result-info.json#/properties/count")]; "a count that may be broken")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_list/type"), json!("object")), &[("type", Both, "#/components/schemas/ocr_v2_list", "schemas/result/v2-list.json#")]; "a list that is an object")]
#[test_case(|d| { let address = d.remove(&format!("{S}/ocr_v1_entry/properties/origin-ip")); d.set(&format!("{S}/ocr_v1_entry/properties/origin_ip"), address); d.set(&format!("{S}/ocr_v1_entry/required/0"), json!("origin_ip")); }, &[("member-gone", Clients, "#/components/schemas/ocr_v1_entry", "schemas/result/v1-single.json#/$defs/entry/properties/origin-ip"), ("member-new", Servers, "#/components/schemas/ocr_v1_entry/properties/origin_ip", "schemas/result/v1-single.json#/$defs/entry")]; "the hyphen of v1 made an underscore")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_entry/additionalProperties"), json!(false)), &[("closed", Servers, "#/components/schemas/ocr_v2_entry/additionalProperties", "schemas/result/v2-entry.json#")]; "other members forbidden")]
#[test_case(|d| d.set(&format!("{S}/ocr_v2_batch_item/properties/error/deprecated"), json!(true)), &[("deprecated", Neither, "#/components/schemas/ocr_v2_batch_item/properties/error", "schemas/result/v2-batch.json#/$defs/item/properties/error")]; "a member deprecated")]
// The envelope of answers.
#[test_case(|d| { d.remove(&format!("{S}/ocr_answer/properties/messages")); }, &[("member-gone", Clients, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/responses/200/content/application~1json/schema", "schemas/envelope.json#/properties/messages")]; "messages gone")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_messages/items/properties/code/minimum")); }, &[("limit", Clients, "#/components/schemas/ocr_messages/items/properties/code", "schemas/envelope.json#/$defs/notice/properties/code")]; "small codes")]
#[test_case(|d| { d.remove(&format!("{V2}/get/responses/200/content/application~1json/schema/allOf/1/properties/result_info")); }, &[("member-gone", Clients, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/responses/200/content/application~1json/schema", "schemas/result-info.json#")]; "result_info gone")]
#[test_case(|d| { let answer = d.remove(&format!("{V2}~1{{origin_ip}}/put/responses/200")); d.set(&format!("{V2}~1{{origin_ip}}/put/responses/201"), answer); }, &[("status-gone", Both, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1{origin_ip}/put/responses", "schemas/contract.yaml#/operations/10/result"), ("status-new", Clients, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1{origin_ip}/put/responses/201", "schemas/contract.yaml#/operations/10/result")]; "created with 201")]
#[test_case(|d| { let media = d.remove(&format!("{V2}~1supported_regions/get/responses/200/content/application~1json")); d.set(&format!("{V2}~1supported_regions/get/responses/200/content/text~1csv"), media); }, &[("json-gone", Both, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1supported_regions/get/responses/200/content", "schemas/contract.yaml#/operations/14/result"), ("media-type-new", Neither, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1supported_regions/get/responses/200/content/text~1csv", "schemas/contract.yaml#/operations/14/result")]; "another media type")]
// Examples and codes.
#[test_case(|d| d.set("/components/examples/v2_entry/value/result/vendor", json!(7)), &[("example", Neither, "#/components/examples/v2_entry/value/result/vendor", "schemas/result/v2-entry.json#")]; "an example of another type")]
#[test_case(|d| { d.remove("/components/examples/v2_list/value/result_info/count"); }, &[("example", Neither, "#/components/examples/v2_list/value/result_info", "schemas/result-info.json#")]; "an example that lacks a member")]
#[test_case(|d| d.set(&format!("{V2}~1{{origin_ip}}/put/requestBody/content/application~1json/example/vendor"), json!("ibm")), &[("example", Neither, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1{origin_ip}/put/requestBody/content/application~1json/example/vendor", "schemas/request/v2-item.json#")]; "an example of a request with another vendor")]
#[test_case(|d| d.set(&format!("{V2}~1{{origin_ip}}/get/responses/404/content/application~1json/examples/more"), failure(1170, "new")), &[("code-new", Neither, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1{origin_ip}/get/responses/404/content/application~1json/examples/more/value/errors/0/code", "schemas/contract.yaml#/codes")]; "a code that is new")]
#[test_case(|d| d.set(&format!("{V2}~1{{origin_ip}}/get/description"), json!("Answers with code 1199 at night.")), &[("code-new", Neither, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1{origin_ip}/get/description", "schemas/contract.yaml#/codes")]; "a code that prose names")]
#[test_case(|d| { d.remove(&format!("{V1}~1batch/patch/responses/5XX/content/application~1json/examples/code_1156")); }, &[("codes-not-shown", Neither, "#/components/examples", "schemas/contract.yaml#/codes")]; "a code that no example shows")]
#[test_case(|d| { let answer = d.remove(&format!("{V2}~1{{origin_ip}}/put/responses/403")); d.set(&format!("{V2}~1{{origin_ip}}/put/responses/409"), answer); }, &[("code-status", Both, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1{origin_ip}/put/responses/409/content/application~1json/examples/code_1164/value/errors/0/code", "schemas/contract.yaml#/codes/9")]; "a code with another status")]
#[test_case(|d| d.set(&format!("{V1}/post/responses/400/content/application~1json/examples/code_1145"), failure(1145, "Taken.")), &[("code-text", Neither, "#/paths/~1zones~1{zone_id}~1cache~1origin_cloud_regions/post/responses/400/content/application~1json/examples/code_1145/value/errors/0/code", "schemas/contract.yaml#/codes/2")]; "a code with another text")]
// Security.
#[test_case(|d| { d.remove(&format!("{V2}/get/security/1")); }, &[("security-gone", Clients, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/security", "schemas/published.yaml#/security/1")]; "keys not taken any more")]
#[test_case(|d| d.push(&format!("{V2}/get/security"), json!({})), &[("security-new", Servers, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/security/2", "schemas/published.yaml#/security")]; "open to everybody")]
#[test_case(|d| d.set("/components/securitySchemes/api_token/scheme", json!("basic")), &[("security-changed", Both, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/security/0", "schemas/published.yaml#/security/0")]; "tokens of another scheme")]
// The envelope of failures.
#[test_case(|d| { d.remove(&format!("{S}/ocr_failure/properties/success")); }, &[("member-gone", Clients, "#/components/schemas/ocr_failure", "schemas/contract.yaml#/clauses"), ("values", Both, "#/components/schemas/ocr_answer/properties/success", "schemas/contract.yaml#/clauses")]; "failures without success")]
#[test_case(|d| d.set(&format!("{S}/ocr_failure/properties/success/enum"), json!([true])), &[("values", Both, "#/components/schemas/ocr_failure/properties/success", "schemas/contract.yaml#/clauses")]; "failures that succeed")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_failure/properties/success/enum")); }, &[("unrestricted", Clients, "#/components/schemas/ocr_failure/properties/success", "schemas/contract.yaml#/clauses"), ("values", Both, "#/components/schemas/ocr_answer/properties/success", "schemas/contract.yaml#/clauses")]; "failures of any success")]
#[test_case(|d| { d.remove(&format!("{S}/ocr_failure/required/3")); }, &[("optional", Clients, "#/components/schemas/ocr_failure/properties/result", "schemas/contract.yaml#/clauses")]; "failures that need no result")]
#[test_case(|d| d.set(&format!("{S}/ocr_failure/properties/result"), json!({"type": "object"})), &[("type", Both, "#/components/schemas/ocr_failure/properties/result", "schemas/contract.yaml#/clauses")]; "failures with an object for a result")]
// Servers, prose, extensions.
#[test_case(|d| d.set("/servers/0/url", json!("https://api.cloudflare.com/client/v5")), &[("base", Both, "#/servers", "schemas/published.yaml#/base")]; "another base")]
#[test_case(|d| d.set(&format!("{V2}~1batch/put/description"), json!("Upserts up to 200 mappings; it replaces the collection.")), &[("prose", Neither, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1batch/put/description", "schemas/published.yaml#/prose/v2.batch_put")]; "prose that speaks of another number")]
#[test_case(|d| d.set(&format!("{V2}~1batch/put/description"), json!("Upserts up to 100 mappings, each independently. Others are preserved. It replaces what is there.")), &[("prose", Neither, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions~1batch/put/description", "schemas/published.yaml#/prose/v2.batch_put")]; "prose that does not speak of a merge any more")]
#[test_case(|d| d.set(&format!("{V1}/get/x-cfDeprecation"), json!({"eol": "2027-01-01"})), &[("extension", Neither, "#/paths/~1zones~1{zone_id}~1cache~1origin_cloud_regions/get/x-cfDeprecation/eol", "schemas/published.yaml#")]; "another end of life")]
#[test_case(|d| d.set(&format!("{V2}/get/x-cfPlanAvailability"), json!({"free": false, "pro": true, "business": true, "enterprise": true})), &[("extension", Neither, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/x-cfPlanAvailability", "schemas/published.yaml#")]; "a plan without it")]
#[test_case(|d| d.set(&format!("{V2}/get/responses/200/content/application~1json/examples"), json!({"lost": {"$ref": "#/components/examples/nowhere"}})), &[("example-unread", Neither, "#/paths/~1zones~1{zone_id}~1origin~1cloud_regions/get/responses/200/content/application~1json/examples/lost", "schemas/contract.yaml#/operations/8/result")]; "an example that leads nowhere")]
fn a_change_is_told_by_kind_breakage_and_places(change: fn(&mut Value), expected: &[Expected]) {
    let mut document = excerpt();
    change(&mut document);
    let drift = drift(&document);
    let rows = listed(&drift).join("\n");
    for &(kind, breaks, theirs, ours) in expected {
        let key = format!("{kind} {theirs} {ours}");
        let found = drift.differences.iter().find(|row| row.key() == key);
        assert!(
            found.is_some_and(|row| row.breaks == breaks),
            "{breaks:?} {key} is not in\n{rows}"
        );
    }
    for row in &drift.differences {
        let is_expected = expected
            .iter()
            .any(|&(kind, breaks, ..)| kind == row.what.name() && breaks == row.breaks);
        assert!(is_expected, "{} was not expected:\n{rows}", row.key());
    }
    let is_sorted = drift.differences.is_sorted_by_key(|row| row.breaks);
    assert!(is_sorted, "{rows}");
}

#[test_case(|d| d.push(&format!("{S}/ocr_vendor/enum"), json!("ibm")), 1; "a component of requests and results")]
#[test_case(|d| d.set("/components/securitySchemes/api_token/scheme", json!("basic")), 1; "a way of signing in")]
#[test_case(|d| d.set("/servers/0/url", json!("https://api.cloudflare.com/client/v5")), 1; "the base of all paths")]
#[test_case(without_examples, 1; "no examples at all")]
fn a_single_change_is_one_difference_for_people(change: fn(&mut Value), count: usize) {
    let mut document = excerpt();
    change(&mut document);
    let grouped = drift(&document).grouped();
    assert_eq!(
        grouped.differences.len(),
        count,
        "{}",
        listed(&grouped).join("\n")
    );
}

fn without_examples(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("examples");
            members.remove("example");
            members.values_mut().for_each(without_examples);
        }
        Value::Array(items) => items.iter_mut().for_each(without_examples),
        _ => {}
    }
}
