## Pages that cannot be shown

error-home = Go to the overview
error-not-found = Page not found
error-not-found-do = The address is wrong, or what it showed is no longer there. Start again from the overview.
error-forbidden = Only admins can do this
error-forbidden-do = Ask an admin to do it, or to make you an admin on the page Users.
error-forged = This page is out of date
error-forged-do = Nothing was changed. Go back, reload the page and try again.
error-invalid = Nothing was changed
error-throttled-do =
    { $seconds ->
        [one] Too many attempts failed. Wait 1 second, then try again.
       *[other] Too many attempts failed. Wait { $seconds } seconds, then try again.
    }
error-failed = This did not work
error-failed-do = Try again. If it happens again, give the number below to whoever runs Tributary.

## What was sent and cannot be used

invalid-form = What was sent cannot be read. Reload the page and try again.
invalid-state = HubSpot’s answer does not belong to an attempt of this browser, or came after more than 30 minutes. Authenticate again on Data Mappings.
invalid-upload = The file did not arrive completely. Send it again.
app-incomplete = Enter both the client id and the client secret. Neither contains spaces.
token-unusable = Enter the whole token and nothing else. It contains no spaces.
key-none-picked = Choose a property first.
key-first = Set the key property first, in step 2.
fields-none = Choose at least one field.

## Numbered failures: of a level and its data

trb0001 = This level is not set up
trb0001-do = Set its key property and choose its fields on Data Mappings, then sync.
trb0002 = The key property is gone from HubSpot
trb0002-do = Restore the property in HubSpot, or choose another one in step 2 on Data Mappings. All values stay as they are until then.
trb0003 = Another run of this level is under way
trb0003-do = Wait until it is done, or cancel it on Data Mappings. Then try again.
trb0004 = The data directory cannot be used
trb0004-do = Ask whoever runs Tributary to check that the directory exists, can be written to and has room.
trb0005 = The database cannot be opened
trb0005-do = Ask whoever runs Tributary to check the database file or server, and to restore a backup if it is damaged.
trb0006 = The database does not fit this release
trb0006-do = A newer release has probably used it. Ask whoever runs Tributary to start that release, or to restore a backup.
trb0007 = The database did not carry this out
trb0007-do = Nothing half-done is kept. Try again; if it happens again, ask whoever runs Tributary to check the room on the disk.
trb0008 = The stored HubSpot credentials cannot be decrypted
trb0008-do = Ask whoever runs Tributary to put the right keyring file back. If it is lost, connect again on Data Mappings; everything else is kept.
trb0009 = Stored data cannot be read
trb0009-do = The database was changed by something else or is damaged. Ask whoever runs Tributary to restore a backup.
trb0010 = This name is taken
trb0010-do = Choose another name, or use the subscription that has it.
trb0011 = The data could not be read or written
trb0011-do = Try again. If it happens again, tell whoever runs Tributary the number and the details below.
trb0012 = The HubSpot integration is switched off
trb0012-do = An admin can switch it on again on Data Mappings. The connection, the mapping and all values are kept.
trb0013 = The PostgreSQL server is too old
trb0013-do = Ask whoever runs Tributary to bring the server to PostgreSQL 15 or newer.
trb0014 = The database does not hold UTF-8
trb0014-do = Ask whoever runs Tributary to make a database with the encoding UTF8.
trb0015 = The run was taken over by another process
trb0015-do = Nothing has to be done: the other process ends the run. If this happens often, ask whoever runs Tributary to look at the connection to the database.

## Numbered failures: of HubSpot

trb0020 = A setting for HubSpot cannot be used
trb0020-do = Ask whoever runs Tributary to correct it in the configuration. Nothing was sent to HubSpot.
trb0021 = HubSpot does not understand the request
trb0021-do = Trying again does not help. Tell whoever runs Tributary the number and the details below, so that it can be reported.
trb0022 = HubSpot does not have one of the properties
trb0022-do = It was probably archived or deleted just now. Sync again: its last values are kept and the other fields go on. Or choose another property on Data Mappings.
trb0023 = HubSpot refuses the app
trb0023-do = Compare the client id, the client secret and the redirect URL on the page HubSpot app with the app in HubSpot. Then authenticate again.
trb0024 = HubSpot does not accept the token
trb0024-do = It may have been replaced, deleted or copied incompletely. Create a new token in HubSpot, and connect with it on Data Mappings.
trb0025 = HubSpot’s permission has ended
trb0025-do = The app was uninstalled from the HubSpot account, or its access was revoked. Authenticate again on Data Mappings; mappings, links and values are kept.
trb0026 = A permission is missing in HubSpot
trb0026-do = Contacts need crm.objects.contacts.read, companies crm.objects.companies.read, and the names of owners crm.objects.owners.read. Add the missing scope to the app or the key in HubSpot, then connect again on Data Mappings.
trb0027 = HubSpot does not allow this
trb0027-do = The user who connected has too few permissions in HubSpot, or the HubSpot account does not include this. Let a Super Admin of the HubSpot account connect on Data Mappings.
trb0028 = HubSpot does not know this address
trb0028-do = Ask whoever runs Tributary to check the address and the API version of HubSpot in the configuration.
trb0029 = HubSpot refuses the form of the request
trb0029-do = A proxy between Tributary and HubSpot may be the cause. Ask whoever runs Tributary to let requests to HubSpot pass unchanged.
trb0030 = The records are locked in HubSpot
trb0030-do = A large import or another integration is writing to the HubSpot account. Sync again later.
trb0031 = HubSpot is getting too many calls
trb0031-do = All integrations of the HubSpot account share one limit, and others are using it up. Sync at another time of the day, or ask whoever runs Tributary to lower its pace.
trb0032 = Today’s calls to HubSpot are used up
trb0032-do = Tributary leaves part of the daily calls to other integrations. Sync again once the day of the HubSpot account has ended.
trb0033 = HubSpot is moving the account
trb0033-do = HubSpot answers nothing while it moves the account to another data centre, which takes up to a day. Sync again afterwards.
trb0034 = HubSpot has trouble
trb0034-do = Look at status.hubspot.com, and try again later. A sync that failed has changed nothing.
trb0035 = HubSpot cannot be reached
trb0035-do = Try again later. If it stays, ask whoever runs Tributary to check the network. A sync that failed has changed nothing.
trb0036 = HubSpot’s answer cannot be read
trb0036-do = A proxy may be answering in HubSpot’s place. Ask whoever runs Tributary to check the network; otherwise the details below can be reported.
trb0037 = HubSpot keeps giving the same records
trb0037-do = This usually passes. Sync again later; if it stays, ask whoever runs Tributary to change the way records are read (the setting sync.reader).
trb0038 = New HubSpot tokens could not be stored
trb0038-do = The connection is not lost. Ask whoever runs Tributary to check the disk and the database, then try again.
trb0039 = HubSpot gave an unexpected answer
trb0039-do = Try again later. If it happens again, tell whoever runs Tributary the number and the details below.

## Numbered failures: of Pendo

trb0050 = Pendo is not connected
trb0050-do = Connect it on the page Destination.
trb0051 = Pendo does not accept the key
trb0051-do = The key is missing or incomplete, wrong, revoked, or of another region. Compare the region with the address at which you sign in to Pendo, and the key with Settings > Integrations > Integration Keys there.
trb0052 = The key may only read
trb0052-do = Make a key with “Allow Write Access” in Pendo, under Settings > Integrations > Integration Keys, and enter that one.
trb0053 = A setting for Pendo cannot be used
trb0053-do = Ask whoever runs Tributary to correct it in the configuration. Nothing was sent to Pendo.
trb0054 = Pendo does not understand the request
trb0054-do = It may not pass by itself. Tell whoever runs Tributary the number and the details below; what is to be sent waits.
trb0055 = Pendo is busy, or getting too many calls
trb0055-do = Nothing has to be done: what is to be sent waits, and is tried again, later each time. If it stays, other integrations may be writing to Pendo at the same time.
trb0056 = Pendo has trouble
trb0056-do = Look at status.pendo.io, and try again later. What is to be sent waits, and is tried again without your doing.
trb0057 = Pendo cannot be reached
trb0057-do = Try again later. If it stays, ask whoever runs Tributary to check the network and the proxy. What is to be sent waits, and is tried again without your doing.
trb0058 = Pendo’s answer cannot be read
trb0058-do = A proxy may be answering in Pendo’s place. Ask whoever runs Tributary to check the network; otherwise the details below can be reported.
trb0060 = The prefix cannot be used
trb0060-do = Use letters, digits and underscores, not a digit first, and 40 characters at most: hubspot_, for example. Capitals are written small.
trb0061 = Pendo does not know the id
trb0061-do = Take the id of a test visitor or account from Pendo, upper and lower case included. Nothing was written.

## Numbered failures: of the configuration and the command line

trb0100 = The command cannot be understood
trb0100-do = Nothing was done. Whoever runs Tributary can see how the command is written by adding --help to it.
trb0101 = The configuration file cannot be read
trb0101-do = Ask whoever runs Tributary to check where the file is and who may read it.
trb0102 = The configuration file contains a mistake
trb0102-do = Ask whoever runs Tributary to correct it; the details below name the place.
trb0103 = A setting is unknown
trb0103-do = Ask whoever runs Tributary to correct the name of the setting, or to remove it.
trb0104 = A setting has a value it cannot have
trb0104-do = Ask whoever runs Tributary to correct it; the details below name the setting.
trb0105 = The file of a secret cannot be read
trb0105-do = Ask whoever runs Tributary to check where the file is and who may read it.
trb0106 = There is no subscription yet
trb0106-do = An admin can create one with New subscription.
trb0107 = It is not clear which subscription is meant
trb0107-do = Choose the subscription at the top of the page, then try again.
trb0108 = There is no subscription of this name
trb0108-do = Choose one of the subscriptions listed at the top of the page.
trb0109 = The time zone is unknown
trb0109-do = Choose one from the list, such as Asia/Tokyo, Europe/Berlin or UTC. Abbreviations such as JST are not enough.

## Numbered failures: of ids, values and files

trb0110 = The file cannot be opened
trb0110-do = Check that the file is there and can be read, then send it again.
trb0111 = The file is UTF-16
trb0111-do = Nothing was imported. Save the file as UTF-8 (in a spreadsheet: “CSV UTF-8”) and send it again.
trb0112 = The first row of the file cannot be used
trb0112-do = Nothing was imported. The first row has to name the columns, each once: id, for visitors accounts, and fields of the group agent. Correct it and send the file again.
trb0113 = A field already has another type
trb0113-do = Nothing was imported. A field keeps the type it first had; give the new values another field name.
trb0114 = The file could not be read to its end
trb0114-do = What was read before is imported. Send the file again; nothing is counted twice.
trb0115 = The removal was not confirmed
trb0115-do = The file is imported, and ids that are not in it are kept. To remove them, import the file again and confirm the removal.
trb0116 = Nothing is removed while lines cannot be used
trb0116-do = The other lines are imported. Correct the lines that cannot be used and import the file again.
trb0117 = An empty file removes nothing
trb0117-do = Check whether it is the right file. Single visitors and accounts can be erased on their own pages.
trb0118 = This id is unknown
trb0118-do = Check upper and lower case, spaces and zeros, for every character counts. The id may also belong to the other level or to another subscription.
trb0119 = Values from HubSpot are not changed by hand
trb0119-do = Change the value in HubSpot; the next sync brings it. For a value of your own, use a field of the group custom.
trb0120 = Tributary’s own values are not changed by hand
trb0120-do = For a value of your own, use a field of the group custom.
trb0121 = The value does not fit the field
trb0121-do = A decimal field holds numbers, a boolean field true or false, a time field dates such as 2026-11-20 or 2026-11-20T09:30:00Z. Enter a value that fits, or use another field.
trb0122 = There is no such field
trb0122-do = It may be misspelled, or has never had a value. Data Mappings lists the fields of each level.
trb0123 = Stored metadata cannot be read
trb0123-do = Sync this level: damaged values from HubSpot are written again. If it stays, ask whoever runs Tributary to restore a backup.
trb0124 = The file cannot be written
trb0124-do = A file that was there before is as it was. Ask whoever runs Tributary to check the room on the disk and who may write there.

## Numbered failures: of connecting and mapping

trb0130 = HubSpot is not connected
trb0130-do = Connect it in step 1 on Data Mappings.
trb0131 = The file with the token cannot be read
trb0131-do = Ask whoever runs Tributary to check where the file is and who may read it. You can also enter the token on Data Mappings.
trb0132 = The file holds no token
trb0132-do = It has to hold the token and nothing else. You can also enter the token on Data Mappings.
trb0133 = This is another HubSpot account
trb0133-do = Nothing was changed. Use the HubSpot account that was connected before, or confirm the change on Data Mappings: the links to the old records then end, and all values stay.
trb0134 = There is no HubSpot app yet
trb0134-do = An admin can enter one on the page HubSpot app, or connect without an app by a token on Data Mappings.
trb0135 = The port for HubSpot’s answer is taken
trb0135-do = Another program on the server uses it. Ask whoever runs Tributary to end that program or to set another port.
trb0136 = Access was not granted
trb0136-do = Nothing was changed. Authenticate again and grant access in HubSpot; it takes a Super Admin, or the permission to install apps.
trb0137 = HubSpot’s page was not answered in time
trb0137-do = Nothing was changed. Authenticate again and grant access on HubSpot’s page.
trb0138 = Connecting was stopped
trb0138-do = Nothing was changed. Authenticate again on Data Mappings when you are ready.
trb0139 = Neither contacts nor companies can be read
trb0139-do = Nothing was changed. In HubSpot, add crm.objects.contacts.read for visitors, crm.objects.companies.read for accounts, or both, and connect again.
trb0140 = The stored HubSpot credentials cannot be read
trb0140-do = Connect again on Data Mappings. Mappings, links and values are kept.
trb0141 = HubSpot has no such property
trb0141-do = Nothing was changed. The property may have been archived; reload the page and choose another one.
trb0142 = This property cannot be imported
trb0142-do = Nothing was changed. Its values mean nothing outside HubSpot, or its type is not known; choose another property.
trb0143 = Neither level is set up
trb0143-do = Set a key property and choose fields on Data Mappings, then sync.
trb0144 = There is no such run
trb0144-do = It may belong to another subscription. The page Runs lists those of this one.

## Numbered failures: of the demo

trb0150 = The demo’s HubSpot cannot be started
trb0150-do = Another program on the server uses its port. Ask whoever runs the demo to start it without a port of its own.
trb0151 = The demo’s HubSpot failed
trb0151-do = This is a fault in Tributary. Report it with the number and the details below.
trb0152 = This data directory does not belong to the demo
trb0152-do = Nothing was changed. Ask whoever runs the demo to give it a directory of its own.
trb0153 = The demo’s pages do not answer
trb0153-do = This is a fault in Tributary. Report it with the number and the details below.

## Numbered failures: of serving, and of users

trb0160 = The address of the pages is taken
trb0160-do = Another program on the server listens there. Ask whoever runs Tributary to end it or to choose another port.
trb0161 = The address of the pages cannot be used
trb0161-do = Ask whoever runs Tributary to choose an address of the server and a port that it may use.
trb0162 = Nobody signs in with this e-mail address
trb0162-do = Nothing was changed. The page Users lists everybody who may sign in.
trb0163 = Somebody has this e-mail address already
trb0163-do = Nobody was added. On the page Users, an admin can make a new link for the person.
trb0164 = This user was deactivated
trb0164-do = Nothing was changed. On the page Users, an admin can activate the user again.
trb0170 = There is no such job
trb0170-do = It has come to its end in the meantime. Settings > Schedule shows what waits.
trb0171 = The rhythm cannot be used
trb0171-do = Choose every night, an interval of 5 to 1,440 minutes, or a cron expression of five fields.
trb0180 = There is nothing to copy
trb0180-do = Ask whoever runs Tributary to name the database that holds something.
trb0181 = The target is not empty
trb0181-do = Ask whoever runs Tributary to name an empty database. Nothing was overwritten.
trb0182 = The copy differs from the original
trb0182-do = Nothing of it was kept. Ask whoever runs Tributary to check the disk and the database, and to repeat it.
trb0183 = The database is an unfinished copy
trb0183-do = Ask whoever runs Tributary to repeat the copy or the restore.
trb0184 = Work is under way
trb0184-do = Wait until the sync ends, then repeat it.
trb0185 = A newer release has changed the database
trb0185-do = Ask whoever runs Tributary to start the newer release.
trb0186 = The file is there already
trb0186-do = Ask whoever runs Tributary to name another file.
trb0187 = The backup's file cannot be used
trb0187-do = Ask whoever runs Tributary to check the path, the permissions and the disk.
trb0188 = The stored secret belongs to another keyring
trb0188-do = Connect again on Data Mappings or on Destination, or enter the app's secret again. Mapping and values are all there.
trb0189 = Another keyring is there
trb0189-do = Ask whoever runs Tributary to move it away, or to leave --with-keyring out.
