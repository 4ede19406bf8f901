-- Migration 5: a session has the flags of its user, so that the guard of each
-- request finds them where it looks anyway.  The foreign key keeps them equal:
-- a change of the user's is one of his sessions' in the same transaction, and a
-- session that is opened meanwhile waits for it.

set local client_min_messages = warning; -- "already exists" is no news

alter table dynapi.session
	add column if not exists is_active boolean,
	add column if not exists is_superuser boolean;
update dynapi.session s
	set is_active = u.is_active, is_superuser = u.is_superuser
	from dynapi.users u
	where u.id = s.user_id and (s.is_active is null
		or s.is_superuser is null);
alter table dynapi.session
	alter column is_active set not null,
	alter column is_superuser set not null;

create unique index if not exists users_flags
	on dynapi.users (id, is_active, is_superuser);
alter table dynapi.session
	drop constraint if exists session_user_id_fkey,
	drop constraint if exists session_user_fkey,
	add constraint session_user_fkey
		foreign key (user_id, is_active, is_superuser)
		references dynapi.users (id, is_active, is_superuser)
		on update cascade on delete cascade;

-- Who opens a session need not know of them.  One of a user who is switched off
-- has ended, as those that he had (users_changed).
create or replace function dynapi.session_flags() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
	select u.is_active, u.is_superuser into new.is_active, new.is_superuser
		from dynapi.users u where u.id = new.user_id for key share;
	if not new.is_active then
		new.revoked := coalesce(new.revoked, now());
	end if;
	return new;
end $$;
drop trigger if exists session_flags on dynapi.session;
create trigger session_flags before insert on dynapi.session
	for each row execute function dynapi.session_flags();

revoke all on function dynapi.session_flags() from public;

update dynapi.meta set version = 5 where version < 5;
