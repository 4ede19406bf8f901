-- What random.c has to know of a database: its tables, columns, keys and some
-- of their values, from the catalogs themselves.  t.catalog(SCHEMAS, SEED).

CREATE FUNCTION t.base(o oid) RETURNS oid LANGUAGE sql STABLE AS $$
	WITH RECURSIVE b AS (SELECT o AS oid UNION ALL
		SELECT typbasetype FROM pg_type JOIN b ON b.oid = pg_type.oid WHERE typtype = 'd')
	SELECT b.oid FROM b JOIN pg_type USING (oid) WHERE typtype <> 'd' $$;

-- METHOD 403 is btree, 405 hash
CREATE FUNCTION t.has_class(o oid, method oid) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN typtype IN ('e', 'r', 'm') THEN true
		WHEN typtype = 'c' THEN false
		WHEN typcategory = 'A' AND typelem <> 0 THEN t.has_class(typelem, method)
		ELSE EXISTS (SELECT FROM pg_opclass WHERE opcmethod = method AND opcdefault
			AND (opcintype = o OR EXISTS (SELECT FROM pg_cast WHERE castsource = o
				AND casttarget = opcintype AND castmethod = 'b' AND castcontext = 'i'))) END
	FROM pg_type WHERE oid = o $$;

CREATE FUNCTION t.class(o oid) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN typname IN ('int2', 'int4', 'int8') THEN 'i' WHEN typname = 'numeric' THEN 'n'
		WHEN typname IN ('float4', 'float8') THEN 'f' WHEN typname IN ('text', 'varchar', 'name') THEN 't'
		WHEN typname = 'bpchar' THEN 'c' WHEN typname = 'bool' THEN 'b'
		WHEN typname IN ('date', 'time', 'timestamp', 'timestamptz') THEN 'T'
		WHEN typname = 'interval' THEN 'I' WHEN typname = 'uuid' THEN 'u' WHEN typtype = 'e' THEN 'e'
		WHEN typcategory = 'A' AND typelem <> 0 THEN 'A' WHEN typtype = 'r' THEN 'r'
		WHEN typname = 'json' THEN 'j' WHEN typname = 'jsonb' THEN 'J' WHEN typname = 'bytea' THEN 'y'
		ELSE 'o' END
	FROM pg_type WHERE oid = o $$;

-- character without a length would be character(1)
CREATE FUNCTION t.cast(o oid) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE o WHEN 1042 THEN 'bpchar' ELSE format_type(o, NULL) END $$;

CREATE FUNCTION t.catalog(schemas text[], seed float8) RETURNS SETOF text[] LANGUAGE plpgsql AS $$
DECLARE
	rel record; col record; n bigint; el oid;
BEGIN
	PERFORM setseed(seed);
	FOR rel IN SELECT c.oid, nspname, relname FROM pg_class c JOIN pg_namespace s ON s.oid = relnamespace
		WHERE nspname = ANY (schemas) AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition ORDER BY 2, 3
	LOOP
		EXECUTE format('SELECT count(*) FROM %s', rel.oid::regclass) INTO n;
		RETURN NEXT ARRAY['T', rel.nspname, rel.relname,
			CASE WHEN rel.nspname = schemas[1] THEN '' ELSE rel.nspname || '.' END || rel.relname, n::text];
		EXECUTE format('CREATE TEMP TABLE t_sample ON COMMIT DROP AS SELECT * FROM %s ORDER BY random() LIMIT 300', rel.oid::regclass);
		FOR col IN SELECT attname, attnum, attnotnull, atttypid, t.base(atttypid) AS base FROM pg_attribute
			WHERE attrelid = rel.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
		LOOP
			el := (SELECT typelem FROM pg_type WHERE oid = col.base);
			RETURN NEXT ARRAY['C', col.attname, t.cast(col.atttypid), coalesce(t.cast(nullif(el, 0)), '-'), t.class(col.base),
				col.attnotnull::text, (t.has_class(col.base, 403) OR t.has_class(col.base, 405))::text, t.has_class(col.base, 403)::text,
				(col.base <> col.atttypid)::text];
			RETURN QUERY EXECUTE format('SELECT ARRAY[''V'', v] FROM (SELECT DISTINCT %I::text AS v FROM t_sample
				WHERE length(%1$I::text) < 200) x ORDER BY md5(v) LIMIT 30', col.attname);
			IF t.class(col.base) = 'A' AND t.class(el) IN ('i', 't', 'e') THEN
				RETURN QUERY EXECUTE format('SELECT ARRAY[''E'', v] FROM (SELECT DISTINCT unnest(%I)::text AS v FROM t_sample) x
					WHERE v IS NOT NULL ORDER BY md5(v) LIMIT 30', col.attname);
			ELSIF t.class(col.base) IN ('j', 'J') THEN
				RETURN QUERY EXECUTE format('WITH RECURSIVE p AS (
						SELECT k AS path, v, 1 AS n FROM t_sample, jsonb_each(CASE jsonb_typeof(%I::jsonb) WHEN ''object'' THEN %1$I::jsonb ELSE ''{}'' END) e (k, v)
						UNION ALL SELECT path || ''.'' || k, e.v, n + 1 FROM p, jsonb_each(CASE jsonb_typeof(p.v) WHEN ''object'' THEN p.v ELSE ''{}'' END) e (k, v)
						WHERE n < 3)
					SELECT ARRAY[''P'', path, (jsonb_typeof(v) = ''number'')::text, v #>> ''{}''] FROM (SELECT DISTINCT path, v FROM p
						WHERE v <> ''null'') x ORDER BY md5(path || v) LIMIT 30', col.attname);
			END IF;
		END LOOP;
		RETURN QUERY SELECT ARRAY['K', attname::text] FROM pg_constraint, unnest(conkey) WITH ORDINALITY k (num, ord)
			JOIN pg_attribute ON attnum = num WHERE conrelid = rel.oid AND contype = 'p' AND attrelid = rel.oid ORDER BY ord;
		DROP TABLE t_sample;
	END LOOP;
	RETURN QUERY SELECT ARRAY['F', conname, n1.nspname, c1.relname, n2.nspname, c2.relname,
			EXISTS (SELECT FROM pg_index WHERE indrelid = conrelid AND indisunique AND indpred IS NULL AND indexprs IS NULL
				AND ARRAY(SELECT unnest(indkey::int2[]) LIMIT indnkeyatts) <@ conkey)::text]::text[]
			|| (SELECT array_agg(x ORDER BY ord, side) FROM (
				SELECT ord, 1 AS side, attname::text AS x FROM unnest(conkey) WITH ORDINALITY k (num, ord) JOIN pg_attribute ON attnum = num AND attrelid = conrelid
				UNION ALL SELECT ord, 2, attname::text FROM unnest(confkey) WITH ORDINALITY k (num, ord) JOIN pg_attribute ON attnum = num AND attrelid = confrelid) y)
		FROM pg_constraint JOIN pg_class c1 ON c1.oid = conrelid JOIN pg_namespace n1 ON n1.oid = c1.relnamespace
		JOIN pg_class c2 ON c2.oid = confrelid JOIN pg_namespace n2 ON n2.oid = c2.relnamespace
		WHERE contype = 'f' AND n1.nspname = ANY (schemas) AND n2.nspname = ANY (schemas)
			AND NOT c1.relispartition AND NOT c2.relispartition
		ORDER BY n1.nspname, c1.relname, conname;
END $$;
