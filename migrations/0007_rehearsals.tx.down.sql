DROP FUNCTION rehearse();
DROP TRIGGER users_rehearsal ON users;
DROP FUNCTION refuse_rehearsal();
