-- What an installation remembers besides under the schema of 0002.
INSERT INTO hubspot_app (id, client_id, sealed) VALUES (1, 'client', 'sealed under a lost keyring');
UPDATE portal SET name = 'acme.example';
UPDATE subscription SET hubspot_on = false WHERE id = 2;
INSERT INTO level_state (subscription_id, level, changed_at, newest_pk, counted_at) VALUES (1, 0, 1767225600000, 2, NULL);
INSERT INTO member (email, role, password, language, theme, active, created_at, signed_in_at)
VALUES ('yui.sato@example.com', 'admin', '$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA', 'ja', NULL, true, 1767225600000, 1767225700000),
       ('lee@example.com', 'viewer', NULL, NULL, 'dark', false, 1767225600000, NULL);
INSERT INTO session (hash, member_id, guard, created_at, seen_at, agent)
VALUES ('0123456789abcdef0123456789abcdef', 1, 'guard', 1767225600000, 1767225700000, 'Firefox');
INSERT INTO ticket (hash, purpose, member_id, expires_at) VALUES ('fedcba9876543210fedcba9876543210', 'join', 2, 1767830400000);
INSERT INTO throttle (key, failures, last_at) VALUES ('mail:lee@example.com', 3, 1767225600000);
INSERT INTO oauth_attempt (hash, session_hash, subscription_id, level, replace_portal, created_at)
VALUES ('a', '0123456789abcdef0123456789abcdef', 1, 0, false, 1767225600000);
INSERT INTO audit (at, who, subscription_id, action, details) VALUES (1767225600000, 'yui.sato@example.com', 1, 'mapping.saved', '{}');
INSERT INTO pin (subscription_id, level, grp, name, kept, built_to, used_at) VALUES (1, 0, 'hubspot', 'plan', true, 2, 1767225600000);
INSERT INTO pin_value (pin_id, sort_key, subject_pk) VALUES (1, 'pro', 1);
INSERT INTO list_view (id, subscription_id, level, state, used_at) VALUES ('v1', 1, 0, '{"search":"u"}', 1767225600000);
INSERT INTO list_columns (member_id, subscription_id, level, columns) VALUES (1, 1, 0, '["hubspot.plan"]');
