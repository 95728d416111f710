INSERT INTO request_writers (writer, position) VALUES ('6f0d3c0e', 3);
INSERT INTO request_inbox (at, methods, paths, statuses, counts, times)
    VALUES ('2026-01-01 00:00:10Z', '{GET,*}', '{/post,other}', '{200,404}', '{2,1}', '{0,3}');
INSERT INTO request_counts VALUES (10, '2026-01-01 00:00:00Z', 'GET', '/post', 200, 5);
INSERT INTO request_times VALUES (10, '2026-01-01 00:00:00Z', 0, '{4,1}');
INSERT INTO posts (owner_uid, content) SELECT uid, 'A post that is counted' FROM users; -- the trigger fills total_changes
