-- What the responders' role may do in the dynapi schema.  dynapictl init puts
-- the role's quoted name for the marker and runs this after the migrations,
-- in one transaction; running it again changes nothing.
--
-- Not granted: users.password and session.refresh_hash (only the functions
-- see them), and any writing but through functions and the views of accounts.

revoke all on all tables in schema dynapi from @RESPONDER@;
revoke all on all functions in schema dynapi from @RESPONDER@;

grant usage on schema dynapi to @RESPONDER@;
grant select on dynapi.meta, dynapi.roles, dynapi.groups, dynapi.user_roles,
	dynapi.user_groups, dynapi.members, dynapi.user_rights,
	dynapi.translation, dynapi.idempotency to @RESPONDER@;
grant select (id, username, email, first_name, last_name, contact, is_active,
	is_staff, is_superuser, last_login, date_joined)
	on dynapi.users to @RESPONDER@;
grant select (id, user_id, created, last_used, expires, revoked, client,
	is_active, is_superuser)
	on dynapi.session to @RESPONDER@;
-- their triggers ask who writes
grant select, insert, update, delete on dynapi.account, dynapi.account_v2
	to @RESPONDER@;
grant insert (table_name, event, row_key, rows) on dynapi.event to @RESPONDER@;
grant execute on function dynapi.refuse(text), dynapi.is_own(xid), dynapi.rights(bigint),
	dynapi.allowed(bigint, text, text), dynapi.login_lookup(text),
	dynapi.login_lookup_email(text), dynapi.settings(bigint),
	dynapi.session_open(bigint, text, text, uuid, bytea, bigint, text),
	dynapi.session_rotate(uuid, bigint, bytea, bytea, bigint),
	dynapi.session_revoke(uuid, bigint),
	dynapi.idempotency_keep(bigint, text, bytea, text, smallint, text[],
		bigint),
	dynapi.event_read(bigint, bigint), dynapi.event_position(),
	dynapi.event_purge(interval, bigint),
	dynapi.live_rights(bigint[], uuid[], text[])
	to @RESPONDER@;
