# Runs: the list, one run with its proof, and the records behind its numbers.

runs-lead = Every sync of this subscription, the newest first, with its proof and the records behind each number.
runs-none = No sync yet
runs-none-do = Connect HubSpot, set the key property and choose fields on Data Mappings. The first sync then appears here.
runs-none-go = Open Data Mappings
runs-csv = Download CSV

run-title = Run { $run }
run-number = Run
run-level = Level
run-result = Result
run-started = Started
run-finished = Finished
run-duration = Duration
run-trigger = Started by
run-read = Read
run-matched = Matched
run-changed = Changed
run-quarantined = Quarantined
run-level-data = { $level ->
    [visitor] Visitors
   *[account] Accounts
}

run-running = Under way
run-delivering = Being delivered
run-proved = Proved
run-partial = Partial
run-failed = Failed
run-cancelled = Cancelled
run-dry = Dry run
run-measuring = Measurement

run-trigger-command = Command line
run-trigger-page = Button
run-trigger-measure = Measurement
run-trigger-schedule = Schedule

run-lost = The process ended before this run did. What the run had found was discarded.
run-dry-note = This was a dry run: it counted what would change, and changed nothing.
run-cancelled-note = This run was cancelled. It changed no values.
run-measured-key =
    This run measured how well the property { $key } matches the ids of your { $level ->
        [visitor] visitors
       *[account] accounts
    }. It changed nothing.
run-measured =
    This run measured how well a property matches the ids of your { $level ->
        [visitor] visitors
       *[account] accounts
    }. It changed nothing.
run-measured-back = Back to the key property
run-pruned =
    The details of this run are no longer kept: they are deleted after { $days ->
        [one] 1 day
       *[other] { $days } days
    }. Its numbers stay.

run-held = Fields on hold
run-held-hint = These fields were not written. They keep their last values, and the other fields go on.
run-held-gone = The property is no longer in HubSpot. Restore it there, or remove the field on Data Mappings.
run-held-left-out = HubSpot left the property out of some answers, although it exists. The next sync tries again.
run-held-type = The property is now of type { $now } in HubSpot, but the field is of type { $field }. Change the type back, or remove the field and add the property anew.
run-held-unimportable = The property is now of a type that cannot be imported.

run-quarantined-title = Quarantined values
run-quarantined-hint =
    { $count ->
        [one] 1 value does not fit the type of its field and was kept out. The field keeps its last good value.
       *[other] { $count } values do not fit the types of their fields and were kept out. The fields keep their last good values.
    }
run-quarantined-all = See all of them

run-facts = Details
run-written = Values written
run-cleared = Values cleared
run-links-ended = Links ended
run-known = { $level ->
    [visitor] Known visitors
   *[account] Known accounts
}
run-known-parts = { $linked } linked, { $without } without a record
run-calls = Calls to HubSpot
run-call-search = Search
run-call-list = List
run-call-batch_read = Batch read
run-call-properties = Properties
run-call-other = Other
run-refused = Refused by HubSpot’s limits, then repeated
run-reader = Read by
run-reader-search = Search: only records whose key has a value
run-reader-list = List: all records

# Why a record matched nothing

run-reason-empty_key = Empty key
run-reason-duplicate_key = Duplicate key
run-reason-differs_by_case = Differs by case
run-reason-differs_by_space = Differs by space
run-reason-differs_by_trailing_zero = Differs by trailing “.0”
run-reason-differs_by_prefix = Differs by prefix
run-reason-unknown_id = Unknown id

# The picture

flow-title = Where the records went
flow-line = { $name }: { $count }.
flow-contacts = Contacts in HubSpot
flow-companies = Companies in HubSpot
flow-read = Read
flow-unread = Not delivered
flow-without-key = No key, not read
flow-matched = Matched
flow-missed = Matched nothing
flow-excluded = Excluded
flow-failed = Failed
flow-changed = Changed
flow-unchanged = Unchanged

# The proof in words

proof-title = Proof
proof-mark-good = Holds
proof-mark-bad = Does not hold
proof-mark-warning = Note
proof-mark-plain = Note
proof-all-read =
    HubSpot counted { $before } { $level ->
        [visitor] contacts
       *[account] companies
    } to read, before and after, and every one of them arrived.
proof-all-read-moving =
    HubSpot counted { $before } { $level ->
        [visitor] contacts
       *[account] companies
    } to read before and { $after } after, because records came or went meanwhile. { $read } arrived, and none is missing.
proof-unread =
    { $count ->
        [one] 1 record that HubSpot counts did not arrive, although it was asked for again.
       *[other] { $count } records that HubSpot counts did not arrive, although they were asked for again.
    }
proof-range = Record ids { $from } to { $to }
proof-uncounted =
    { $count ->
        [one] 1 more record arrived than HubSpot counts, before and after.
       *[other] { $count } more records arrived than HubSpot counts, before and after.
    }
proof-healed =
    { $count ->
        [one] 1 record was missing at first. The gap was found, and it was read again.
       *[other] { $count } records were missing at first. The gaps were found, and they were read again.
    }
proof-adds-up = Every record that was read is accounted for.
proof-adds-up-not = The records that were read do not add up.
proof-sum = { $read } read = { $matched } matched + { $missed } matched nothing + { $excluded } excluded + { $failed } failed
proof-failed =
    { $count ->
        [one] 1 record could not be read as HubSpot sent it.
       *[other] { $count } records could not be read as HubSpot sent them.
    }
proof-held =
    { $count ->
        [one] 1 field is on hold and was not written; see below.
       *[other] { $count } fields are on hold and were not written; see below.
    }
proof-checksum =
    Read back afterwards, the values stored for your { $level ->
        [visitor] visitors
       *[account] accounts
    } are exactly what HubSpot’s records say.
proof-checksum-not =
    Read back afterwards, the values stored for your { $level ->
        [visitor] visitors
       *[account] accounts
    } are not what HubSpot’s records say.
proof-checksums = Checksum expected { $expected }, stored { $stored }
proof-fields =
    { $count ->
        [one] The field is filled for as many { $level ->
            [visitor] visitors
           *[account] accounts
        } as it should be.
       *[other] All { $count } fields are filled for as many { $level ->
            [visitor] visitors
           *[account] accounts
        } as they should be.
    }
proof-fields-not =
    { $agreeing } of { $count } fields are filled for as many { $level ->
        [visitor] visitors
       *[account] accounts
    } as they should be.
proof-field = { $field }: { $expected } expected, { $stored } stored
proof-rewritten =
    { $level ->
        [visitor] { $count ->
            [one] The values of 1 visitor were found altered, and were written again.
           *[other] The values of { $count } visitors were found altered, and were written again.
        }
       *[account] { $count ->
            [one] The values of 1 account were found altered, and were written again.
           *[other] The values of { $count } accounts were found altered, and were written again.
        }
    }
proof-damaged =
    Some { $level ->
        [visitor] visitors
       *[account] accounts
    } still hold other values than they should.
proof-dry = Nothing was written, so there is nothing to read back.
proof-measured = Only the key was read, and nothing was written, so there is nothing to read back.
proof-not-read-back = The result was written, but could not be read back to check it.

# The records behind a number

records-page-title = { $list } · Run { $run }
records-lists = Records of this run
records-all = All
records-filters = Filter
records-next = Next page
records-title-missed = Matched nothing
records-title-matched = Matched
records-title-changed = Changed
records-title-unchanged = Unchanged
records-title-quarantined = Quarantined
records-title-excluded = Excluded
records-title-failed = Failed
records-title-ended = Links ended
records-lead-missed =
    { $level ->
        [visitor] Contacts whose key is not the id of a visitor, with the reason.
       *[account] Companies whose key is not the id of an account, with the reason.
    }
records-lead-matched =
    { $level ->
        [visitor] Contacts whose key is the id of a visitor.
       *[account] Companies whose key is the id of an account.
    }
records-lead-changed =
    { $level ->
        [visitor] Visitors whose values this run changed, with the values before and after.
       *[account] Accounts whose values this run changed, with the values before and after.
    }
records-lead-unchanged =
    { $level ->
        [visitor] Contacts whose visitor held the same values already.
       *[account] Companies whose account held the same values already.
    }
records-lead-quarantined = Values that do not fit the types of their fields. They were kept out, and the last good values stay.
records-lead-excluded = Records that were archived, deleted or merged away before the result was applied.
records-lead-failed = Records that could not be read as HubSpot sent them.
records-lead-ended =
    { $level ->
        [visitor] Visitors that no contact feeds any more. They keep their values.
       *[account] Accounts that no company feeds any more. They keep their values.
    }

records-search = Find a record
records-search-id = Id
records-search-keys = Finds the whole id of a record, a key or a near id, exactly as written, spaces included.
records-search-records = Finds the whole id of a record.
records-search-subjects =
    { $level ->
        [visitor] Finds the whole id of a record or a visitor, exactly as written.
       *[account] Finds the whole id of a record or an account, exactly as written.
    }
records-search-clear = Clear
records-found =
    { $count ->
        [0] Nothing has this id.
        [one] 1 result
       *[other] { $count } results
    }
records-found-full = There may be more.
records-none = Nothing here.
records-gone = This list is not there
records-running = The run is still under way. Its records can be listed once it is done.
records-not-done = This run was not carried out, so nothing of what it had found is kept.
records-pruned = The details of this run are past the time they are kept, and were deleted. Its numbers stay.
records-dry = A dry run changes nothing, so there is no list of what it changed or matched.
records-latest-only = This list is kept for the latest sync of the level only.

records-record = HubSpot record
records-subject =
    { $level ->
        [visitor] Visitor
       *[account] Account
    }
records-key = Key
records-near =
    { $level ->
        [visitor] Visitor it nearly is
       *[account] Account it nearly is
    }
records-property = Property
records-value = Value
records-reason = Reason
records-changes = Changes
records-in-hubspot = (opens in HubSpot)
records-no-key = empty
records-no-value = no value
records-blank-space = space
records-blank-tab = tab
records-blank-line = line break

records-quarantine-not_a_number = Not a number
records-quarantine-too_many_digits = More than 38 digits
records-quarantine-number_out_of_range = Number too large, too small or too finely divided
records-quarantine-not_a_boolean = Neither true nor false
records-quarantine-not_a_date = Not a date
records-quarantine-not_a_time = Not a date with a time
records-quarantine-time_out_of_range = Outside the years 0000 to 9999

records-ended-key_changed = The key changed
records-ended-key_cleared = The key was cleared
records-ended-record_gone = The record was deleted
records-ended-record_merged = The record was merged into another
records-ended-record_archived = The record was archived
records-ended-no_answer = HubSpot no longer delivers the record
