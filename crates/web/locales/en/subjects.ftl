## Visitors and accounts: the list

subjects-known = { $level ->
    [visitor] { $count ->
               [0] No visitors are known.
               [one] 1 visitor is known.
              *[other] { $count } visitors are known.
           }
   *[account] { $count ->
               [0] No accounts are known.
               [one] 1 account is known.
              *[other] { $count } accounts are known.
           }
}
subjects-more = { $level ->
    [visitor] More than { $count } visitors are known.
   *[account] More than { $count } accounts are known.
}
subjects-lost = What you were looking for is no longer kept, so this list starts anew.

subjects-look = Search
subjects-starts-with = Id begins with
subjects-linked = HubSpot
subjects-linked-any = All
subjects-linked-yes = Fed by HubSpot
subjects-linked-no = Not fed by HubSpot

subjects-filter = Add filter
subjects-filter-field = Field
subjects-filter-choose = Choose a field
subjects-filter-tests = Go on
subjects-filter-test = Condition
subjects-filter-value = Value
subjects-filter-hint = “Has a value” and “has no value” need none.
subjects-filter-add = Add filter
subjects-active = Active filters
subjects-drop = Remove: { $what }
subjects-clear = Clear all filters

subjects-test-is = is
subjects-test-contains = contains
subjects-test-at-least = is at least
subjects-test-at-most = is at most
subjects-test-filled = has a value
subjects-test-empty = has no value
subjects-test-time-is = is on
subjects-test-time-at-least = is on or after
subjects-test-time-at-most = is on or before

subjects-chip-starts = Id begins with “{ $text }”
subjects-chip-is = { $field } is “{ $value }”
subjects-chip-contains = { $field } contains “{ $value }”
subjects-chip-at-least = { $field } is at least { $value }
subjects-chip-at-most = { $field } is at most { $value }
subjects-chip-filled = { $field } has a value
subjects-chip-empty = { $field } has no value
subjects-chip-time-is = { $field } is on { $value }
subjects-chip-time-at-least = { $field } is on or after { $value }
subjects-chip-time-at-most = { $field } is on or before { $value }

subjects-unfit-field = Choose the field to filter by.
subjects-unfit-test = This condition does not fit the field’s type. Choose another one.
subjects-unfit-none = Choose a condition and enter the value to look for.
subjects-unfit-decimal = This field holds numbers. Enter one such as 1200 or 12.5.
subjects-unfit-boolean = This field holds Yes or No. Choose one of them.
subjects-unfit-day = This field holds times. Enter a day such as 2025-04-30.
subjects-unfit-long = This text is too long to look for. Shorten it to at most 1,000 characters.
subjects-unfit-many = There are 20 filters already. Remove one first.

subjects-columns = Columns
subjects-columns-search = Search fields
subjects-columns-save = Show these columns
subjects-no-field = No field found.

subjects-csv-columns = Columns
subjects-csv-shown = The columns shown
subjects-csv-all = All fields
subjects-csv-labels = With labels and owners’ names beside the values
subjects-csv-guard = Safe for spreadsheets
subjects-csv-guard-hint = Puts an apostrophe before texts that a spreadsheet would take for a formula.
subjects-csv-go = Download

subjects-id = Id
subjects-last-sync = Last sync
subjects-last-sync-hint = When values last came from HubSpot
subjects-never = Never
subjects-run = Run { $run }
subjects-no-value = No value
subjects-true = Yes
subjects-false = No

subjects-pin = Pin { $field }
subjects-pinned = Pinned
subjects-pinned-hint = Pinned: sorts and filters at once
subjects-pin-hint = Pin for everybody: sorts and filters at once
subjects-unpin-hint = Pinned for everybody. Click to unpin.
subjects-too-many-pins = { $count } columns are pinned already, and no more are possible. Unpin one first.

subjects-none = { $level ->
    [visitor] No visitors yet
   *[account] No accounts yet
}
subjects-none-do = Import the ids that your product knows. HubSpot records are matched against them.
subjects-none-link = Import ids
subjects-building = Preparing this order
subjects-building-start = Starting…
subjects-building-share = { $share } done. The list appears by itself.
subjects-nothing = Nothing found
subjects-nothing-do = Nothing fits all of the filters.
subjects-nothing-yet = Nothing found so far
subjects-examined =
    { $count ->
        [one] 1 was looked at so far. More may follow.
       *[other] { $count } were looked at so far. More may follow.
    }
subjects-further = Look further
subjects-no-more = There are no more.
subjects-next = Next page

subjects-group-auto = Overview (auto)
subjects-group-agent = From your product (agent)
subjects-group-custom = Set by hand (custom)
subjects-group-hubspot = From HubSpot (hubspot)

## One visitor or account

subject-first-known = First known
subject-changed = Last import or edit
subject-record = HubSpot record
subject-record-id = Record { $record }
subject-record-none = No record feeds it.
subject-record-ended = No record feeds it any more; the values stay.
subject-new-tab = (opens HubSpot in a new tab)
subject-account-unknown = Not among the known accounts
subject-no-fields = There are no metadata fields yet. Choose some on

subject-field = Field
subject-type = Type
subject-value = Value
subject-source = Source
subject-pulled = Pulled from HubSpot each sync; edit it there.
subject-kept = Tributary keeps this value itself; it cannot be edited.
subject-stopped = Stopped
subject-stopped-hint = No longer pulled. The last value stays.
subject-edit = Edit
subject-clear = Clear
subject-time-zone = Time zone: { $zone }

subject-unfit-string = This text cannot be stored.
subject-unfit-decimal = Enter a number such as 1200 or 12.5, without other signs.
subject-unfit-boolean = Choose Yes or No.
subject-unfit-time = Enter a date and a time such as 2025-04-30T09:30.

subject-erase = Erase
subject-erase-lead = Erases everything kept about this id, its traces in past runs included, and all searches that Tributary remembers. This cannot be undone. HubSpot is not touched.
subject-erase-id = Type the id to confirm
subject-erase-go = Erase for good
subject-erase-mismatch = That is not the id. Nothing was erased.

audit-value-set = Edited a value
audit-subject-erased = Erased everything about an id
audit-field-pinned = Pinned a column
audit-field-unpinned = Unpinned a column
