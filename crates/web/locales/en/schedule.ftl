# When a subscription is synced by itself, and the queue

schedule-lead = When this subscription is synced automatically, and what waits to be carried out.
schedule-rhythm = Rhythm
schedule-nightly = Every night, between midnight and 6:00
schedule-every = At an interval
schedule-minutes = Minutes
schedule-cron = By a cron expression
schedule-cron-expression = Expression
schedule-cron-hint = Five fields: minute, hour, day of month, month, day of week. It is read in the subscription's time zone.
schedule-next = Next syncs
schedule-now = as soon as possible
schedule-paused = Nothing is synced automatically until you resume. Sync now still works.
schedule-pause = Pause
schedule-resume = Resume
schedule-idle-paused = The schedule is paused.
schedule-idle-off = Nothing is synced: the HubSpot integration is switched off.
schedule-idle-not-mapped = Nothing is synced yet: connect HubSpot, and choose a key property and fields under Data Mappings.
schedule-missed = Missed
schedule-missed-hint = No sync took place in these windows, because Tributary was not running or HubSpot could not be reached. They are not made up for by day.
schedule-missed-span = { $from } to { $to }
schedule-missed-windows = { $count ->
    [one] { $count } sync
   *[other] { $count } syncs
}
schedule-unknown = Choose a rhythm.
schedule-bad-interval = The interval has to be between 5 and 1,440 minutes.
schedule-bad-cron = The cron expression cannot be read. It has five fields, such as 0 3 * * 1-5 for 3:00 on weekdays.
schedule-too-often = The cron expression asks for syncs less than 5 minutes apart.
schedule-never = The cron expression never comes about.
queue-title = Queue
queue-list = Jobs
queue-empty = Nothing has been asked for yet.
queue-job = Job
queue-import = Import of ids
queue-remove = Removal of ids
queue-deliver = Delivery
queue-compare = Comparison
queue-state = State
queue-due = Due
queue-tries = Tries
queue-state-waiting = Waiting
queue-state-running = Under way
queue-state-done = Done
queue-state-failed = Failed
queue-state-cancelled = Cancelled
queue-state-expired = Not started in time
