-- :n tables in :schemas schemas (s1, s2 …; one: public), each with a key, a
-- unique column, a foreign key to the one before and a comment; for the start
-- of a responder and for introspection.
SELECT format('CREATE SCHEMA s%s', i)
FROM generate_series(1, :schemas) i WHERE :schemas > 1 \gexec

CREATE PROCEDURE pg_temp.make(n integer, schemas integer) LANGUAGE plpgsql AS $$
DECLARE
	home text;
	last text;
	name text;
BEGIN
	FOR i IN 1..n LOOP
		home := CASE WHEN schemas > 1 THEN 's' || 1 + i % schemas
			ELSE 'public' END;
		name := format('%I.%I', home, 'table_' || lpad(i::text, 5, '0'));
		EXECUTE format('CREATE UNLOGGED TABLE %s (
			id bigint PRIMARY KEY,
			code varchar(20) NOT NULL UNIQUE,
			parent_id bigint %s,
			amount numeric(10, 2) NOT NULL DEFAULT 0,
			active boolean NOT NULL DEFAULT true,
			placed date, kind integer)', name,
			'REFERENCES ' || last);
		EXECUTE format('COMMENT ON TABLE %s IS %L', name,
			'Table number ' || i);
		last := name;
		-- each table takes locks until the end of its transaction
		IF i % 200 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
END $$;
CALL pg_temp.make(:n, :schemas);
INSERT INTO :first (id, code) SELECT i, 'code ' || i FROM generate_series(1, 100) i;
VACUUM pg_catalog.pg_class;
VACUUM pg_catalog.pg_attribute;
ANALYZE;
