# Where values go besides the built-in subscription, and how that goes

destination-lead = The values that HubSpot’s records bring always go to this subscription. They can go to Pendo as well.
destination-what = Once connected, every sync takes its ids from Pendo, and writes the chosen HubSpot fields there as metadata of visitors and accounts. A sync counts as proved only when Pendo has acknowledged every change.
destination-not-connected = Not connected
destination-connected = Connected
destination-stopped = Nothing is sent
destination-broken = Nothing can be sent to Pendo
destination-broken-do = Give another key below. What is to be sent waits until then.
destination-key = Integration key
destination-key-hint = From Pendo, under Settings > Integrations > Integration Keys, with “Allow Write Access”. It is stored encrypted and never shown again.
destination-region = Region
destination-region-hint = The address at which you sign in to Pendo names it.
region-us = US
region-us1 = US1
region-eu = EU
region-jp = Japan
region-au = Australia
destination-prefix = Prefix
destination-no-prefix = none
destination-prefix-hint = What the names of our fields begin with in Pendo, so that they are told apart from yours.
destination-connect = Check and connect
destination-checking = Checking …
destination-check = Check the key
destination-no-region = Choose the region.
destination-no-key = Enter the whole integration key and nothing else. It contains no spaces.
destination-change = Change key, region or prefix
destination-change-hint = Another key for the same region and prefix changes nothing else. Another region or prefix makes new fields in Pendo and sends everything again; the fields made before stay there, and are no longer updated.
destination-disconnect-confirm = Disconnect Pendo? What waits is not sent any more. What is in Pendo stays there.
destination-waits = Waiting to be sent
destination-differs = Differs
destination-not-mapped = This level is not set up, so nothing of it is sent. Choose its key property and fields on
destination-ids = Ids that Pendo knows
destination-ids-listed = all listed { $ago }
destination-ids-never = Not listed yet; the next sync takes them in.
destination-outbox = Waits to be sent
destination-since = the oldest from { $ago }
destination-nothing-waits = Nothing
destination-sending = Being sent …
destination-again = Next try: { $at }
destination-compared = Compared with Pendo
destination-compared-none = There was nothing to compare yet.
destination-compared-all = everything
destination-compared-sample = a sample
destination-compared-at = { $what }, { $at }
destination-agrees =
    { $count ->
        [one] 1 value is there as it was sent
       *[other] All { $count } values are there as they were sent
    }
destination-differences =
    { $count ->
        [one] 1 of { $values } values differs
       *[other] { $count } of { $values } values differ
    }
destination-never-compared = Not compared yet.
destination-comparing = Being compared …
destination-compare-sample = Compare a sample
destination-compare-all = Compare everything
destination-resend-differing = Send differing values again
destination-resend-all = Send everything again
destination-resend-confirm =
    { $level ->
        [visitor] Send all values of every linked visitor to Pendo again? This overwrites what has been changed there in our fields.
       *[account] Send all values of every linked account to Pendo again? This overwrites what has been changed there in our fields.
    }
destination-fields =
    { $level ->
        [visitor] Our visitor fields in Pendo
       *[account] Our account fields in Pendo
    }
destination-field = Field
destination-field-key = Key in Pendo
destination-field-type = Type there
destination-field-state = Values
destination-field-sent = Sent
destination-field-held = On hold
destination-no-fields = The fields are made in Pendo when values are sent for the first time.

outside-held-not-made = Pendo was asked to make this field, and did not. It is tried again with the next delivery.
outside-held-integer = Pendo has made this a field of whole numbers, in which digits may get lost. Whoever runs Tributary can find out whether they do, with tributary pendo probe --write-test-id ID.
outside-held-type = Pendo has a field of this name of type { $theirs }, and ours is of type { $ours }. Choose another prefix; or delete that field in Pendo, though it may come back with its old type.
outside-held-other = Pendo does not take the values of this field.

differences-title =
    { $level ->
        [visitor] Differing values of visitors
       *[account] Differing values of accounts
    }
differences-lead-all = Everything was compared on { $at }. Somebody may have changed these values in Pendo, or a write was lost there.
differences-lead-sample = A sample was compared on { $at }. Somebody may have changed these values in Pendo, or a write was lost there.
differences-none = No differences
differences-none-do = Pendo holds what was sent, or the differing values were sent again since.
differences-most = The first { $count } are listed.
differences-sent = Sent
differences-found = Found in Pendo

delivery-title = Delivery to Pendo
delivery-under-way = Changes are sent until Pendo has acknowledged each of them. This page keeps up by itself.
delivery-whole = Acknowledged
delivery-partly = Not everything was taken
delivery-unsent = Not sent
delivery-nothing = Nothing sent
delivery-queued = Changes
delivery-acknowledged = Acknowledged
delivery-waiting = Waiting
delivery-not-sent = Not sent
delivery-not-sent-hint = Pendo was disconnected before these changes were sent. Connecting again sends all values.
delivery-held = Fields that are not sent
delivery-ids-not = The ids could not be taken from Pendo; those that were known before served.
delivery-ids =
    { $level ->
        [visitor] { $count ->
            [0] No new visitor id came from Pendo.
            [one] 1 new visitor id came from Pendo.
           *[other] { $count } new visitor ids came from Pendo.
        }
       *[account] { $count ->
            [0] No new account id came from Pendo.
            [one] 1 new account id came from Pendo.
           *[other] { $count } new account ids came from Pendo.
        }
    }
delivery-ids-all = All of its ids were listed.
delivery-ids-since = Those that came since the last listing were asked for.

proof-delivered =
    { $count ->
        [0] Nothing had to be sent to Pendo.
        [one] Pendo has acknowledged the change.
       *[other] Pendo has acknowledged all { $count } changes.
    }
proof-delivering = Pendo has acknowledged { $acknowledged } of { $count } changes so far.
proof-delivered-not = Pendo has acknowledged { $acknowledged } of { $count } changes; see Delivery to Pendo for the rest, and for fields that are not sent.

records-title-missing = Unknown to Pendo
records-title-refused = Refused by Pendo
records-lead-missing =
    { $level ->
        [visitor] Pendo does not know these visitors, so it did not take their values. They are sent with the next sync that finds the ids in Pendo.
       *[account] Pendo does not know these accounts, so it did not take their values. They are sent with the next sync that finds the ids in Pendo.
    }
records-lead-refused =
    { $level ->
        [visitor] Pendo did not take the values of these visitors, and said why.
       *[account] Pendo did not take the values of these accounts, and said why.
    }
records-said = What Pendo said

attention-missing =
    { $count ->
        [one] Pendo does not know the id of 1 of the { $records }
       *[other] Pendo does not know the ids of { $count } { $records }
    }
attention-refused =
    { $count ->
        [one] Pendo did not take the values of 1 of the { $records }
       *[other] Pendo did not take the values of { $count } { $records }
    }
attention-held-outside =
    { $count ->
        [one] 1 field is not sent to Pendo
       *[other] { $count } fields are not sent to Pendo
    }

alert-destination-broken = { $why }. Nothing can be sent until another key is given; what is to be sent waits.
alert-destination-waiting =
    { $count ->
        [one] 1 change has been waiting to be sent to Pendo; it was queued { $ago }.
       *[other] { $count } changes are waiting to be sent to Pendo, the oldest from { $ago }.
    }
alert-destination-link = Open Destination

ids-outside =
    { $level ->
        [visitor] Visitor ids come from Pendo: every sync takes in those that Pendo knows. Files can be added all the same.
       *[account] Account ids come from Pendo: every sync takes in those that Pendo knows. Files can be added all the same.
    }
ids-outside-listed = All were listed { $ago }.
ids-outside-never = The next sync takes them in for the first time.
ids-outside-instead = Do the ids live in Pendo? Then no file is needed: connect it under

step-ids-outside = Take ids from Pendo

note-destination-connected = Pendo accepts the key, and is connected. What waits is being sent.
note-destination-works = The key works, and may write.
note-destination-disconnected = Pendo is disconnected. What is there stays there.
note-comparing = The comparison is starting. It changes no values.
note-resent = The values are in the outbox, and are being sent.
note-resent-nothing = There is nothing to be sent again.

audit-destination-connected = Connected Pendo
audit-destination-disconnected = Disconnected Pendo
audit-destination-checked = Checked the Pendo key
audit-destination-compared = Compared values with Pendo
audit-destination-resent = Sent values to Pendo again
