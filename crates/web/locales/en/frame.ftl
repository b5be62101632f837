## The product and its pages

product = Tributary
product-description = HubSpot data in your product analytics, with a proof of every sync
skip = Skip to content
menu = Menu
navigation = Navigation
switch-subscription = Switch subscription

nav-overview = Overview
nav-visitors = Visitors
nav-accounts = Accounts
nav-runs = Runs
nav-settings = Settings
nav-mappings = Data Mappings
nav-destination = Destination
nav-ids = Id import
nav-schedule = Schedule
nav-subscription = Subscription
nav-app = HubSpot app
nav-users = Users
nav-storage = Storage
nav-audit = Audit log
nav-account = Your profile
nav-new-subscription = New subscription

theme-light = Light
theme-dark = Dark
theme-system = System

## General words

save = Save
cancel = Cancel
search = Search
close = Close
copy = Copy
copied = Copied
refresh = Refresh
progress = Progress
counting = Counting…
actions = Actions
pages = Pages
page-first = First page
page-older = Older
levels = Levels
level-name = { $level ->
    [visitor] Visitor level
   *[account] Account level
}
contacts = contacts
companies = companies
admins-only = Only admins can do this.
time-zone = Time zone

type-string = string
type-decimal = decimal
type-boolean = boolean
type-time = time

## Times

ago-now = just now
ago-minutes =
    { $count ->
        [one] 1 minute ago
       *[other] { $count } minutes ago
    }
ago-hours =
    { $count ->
        [one] 1 hour ago
       *[other] { $count } hours ago
    }
ago-days =
    { $count ->
        [one] 1 day ago
       *[other] { $count } days ago
    }
ahead-minutes =
    { $count ->
        [one] in 1 minute
       *[other] in { $count } minutes
    }
ahead-hours =
    { $count ->
        [one] in 1 hour
       *[other] in { $count } hours
    }
ahead-days =
    { $count ->
        [one] in 1 day
       *[other] in { $count } days
    }
duration-seconds = { $count } s
duration-minutes = { $count } min
duration-hours = { $hours } h { $minutes } min

## What was just done

note-connected = HubSpot is connected. This holds for both levels.
note-disconnected = HubSpot is disconnected. Mappings and values are kept.
note-key-saved = The key property is saved.
note-mapping-saved = The fields are saved. The sync is starting.
note-sync-started = The sync is starting.
note-cancelled = The sync is being cancelled. If it is already writing, it finishes first.
note-import-cancelled = The import is being cancelled. What is imported so far stays.
note-outside-cancelled = It is being cancelled. What waits to be sent is sent later all the same.
note-switched-on = The HubSpot integration is switched on.
note-switched-off = The HubSpot integration is switched off. The connection and all values are kept.
note-subscription-saved = The subscription is saved.
note-subscription-made = The subscription is ready. Next, import the ids that your product knows.
note-schedule-saved = The schedule is saved.
note-paused = Paused: nothing is synced automatically until you resume.
note-resumed = Resumed.
note-app-saved = HubSpot accepts the app, and it is saved.
note-app-removed = The app is removed.
note-member-changed = The user is changed.
note-signed-out-everywhere = You are signed out everywhere else.
note-password-changed = Your password is changed. You are signed out everywhere else.
note-preferences-saved = Your preferences are saved.
note-value-saved = The value is saved.
note-erased = Everything kept about this id is erased.
note-columns-saved = The columns are saved.
note-pinned = Pinned.
note-unpinned = No longer pinned.
note-joined = Your password is set, and you are signed in.
note-signed-out = You are signed out.
note-measuring = The measurement is starting. It changes no values.

## What needs attention

alert-broken = HubSpot no longer accepts the connection to { $portal }. Nothing can be synced until it is renewed.
alert-sealed = The connection to { $portal } was stored under another keyring and cannot be used. Nothing can be synced until it is made again.
alert-broken-link = Authenticate again
alert-switched-off = The HubSpot integration is switched off for this subscription. Nothing is synced.
alert-switched-off-link = Open Data Mappings
alert-missed = { $count ->
    [one] A scheduled sync did not take place; its window closed { $ago }.
   *[other] { $count } scheduled syncs did not take place; the last window closed { $ago }.
}
alert-missed-link = See schedule
alert-visitor-failed = The visitor sync that started { $ago } failed. It changed no values.
alert-visitor-partial = The visitor sync that started { $ago } is partial: not everything could be proved.
alert-account-failed = The account sync that started { $ago } failed. It changed no values.
alert-account-partial = The account sync that started { $ago } is partial: not everything could be proved.
alert-run-link = See what happened

## Getting started

steps-title = Get started
step-done = Done
step-subscription = Create a subscription
step-ids = Import visitor and account ids
step-connect = Authenticate with HubSpot
step-map = Set the key property
step-sync = Choose fields and sync

## Overview

level-not-mapped = Not set up
level-never = Not synced yet
level-running = Syncing
level-delivering = Being delivered
level-proved = Proved
level-partial = Partial
level-cancelled = Cancelled
level-failed = Failed

overview-proved = Last proved sync
overview-match-rate = Match rate
overview-of-records = { $matched } of { $read } records read
overview-coverage = Linked to HubSpot
overview-of = { $level ->
    [visitor] { $linked } of { $known } visitors
   *[account] { $linked } of { $known } accounts
}
overview-rates =
    { $count ->
        [one] Match rate of the last run
       *[other] Match rate of the last { $count } runs
    }
overview-proof = See the proof

attention-title = Needs attention
attention-none = Nothing needs attention.
attention-case =
    { $count ->
        [one] 1 of the { $records } differs from an id only in upper and lower case
       *[other] { $count } { $records } differ from an id only in upper and lower case
    }
attention-space =
    { $count ->
        [one] 1 of the { $records } differs from an id only by spaces
       *[other] { $count } { $records } differ from an id only by spaces
    }
attention-zero =
    { $count ->
        [one] 1 of the { $records } differs from an id only by a “.0” at the end
       *[other] { $count } { $records } differ from an id only by a “.0” at the end
    }
attention-prefix =
    { $count ->
        [one] 1 of the { $records } differs from an id only by a prefix
       *[other] { $count } { $records } differ from an id only by a prefix
    }
attention-duplicate =
    { $count ->
        [one] 1 of the { $records } was left out, because a more recently changed one has the same key
       *[other] { $count } { $records } were left out, because more recently changed ones have the same keys
    }
attention-quarantined =
    { $count ->
        [one] 1 value of the { $records } was kept out, because it does not fit its field
       *[other] { $count } values of the { $records } were kept out, because they do not fit their fields
    }
attention-held =
    { $count ->
        [one] 1 field is on hold and keeps its last values
       *[other] { $count } fields are on hold and keep their last values
    }
