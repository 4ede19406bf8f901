-- Migration 2: labels and translations, settings, login by e-mail address.

set local client_min_messages = warning; -- "already exists" is no news

-- What people read instead of a name.  key is the qualified name of a table
-- ("public.film") or of its column ("public.film.title"): then the text is for
-- those who may read the table, and the comment in the database stands in
-- where there is none.  Any other key is a path of words ("buttons.save").
create table if not exists dynapi.translation (
	locale text collate "C" not null
		check (locale ~ '^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$'),
	key text collate "C" not null
		check (key <> '' and pg_catalog.length(key) <= 500),
	text text not null,
	primary key (locale, key)
);
comment on table dynapi.translation is
	'Labels of tables and columns, and other texts, by language';

-- Settings of applications.  Who is signed in sees the public ones, an active
-- superuser all.
create table if not exists dynapi.setting (
	ns text collate "C" not null check (ns <> ''),
	key text collate "C" not null check (key <> ''),
	value text,
	is_public boolean not null default false,
	primary key (ns, key)
);
comment on table dynapi.setting is 'Settings of applications';

create or replace function dynapi.settings(of_user bigint)
returns table (ns text, key text, value text)
language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
	select s.ns, s.key, s.value from dynapi.setting s
	where s.is_public or exists (select from dynapi.users u
		where u.id = of_user and u.is_active and u.is_superuser)
	order by s.ns, s.key
$$;

-- As login_lookup, by name or by e-mail address.  A name goes first; an
-- address that several have is nobody's.
create or replace function dynapi.login_lookup_email(of_name text)
returns table (id bigint, password text, is_active boolean)
language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
	select u.id, u.password, u.is_active
	from dynapi.users u
	where u.id <> 0 and u.username = of_name
	union all
	select min(u.id), min(u.password), bool_and(u.is_active)
	from dynapi.users u
	where u.id <> 0 and u.email <> ''
		and lower(u.email) = lower(of_name)
		and not exists (select from dynapi.users n
			where n.username = of_name)
	having count(*) = 1
$$;
create index if not exists users_email
	on dynapi.users (pg_catalog.lower(email)) where email <> '';

revoke all on dynapi.translation, dynapi.setting from public;
revoke all on function dynapi.settings(bigint),
	dynapi.login_lookup_email(text) from public;

update dynapi.meta set version = 2 where version < 2;
