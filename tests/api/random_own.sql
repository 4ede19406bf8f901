-- Names, types and keys that pagila and chinook have not, and in every column
-- that may be null some nulls; texts with what means something in a URL, in
-- LIKE or in the grammar of the filters.

CREATE SCHEMA own;
CREATE SCHEMA side;
CREATE TYPE own.mood AS ENUM ('sad', 'ok', 'Happy');
CREATE DOMAIN own.small AS int CHECK (VALUE BETWEEN 0 AND 9);

CREATE FUNCTION own.pick(n int, VARIADIC v text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
	'SELECT v[1 + n % array_length(v, 1)]';
CREATE FUNCTION own.word(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT own.pick(n, 'plain', 'Plain', 'PLAIN words', '', '50%', '50 %', 'a_b', 'aXb', 'it''s', 'say "hi"', '"quoted"', 'a;b',
		'(x;y)', 'a,b', 'a=b&c', ' both ends ', 'Ärger', 'ärger', 'straße', '日本', '100\', '\%', 'null', 'true', '5', '-5', '[1]', '{a}',
		'a.b', 'a__b', 'new' || chr(10) || 'line', 'tab' || chr(9) || 'stop', '#?+', '%41') $$;

CREATE TABLE own.shelf (
	id int PRIMARY KEY,
	name text NOT NULL,
	parent_id int REFERENCES own.shelf,
	"a b" text,
	"x__y" int,
	count int,
	"Mixed" varchar(30),
	code char(5),
	flag boolean,
	price numeric(8, 2),
	ratio float8,
	born date,
	made timestamp,
	seen timestamptz,
	tick time,
	span interval,
	uid uuid,
	mood own.mood,
	small own.small,
	big bigint,
	host inet
);
INSERT INTO own.shelf
	SELECT i, own.word(i * 7), nullif(i / 3, 0), CASE WHEN i % 4 > 0 THEN own.word(i * 5) END, CASE WHEN i % 3 > 0 THEN i % 7 END,
		i % 5, CASE WHEN i % 5 > 0 THEN left(own.word(i * 11), 30) END, CASE WHEN i % 6 > 0 THEN left('c' || i % 9, 5) END,
		CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END, CASE WHEN i % 7 > 0 THEN (i * 37 % 1000) / 4.0 END,
		CASE WHEN i % 5 > 1 THEN i / 8.0 - 3 END, CASE WHEN i % 4 > 1 THEN date '1999-12-30' + i END,
		CASE WHEN i % 4 <> 1 THEN timestamp '2024-03-31 01:30' + i * interval '13:07:05.25' END,
		CASE WHEN i % 5 <> 1 THEN timestamptz '2024-03-31 01:30+02' + i % 11 * interval '1 hour' END,
		CASE WHEN i % 3 <> 1 THEN time '00:00' + i * interval '00:17:03' END,
		CASE WHEN i % 3 <> 2 THEN i % 5 * interval '1 mon' + i % 3 * interval '1 day 02:03' END,
		CASE WHEN i % 4 <> 3 THEN md5((i % 20)::text)::uuid END, CASE WHEN i % 5 <> 3 THEN own.pick(i, 'sad', 'ok', 'Happy')::own.mood END,
		CASE WHEN i % 6 <> 3 THEN i % 10 END, CASE WHEN i % 7 <> 3 THEN 9007199254740991 + i % 3 END,
		CASE WHEN i % 5 <> 2 THEN set_masklen(inet '10.1.2.0' + i % 9, CASE i % 4 WHEN 0 THEN 24 ELSE 32 END) END
	FROM generate_series(1, 70) i;

-- two keys to one table, one of them to itself through it, and values inside values
CREATE TABLE own.book (
	id int PRIMARY KEY,
	shelf_id int NOT NULL REFERENCES own.shelf,
	spare_id int REFERENCES own.shelf,
	title varchar(40),
	tags text[],
	nums int[],
	valid int4range,
	days daterange,
	data jsonb,
	raw json,
	blob bytea
);
INSERT INTO own.book
	SELECT i, 1 + i * 13 % 70, CASE WHEN i % 3 > 0 THEN 1 + i * 29 % 70 END, CASE WHEN i % 8 > 0 THEN left(own.word(i * 3), 40) END,
		CASE WHEN i % 6 > 0 THEN ARRAY(SELECT own.word(i + k * 3) FROM generate_series(1, i % 4) k) END,
		CASE WHEN i % 5 > 0 THEN ARRAY(SELECT (i + k) % 6 FROM generate_series(1, i % 3) k) END,
		CASE WHEN i % 7 = 0 THEN 'empty' WHEN i % 7 > 1 THEN int4range(i % 10, CASE WHEN i % 4 > 0 THEN i % 10 + i % 6 END) END,
		CASE WHEN i % 4 > 0 THEN daterange(date '2024-01-01' + i % 20, date '2024-01-01' + i % 20 + i % 9) END,
		CASE WHEN i % 9 > 0 THEN jsonb_strip_nulls(jsonb_build_object('color', own.pick(i, 'red', 'Blue', NULL, 'dark, red'), 'n', CASE WHEN i % 3 > 0 THEN i % 12 END,
			'size', jsonb_build_object('width', i % 7 * 1.5, 'unit', own.pick(i, 'cm', 'in')))) END,
		CASE WHEN i % 5 > 0 THEN format('{"k" : %s, "deep": {"er": "%s"}}', i % 4, i % 6)::json END,
		CASE WHEN i % 4 > 0 THEN convert_to(repeat(own.word(i), 3), 'UTF8') END
	FROM generate_series(1, 150) i;

CREATE TABLE own.tag (code text PRIMARY KEY, "Label" text, boss text REFERENCES own.tag);
INSERT INTO own.tag SELECT 't' || i, CASE WHEN i % 4 > 0 THEN own.word(i * 2) END, CASE WHEN i > 3 THEN 't' || i % 3 + 1 END
	FROM generate_series(1, 17) i;
-- a circle
UPDATE own.tag SET boss = CASE code WHEN 't1' THEN 't2' WHEN 't2' THEN 't3' ELSE 't1' END WHERE code IN ('t1', 't2', 't3');
CREATE TABLE own.book_tag (book_id int REFERENCES own.book, tag_code text REFERENCES own.tag, note text, PRIMARY KEY (book_id, tag_code));
INSERT INTO own.book_tag SELECT 1 + i * 7 % 150, 't' || 1 + i * 5 % 17, CASE WHEN i % 3 > 0 THEN own.word(i) END
	FROM generate_series(1, 200) i ON CONFLICT DO NOTHING;

-- one for each, at most
CREATE TABLE own.card (book_id int PRIMARY KEY REFERENCES own.book, text text, made timestamptz);
INSERT INTO own.card SELECT i, own.word(i), CASE WHEN i % 4 > 0 THEN timestamptz '2020-02-29 00:00Z' + i * interval '1 day' END
	FROM generate_series(1, 150, 4) i;

-- keys of two columns
CREATE TABLE own.part (a int, b text, weight numeric, PRIMARY KEY (a, b));
INSERT INTO own.part SELECT i / 4, own.pick(i, 'x', 'y,z', 'ü', ''), CASE WHEN i % 5 > 0 THEN i / 3.0 END FROM generate_series(0, 39) i;
CREATE TABLE own.piece (id int PRIMARY KEY, part_a int, part_b text, note text, FOREIGN KEY (part_a, part_b) REFERENCES own.part);
INSERT INTO own.piece SELECT i, CASE WHEN i % 5 > 0 THEN i * 3 % 40 / 4 END, own.pick(i * 3 % 40, 'x', 'y,z', 'ü', ''), CASE WHEN i % 4 > 0 THEN own.word(i) END
	FROM generate_series(1, 60) i;

-- the same pair more than once; no key; a view; another schema
CREATE TABLE own.loan (book_id int REFERENCES own.book, shelf_id int REFERENCES own.shelf, day date, PRIMARY KEY (book_id, shelf_id, day));
INSERT INTO own.loan SELECT 1 + i * 7 % 40, 1 + i * 7 % 20, date '2024-05-01' + i % 3 FROM generate_series(1, 120) i ON CONFLICT DO NOTHING;
CREATE TABLE own.log (at timestamptz, what text, n int);
INSERT INTO own.log SELECT CASE WHEN i % 3 > 0 THEN timestamptz '2024-01-01 00:00Z' + i / 4 * interval '1 hour' END, CASE WHEN i % 5 > 0 THEN own.word(i) END, i % 6
	FROM generate_series(1, 80) i;
CREATE VIEW own.heavy AS SELECT id, title, shelf_id FROM own.book WHERE id % 2 = 0;
CREATE TABLE side.book (id int PRIMARY KEY, own_id int REFERENCES own.book, "weird.name" text);
INSERT INTO side.book SELECT i, 1 + i * 3 % 150, own.word(i) FROM generate_series(1, 40) i;
DROP FUNCTION own.word, own.pick;
ANALYZE;
