-- What an installation remembers besides under the schema of 0005.
INSERT INTO upload (subscription_id, level, name, sent_by, size, received_at, touched_at, job_id, created, fields, removed, outcome)
VALUES (1, 0, 'visitors.csv', 'yui.sato@example.com', 8, 1767225600000, 1767225600000, 2, 1, '[["role","string"]]', 1,
        '{"lines":1,"bad":0,"bad_lines":[],"end":"loaded"}'),
       (1, 1, '取引先.csv', 'yui.sato@example.com', 8, 1767225600000, 1767225600000, NULL, 0, '[]', 0, NULL),
       (1, 1, 'cut.csv', 'lee@example.com', 3, NULL, 1767225600000, NULL, 0, '[]', 0, NULL);
INSERT INTO upload_part (upload_id, number, bytes) SELECT id, 0, 'id
acme
' FROM upload WHERE size = 8 AND level = 1;
INSERT INTO upload_unseen (subject_pk, upload_id) VALUES (2, 1);
