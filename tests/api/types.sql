-- A table "every" with a column of every built-in type, and values from one
-- end of its range to the other (but the JSON null, which comes out like NULL);
-- types.t compares what comes out with
-- to_json() and writes it back.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'very "happy"', 'été');
CREATE TYPE pair AS (a int, "b c" text);
CREATE TYPE deep AS (p pair, list pair[], at timestamptz);
CREATE DOMAIN small AS int CHECK (VALUE < 1000);
CREATE DOMAIN code AS text CHECK (VALUE <> 'bad');
CREATE DOMAIN codes AS code[];
CREATE DOMAIN coord AS pair;
CREATE TYPE textrange AS RANGE (subtype = text);

CREATE TABLE kinds (n int GENERATED ALWAYS AS IDENTITY, type text, vals text[]);
INSERT INTO kinds (type, vals) VALUES
('boolean', '{t,f}'),
('smallint', '{-32768,32767,0}'),
('integer', '{-2147483648,2147483647,0,-1}'),
('bigint', '{-9223372036854775808,9223372036854775807,9007199254740993}'),
('numeric', ARRAY['0', '-0.000001', '123456789012345678901234567890.000100', 'NaN', 'Infinity',
	'-Infinity', repeat('9', 1000) || '.' || repeat('1', 1000), '1e-300', '1e300', '0.10']),
('numeric(12,4)', '{99999999.9999,-0.0001,0,NaN,1.5}'),
('numeric(3,-2)', '{99900,0}'),
('real', '{3.4028235e38,1e-45,0.1,NaN,Infinity,-Infinity,-0,16777217}'),
('double precision', '{1.7976931348623157e308,5e-324,0.1,0.30000000000000004,NaN,Infinity,-Infinity,-0,1e15,1e16,1e21,123456789.125}'),
('money', '{-92233720368547758.08,92233720368547758.07,0,1234.5}'),
('text', ARRAY['', ' ', 'a"b\c/d', E'tab\tnl\ncr\rbs\bff\f', E'\u0001\u001f\u007f\u0080\u2028\u2029\ufeff',
	'ünï ✓ 漢字 👍 e' || U&'\0301', '''; drop table every; --', '<script>&</script>', 'null', '%_\', repeat('x', 100000)]),
('varchar(5)', ARRAY['', 'ab', '漢字漢字漢', '  ']),
('varchar', ARRAY['any', '']),
('char(5)', ARRAY['ab', '漢', '', '12345']),
('"char"', ARRAY['a', '"', '\', '', '\377']),
('name', ARRAY['pg_class', '', repeat('n', 63)]),
('citext', ARRAY['MiXed']),
('date', '{4713-01-01 BC,0001-12-31 BC,0001-01-01,1999-12-31,2024-02-29,9999-12-31,10000-01-01,5874897-12-31,infinity,-infinity}'),
('time', '{00:00,24:00:00,23:59:59.999999,12:30:00.5}'),
('time(3)', '{12:30:00.123}'),
('timetz', '{00:00:00+15:59:59,24:00:00-15:59:59,12:30:00.5+05:30,01:02:03+00}'),
('timestamp', '{4713-01-01 00:00:00 BC,0001-01-01 00:00:00,2024-02-29 12:00:00.5,9999-12-31 23:59:59.999999,294276-12-31 23:59:59.999999,infinity,-infinity,10000-01-01 00:00:00}'),
('timestamp(0)', '{2024-02-29 12:00:00}'),
('timestamptz', '{4713-01-01 00:00:00+00 BC,0001-01-01 00:00:00+00,2024-02-29 12:00:00.000001+02,294276-12-31 23:59:59.999999+00,infinity,-infinity}'),
('interval', ARRAY['0', '1 year 2 mons -3 days 04:05:06.789', '-178000000 years', '178000000 years', '-1 mon +1 day -00:00:00.000001',
	'2147483647 days', '2562047788 hours', '-2562047788 hours']),
('interval day to second', '{1 04:05:06}'),
('uuid', '{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'),
('json', ARRAY['"x"', '[]', '{}', E'{"a" : [1, 2.50,\n true],\n\t"b":1e400}', '"\u00e9\ud83d\ude00"', '12345678901234567890.10', E'[\n]']),
('jsonb', ARRAY['"x"', '[]', '{}', '{"b":[1,2.50,true,null,{"c":"d e"}],"a":1e40}', '"été\n"', '12345678901234567890.10', 'false']),
('xml', ARRAY['<a b="c">d &amp; e</a>', '<a/>', E'<a>\n</a>']),
('bit(5)', '{00000,10101,11111}'),
('bit varying', ARRAY['', '1', '0101010101']),
('bit varying(3)', '{101}'),
('inet', '{0.0.0.0/0,192.168.1.5,192.168.1.5/24,::1,fe80::1/64,255.255.255.255}'),
('cidr', '{10.0.0.0/8,2001:db8::/32,0.0.0.0/0}'),
('macaddr', '{08:00:2b:01:02:03,ff:ff:ff:ff:ff:ff}'),
('macaddr8', '{08:00:2b:01:02:03:04:05}'),
('point', ARRAY['(1,2)', '(1e+300,-0.5)', '(NaN,Infinity)']),
('line', ARRAY['{1,-1,0}']),
('lseg', ARRAY['[(0,0),(1,1)]']),
('box', ARRAY['(1,1),(0,0)']),
('path', ARRAY['[(0,0),(1,1)]', '((0,0),(1,1))']),
('polygon', ARRAY['((0,0),(1,1),(2,0))']),
('circle', ARRAY['<(0,0),5>']),
('tsvector', ARRAY['''a'':1A ''fat'':2B,4C ''q''''uote'':5', '']),
('tsquery', ARRAY['''fat'' & ( ''rat'' | !''cat'':AB )', '']),
('oid', '{0,4294967295}'),
('xid', '{0,4294967295}'),
('cid', '{7}'),
('xid8', '{18446744073709551615}'),
('tid', ARRAY['(0,1)']),
('pg_lsn', '{0/0,FFFFFFFF/FFFFFFFF}'),
('pg_snapshot', '{10:20:10\,14\,15}'),
('txid_snapshot', '{10:20:10}'),
('regclass', '{pg_catalog.pg_class,-}'),
('regproc', '{pg_catalog.now}'),
('regprocedure', ARRAY['pg_catalog.abs(integer)']),
('regtype', ARRAY['integer', 'character varying[]']),
('regnamespace', '{pg_catalog}'),
('regrole', '{pg_monitor}'),
('regconfig', '{english}'),
('regdictionary', '{simple}'),
('regcollation', ARRAY['"C"']),
('regoper', ARRAY['pg_catalog.||/']),
('regoperator', ARRAY['*(integer,integer)']),
('int2vector', ARRAY['1 2 3']),
('oidvector', ARRAY['1 2 3']),
('refcursor', '{cur}'),
('jsonpath', ARRAY['$."a"[*]?(@ > 1)']),
('int4range', ARRAY['[1,5)', 'empty', '(,)', '[1,)', '(,5)']),
('int8range', ARRAY['[-9223372036854775808,9223372036854775807)']),
('numrange', ARRAY['(1.50,2.5]', '(,)']),
('daterange', ARRAY['[2024-01-01,2024-02-01)', '[-infinity,infinity]']),
('tsrange', ARRAY['["2024-01-01 00:00:00","2024-02-01 12:00:00")', '(,infinity]']),
('tstzrange', ARRAY['["2024-01-01 00:00:00+00","2024-02-01 00:00:00+00"]']),
('textrange', ARRAY['[a,"b ""c"]', '(,"x,y")']),
('int4multirange', ARRAY['{}', '{[1,5),[7,9)}']),
('datemultirange', ARRAY['{[2024-01-01,2024-02-01)}']),
('nummultirange', ARRAY['{(1.5,2.5],(9,)}']),
('tstzmultirange', ARRAY['{["2024-01-01 00:00:00+00","2024-02-01 00:00:00+00")}']),
('mood', ARRAY['sad', 'very "happy"', 'été']),
('small', '{999,-1}'),
('code', ARRAY['good', '']),
('codes', ARRAY['{a,b,"c d"}', '{}']),
('coord', ARRAY['(1,x)']),
('pair', ARRAY['(1,"a ""b"", c")', '(,)', '(-5,"")', E'(1,"x\\\\y")']),
('deep', ARRAY['("(1,x)","{""(2,y)"",""(,)"",NULL}","2024-01-01 00:00:00+00")', '(,,)', '(,{},infinity)']),
('hstore', ARRAY['"a"=>"1", "b c"=>NULL, "d\"e"=>"f\\g"', '']),
('integer[]', ARRAY['{}', '{1,NULL,-3}', '{{1,2},{3,4}}', '{{{1},{2}},{{3},{4}}}', '{2147483647}']),
('bigint[]', ARRAY['{9223372036854775807,NULL}', '{{1},{2}}']),
('text[]', ARRAY['{}', '{"","null",NULL,"a,b","c\"d","e\\f"," g ","{h}"}', '{{a,b},{c,NULL}}']),
('varchar(3)[]', '{"{abc,NULL}"}'),
('boolean[]', ARRAY['{t,f,NULL}']),
('numeric[]', ARRAY['{1.50,NaN,NULL,123456789012345678901234567890}']),
('double precision[]', ARRAY['{1.5,NaN,Infinity,NULL,1e300}']),
('date[]', ARRAY['{2024-01-01,infinity,NULL}']),
('timestamp[]', ARRAY['{"2024-01-01 00:00:00",NULL}']),
('timestamptz[]', ARRAY['{"2024-01-01 00:00:00+00",infinity}']),
('interval[]', ARRAY['{"1 day",NULL}']),
('uuid[]', ARRAY['{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}']),
('json[]', ARRAY['{"{\"a\":[1,2]}","[]",NULL}']),
('jsonb[]', ARRAY['{"{\"a\": [1, 2]}","\"x\"",NULL}']),
('inet[]', ARRAY['{::1,10.0.0.0/8}']),
('mood[]', ARRAY['{sad,"very \"happy\""}']),
('pair[]', ARRAY['{"(1,a)","(,)",NULL}', '{}']),
('box[]', ARRAY['{(1,1),(0,0);(2,2),(0,0)}']),
('point[]', ARRAY['{"(1,2)","(3,4)"}']),
('int4range[]', ARRAY['{"[1,5)",empty}']),
('small[]', ARRAY['{1,2}']),
('money[]', ARRAY['{$1.00}']),
('char(3)[]', ARRAY['{a,bcd}']),
('hstore[]', ARRAY['{"\"a\"=>\"1\""}']);

-- every: one column for each of them, named by its type; bytes: what we render
-- in another way than to_json() does
DO $$
DECLARE
	k record;
	sets text;
BEGIN
	EXECUTE 'CREATE TABLE every (id int PRIMARY KEY, ' || (SELECT string_agg(
		format('%I %s', type, type), ', ' ORDER BY n) FROM kinds) || ')';
	EXECUTE 'INSERT INTO every (id) SELECT generate_series(0,
		(SELECT max(cardinality(vals)) FROM kinds))';
	FOR k IN SELECT type, i, vals[i] AS val FROM kinds, generate_subscripts(vals, 1) i LOOP
		EXECUTE format('UPDATE every SET %I = %L WHERE id = %s', k.type, k.val, k.i);
	END LOOP;
END $$;

CREATE TYPE blob_in AS (b bytea, n numeric, i bigint, t text);
CREATE TYPE blob_out AS (inner_one blob_in, many blob_in[], bs bytea[]);
CREATE TABLE exact (
	id int PRIMARY KEY, n numeric, i bigint, b bytea,
	ns numeric[], "is" bigint[], bs bytea[], c blob_in, d blob_out, cs blob_in[]
);
INSERT INTO exact (id) VALUES (0);
INSERT INTO exact VALUES
(1, 1.50, 9223372036854775807, '\x', '{}', '{}', '{}', '(,,,)', '(,,)', '{}'),
(2, 'NaN', -1, '\x00ff10', '{1.50,NaN,NULL}', '{9007199254740993,NULL}', '{"\\x00","\\x",NULL}',
	'("\\x0102",1.50,9007199254740993,"x")',
	ROW(ROW('\xff', 2.50, 5, 'y'), ARRAY[ROW('\x01', 1, 2, 'z'), NULL]::blob_in[], ARRAY['\xaa'::bytea, NULL])::blob_out,
	ARRAY[ROW('\x41', 7.0, 8, 'q'), NULL]::blob_in[]),
(3, 123456789012345678901234567890.10, -9223372036854775808, decode(repeat('00ff7f80', 200), 'hex'),
	'{{1.0,2.0},{3.0,NULL}}', '{{1},{2}}', '{{"\\x01","\\x02"},{"\\x03","\\x04"}}', NULL, NULL,
	'{{"(\"\\\\x41\",7,8,q)"},{NULL}}');

-- a table for each type that can be a key
DO $$
DECLARE
	k record;
BEGIN
	FOR k IN SELECT type, n FROM kinds LOOP
		BEGIN
			EXECUTE format('CREATE TABLE key_%s (k %s PRIMARY KEY, v int)', k.n, k.type);
		EXCEPTION WHEN undefined_object OR wrong_object_type OR feature_not_supported THEN
			NULL;
		END;
	END LOOP;
END $$;
