-- Migration 3: creates that can be repeated without creating twice.
--
-- The row is written by the statement that creates the row of the business
-- table, so that one is never there without the other.  Two requests with the
-- same key at once: the primary key lets one of them fail as a whole, and it
-- is answered from the row of the other.

set local client_min_messages = warning; -- "already exists" is no news

create table if not exists dynapi.idempotency (
	user_id bigint not null references dynapi.users on delete cascade,
	key text collate "C" not null
		check (key <> '' and pg_catalog.length(key) <= 255),
	-- SHA-256 of method, path, query and body
	fingerprint bytea not null
		check (pg_catalog.octet_length(fingerprint) = 32),
	table_name text collate "C" not null,
	status smallint not null,
	-- the texts of the new row's key, in its order; null: it has no key
	row_key text[],
	expires timestamptz not null
		default pg_catalog.now() + interval '24 hours',
	primary key (user_id, key)
);
create index if not exists idempotency_expires on dynapi.idempotency (expires);

-- Called for the row that was created, in the same statement.  An expired key
-- is free again, and takes the user's other expired ones with it.
create or replace function dynapi.idempotency_keep(of_user bigint,
	new_key text, new_fingerprint bytea, of_table text, new_status smallint,
	new_row_key text[])
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
	delete from dynapi.idempotency i
		where i.user_id = of_user and i.expires <= now();
	insert into dynapi.idempotency
			(user_id, key, fingerprint, table_name, status, row_key)
		values (of_user, new_key, new_fingerprint, of_table, new_status,
			new_row_key);
end $$;

-- ZD003: a write that would change more rows than the caller allowed; ZD004: an
-- Idempotency-Key that is in use; ZD005: of many rows one that is not there, or
-- that was written before by the same request.
create or replace function dynapi.refuse(code text) returns text
language plpgsql volatile strict set search_path = pg_catalog as $$
begin
	if code not in ('ZD001', 'ZD002', 'ZD003', 'ZD004',
			'ZD005') then
		raise exception 'dynapi.refuse: unknown code %', code;
	end if;
	raise exception using errcode = code, message = case code
		when 'ZD001' then 'not a valid session'
		when 'ZD002' then 'no right to do this'
		when 'ZD003' then 'more rows than allowed'
		when 'ZD004' then 'this key is in use'
		else 'a row that is not there or was written before' end;
end $$;

-- Was this row version written by the present transaction?  Subtransactions
-- have numbers of their own, all behind the transaction's; a row frozen long
-- ago can carry a number that has not been given out again yet.
create or replace function dynapi.is_own(row_xmin xid) returns boolean
language plpgsql volatile set search_path = pg_catalog as $$
declare
	top constant bigint := pg_current_xact_id()::text::bigint;
	behind constant bigint :=
		(row_xmin::text::bigint - top) & 4294967295;
begin
	if behind > 2147483647 then
		return false;
	end if;
	begin
		return coalesce(pg_xact_status((top + behind)::text::xid8)
			= 'in progress', false);
	exception when invalid_parameter_value then
		return false;
	end;
end $$;

revoke all on dynapi.idempotency from public;
revoke all on function dynapi.is_own(xid) from public;
revoke all on function dynapi.idempotency_keep(bigint, text, bytea, text,
	smallint, text[]) from public;

update dynapi.meta set version = 3 where version < 3;
