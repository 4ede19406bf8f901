-- Migration 9: what dynapi-notifyd does with the log of events.
--
-- Rows of dynapi.event become visible in the order of commits, which is not
-- that of their ids.  seq is given to what is visible, by whichever daemon
-- looks first, under a lock that is held until all others can see it: so seq
-- grows in the order of delivery for every daemon, and is the id of a message.

set local client_min_messages = warning; -- "already exists" is no news

create sequence if not exists dynapi.event_seq;

-- Numbers what has become visible.  Each statement of a volatile function has
-- its own snapshot, so that the second one sees what the lock has waited for.
-- Rows that were new leave dead entries among the nulls of the index, which an
-- index scan marks when it meets them, and a bitmap scan reads again each time.
create or replace function dynapi.event_number() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set enable_bitmapscan = off
set enable_seqscan = off as $$
begin
	perform pg_advisory_xact_lock(1147764048, 1); -- "Dyn", its events
	update dynapi.event e set seq = n.seq
		from (select o.id, nextval('dynapi.event_seq') as seq
			from (select v.id from dynapi.event v
				where v.seq is null order by v.id
				limit 5000) o) n
		where e.id = n.id;
end $$;

-- What comes after a position, numbered where it was not; keys as JSON.
create or replace function dynapi.event_read(after_seq bigint, most bigint)
returns table (seq bigint, table_name text, event text, row_key text,
	rows bigint)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
	if exists (select from dynapi.event e where e.seq is null) then
		perform dynapi.event_number();
	end if;
	return query select e.seq, e.table_name::text, e.event,
			to_json(e.row_key)::text, e.rows
		from dynapi.event e where e.seq > after_seq
		order by e.seq limit most;
end $$;

-- Where the log begins and ends.  Who has seen everything up to kept_from - 1
-- has missed nothing; after last_seq nothing is visible.
create or replace function dynapi.event_position(out kept_from bigint,
	out last_seq bigint)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
	perform dynapi.event_number();
	select case when s.is_called then s.last_value else s.last_value - 1 end
		into last_seq from dynapi.event_seq s;
	select coalesce(min(e.seq), last_seq + 1)
		into kept_from from dynapi.event e;
end $$;

-- Removes from the beginning of the log what is older; how many rows.
create or replace function dynapi.event_purge(keep interval, most bigint)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
	removed bigint;
begin
	with first as (select e.seq, e.created from dynapi.event e
		where e.seq is not null order by e.seq limit most)
	delete from dynapi.event e using first f
		where e.seq = f.seq and f.seq < coalesce((select min(y.seq)
			from first y where y.created > now() - keep),
			9223372036854775807);
	get diagnostics removed = row_count;
	return removed;
end $$;

-- May each of these users, in his session, read the table?  In their order: t
-- or f; s: the session (null: the user anonymous) is not valid any more.
create or replace function dynapi.live_rights(users bigint[], sessions uuid[],
	tables text[]) returns table (state text)
language sql stable set search_path = pg_catalog as $$
	with asked as materialized (
		select a.user_id, a.table_name, a.n,
			coalesce(a.session_id, '00000000-0000-0000-0000-000000000000')
				as session_id
		from unnest(users, sessions, tables) with ordinality
			a(user_id, session_id, table_name, n)
	), known as materialized (
		select d.user_id, d.session_id, d.table_name, case
			when d.user_id = 0 and not exists (select
				from dynapi.users u where u.id = 0 and u.is_active)
				then 's'
			when d.user_id <> 0 and not exists (select
				from dynapi.session s
				where s.id = d.session_id
					and s.user_id = d.user_id
					and s.revoked is null
					and s.expires > now() and s.is_active)
				then 's'
			when dynapi.allowed(d.user_id, d.table_name, 'read')
				then 't'
			else 'f' end as state
		from (select distinct a.user_id, a.session_id, a.table_name
			from asked a) d
	)
	select k.state from asked a
		join known k on k.user_id = a.user_id
			and k.session_id = a.session_id
			and k.table_name = a.table_name
		order by a.n
$$;

revoke all on sequence dynapi.event_seq from public;
revoke all on function dynapi.event_number(), dynapi.event_read(bigint, bigint),
	dynapi.event_position(), dynapi.event_purge(interval, bigint),
	dynapi.live_rights(bigint[], uuid[], text[]) from public;

update dynapi.meta set version = 9 where version < 9;
