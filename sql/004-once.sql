-- Migration 4: an Idempotency-Key for creates of many rows.  They have no key
-- to be kept, but their number, which is what a repeat is answered with.

set local client_min_messages = warning; -- "already exists" is no news

alter table dynapi.idempotency
	add column if not exists created bigint not null default 1;
comment on column dynapi.idempotency.row_key is
	'the texts of the new row''s key, in its order; null: it has none, or there are many rows';

-- Called in the statement that creates the one row, or for many rows in their
-- transaction, behind the last of them.
drop function if exists dynapi.idempotency_keep(bigint, text, bytea, text,
	smallint, text[]);
create or replace function dynapi.idempotency_keep(of_user bigint,
	new_key text, new_fingerprint bytea, of_table text, new_status smallint,
	new_row_key text[], new_created bigint default 1)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
	delete from dynapi.idempotency i
		where i.user_id = of_user and i.expires <= now();
	insert into dynapi.idempotency (user_id, key, fingerprint, table_name,
			status, row_key, created)
		values (of_user, new_key, new_fingerprint, of_table, new_status,
			new_row_key, new_created);
end $$;

revoke all on function dynapi.idempotency_keep(bigint, text, bytea, text,
	smallint, text[], bigint) from public;

update dynapi.meta set version = 4 where version < 4;
