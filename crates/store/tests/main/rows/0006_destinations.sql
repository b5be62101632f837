-- What an installation remembers besides under the schema of 0006.
INSERT INTO destination (subscription_id, kind, settings, sealed, connected_by, connected_at, broken)
VALUES (1, 'pendo', '{"region":"eu","prefix":"hubspot_"}', 'sealed', 'yui.sato@example.com', 1767225600000, NULL);
INSERT INTO destination_level (subscription_id, level, listed, listed_at, newest, compared_at, comparison)
VALUES (1, 0, 2, 1767225600000, 1767225600000, NULL, NULL);
INSERT INTO destination_field (subscription_id, level, name, key, kind, held)
VALUES (1, 0, 'mrr', 'hubspot_mrr', 'float', NULL), (1, 0, 'plan', 'hubspot_plan', 'time', 'it is a time there');
INSERT INTO outbox (subscription_id, level, run_id, subject_pk, version_id, previous_id, whole)
VALUES (1, 0, 1, 1, 4294967296, NULL, false), (1, 0, 9223372036854775807, 2, NULL, NULL, true);
INSERT INTO delivery (subscription_id, level, run_id, queued, acknowledged, missing, errors, queued_at)
VALUES (1, 0, 1, 2, 0, 1, 0, 1767225600000);
INSERT INTO undelivered (subscription_id, level, run_id, subject_pk, reason, detail, settled)
VALUES (1, 0, 1, 2, 'missing', NULL, false);
INSERT INTO drift (subscription_id, level, subject_pk, name, expected, found) VALUES (1, 0, 1, 'plan', '"pro"', NULL);
