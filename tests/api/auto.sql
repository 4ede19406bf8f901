-- A blog, for the auto dialect.
create table country (code text primary key, name text not null);
create table author (
	id serial primary key, name text not null, city text,
	country_code text references country
);
create table profile (
	id serial primary key, author_id int not null unique references author,
	bio text
);
create table post (
	id serial primary key, title text not null,
	author_id int references author, views int not null default 0,
	price numeric(6,2), published boolean
);
create table comment (
	id serial primary key, post_id int not null references post,
	author_id int references author, body varchar(10) not null,
	spam boolean not null default false
);
create table tag (id serial primary key, name text not null unique);
create table post_tag (
	post_id int references post, tag_id int references tag,
	primary key (post_id, tag_id)
);
create table badge (code text primary key, label text not null);
create table author_badge (
	author_id int references author, badge_code text references badge,
	primary key (author_id, badge_code)
);
create table page (n int primary key);
create table secret (id serial primary key, post_id int references post, word text);
-- named like routes
create table search (id int primary key);
create table auth (name text primary key, n int);
create schema blog2;
create table blog2.note (id int primary key);
create view titles as select id, upper(title) || '' as title from post;
create view busy as select author_id, count(*) as posts from post group by author_id;
insert into country values ('FR', 'France'), ('DE', 'Germany');
insert into author (name, city, country_code) values
	('Ann', 'Lyon', 'FR'), ('Bob', 'Bonn', 'DE'), ('Cid', null, null);
insert into profile (author_id, bio) values (1, 'likes cats');
insert into post (title, author_id, views, price, published) values
	('one', 1, 0, 0, false), ('two', 1, 5, 1.5, true), ('three', 2, 0, null, null),
	('', null, 7, 2, true), ('50%', 2, 9, 3, false);
insert into comment (post_id, author_id, body, spam) values
	(1, 2, 'first', false), (1, 3, 'buy', true), (1, null, 'second', false),
	(2, 3, 'spam', true), (5, 1, 'hm', false);
insert into tag (name) values ('db'), ('web'), ('c');
insert into post_tag values (1, 1), (1, 2), (2, 1);
insert into badge values ('gold', 'Gold');
insert into secret (post_id, word) values (1, 'x');
insert into page select generate_series(1, 250);
insert into search values (1);
insert into auth values ('userinfo', 1), ('other', 2);
