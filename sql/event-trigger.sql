-- Gives tables created later in an exposed schema to the responders' role, at
-- once.  Event triggers take a superuser: dynapictl init runs this where it is
-- one; else "dynapictl reload" gives new tables (dynapi.expose).
--
-- Nothing has to be configured: a role with USAGE on schema dynapi is a
-- responder, a schema that was given to it by name is exposed.  A failure is a
-- warning, never the end of somebody's CREATE TABLE.

set local client_min_messages = warning;

create or replace function dynapi.grant_new_tables() returns event_trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
	r record;
begin
	for r in select c.oid::regclass::text as ident, c.relkind,
			a.grantee::regrole::text as responder
		from pg_event_trigger_ddl_commands() e
			join pg_class c on c.oid = e.objid
			join pg_namespace n on n.oid = c.relnamespace
			cross join aclexplode(n.nspacl) a
		where e.classid = 'pg_class'::regclass and not e.in_extension
			and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
			and not c.relispartition
			and a.privilege_type = 'USAGE'
			and a.grantee not in (0, n.nspowner)
			and exists (select from pg_namespace d
				cross join aclexplode(d.nspacl) b
				where d.nspname = 'dynapi'
				and b.privilege_type = 'USAGE'
				and b.grantee = a.grantee
				and b.grantee <> d.nspowner)
	loop
		if r.relkind = 'S' then
			execute 'grant usage on sequence ' || r.ident ||
				' to ' || r.responder;
		else
			execute 'grant select, insert, update, delete on ' ||
				r.ident || ' to ' || r.responder;
		end if;
	end loop;
exception when others then
	raise warning 'dynapi: new tables were not given to the responders: %',
		sqlerrm;
end $$;
revoke all on function dynapi.grant_new_tables() from public;

drop event trigger if exists dynapi_grant_new_tables;
create event trigger dynapi_grant_new_tables on ddl_command_end
	when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO',
		'CREATE VIEW', 'CREATE MATERIALIZED VIEW', 'CREATE FOREIGN TABLE',
		'CREATE SEQUENCE', 'IMPORT FOREIGN SCHEMA')
	execute function dynapi.grant_new_tables();
