## Signing in

sign-in = Sign in
sign-in-title = Sign in
sign-in-wrong = The email address or the password is wrong.
sign-in-forgotten = If you have forgotten your password, ask an admin for a link to choose a new one.
sign-out = Sign out
email = Email address
email-bad = Enter an email address such as name@example.com.
password = Password

## Links and passwords

set-up-title = Set up Tributary
set-up-lead = Choose the email address and password of the first admin. More people can be invited afterwards.
set-up-done = Tributary is set up already.
set-up-go = Create the first admin
join-title = Your invitation
join-lead = Choose a password to start using Tributary.
reset-title = New password
reset-lead = Choose a new password. You are then signed out everywhere else.
ticket = Code
ticket-hint = It is filled in when you open your link. If it is not, copy what stands after the # in the link.
ticket-set-up-hint = It is filled in when you open the setup link that Tributary shows on its server. If it is not, copy what stands after the # in the link.
ticket-bad = This link can no longer be used: it was used before, it is too old, or a newer one was made. Ask whoever gave it to you for a new one.
password-new = New password
password-again = New password again
password-present = Current password
password-rule = At least 10 characters. Several unrelated words are easy to remember and hard to guess.
password-set = Set password
password-change = Change password
password-wrong = The current password is wrong.
password-short = The password is too short. Use at least 10 characters.
password-wait = Too many wrong passwords. Wait a few minutes and try again.
password-long = The password is too long. Use a shorter one.
password-is-name = The password contains your email address or the name in it. Choose one that does not.
password-same-letters = The password repeats too few characters. Use at least 4 different ones.
password-differs = The two passwords differ. Type the same one twice.

## One’s own account

account-password = Password
account-sessions = Where you are signed in
account-this-session = This browser
account-sign-out-everywhere = Sign out everywhere else

## Users

users-lead = People who can sign in, and what they can do.
users-invite = Invite somebody
users-invite-go = Create invitation link
users-link-title = Link for { $email }
users-link-hint = Send this link to them yourself: Tributary sends no email, and does not show the link again. It works once, within 7 days, and lets whoever opens it set this person’s password.
users-state = Status
users-active = Active
users-inactive = Deactivated
users-invited = Invited
users-signed-in = Last sign-in
users-you = You
users-role-of = Role of { $email }
users-reset = Create password link
users-link-again = Create new link
users-activate = Activate
users-deactivate = Deactivate
users-deactivate-confirm = Deactivate { $email }? They are signed out at once and can no longer sign in.
role = Role
role-admin = Admin
role-viewer = Viewer
role-hint = Viewers see data and settings but change nothing. Admins change everything and manage users. A role holds for all subscriptions.
member-taken = There is already a user with this email address.
member-last-admin = This is the last active admin. Make somebody else an admin first.

## Subscriptions

subscription-new-lead = A subscription holds the visitors and accounts of one product.
subscription-make = Create subscription
subscription-name = Name
subscription-name-hint = For example the name of your product. Up to 80 characters.
subscription-bad-name = Enter a name of 1 to 80 characters.
subscription-bad-zone = This time zone is unknown. Choose one from the list, such as Asia/Tokyo.
subscription-taken = Another subscription has this name. Choose a different one.
subscription-language-hint = Language and appearance are your own choice. They are in the menu at the top right.
time-zone-hint = Dates and times on the pages are shown in this time zone. Choose one from the list, such as Asia/Tokyo.

waiting-title = No subscription yet
waiting-lead = There is nothing to see until an admin creates a subscription. Come back then.

## HubSpot app

app-lead = The app through which this installation asks HubSpot for access. All subscriptions share it.
app-register = Register the app in HubSpot
app-register-lead = In HubSpot, create an app that uses OAuth, and enter these values exactly as they stand here.
app-redirect = Redirect URL
app-scopes = Required scopes
app-optional-scopes = Optional scopes
app-enter = Enter the app here
app-present = The app with the client id { $id } is in use.
app-configured = It is set in the configuration of the server and cannot be changed here.
app-client-id = Client id
app-client-secret = Client secret
app-secret-hint = It is stored encrypted and not shown again.
app-check = Check and save
app-remove = Remove app
app-remove-confirm = Remove the app? Connections made through it can no longer be used until it is entered again.
app-token-instead = You can also connect without an app, by a service key or the token of a private app:

## Storage

storage-lead = What is kept, for how long, and how much space it takes.
storage-room = Space, all subscriptions together
storage-database = Database
storage-free = Free within the database
storage-log = Recent changes not yet merged in
storage-kept = What is kept
storage-values = Metadata values
storage-values-how-long = Until a sync replaces or clears them, or their visitor or account is erased
storage-details = Details of runs
storage-details-how-long =
    { $days ->
        [one] 1 day: misses, quarantined values and changes. Those of the latest run stay longer.
       *[other] { $days } days: misses, quarantined values and changes. Those of the latest run stay longer.
    }
storage-reports = Reports of runs
storage-reports-how-long = For good: they hold numbers and no values
storage-uploads = Files of ids
storage-uploads-how-long = Until they are imported or put away, a day at most
storage-samples = Samples of HubSpot records
storage-samples-how-long = 30 minutes at most, in memory only
storage-count = Count
storage-what = What
storage-how-many = How many
storage-linked = { $level ->
    [visitor] Visitors linked to a contact
   *[account] Accounts linked to a company
}
storage-versions = Versions of HubSpot metadata, all subscriptions
storage-outcomes = Records missed, excluded or failed, all subscriptions
storage-quarantined = Quarantined values, all subscriptions
storage-runs = Runs with details, all subscriptions
storage-oldest = oldest { $time }

## Audit log

audit-lead = Who changed what, the latest first.
audit-empty = No changes yet.
audit-when = When
audit-who = Who
audit-what = What
audit-where = Subscription

audit-member-set-up = Set up Tributary as the first admin
audit-member-invited = Invited a user
audit-member-joined = Accepted an invitation
audit-member-changed = Changed a user
audit-member-link-made = Created a link to set a password
audit-member-password-changed = Changed their password
audit-member-password-reset = Set a new password by a link
audit-member-signed-out-everywhere = Signed out everywhere else
audit-subscription-made = Created the subscription
audit-subscription-changed = Changed the subscription
audit-schedule-changed = Changed the schedule
audit-hubspot-app-saved = Saved the HubSpot app
audit-hubspot-app-removed = Removed the HubSpot app
audit-hubspot-connected = Connected HubSpot
audit-hubspot-disconnected = Disconnected HubSpot
audit-integration-switched-on = Switched the HubSpot integration on
audit-integration-switched-off = Switched the HubSpot integration off
audit-key-measured = Measured a key property
audit-key-saved = Saved the key property
audit-mapping-saved = Saved the fields
audit-sync-started = Started a sync
audit-sync-cancelled = Cancelled a sync
audit-ids-imported = Imported ids
audit-ids-removed = Removed ids that were not in a file
audit-ids-cancelled = Cancelled an import of ids
audit-outside-cancelled = Cancelled a delivery or a comparison

## Ids

ids-lead = The visitor and account ids that your product knows. HubSpot records are matched with them, character by character.
ids-known = { $level ->
    [visitor] { $count ->
               [one] 1 visitor is known.
              *[other] { $count } visitors are known.
           }
   *[account] { $count ->
               [one] 1 account is known.
              *[other] { $count } accounts are known.
           }
}
ids-upload = Import a file
ids-file = File
ids-file-hint = CSV or NDJSON in UTF-8, of any size. You see a preview before anything is imported.
ids-upload-go = Upload and preview
ids-forms = What the file looks like
ids-form-csv = CSV: the first row names the columns. There has to be a column id. For visitors, a column accounts can hold account ids, separated by semicolons. Every other column becomes a metadata field of the group agent.
ids-form-ndjson = NDJSON: one JSON object a line.
ids-no-file = Choose a file first.
ids-busy = Another file is being imported. Wait until it is done, then send yours again.
ids-replaced = Meanwhile this file was put away, or another one took its place. Nothing was changed.
ids-preview = Preview of { $name }
ids-preview-hint = { $size }. These are the first lines; nothing is imported yet.
ids-preview-none = No line at the beginning of the file can be used. Correct the file and send it again.
ids-new-fields = New metadata fields:
ids-mirror = This file lists every id
ids-mirror-hint = After the import, you are asked whether ids that are not in the file should be removed. If a line cannot be used, nothing is removed.
ids-load = Import
ids-discard = Discard the file
ids-another = Choose another file
ids-loading = Importing { $name }
ids-removing = Removing ids that are not in { $name }
ids-waiting = Waiting in the queue: a sync or another job comes first. It starts by itself.
ids-waiting-again = Tried before, and tried again by itself: { $problem } ({ $code }).
ids-lines-so-far =
    { $count ->
        [one] 1 line read, { $share } of the file
       *[other] { $count } lines read, { $share } of the file
    }
ids-removed-so-far =
    { $count ->
        [one] 1 id removed, { $left } left
       *[other] { $count } ids removed, { $left } left
    }
ids-cancelling = Being cancelled …
ids-loaded = The file is imported.
ids-cancelled = The import was cancelled. What was imported before stays.
ids-given-up = The file could not be imported
ids-given-up-do = The server ended unexpectedly several times while it did this. What was imported before stays. Tell whoever runs Tributary.
ids-lines = Lines read
ids-created = New ids
ids-known-before = Lines with ids known before
ids-bad = Lines not used
ids-removed = Ids removed
ids-bad-lines =
    { $count ->
        [one] 1 line that cannot be used, with the reason
       *[other] { $count } lines that cannot be used, with the reasons
    }
line-number = Line { $line }
ids-unseen =
    { $count ->
        [one] 1 known id is not in this file. If you remove it, everything kept about it is erased.
       *[other] { $count } known ids are not in this file. If you remove them, everything kept about them is erased.
    }
ids-keep = Keep
ids-remove =
    { $count ->
        [one] Remove 1 id
       *[other] Remove { $count } ids
    }

# What a change was about

detail-all = everything
detail-prefix = prefix
detail-region = region
detail-works = works
detail-active = active
detail-client_id = client id
detail-email = e-mail
detail-fields = fields
detail-field = field
detail-file = file
detail-group = group
detail-key = key
detail-level = level
detail-mirror = remove ids not in the file
detail-name = name
detail-portal = HubSpot account
detail-revoked = withdrawn in HubSpot
detail-role = role
detail-rhythm = rhythm
detail-paused = paused
detail-job = job
detail-run = run
detail-scopes = permissions
detail-time_zone = time zone
detail-count = count
