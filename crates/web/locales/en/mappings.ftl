# Settings > Data Mappings: the metadata of a level, and the HubSpot widget.

mappings-lead = The HubSpot fields chosen here are carried over to your visitors and accounts with every sync.
mappings-visitor = Visitor Level Data
mappings-account = Account Level Data

# The metadata fields of a level

metadata-title = Metadata
metadata-none = { $level ->
    [visitor] No visitors are known yet, so there is nothing to describe.
   *[account] No accounts are known yet, so there is nothing to describe.
}
metadata-none-link = Upload ids
metadata-counting = Counting filled values…
metadata-fields = { $count ->
    [one] { $count } field
   *[other] { $count } fields
}
metadata-field = Field
metadata-type = Type
metadata-source = Source
metadata-filled = Filled
metadata-fill = { $filled } of { $of }
metadata-refreshed = Last refreshed
metadata-stopped = no longer updated

group-auto = Automatic
group-agent = Agent
group-custom = Custom
group-hubspot = HubSpot
auto-id = Id
auto-accounts = Accounts
auto-firstknown = First known
auto-lastsync = Last sync
source-auto = Tributary
source-agent = Sent by your product
source-custom = Edited by hand
source-hubspot = Pulled from HubSpot

# The widget

widget-title = { $level ->
    [visitor] HubSpot visitor integration
   *[account] HubSpot account integration
}
widget-lead = { $level ->
    [visitor] HubSpot contacts whose key equals a visitor id feed that visitor.
   *[account] HubSpot companies whose key equals an account id feed that account.
}
widget-off = Switched off
widget-proved = Synced and proved
widget-switch-off = Switch off
widget-switch-on = Switch on
widget-switch-off-confirm = Switch the HubSpot integration off for this subscription? Nothing is synced until it is switched on again. The connection and all values stay.
widget-step-authenticate = Authenticate with HubSpot
widget-step-setup = Setup
widget-step-fields = Choose fields to add to the subscription
widget-authenticate-first = Authenticate with HubSpot first.
widget-setup-first = Set up the key first.

# Step 1: authenticate

connect-lead = Sign in to HubSpot, choose the account to read, and grant access. Tributary only reads.
connect-no-app = Tributary asks HubSpot for access through an app of your own. Enter its client id and secret once.
connect-set-up-app = Set up the HubSpot app
connect-again = Reconnect
connect-replace = Replace the connected HubSpot account
connect-denied = Access was not granted
connect-denied-do = Nothing was changed. Authenticate again when you are ready, or ask a HubSpot admin to do it.
connect-other-portal = That is another HubSpot account
connect-other-portal-do = This subscription holds values from the account connected before. Replace it only if you want to: records of the other account have other ids, so every link is made anew.
connect-unanswered = HubSpot sent no answer
connect-unanswered-do = Nothing was changed. Authenticate again.
connection-account = HubSpot account
connection-id = id { $id }
connection-since = Connected
connection-by = by { $who }
connection-kind = Access
connection-oauth = Granted in HubSpot (OAuth)
connection-token = Access token
connection-broken = HubSpot no longer accepts this connection. Reconnect to go on; your mapping and all values are kept.
connection-sealed = The connection's secret was stored under another keyring, as after a restore without it. Reconnect to go on; your mapping and all values are kept.
connection-lacks = { $level ->
    [visitor] This connection may not read contacts. Reconnect and grant access to contacts.
   *[account] This connection may not read companies. Reconnect and grant access to companies.
}
connection-scopes = { $count ->
    [one] { $count } permission granted
   *[other] { $count } permissions granted
}
connection-scopes-unknown = HubSpot does not say which permissions this token has.
connection-lacking = Not granted, with what that costs:
connection-both = One connection serves both tabs.
lacking-contacts = Contacts cannot be read: no visitor data.
lacking-companies = Companies cannot be read: no account data.
lacking-owners = Owner fields show ids instead of names.
disconnect = Disconnect
disconnect-confirm = Disconnect this HubSpot account from the subscription? Syncing stops. All values stay.
disconnect-revoke = Withdraw the grant in HubSpot, too
token-instead = Connect with an access token instead
token-label = Access token
token-hint = A service key or the token of a private app in HubSpot. It is stored encrypted and never shown again.
token-replace = Replace the HubSpot account that is connected
token-connect = Connect

# Step 2: the key

key-title = Choose the key property
key-of = { $level ->
    [visitor] Visitor id
   *[account] Account id
}
key-lead = { $level ->
    [visitor] Choose the contact property that holds the visitor id. Values must be exactly equal: no prefix, no other case.
   *[account] Choose the company property that holds the account id. Values must be exactly equal: no prefix, no other case.
}
key-choose = Choose the key property
key-change = Change
key-present = present key
key-candidates = Properties
key-matched = { $share } match ({ $matched })
key-empty = No values
key-duplicates = { $count ->
    [one] { $count } duplicate
   *[other] { $count } duplicates
}
key-warning-boolean = Only true and false: it can match two ids at most.
key-warning-time = Dates match only ids written exactly as HubSpot writes dates.
key-warning-multi = Several options in one record are compared as one text, such as A;B.
key-change-title = Change the key from { $from } to { $to }?
key-change-visitors = { $count ->
    [0] No visitor is fed by HubSpot at present. The next sync matches by the new key.
    [one] { $count } visitor is fed by HubSpot at present. The next sync matches by the new key: a visitor that no longer matches keeps its values, and the run lists it.
   *[other] { $count } visitors are fed by HubSpot at present. The next sync matches by the new key: visitors that no longer match keep their values, and the run lists them.
}
key-change-accounts = { $count ->
    [0] No account is fed by HubSpot at present. The next sync matches by the new key.
    [one] { $count } account is fed by HubSpot at present. The next sync matches by the new key: an account that no longer matches keeps its values, and the run lists it.
   *[other] { $count } accounts are fed by HubSpot at present. The next sync matches by the new key: accounts that no longer match keep their values, and the run lists them.
}
key-change-go = Change the key
near-empty_key = empty
near-duplicate_key = duplicate
near-differs_by_case = differs by case
near-differs_by_space = differs by space
near-differs_by_trailing_zero = differs by a trailing .0
near-differs_by_prefix = differs by a prefix
near-unknown_id = unknown
sample-title = Sample
sample-lead = Read a sample of records to see values, how often each property is filled, and how well it matches your ids. Nothing is stored.
sample-size = Records
sample-take = Read a sample
sample-again = Read again
sample-reading = { $count } of { $of } records read
sample-matching = Comparing with your ids…
sample-done = { $count } of { $of } records, compared with { $known } ids
sample-label = A sample from { $time }: half the oldest, half the newest records. It is kept in memory for 30 minutes and never stored. Rates are estimates.
measure = Measure exactly
measure-title = Measure { $name } exactly
measure-cost = { $calls ->
    [one] This reads { $records } records with a value, in { $calls } call to HubSpot.
   *[other] This reads { $records } records with a value, in about { $calls } calls to HubSpot.
}
measure-hint = Only this property is read, and nothing is changed. The result stands under Sync runs.
measure-go = Measure

# Step 3: the fields

fields-empty = No fields are chosen yet.
fields-chosen = Chosen fields
fields-display-name-of = Display name of { $name }
fields-new = new
fields-remove = Stop { $name }
fields-add = + Add fields
fields-stopped = { $count ->
    [one] This field will no longer be updated. The values it has stay; add it again to resume.
   *[other] These fields will no longer be updated. The values they have stay; add them again to resume.
}
fields-when-empty = When a value is emptied in HubSpot
fields-clear = Clear it here, too
fields-keep = Keep the last value
fields-not-saved = Not saved yet
fields-conflict = Somebody else has saved this mapping meanwhile
fields-conflict-do = Your choice is still here. These fields differ from what is saved now (+ saved there, − only here). Save again to put yours in its place.
menu-title = Add fields
menu-sampled = { $count ->
    [one] Rates and examples from a sample of { $count } record.
   *[other] Rates and examples from a sample of { $count } records.
}
menu-not-sampled = No sample has been read yet.
menu-take-sample = Read a sample
menu-calculated = calculated
menu-filled = { $share } filled
menu-refused = { $count ->
    [one] { $count } property cannot be imported
   *[other] { $count } properties cannot be imported
}
menu-apply = Apply
unimportable-file = Files stay in HubSpot; the property holds only their ids.
unimportable-json = It holds HubSpot’s internal data, not a single value.
unimportable-object_coordinates = It is HubSpot’s internal pointer to a record.
unimportable-unknown_type = Its type has no translation.
save-and-sync = Save & Sync
nothing-found = Nothing found

# The sync

live-title = Sync under way
live-cancel = Cancel
live-elsewhere = The sync runs in another process. This page shows its result once it is over.
live-records = Records
live-calls = Calls
live-quota = Calls left today
live-left = Time left
live-applying = The result is being applied. It is completed from here.
phase-plan = Plan
phase-read = Read
phase-reconcile = Compare
phase-apply = Apply
phase-prove = Prove
sync-last = Last sync
sync-never = Not yet
sync-next = Next scheduled sync
sync-next-none = Not scheduled
sync-next-paused = Paused
sync-zone = Time zone: { $zone }
sync-now = Sync now
sync-numbers = { $matched } of { $read } matched, { $changed } changed
sync-switched-off = Saved, but the integration is switched off
sync-switched-off-do = Switch it on to sync.

sync-state-running = under way
sync-state-delivering = being delivered
sync-state-success = proved
sync-state-partial = partial
sync-state-failed = failed
sync-state-cancelled = cancelled
