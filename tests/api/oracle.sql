-- Tables that eve may read, and tables h_…, boss, club and other.city that she
-- may not, related in every way: forwards, backwards, to itself, through join
-- tables of either kind, with names that are only ambiguous because of what
-- she cannot see.  Of note she may read her own rows.
CREATE SCHEMA other;

CREATE TABLE h_country (id int PRIMARY KEY, name text, code text UNIQUE, gdp numeric);
CREATE TABLE city (
	id int PRIMARY KEY, name text NOT NULL, size int, doc jsonb, spare int,
	country_id int REFERENCES h_country);
CREATE TABLE other.city (id int PRIMARY KEY, city_id int REFERENCES city, name text);
CREATE TABLE person (
	id int PRIMARY KEY, name text NOT NULL, city_id int REFERENCES city,
	boss_id int REFERENCES person, h_vault_id int,
	score numeric, born date, doc jsonb, tags text[], during int4range);
CREATE TABLE boss (id int PRIMARY KEY, person_id int REFERENCES person, name text, score int);
CREATE TABLE h_vault (
	id int PRIMARY KEY, name text, pin text UNIQUE, score numeric, doc jsonb,
	owner_id int REFERENCES person, keeper_id int REFERENCES person);
ALTER TABLE person ADD FOREIGN KEY (h_vault_id) REFERENCES h_vault;
CREATE TABLE h_profile (person_id int PRIMARY KEY REFERENCES person, name text, city_id int REFERENCES city);
CREATE TABLE h_bank (id int PRIMARY KEY, name text, score int);
CREATE TABLE bill (
	id int PRIMARY KEY, person_id int REFERENCES person, h_bank_id int REFERENCES h_bank,
	total numeric, due date);
CREATE TABLE tag (id int PRIMARY KEY, name text UNIQUE);
CREATE TABLE h_tagging (
	person_id int REFERENCES person, tag_id int REFERENCES tag, name text,
	PRIMARY KEY (person_id, tag_id));
CREATE TABLE person_tag (
	person_id int REFERENCES person, tag_id int REFERENCES tag,
	PRIMARY KEY (person_id, tag_id));
CREATE TABLE club (id int PRIMARY KEY, name text, score int);
CREATE TABLE person_club (
	person_id int REFERENCES person, club_id int REFERENCES club,
	PRIMARY KEY (person_id, club_id));
CREATE TABLE note (
	id int PRIMARY KEY, owner bigint NOT NULL, person_id int REFERENCES person, name text, stars int,
	up int REFERENCES note ON DELETE SET NULL);
CREATE TABLE reply (id int PRIMARY KEY, note_id int REFERENCES note, name text);
CREATE VIEW short AS SELECT id, name, city_id FROM person;

CREATE FUNCTION initial(person) RETURNS text STABLE LANGUAGE sql AS
	'SELECT left($1.name, 1)';
CREATE FUNCTION secret(h_vault) RETURNS text STABLE LANGUAGE sql AS
	'SELECT $1.pin';
CREATE FUNCTION loud(note) RETURNS text STABLE LANGUAGE sql AS
	'SELECT upper($1.name)';

INSERT INTO h_country SELECT i, 'planted ' || i, 'planted-' || i, i * 100 FROM generate_series(1, 4) i;
INSERT INTO city SELECT i, 'City ' || i, i * 10, jsonb_build_object('a', i, 'b', jsonb_build_object('c', 'x' || i)),
	i, 1 + i % 4 FROM generate_series(1, 8) i;
INSERT INTO other.city SELECT i, 1 + i % 8, 'planted ' || i FROM generate_series(1, 10) i;
INSERT INTO person SELECT i, 'Person ' || i, 1 + i % 8, nullif(i / 3, 0), NULL, i * 1.5, date '2000-01-01' + i,
	jsonb_build_object('a', i), ARRAY['t' || i % 3, 'u'], int4range(i, i + 5) FROM generate_series(1, 20) i;
INSERT INTO boss SELECT i, 1 + i % 20, 'planted ' || i, i FROM generate_series(1, 10) i;
INSERT INTO h_vault SELECT i, 'planted ' || i, 'planted-' || i, i, jsonb_build_object('a', i), 1 + i % 20, 1 + i % 7
	FROM generate_series(1, 12) i;
UPDATE person SET h_vault_id = 1 + id % 6 WHERE id % 4 > 0;
INSERT INTO h_profile SELECT i, 'planted ' || i, 1 + i % 8 FROM generate_series(1, 15) i;
INSERT INTO h_bank SELECT i, 'planted ' || i, i FROM generate_series(1, 5) i;
INSERT INTO bill SELECT i, 1 + i % 20, 1 + i % 3, i * 2.5, date '2020-01-01' + i FROM generate_series(1, 30) i;
INSERT INTO tag SELECT i, 'tag ' || i FROM generate_series(1, 6) i;
INSERT INTO h_tagging SELECT i, 1 + i % 6, 'planted ' || i FROM generate_series(1, 20) i;
INSERT INTO person_tag SELECT i, 1 + (i * 5) % 6 FROM generate_series(1, 20) i;
INSERT INTO club SELECT i, 'planted ' || i, i FROM generate_series(1, 4) i;
INSERT INTO person_club SELECT i, 1 + i % 3 FROM generate_series(1, 20) i;
INSERT INTO note SELECT i, 1000000, 1 + i % 20, 'planted ' || i, i FROM generate_series(1, 25) i;
INSERT INTO note SELECT 100 + i, 0, 1 + i % 20, 'note ' || i, i FROM generate_series(1, 10) i;
-- 101 below 102 …, and between 104 and 105 rows that she does not see
UPDATE note SET up = CASE id WHEN 104 THEN 5 WHEN 5 THEN 105 ELSE id + 1 END WHERE id IN (101, 102, 103, 104, 5, 105, 106, 107);
INSERT INTO reply SELECT i, i, 'reply ' || i FROM generate_series(1, 20) i;
INSERT INTO reply SELECT 100 + i, 100 + i, 'reply ' || i FROM generate_series(1, 9) i;
