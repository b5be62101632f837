-- What an installation remembers besides under the schema of 0003.
INSERT INTO schedule (subscription_id, rhythm, paused, since, served_to) VALUES (1, 'hourly', true, 1767225600000, 1767229200000);
INSERT INTO missed_window (subscription_id, opens, closes, windows, noted_at) VALUES (1, 1767225600000, 1767229200000, 2, 1767229200001);
INSERT INTO job (subscription_id, level, kind, origin, asked_by, priority, state, due_at, expires_at, tries, token, holder, created_at, run_id)
VALUES (1, 0, 'sync', 'schedule', NULL, 1, 'done', 1767225600000, 1767247200000, 1, 1, NULL, 1767225600000, 1),
       (1, 0, 'measure product_user_id', 'measure', 'yui.sato@example.com', 0, 'waiting', 1767225600000, NULL, 0, 0, NULL, 1767225600000, NULL);
