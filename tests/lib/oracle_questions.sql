-- Questions about every relation of every table, for tests/api/oracle.t: what
-- the catalog says is put into the forms below.  {n} is a table, {r} a name of
-- one of its relations, {c} a column of the table behind it, {s} the next
-- relation there, {v} a value, {k} a key.  One row of t.question is one line
-- for tests/lib/ask.

-- every way a relation may be called, whether it is one or not
CREATE TABLE t.relation AS
WITH k AS (
	SELECT conrelid AS near, confrelid AS far, conname, a.attname AS col, i.indnatts > 1 AS is_join
	FROM pg_constraint c
	JOIN pg_attribute a ON attrelid = conrelid AND attnum = conkey[1]
	JOIN pg_index i ON i.indrelid = conrelid AND indisprimary
	WHERE contype = 'f' AND cardinality(conkey) = 1
), names AS (
	SELECT near, far, unnest(ARRAY[regexp_replace(col, '_id$', ''), f.relname || '!' || col]) AS name
	FROM k JOIN pg_class f ON f.oid = far
	UNION
	SELECT far, near, unnest(ARRAY[n.relname, n.relname || '!' || col,
		n.relname || '!' || col || '!back', n.relname || '!' || conname])
	FROM k JOIN pg_class n ON n.oid = near
	UNION
	SELECT a.far, b.far, unnest(ARRAY[f.relname, f.relname || '!' || v.relname])
	FROM k a JOIN k b ON a.near = b.near AND a.conname <> b.conname AND a.is_join
	JOIN pg_class v ON v.oid = a.near JOIN pg_class f ON f.oid = b.far
)
SELECT DISTINCT near, far, name FROM names;

CREATE TABLE t.form (dialect text, level text, method text, uri text, body text, head text);

-- level c: for each column behind a relation; r: for each relation; s: for two
-- relations one behind the other; n: for each table
INSERT INTO t.form VALUES
	('dyn', 'c', 'GET', '?{r}.{c}={v}', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}__{c}={v}', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}__ne={v}', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}__{c}__gt={v}', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}__isnull=true', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}__nnull=true&fields=id', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}__{c}__icontains=planted', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}__{c}__nistartswith=planted', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}__in={v},1,2', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}__between=1,7', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}__{c}__acontains=x', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}.a=1', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}__{c}__a__gt=3', NULL, NULL),
	('dyn', 'c', 'GET', '?not=({r}.{c}={v})', NULL, NULL),
	('dyn', 'c', 'GET', '?or=({r}.{c}={v};{r}.{c}__isnull=true)', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}={v}&count=exact&limit=1', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}={v}&count=estimated', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}={v}&page=1&page_size=2', NULL, NULL),
	('dyn', 'c', 'HEAD', '?{r}.{c}={v}', NULL, NULL),
	('dyn', 'c', 'GET', '?ordering={r}.{c}', NULL, NULL),
	('dyn', 'c', 'GET', '?ordering=-{r}__{c}:nullslast&limit=3', NULL, NULL),
	('dyn', 'c', 'GET', '?ordering={r}.{c}&cursor=&limit=2', NULL, NULL),
	('dyn', 'c', 'GET', '?fields={r}.{c}', NULL, NULL),
	('dyn', 'c', 'GET', '?fields={r}.{c}&distinct=true&format=csv', NULL, NULL),
	('dyn', 'c', 'GET', '?group_by={r}.{c}&aggregate=count(*)', NULL, NULL),
	('dyn', 'c', 'GET', '?aggregate=max({r}.{c}),count(distinct+{r}.{c})', NULL, NULL),
	('dyn', 'c', 'GET', '?aggregate=count(*)&having=sum({r}.{c})__gt=1', NULL, NULL),
	('dyn', 'c', 'GET', '?include={r}({c}={v})', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}__descendant_of=3', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}__nancestor_of={v}&count=exact&limit=1', NULL, NULL),
	('dyn', 'c', 'GET', '?include={r}(fields={c})&limit=3', NULL, NULL),
	('dyn', 'c', 'GET', '?include={r}!inner({c}={v})&count=exact&limit=1', NULL, NULL),
	('dyn', 'c', 'GET', '?include={r}!anti({c}={v})', NULL, NULL),
	('dyn', 'c', 'GET', '?{r}.{c}={v}', NULL, 'Prefer: handling=strict'),
	('dyn', 'c', 'GET', '{k}/?include={r}(ordering=-{c})', NULL, NULL),
	('dyn', 'c', 'POST', 'search/', '{"{r}.{c}":"{v}"}', NULL),
	('dyn', 'c', 'QUERY', '', '{"ordering":"{r}.{c}"}', NULL),
	('dyn', 'c', 'PATCH', '?{r}.{c}={v}&max_affected=5', '{"spare":1}', 'Prefer: tx=rollback'),
	('dyn', 'c', 'DELETE', '?{r}.{c}={v}', NULL, 'Prefer: tx=rollback'),
	('auto', 'c', 'GET', '?where=["{r}.{c}","{v}"]', NULL, NULL),
	('auto', 'c', 'GET', '?where=["{r}.{c}","!=","{v}"]', NULL, NULL),
	('auto', 'c', 'GET', '?or_where=({r}.{c},like,planted%25)', NULL, NULL),
	('auto', 'c', 'GET', '?where={"{r}.{c}":null}', NULL, NULL),
	('auto', 'c', 'GET', '?find=["{r}.{c}","{v}"]', NULL, NULL),
	('auto', 'c', 'GET', '?order_by=["{r}.{c}","DESC"]', NULL, NULL),
	('auto', 'c', 'GET', '?include={r}&filter=["{r}.{c}",">","{v}"]', NULL, NULL),
	('auto', 'c', 'GET', '?include={r}&sort=["{r}.{c}","DESC"]&size=3', NULL, NULL),
	('auto', 'c', 'GET', '?group_by={r}.{c}&aggregate=count(*)', NULL, NULL),
	('auto', 'c', 'GET', '?aggregate=["max({r}.{c})","count(*)"]&having=["max({r}.{c})",">","{v}"]', NULL, NULL),
	('auto', 'c', 'POST', 'search', '{"where":["{r}.{c}","{v}"],"include":"{r}"}', NULL),
	('auto', 'c', 'QUERY', '', '{"group_by":["{r}.{c}"],"order_by":"{r}.{c}"}', NULL),
	('auto', 'c', 'PATCH', '?where=["{r}.{c}","{v}"]', '{"nope":1}', NULL),
	('v2', 'c', 'GET', '?q[{r}_{c}_eq]={v}', NULL, NULL),
	('v2', 'c', 'GET', '?q[{r}_{c}_cont]=planted', NULL, NULL),
	('v2', 'c', 'GET', '?q[{r}_{c}_null]=1&count=true', NULL, NULL),
	('v2', 'c', 'GET', '?q[{r}_{c}_not_in][]={v}&page=1&per=2', NULL, NULL),
	('v2', 'c', 'GET', '?q[s]={r}_{c}+desc', NULL, NULL),
	('v2', 'c', 'GET', '?q[c][0][a][0][name]={r}_{c}&q[c][0][p]=gt&q[c][0][v][]=1', NULL, NULL),
	('v2', 'c', 'GET', '?a[include][{r}][only][]={c}', NULL, NULL),
	('v2', 'c', 'POST', 'search', '{"q":{"g":[{"{r}_{c}_present":1,"m":"or","id_eq":1}]}}', NULL),
	('dyn', 'r', 'GET', '?include={r}', NULL, NULL),
	('dyn', 'r', 'GET', '?include={r}&limit=2', NULL, NULL),
	('dyn', 'r', 'GET', '?include={r}(depth=3)', NULL, NULL),
	('dyn', 'r', 'GET', '?include=x:{r}!inner(depth=2)&limit=3&count=exact', NULL, NULL),
	('dyn', 'r', 'GET', '?include=x:{r}(limit=1)&page=1', NULL, NULL),
	('dyn', 'r', 'GET', '?include={r}!inner&count=exact', NULL, NULL),
	('dyn', 'r', 'HEAD', '?include={r}!inner', NULL, NULL),
	('dyn', 'r', 'GET', '?include={r}!anti', NULL, NULL),
	('dyn', 'r', 'GET', '?include={r}&format=ndjson&limit=4', NULL, NULL),
	('dyn', 'r', 'GET', '?{r}__isnull=true', NULL, NULL),
	('dyn', 'r', 'GET', '?{r}__isnull=false&aggregate=count(*)', NULL, NULL),
	('dyn', 'r', 'GET', '?{r}=1', NULL, NULL),
	('dyn', 'r', 'GET', '?{r}__reaches=1', NULL, NULL),
	('dyn', 'r', 'GET', '?{r}.{r}__nreached_from=2&fields=id', NULL, NULL),
	('dyn', 'r', 'GET', '?{r}.initial=P', NULL, NULL),
	('dyn', 'r', 'GET', '?{r}.secret__contains=planted&fields=id', NULL, NULL),
	('dyn', 'r', 'GET', '?ordering={r}.secret', NULL, NULL),
	('dyn', 'r', 'GET', '?ordering={r}', NULL, NULL),
	('dyn', 'r', 'GET', '?fields=id,{r}', NULL, NULL),
	('dyn', 'r', 'GET', '{k}/?include={r}', NULL, NULL),
	('dyn', 'r', 'GET', '{k}/?include={r}', NULL, 'If-None-Match: "x"'),
	('dyn', 'r', 'POST', '', '{"id":901,"{r}":{"id":1}}', 'Prefer: tx=rollback'),
	('dyn', 'r', 'POST', '', '{"id":902,"{r}":[{"name":"x"}]}', 'Prefer: tx=rollback'),
	('dyn', 'r', 'PATCH', '{k}/', '{"{r}":1}', NULL),
	('dyn', 'r', 'GET', '{r}/', NULL, NULL),
	('dyn', 'r', 'GET', '?{r}.nope=1&include={r}(fields=nope)', NULL, NULL),
	('auto', 'r', 'GET', '?include={r}&page_size=3', NULL, NULL),
	('auto', 'r', 'GET', '{k}?include={r}', NULL, NULL),
	('auto', 'r', 'GET', '?where=["{r}",1]', NULL, NULL),
	('auto', 'r', 'POST', 'with_relations', '{"nope":1,"{r}":[{"name":"x"}]}', NULL),
	('v2', 'r', 'GET', '?a[include][]={r}', NULL, NULL),
	('v2', 'r', 'GET', '{k}?a[include][]={r}', NULL, NULL),
	('v2', 'r', 'GET', '?q[{r}_eq]=1', NULL, NULL),
	('dyn', 's', 'GET', '?include={r}.{s}&limit=3', NULL, NULL),
	('dyn', 's', 'GET', '?include={r}(include={s};limit=1)', NULL, NULL),
	('dyn', 's', 'GET', '?include={r}(include={s};depth=2)&limit=3', NULL, NULL),
	('dyn', 's', 'GET', '?{r}.{s}.{c}={v}', NULL, NULL),
	('dyn', 's', 'GET', '?{r}__{s}__{c}__ne={v}&fields=id', NULL, NULL),
	('dyn', 's', 'GET', '?include={r}({s}.{c}={v})&fields=id', NULL, NULL),
	('dyn', 's', 'GET', '?{r}.{s}__reached_from={v}&fields=id', NULL, NULL),
	('dyn', 's', 'GET', '?{r}.{s}__reaches=1&count=exact&limit=2', NULL, NULL),
	('dyn', 's', 'GET', '?ordering={r}.{s}.{c}', NULL, NULL),
	('dyn', 's', 'GET', '?group_by={r}.{s}.{c}', NULL, NULL),
	('auto', 's', 'GET', '?include={r}.{s}', NULL, NULL),
	('auto', 's', 'GET', '?where=["{r}.{s}.{c}","{v}"]', NULL, NULL),
	('v2', 's', 'GET', '?q[{r}_{s}_{c}_eq]={v}', NULL, NULL),
	('v2', 's', 'GET', '?a[include][{r}][include][]={s}', NULL, NULL),
	('dyn', 'n', 'GET', '', NULL, NULL),
	('dyn', 'n', 'HEAD', '', NULL, NULL),
	('dyn', 'n', 'OPTIONS', '', NULL, NULL),
	('dyn', 'n', 'OPTIONS', '1/', NULL, NULL),
	('dyn', 'n', 'GET', '1/', NULL, NULL),
	('dyn', 'n', 'HEAD', '1/', NULL, NULL),
	('dyn', 'n', 'GET', '?fields=pin', NULL, NULL),
	('dyn', 'n', 'GET', '?boss_id__descendant_of=2', NULL, NULL),
	('dyn', 'n', 'GET', '?h_vault_id__ancestor_of=2', NULL, NULL),
	('dyn', 'n', 'GET', '?up__descendant_of=106&count=exact&limit=3', NULL, NULL),
	('dyn', 'n', 'GET', '?up__descendant_of=3', NULL, NULL),
	('dyn', 'n', 'GET', '?up__ancestor_of=102&fields=id,up', NULL, NULL),
	('dyn', 'n', 'GET', '?up__ancestor_of=5', NULL, NULL),
	('dyn', 'n', 'GET', '?up__nancestor_of=102&aggregate=count(*)', NULL, NULL),
	('dyn', 'n', 'PATCH', '?up__descendant_of=106', '{"stars":1}', 'Prefer: tx=rollback'),
	('dyn', 'n', 'GET', '?nope=1', NULL, 'Prefer: handling=strict'),
	('dyn', 'n', 'GET', '?search=planted', NULL, NULL),
	('dyn', 'n', 'GET', '?search=note&count=exact', NULL, NULL),
	('dyn', 'n', 'GET', '?search=planted+3', NULL, NULL),
	('dyn', 'n', 'GET', '?search=person,1&ordering=-id&cursor=&limit=2', NULL, NULL),
	('dyn', 'n', 'POST', 'search/', '{"search":["more","x"]}', NULL),
	('dyn', 'n', 'PATCH', '?search=planted&max_affected=900', '{"spare":1}', 'Prefer: tx=rollback'),
	('dyn', 'n', 'DELETE', '?search=more&max_affected=900', NULL, 'Prefer: tx=rollback'),
	('dyn', 'r', 'GET', '?include={r}(search=planted)', NULL, NULL),
	('dyn', 'r', 'GET', '?include={r}!inner(search=person)&count=exact&limit=1', NULL, NULL),
	('dyn', 'n', 'GET', '?count=estimated&limit=1', NULL, NULL),
	('dyn', 'n', 'GET', '?count=estimated&name__isnull=false', NULL, NULL),
	('dyn', 'n', 'GET', '?page=last&page_size=3', NULL, NULL),
	('dyn', 'n', 'GET', '?cursor=&limit=3', NULL, NULL),
	('dyn', 'n', 'GET', '?cursor=&limit=3&ordering=-name', NULL, NULL),
	('dyn', 'n', 'GET', '?limit=2&offset=2', NULL, NULL),
	('dyn', 'n', 'GET', '?format=csv', NULL, NULL),
	('dyn', 'n', 'GET', '?format=xml', NULL, NULL),
	('dyn', 'n', 'GET', '?limit=x', NULL, NULL),
	('dyn', 'n', 'GET', '?aggregate=count(*),max(id),min(name)', NULL, NULL),
	('dyn', 'n', 'GET', '?group_by=name&aggregate=count(*)', NULL, NULL),
	('dyn', 'n', 'GET', '?fields=initial', NULL, NULL),
	('dyn', 'n', 'GET', '?fields=loud,id', NULL, NULL),
	('dyn', 'n', 'GET', '?loud__startswith=PLANTED', NULL, NULL),
	('dyn', 'n', 'GET', '?ordering=loud', NULL, NULL),
	('dyn', 'n', 'GET', '?secret=1', NULL, NULL),
	('dyn', 'n', 'GET', '?stars=5', NULL, NULL),
	('dyn', 'n', 'GET', '?name__ilike=planted%25&count=exact', NULL, NULL),
	('dyn', 'n', 'GET', '?doc.a=1', NULL, NULL),
	('dyn', 'n', 'GET', '?doc__b__c=x1', NULL, NULL),
	('dyn', 'n', 'GET', '?ordering=doc.a', NULL, NULL),
	('dyn', 'n', 'GET', '?during__acontains=5', NULL, NULL),
	('dyn', 'n', 'GET', '?tags__has=t1', NULL, NULL),
	('dyn', 'n', 'GET', '1/', NULL, 'If-None-Match: *'),
	('dyn', 'n', 'GET', '101/', NULL, 'If-Match: "x"'),
	('dyn', 'n', 'DELETE', '1/', NULL, 'If-Match: "x"'),
	('dyn', 'n', 'PATCH', '1/', '{"spare":2}', 'If-Match: "x"'),
	('dyn', 'n', 'PATCH', '7/', '{"name":null}', 'Prefer: tx=rollback'),
	('dyn', 'n', 'PATCH', '?name=planted+1', '{"stars":1}', 'Prefer: tx=rollback'),
	('dyn', 'n', 'DELETE', '?stars__gt=0', NULL, 'Prefer: tx=rollback'),
	('dyn', 'n', 'DELETE', '?ids=1,2,101', NULL, 'Prefer: tx=rollback'),
	('dyn', 'n', 'DELETE', '?all=true', NULL, 'Prefer: tx=rollback'),
	('dyn', 'n', 'PATCH', '?all=true', '{"name":"x"}', 'Prefer: tx=rollback'),
	('dyn', 'n', 'PUT', '3/', '{}', NULL),
	('dyn', 'n', 'POST', '', '{"id":1}', 'Prefer: tx=rollback'),
	('dyn', 'n', 'POST', '', '{"nope":1}', NULL),
	('dyn', 'n', 'POST', '', '[{"id":1},{"id":2}]', 'Prefer: tx=rollback'),
	('dyn', 'n', 'POST', '?on_conflict=id', '[{"id":1,"name":"x"}]', 'Prefer: tx=rollback'),
	('dyn', 'n', 'POST', '?on_conflict=name', '{"id":1,"name":"x"}', 'Prefer: tx=rollback'),
	('dyn', 'n', 'POST', '?on_conflict=pin', '[{"id":1,"name":"x"}]', 'Prefer: tx=rollback'),
	('auto', 'n', 'GET', '', NULL, NULL),
	('auto', 'n', 'GET', '1', NULL, NULL),
	('auto', 'n', 'GET', '?cache=9', NULL, NULL),
	('auto', 'n', 'GET', '?where=["name","like","planted%25"]', NULL, NULL),
	('auto', 'n', 'GET', '?where=["nope",1]', NULL, NULL),
	('auto', 'n', 'POST', '', '{"nope":1}', NULL),
	('auto', 'n', 'HEAD', '', NULL, NULL),
	('auto', 'n', 'DELETE', '999', NULL, NULL),
	('auto', 'n', 'OPTIONS', '', NULL, NULL),
	('auto', 'n', 'OPTIONS', '1', NULL, NULL),
	('auto', 'n', 'QUERY', '', '{"where":["nope",1]}', NULL),
	('auto', 'n', 'POST', '', '[{"nope":1}]', NULL),
	('v2', 'n', 'OPTIONS', '', NULL, NULL),
	('v2', 'n', 'QUERY', '', '{"q":{"nope_eq":1}}', NULL),
	('v2', 'n', 'POST', '', '[{"nope":1}]', NULL),
	('v2', 'n', 'GET', '', NULL, NULL),
	('v2', 'n', 'GET', '1', NULL, NULL),
	('v2', 'n', 'GET', '?count=true', NULL, NULL),
	('v2', 'n', 'GET', '?page=1&per=2', NULL, NULL),
	('v2', 'n', 'GET', '?q[name_cont]=planted', NULL, NULL),
	('v2', 'n', 'GET', '?q[nope_eq]=1', NULL, NULL),
	('v2', 'n', 'GET', '?a[methods][]=loud', NULL, NULL),
	('v2', 'n', 'GET', '?a[methods][]=secret', NULL, NULL),
	('v2', 'n', 'POST', '', '{"nope":1}', NULL),
	('v2', 'n', 'DELETE', '998,999/multi', NULL, NULL),
	('dyn', 'n', 'POST', 'reload/', NULL, NULL),
	('dyn', 'n', 'POST', '', '{"id":1', NULL),
	('dyn', 'n', 'PATCH', '', '{}', NULL);

CREATE FUNCTION t.fill(form text, n text, r text, c text, s text, v text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT replace(replace(replace(replace(replace(replace(form, '{n}', n), '{r}', r), '{c}', c), '{s}', s), '{v}', v),
		'{k}', CASE WHEN n IN ('person_club', 'person_tag', 'h_tagging') THEN '3,4' ELSE '3' END)
$$;

-- a value that stands in the first database only, where it is hidden
CREATE FUNCTION t.value(type text, name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN name IN ('pin', 'code') THEN 'planted-3' WHEN type IN ('text', 'jsonb') THEN 'planted+3'
		WHEN type = 'date' THEN '2000-01-05' ELSE '3' END
$$;

-- one in so many, always the same ones
CREATE FUNCTION t.some(text, one_of int) RETURNS bool LANGUAGE sql IMMUTABLE AS
	'SELECT hashtext($1) % $2 = 0';

CREATE VIEW t.asked AS
WITH tables AS (
	SELECT c.oid, CASE nspname WHEN 'public' THEN relname ELSE nspname || '.' || relname END AS n
	FROM pg_class c JOIN pg_namespace s ON s.oid = relnamespace
	WHERE relkind IN ('r', 'v') AND nspname IN ('public', 'other')
	UNION SELECT 0, 'nowhere'
), cols AS (
	SELECT attrelid, attname::text AS c, t.value(format_type(atttypid, NULL), attname) AS v
	FROM pg_attribute WHERE attnum > 0 AND attrelid IN (SELECT far FROM t.relation)
	UNION ALL SELECT DISTINCT far, 'nope', '1' FROM t.relation
)
SELECT f.*, n, name AS r, c, '' AS s, v FROM t.form f, t.relation r, tables, cols
	WHERE level = 'c' AND oid = near AND attrelid = far AND t.some(n || name || c || uri || f.method, 10)
UNION ALL
SELECT f.*, n, name, '', '', '' FROM t.form f, t.relation r, tables
	WHERE level = 'r' AND oid = near
UNION ALL
SELECT f.*, n, a.name, c, b.name, v FROM t.form f, t.relation a, t.relation b, tables, cols
	WHERE level = 's' AND oid = a.near AND b.near = a.far AND attrelid = b.far
	AND t.some(n || a.name || b.name || c || uri, 120)
UNION ALL
SELECT f.*, n, '', '', '', '' FROM t.form f, tables WHERE level = 'n';

CREATE VIEW t.question AS
SELECT format('%s %s %s', dialect, method, t.fill(n || '/' || uri, n, r, c, s, v)) AS name, method,
	format('/api/%s/%s/%s', dialect, n, t.fill(uri, n, r, c, s, v)) AS uri,
	t.fill(body, n, r, c, s, replace(v, '+', ' ')) AS body, head
FROM t.asked
UNION ALL
SELECT method || ' ' || uri, method, uri, NULL, NULL FROM unnest(ARRAY['GET', 'HEAD']) AS method,
	unnest(ARRAY['/api/', '/api/dyn/', '/api/auth/me/', '/api/v2/info/schema', '/api/v2/info/dsl',
		'/api/v2/info/translations', '/api/v2/info/roles', '/api/v2/info/settings']) AS uri;
