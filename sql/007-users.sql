-- Migration 7: the accounts, for superusers over HTTP.
--
-- The responders' role may not write accounts.  It may write two views of
-- them, whose triggers ask in whose session that is done (the guard says so
-- in dynapi.session and dynapi.user_id, until the transaction ends) and then
-- do it as the owner.  The views have no hash: password is null to whoever
-- reads, and what is written there is the hash of a new one.

set local client_min_messages = warning; -- "already exists" is no news

create or replace view dynapi.account as
	select id, username, email, first_name, last_name,
		contact::text as contact, is_active, is_staff, is_superuser,
		date_joined, last_login, null::text as password
	from dynapi.users;
comment on view dynapi.account is 'Accounts';
alter view dynapi.account
	alter column email set default '',
	alter column first_name set default '',
	alter column last_name set default '',
	alter column is_active set default true,
	alter column is_staff set default false,
	alter column is_superuser set default false;

-- in the words of the v2 dialect
create or replace view dynapi.account_v2 as
	select id, username, email, first_name, last_name,
		is_superuser as admin, not is_active as locked,
		date_joined as created_at, last_login as last_sign_in_at,
		null::text as password
	from dynapi.users;
comment on view dynapi.account_v2 is 'Accounts';
alter view dynapi.account_v2
	alter column email set default '',
	alter column first_name set default '',
	alter column last_name set default '',
	alter column admin set default false,
	alter column locked set default false;

-- ZD006: an account that cannot be changed so, or not by this one; the
-- constraint says which rule it is.
create or replace function dynapi.account_refuse(rule text, message text)
returns void
language plpgsql volatile set search_path = pg_catalog as $$
begin
	raise exception using errcode = 'ZD006', constraint = rule,
		message = message;
end $$;

-- Who writes accounts in this transaction: an active superuser with a session,
-- or it raises.  From here to the end of the transaction he stays one, for
-- whatever changes superusers has this lock, dynapictl too.
create or replace function dynapi.account_writer() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
	writer dynapi.users;
begin
	perform pg_advisory_xact_lock(hashtext('dynapi.users superusers'));
	select u.* into writer
		from dynapi.session s join dynapi.users u on u.id = s.user_id
		where s.id = nullif(current_setting('dynapi.session', true),
				'')::uuid
			and u.id = nullif(current_setting('dynapi.user_id', true),
				'')::bigint
			and s.revoked is null and s.expires > now()
			and u.is_active
		for update of u;
	if not found then
		perform dynapi.account_refuse('session', 'not a valid session');
	elsif not writer.is_superuser then
		perform dynapi.account_refuse('superuser', 'no superuser');
	end if;
	return writer.id;
end $$;

-- The writer is an active superuser, and cannot make himself another: so there
-- is always one left.  What has changed since the statement looked is not
-- written over.
create or replace function dynapi.account_write() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
	writer bigint := dynapi.account_writer();
	stored dynapi.account;
begin
	if tg_op <> 'DELETE' and new.username = 'anonymous'
			and new.id is distinct from 0 then
		raise exception using errcode = 'unique_violation',
			schema = 'dynapi', table = 'users',
			constraint = 'users_username_key',
			message = 'there is a user of this name';
	end if;
	if tg_op = 'INSERT' then
		insert into dynapi.users (username, password, email, first_name,
				last_name, contact, is_active, is_staff,
				is_superuser)
			values (new.username, new.password, new.email,
				new.first_name, new.last_name, new.contact,
				new.is_active, new.is_staff, new.is_superuser)
			returning id, date_joined, last_login
			into new.id, new.date_joined, new.last_login;
		new.password := null;
		return new;
	end if;
	if old.id = 0 then
		perform dynapi.account_refuse('anonymous',
			'the user of visitors without a token');
	elsif old.id = writer and (tg_op = 'DELETE'
			or not (new.is_active and new.is_superuser)) then
		perform dynapi.account_refuse('own', 'the own account');
	end if;
	perform from dynapi.users u where u.id = old.id for update;
	select a.* into stored from dynapi.account a where a.id = old.id;
	if not found then
		return null;
	end if;
	if tg_op = 'DELETE' then
		delete from dynapi.users u where u.id = old.id;
		return old;
	end if;
	old.last_login := stored.last_login;
	if stored is distinct from old then
		perform dynapi.account_refuse('changed',
			'the account has changed meanwhile');
	end if;
	update dynapi.users u set username = new.username, email = new.email,
		first_name = new.first_name, last_name = new.last_name,
		contact = new.contact, is_active = new.is_active,
		is_staff = new.is_staff, is_superuser = new.is_superuser
		where u.id = old.id;
	if new.password is not null then
		perform dynapi.password_set(old.id, new.password);
	end if;
	select a.* into new from dynapi.account a where a.id = old.id;
	return new;
end $$;

create or replace function dynapi.account_write_v2() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
	writer bigint := dynapi.account_writer();
	stored dynapi.account_v2;
	written bigint;
begin
	if tg_op = 'INSERT' then
		insert into dynapi.account (username, password, email,
				first_name, last_name, is_active, is_superuser)
			values (new.username, new.password, new.email,
				new.first_name, new.last_name, not new.locked,
				new.admin)
			returning id into written;
	else
		select a.* into stored from dynapi.account_v2 a
			where a.id = old.id;
		old.last_sign_in_at := stored.last_sign_in_at;
		if stored.id is not null and stored is distinct from old then
			perform dynapi.account_refuse('changed',
				'the account has changed meanwhile');
		end if;
		if tg_op = 'DELETE' then
			delete from dynapi.account a where a.id = old.id
				returning a.id into written;
			if written is null then
				return null;
			end if;
			return old;
		end if;
		update dynapi.account a set username = new.username,
			email = new.email, first_name = new.first_name,
			last_name = new.last_name, is_active = not new.locked,
			is_superuser = new.admin, password = new.password
			where a.id = old.id
			returning a.id into written;
	end if;
	if written is null then
		return null;
	end if;
	select a.* into new from dynapi.account_v2 a where a.id = written;
	return new;
end $$;

drop trigger if exists account_write on dynapi.account;
create trigger account_write instead of insert or update or delete
	on dynapi.account for each row execute function dynapi.account_write();
drop trigger if exists account_write_v2 on dynapi.account_v2;
create trigger account_write_v2 instead of insert or update or delete
	on dynapi.account_v2
	for each row execute function dynapi.account_write_v2();

-- The locks before any row, in the order in which all others take them.
create or replace function dynapi.account_lock() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
	perform pg_advisory_xact_lock(hashtext('dynapi.users superusers'));
	update dynapi.meta set rights_version = rights_version + 1;
	return null;
end $$;
drop trigger if exists account_lock on dynapi.account;
create trigger account_lock before update or delete on dynapi.account
	for each statement execute function dynapi.account_lock();
drop trigger if exists account_lock on dynapi.account_v2;
create trigger account_lock before update or delete on dynapi.account_v2
	for each statement execute function dynapi.account_lock();

revoke all on dynapi.account, dynapi.account_v2 from public;
revoke all on function dynapi.account_refuse(text, text),
	dynapi.account_writer(), dynapi.account_lock(), dynapi.account_write(),
	dynapi.account_write_v2() from public;

update dynapi.meta set version = 7 where version < 7;
