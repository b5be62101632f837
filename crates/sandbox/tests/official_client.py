"""HubSpot's own Python client against the sandbox: a reading of the API that is not ours.

Usage: official_client.py BASE_URL HUB CLIENT_ID CLIENT_SECRET REFRESH_TOKEN
"""

import json
import sys
import urllib.request

from hubspot import HubSpot
from hubspot.crm.contacts import (
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectId,
)
from hubspot.crm.contacts.exceptions import ApiException

base, hub, client_id, client_secret, refresh_token = sys.argv[1:]


def aim(api):
    """Points a generated API object at the sandbox instead of api.hubapi.com."""
    api.api_client.configuration.host = base
    return api


def control(path, body):
    request = urllib.request.Request(
        f"{base}/_sandbox{path}",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
        method="PATCH" if "quota" in path else "POST",
    )
    urllib.request.urlopen(request).read()


client = HubSpot()
tokens = aim(client.oauth.tokens_api).create(
    grant_type="refresh_token",
    client_id=client_id,
    client_secret=client_secret,
    refresh_token=refresh_token,
)
assert tokens.expires_in == 1800, tokens
assert tokens.refresh_token == refresh_token
client = HubSpot(access_token=tokens.access_token)

properties = aim(client.crm.properties.core_api).get_all("contacts").results
assert len(properties) > 150, len(properties)
assert any(p.name == "product_user_id" and p.type == "string" for p in properties)

basic = aim(client.crm.contacts.basic_api)
first = basic.get_page(limit=100, properties=["email", "mrr"])
assert len(first.results) == 100
second = basic.get_page(limit=100, after=first.paging.next.after)
assert int(second.results[0].id) > int(first.results[-1].id)

search = aim(client.crm.contacts.search_api)
request = PublicObjectSearchRequest(
    filter_groups=[{"filters": [{"propertyName": "product_user_id", "operator": "HAS_PROPERTY"}]}],
    sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
    properties=["product_user_id"],
    limit=200,
)
found = search.do_search(public_object_search_request=request)
assert found.total > 500 and len(found.results) == 200
assert all(r.properties["product_user_id"] for r in found.results)

batch = aim(client.crm.contacts.batch_api)
inputs = [SimplePublicObjectId(id=first.results[0].id), SimplePublicObjectId(id="9000000777")]
read = batch.read(
    batch_read_input_simple_public_object_id=BatchReadInputSimplePublicObjectId(
        inputs=inputs, properties=["email"], properties_with_history=[]
    )
)
assert [r.id for r in read.results] == [first.results[0].id]
assert read.num_errors == 1 and read.errors[0].category == "OBJECT_NOT_FOUND"
assert read.errors[0].context["ids"] == ["9000000777"]

owners = aim(client.crm.owners.owners_api).get_page(limit=500)
assert owners.results and owners.results[0].email

control(f"/portals/{hub}/quota", {"search_per_second": 1})
search.do_search(public_object_search_request=request)
try:
    search.do_search(public_object_search_request=request)
except ApiException as error:
    assert error.status == 429, error
    assert json.loads(error.body)["message"] == "You have reached your secondly limit."
else:
    raise AssertionError("the second search within a second was not refused")

print("ok")
