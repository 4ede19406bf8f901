-- Migration 8: the log of events.  A row is written by the statement that
-- changes a row, so that both are committed or neither.

set local client_min_messages = warning; -- "already exists" is no news

-- seq is the position in the order of commits, given by dynapi-notifyd when it
-- first sees the row; null: not seen yet.  row_key: the texts of the key's
-- columns in its order; null: many rows at once, as many as rows says.
--
-- Every write of a row pays for what stands here: what is new is found by the
-- nulls in the index of seq, and event (created, updated, deleted) is not
-- checked, since the responders alone write it.
create table if not exists dynapi.event (
	id bigint generated always as identity primary key,
	seq bigint unique,
	created timestamptz not null default pg_catalog.now(),
	table_name text collate "C" not null,
	event text not null,
	row_key text[],
	rows bigint not null default 1
);

update dynapi.meta set version = 8 where version < 8;
