-- What an installation remembers under the schema of 0001, in words that both databases know. Numbers are the databases' own:
-- the first row is 1.
INSERT INTO subscription (name, time_zone, created_at) VALUES ('Acme', 'Asia/Tokyo', 1767225600000), ('Emca 日本', 'UTC', 1767225600001);
INSERT INTO portal (id, time_zone, ui_domain, seen_at) VALUES (4711, 'US/Eastern', 'app.hubspot.com', 1767225600000);
INSERT INTO connection (subscription_id, portal_id, kind, sealed, scopes, connected_by, connected_at, broken)
VALUES (1, 4711, 'static', 'sealed under a lost keyring', '["oauth"]', NULL, 1767225600000, NULL);
INSERT INTO mapping (subscription_id, level, key_property, empty_policy, version)
VALUES (1, 0, 'product_user_id', 'clear', 2), (1, 1, 'product_account_id', 'keep', 1);
INSERT INTO field (subscription_id, level, grp, name, type, display_name, selected, created_at)
VALUES (1, 0, 'agent', 'role', 'string', 'role', false, 1767225600000),
       (1, 0, 'custom', 'note', 'string', 'Note', false, 1767225600000),
       (1, 0, 'hubspot', 'mrr', 'decimal', 'MRR', true, 1767225600000),
       (1, 0, 'hubspot', 'plan', 'string', 'Plan', true, 1767225600000),
       (1, 1, 'hubspot', 'name', 'string', 'Name', true, 1767225600000);
INSERT INTO subject (subscription_id, level, id, accounts, agent, custom, created_at, updated_at)
VALUES (1, 0, 'u-1', '["acme"]', '{"role":"admin"}', '{"note":"a\u0000b"}', 1767225600000, 1767225600000),
       (1, 0, 'u-2', NULL, NULL, NULL, 1767225600000, 1767225600000),
       (1, 1, 'acme', NULL, NULL, NULL, 1767225600000, 1767225600000),
       (2, 0, 'u-1', '[]', '{"n":1.50}', NULL, 1767225600000, 1767225600000),
       (1, 0, 'gone', NULL, NULL, NULL, 1767225600000, 1767225600000);
DELETE FROM subject WHERE id = 'gone';
INSERT INTO near_index (subscription_id, level, indexed_to) VALUES (1, 0, 2);
INSERT INTO near_folded (subscription_id, level, hash, subject_pk) VALUES (1, 0, -7, 1), (1, 0, 9223372036854775807, 2);
INSERT INTO near_reversed (subscription_id, level, reversed) VALUES (1, 0, '1-u'), (1, 0, '2-u');
INSERT INTO run (subscription_id, level, dry_run, state, applied, started_at, finished_at, report, pruned)
VALUES (1, 0, false, 'success', true, 1767229200000, 1767229260000, '{"schema":1}', false),
       (1, 1, true, 'failed', false, 1767229300000, 1767229360000, NULL, true);
INSERT INTO version (id, subject_pk, record_id, previous_id, payload)
VALUES (4294967296, 1, 101, NULL, '{"mrr":12345678901234567890.10,"plan":"pro"}');
INSERT INTO link (subject_pk, subscription_id, level, record_id, version_id, fingerprint, mapping_version, run_id)
VALUES (1, 1, 0, 101, 4294967296, -1234567890123456789, 2, 1), (2, 1, 0, NULL, NULL, 0, 1, 1);
INSERT INTO outcome (run_id, record_id, kind, subject_pk, key_text, near_id)
VALUES (1, 102, 4, NULL, 'U-1', 'u-1'), (1, 103, 1, NULL, NULL, NULL);
INSERT INTO quarantine (run_id, record_id, property, reason, value) VALUES (1, 101, 'seats', 'not_a_number', 'a few');
INSERT INTO ended_link (run_id, subject_pk, record_id, reason) VALUES (1, 2, 104, 'archived');
